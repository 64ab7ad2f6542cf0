"""The summary a case manager reads: only what a client shared, her words as she said them.

Shapes follow the project's summary schema. Everything is a frozen value; times are aware, in UTC.
`asked` and `chosen` are the reader's words (filled by `casework.reading`); `verbatim` is hers.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

StepStatus = Literal["planned", "done", "partly", "not_done", "changed"]
OwnWish = Literal["mine", "others", "both", "unsaid"]
CaseState = Literal["new", "seen", "acting", "done"]

NEXT_STATES: dict[CaseState, tuple[CaseState, ...]] = {
    "new": ("seen", "acting", "done"),
    "seen": ("acting", "done"),
    "acting": ("seen", "done"),
    "done": ("acting",),
}
"""Which states a case manager may choose next."""


@dataclass(frozen=True, slots=True)
class Share:
    """Her decision about one part. `people`: "case_manager", "partners"."""

    people: tuple[str, ...]
    until: date | None
    decided_at: datetime | None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """A translation of her words, never instead of them."""

    text: str
    by: Literal["human", "machine"]
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class SharedAnswer:
    """One shared answer. `value` holds choice keys, an ISO date or a number as text; empty for open text."""

    question: str
    round: int
    part: str
    state: Literal["declined", "answered"]
    verbatim: str
    language: str
    value: tuple[str, ...]
    share: Share
    translation: Translation | None = None
    asked: str = ""
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ambition:
    """A hope in her words; `answer` names the question."""

    answer: str
    verbatim: str
    language: str
    own_wish: OwnWish = "unsaid"


@dataclass(frozen=True, slots=True)
class Experience:
    """One story. Every field in her words, "" where she said nothing or kept it to herself."""

    title: str = ""
    kind: tuple[str, ...] = ()
    for_whom: str = ""
    period: str = ""
    day: str = ""
    tasks: str = ""
    decided: str = ""
    not_her_tasks: str = ""
    proud_of: str = ""
    language: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Her small step. `confidence` is 0–10 or None; `status` is "planned" until she comes back to it.

    `what` is then the step she was asked about, `learned` what she says of it, `next` the one after it.
    """

    what: str = ""
    done_when: str = ""
    when_where: str = ""
    confidence: int | None = None
    smaller: str = ""
    obstacle: str = ""
    if_then: str = ""
    who_knows: str = ""
    status: StepStatus = "planned"
    learned: str = ""
    next: str = ""
    next_when: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Flags:
    """Only from what she pressed."""

    wants_call: bool = False
    call_when: str = ""
    call_how: tuple[str, ...] = ()
    asked_for_help: bool = False
    bias_reported: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from her last summary."""

    question: str
    what: Literal["added", "changed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Head:
    """`parts_skipped` names every part that is not in this summary, for whatever reason: skipped, not
    reached and kept private look the same, so that nothing can be told from it. `minutes` counts the time
    she spent on what she shared."""

    id: str
    client: str
    script: str
    script_version: str
    languages: tuple[str, ...]
    created: datetime
    minutes: int
    parts_done: tuple[str, ...]
    parts_skipped: tuple[str, ...]
    consent: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a client shared, whole."""

    summary: Head
    answers: tuple[SharedAnswer, ...] = ()
    ambitions: tuple[Ambition, ...] = ()
    experiences: tuple[Experience, ...] = ()
    competences: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    education: tuple[str, ...] = ()
    perspective: Literal["here", "return", "elsewhere", "undecided", "unsaid"] = "unsaid"
    barriers: tuple[str, ...] = ()
    supporters: tuple[str, ...] = ()
    do_not_contact: tuple[str, ...] = ()
    ladder: None = None
    step: StepPlan | None = None
    flags: Flags = field(default_factory=Flags)
    changes: tuple[Change, ...] = ()
    being_changed: bool = False  # she took a part back, and is not at the end of sharing yet


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the queue: the newest summary of a client. `client` is the name she chose."""

    summary: str  # id
    client: str
    state: CaseState
    language: str
    created: datetime
    asked_for_help: bool
    wants_call: bool
    manager: str  # the case manager's name, "" if nobody is assigned
    unreachable: bool = False  # she blocked the bot, or the chat is gone


def in_queue_order(cases: list[Case]) -> list[Case]:
    """Asked for help first, then wants a call, then oldest; done cases last."""
    return sorted(
        cases,
        key=lambda case: (case.state == "done", not case.asked_for_help, not case.wants_call, case.created),
    )
