"""What a check found, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "attention", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `cure`: what to do, where there is something to be done."""

    name: str
    state: State
    said: str
    cure: str = ""

    def __str__(self) -> str:
        return f"{self.state:<9}  {self.name}: {self.said} {self.cure}".rstrip()
