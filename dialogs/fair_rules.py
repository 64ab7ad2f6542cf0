"""The handbook's gender-sensitive rules, as `fair_rules.yaml` has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_PLAIN_KEYS = ("chapter", "fault", "better", "named", "keys")


@dataclass(frozen=True, slots=True)
class FairRule:
    """One rule. `named`: what it is about may be asked once she named it herself.

    `lists` holds its patterns by the key of their list, and `keys` keys of choices.
    """

    name: str
    chapter: str
    fault: str
    better: str
    lists: Mapping[str, re.Pattern[str]]
    named: bool = False
    keys: tuple[str, ...] = ()

    def find(self, key: str, text: str) -> str:
        """The first words of `text` that the list `key` knows, or ""."""
        pattern = self.lists.get(key)
        found = pattern.search(text) if pattern else None
        return found.group() if found else ""

    def find_forbidden(self, text: str) -> str:
        """The first words that must not stand in `text`, or "". What `unless` knows excuses its sentence."""
        for sentence in re.split(r"(?<=[.!?:])\s+", text):
            found = self.find("words", sentence)
            if found and not self.find("unless", sentence):
                return found
        return ""

    def say(self, found: str = "") -> str:
        """The fault in words, with what was found, a better example, and where it comes from."""
        quoted = f"“{found}”: " if found else ""
        source = f"(rule {self.name}; handbook, chapter {self.chapter})"
        return f"{quoted}{self.fault} Better: {self.better} {source}"


@cache
def fair_rules() -> Mapping[str, FairRule]:
    """All rules by their names, in the order of the file."""
    held: dict[str, dict[str, Any]] = yaml.safe_load((files("dialogs") / "fair_rules.yaml").read_bytes())
    return {name: _rule(name, each) for name, each in held.items()}


def _rule(name: str, held: Mapping[str, Any]) -> FairRule:
    lists = {key: _pattern(words) for key, words in held.items() if key not in _PLAIN_KEYS}
    named, keys = held.get("named", False), tuple(held.get("keys", ()))
    return FairRule(name, held["chapter"], held["fault"], held["better"], lists, named, keys)


def _pattern(words: list[str]) -> re.Pattern[str]:
    """One pattern for all of them, each as whole words."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)
