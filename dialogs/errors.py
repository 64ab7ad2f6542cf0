"""What can be wrong with a script or a session.

DialogError
├── UnknownQuestion   a session stands at a question its script no longer has
├── DeadEnd           no legal move leads on
├── UnknownScript     no script of that name
└── BrokenScript      a script with faults, all of them listed
"""

from collections.abc import Sequence
from dataclasses import dataclass


class DialogError(Exception):
    """Base of all errors of this room."""


class UnknownQuestion(DialogError):
    """A session stands at a question its script no longer has."""

    def __init__(self, script: str, question: str) -> None:
        super().__init__(
            f"'{script}' has no question '{question}'. Was it renamed? Publish the old version again."
        )


class DeadEnd(DialogError):
    """No legal move leads on from a step; `trede check` finds such a script."""

    def __init__(self, script: str, question: str) -> None:
        super().__init__(f"'{script}' cannot go on from '{question}'. Run `trede check` on it.")


class UnknownScript(DialogError):
    """No script of that name."""

    def __init__(self, script: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no script '{script}'. Choose one of: {', '.join(known)}.")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in a script or catalogue, in words its author can act on."""

    file: str
    line: int
    question: str
    message: str  # what is wrong and what to do

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.question or '(whole file)'}: {self.message}"


class BrokenScript(DialogError):
    """A script with faults. `faults` holds all of them, in the order of their lines."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))
