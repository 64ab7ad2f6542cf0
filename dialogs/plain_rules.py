"""What makes English hard to read, as `plain_rules.yaml` has it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

_ENDINGS = "(?:s|es|d|ed|ing|ly)?"
_NO_PARTICIPLES = "need|bed|red|hundred|indeed|speed|seed|feed|naked|wicked"
_SUBJECTS = r"(?:you|it|they|we|he|she|this|that|(?:your|my|our|the|this|that|these|those)\s+\w+)"
_ADVERBS = r"(?:not|never|always|also|only|already|now|still|often|just|being|\w+ly)"
_DOERS = r"(?:a|an|the|my|your|our|his|her|their|other|others|people|us|them|him|somebody|someone|%\(\w+\)s)"


@dataclass(frozen=True, slots=True)
class Instead:
    """Words to avoid, each with plain ones."""

    any_of_them: re.Pattern[str]
    each: tuple[tuple[re.Pattern[str], str], ...]

    def find(self, text: str) -> tuple[tuple[str, str], ...]:
        """What of them stands in `text`, and what to write instead."""
        return tuple(
            (found.group(), next(plain for pattern, plain in self.each if pattern.fullmatch(found.group())))
            for found in self.any_of_them.finditer(text)
        )


@dataclass(frozen=True, slots=True)
class PlainRules:
    """All of it. `kept` holds the names of rules with the texts that may break them."""

    limits: Mapping[str, float]
    questions: Mapping[str, int]  # how many a message may ask, "open" and "closed"
    rules: Mapping[str, Mapping[str, str]]
    idioms: Instead
    words: Instead
    known: re.Pattern[str]
    passive: re.Pattern[str]
    kept: frozenset[tuple[str, str]]

    def say(self, rule: str, **filled: str | float) -> str:
        """A fault in words, with a better example."""
        told = f"{self.rules[rule]['fault']} Better: {self.rules[rule]['better']} (rule {rule})"
        for key, value in filled.items():
            told = told.replace(f"%({key})s", f"{value:g}" if isinstance(value, float) else str(value))
        return told


@cache
def plain_rules() -> PlainRules:
    """The rules that come with Trede."""
    held: dict[str, Any] = yaml.safe_load((files("dialogs") / "plain_rules.yaml").read_bytes())
    questions = held["limits"].pop("questions")
    return PlainRules(
        held["limits"],
        questions,
        held["rules"],
        _instead(held["idioms"], ""),
        _instead(held["words"], _ENDINGS),
        re.compile("|".join(held["known"]), re.IGNORECASE),
        _passive(**held["passive"]),
        frozenset((rule, each["text"]) for each in held["kept"] or () for rule in each["rules"]),
    )


def _instead(held: Mapping[str, str], endings: str) -> Instead:
    each = tuple((re.compile(f"(?:{hard}){endings}", re.IGNORECASE), plain) for hard, plain in held.items())
    hard = "|".join(f"(?:{key})" for key in held)
    return Instead(re.compile(rf"(?<!\w)(?:{hard}){endings}(?!\w)", re.IGNORECASE), each)


def _passive(irregular: str, states: str) -> re.Pattern[str]:
    """`be` is the form of it; `by`, if there, who does it. The longest forms are the hardest."""
    no_passive = "|".join((*states.split(), _NO_PARTICIPLES))
    participle = rf"(?!(?:{no_passive})\b)(?:\w+ed|{'|'.join(irregular.split())})\b"
    return re.compile(
        rf"\b(?P<be>am|is|are|was|were|be|been|being)\s+(?:{_SUBJECTS}\s+)?(?P<between>(?:{_ADVERBS}\s+){{0,2}})"
        rf"{participle}(?P<by>(?:\s+\w+){{0,3}}\s+by\s+{_DOERS}(?:\s+\w+)?(?!\w))?",
        re.IGNORECASE,
    )
