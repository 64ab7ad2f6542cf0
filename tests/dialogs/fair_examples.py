"""Reads the examples that keep the gender-sensitive rules honest, and measures the rules on them."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from dialogs.fair import fair_faults

HERE = Path(__file__).parent

_FRAME = """script: example
title: Example
parts:
  - part: hopes
    title: What I hope for
    minutes: 2
    steps:
      - text: good_life
        ask: What would you like your life to look like in a few years?
        summary: ambition
      - yes_no: own_wish
        ask: Is it your own wish?
        summary: own_wish
  - part: asked
    title: What we try out
    minutes: 2
    steps:
"""


@dataclass(frozen=True, slots=True)
class Example:
    """A question or a script. `breaks`: the rules that it breaks, none if it is good."""

    text: str
    script: str
    breaks: frozenset[str]
    half: str = ""

    @property
    def half_by_hash(self) -> str:
        """Where it belongs: its text decides."""
        return "held_out" if hashlib.sha256(self.text.encode()).digest()[0] % 2 else "tune"

    def found(self) -> frozenset[str]:
        """The rules that `trede check --fair` says it breaks."""
        told = (fault.message for fault in fair_faults({"example.yaml": self.script}))
        return frozenset(re.findall(r"\(rule (\w+);", "\n".join(told)))


@dataclass(frozen=True, slots=True)
class Measured:
    """What the rules made of some examples. `right`, `wrong`, `missed` count rules that an example breaks."""

    good: int
    bad: int
    right: int
    wrong: int
    missed: int
    left_alone: int

    def row(self, name: str) -> str:
        """It as a row of the table in docs/plain-and-fair.md."""
        precision = _share(self.right, self.right + self.wrong)
        recall = _share(self.right, self.right + self.missed)
        left_alone = f"{self.left_alone} of {self.good}"
        return f"| {name} | {self.good} | {self.bad} | {precision} | {recall} | {left_alone} |"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} % ({part} of {whole})"


@cache
def examples(file: str = "fair_examples.yaml") -> tuple[Example, ...]:
    """All of a file."""
    held: list[dict[str, Any]] = yaml.safe_load((HERE / file).read_text(encoding="utf-8"))
    return tuple(_example(each) for each in held)


def _example(held: dict[str, Any]) -> Example:
    text = held.get("script") or held["steps"]
    script = text if "script" in held else _FRAME + indent(text, " " * 6)
    return Example(text, script, frozenset(held.get("breaks", ())), held.get("half", ""))


def measure(chosen: Iterable[Example]) -> Measured:
    """How the rules do on these examples."""
    pairs = [(each.breaks, each.found()) for each in chosen]
    good = [found for breaks, found in pairs if not breaks]
    return Measured(
        good=len(good),
        bad=len(pairs) - len(good),
        right=sum(len(breaks & found) for breaks, found in pairs),
        wrong=sum(len(found - breaks) for breaks, found in pairs),
        missed=sum(len(breaks - found) for breaks, found in pairs),
        left_alone=sum(not found for found in good),
    )
