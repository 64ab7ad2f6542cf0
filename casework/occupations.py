"""Everyday work and activities with their codes: they help a worker code a story, and never narrow it."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

CONTEXT = "occupation"
"""What the labels are filed under in the catalogues."""

FILE = "casework/occupations.yaml"

_ESCO = "http://data.europa.eu/esco/isco/C"


@dataclass(frozen=True, slots=True)
class Occupation:
    """`isco`: the ISCO-08 unit group, four digits, "" where none fits."""

    key: str
    label: str
    isco: str = ""

    @property
    def esco(self) -> str:
        """The address of the ISCO group in ESCO, the European classification; "" where there is none."""
        return f"{_ESCO}{self.isco}" if self.isco else ""


@cache
def occupations() -> tuple[Occupation, ...]:
    """All of them, in the order of the file."""
    found: list[dict[str, Any]] = yaml.safe_load((files("casework") / "occupations.yaml").read_bytes())
    return tuple(Occupation(**each) for each in found)
