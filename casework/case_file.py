"""One case as staff open it: the summary, the line it has in the queue, and who moved it on."""

from dataclasses import dataclass
from datetime import datetime

from casework.summary import Case, CaseState, Summary


@dataclass(frozen=True, slots=True)
class CaseStep:
    """Somebody set the case to `state`. `who` is a name, "" if that person is gone or it was the operator."""

    state: CaseState
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """`history` is oldest first."""

    case: Case
    summary: Summary
    history: tuple[CaseStep, ...] = ()
