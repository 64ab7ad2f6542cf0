"""The summary a case manager reads: only what a client shared, her words as she said them.

Shapes follow the project's summary schema. Everything is a frozen value; times are aware, in UTC.
`asked` and `chosen` are the reader's words (filled by `casework.reading`); `verbatim` is hers.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

StepStatus = Literal["planned", "done", "partly", "not_done", "changed"]
Perspective = Literal["here", "return", "elsewhere", "undecided", "unsaid"]
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
class Spoken:
    """What she spoke instead of writing it: the recording's id, and how long it is (0: nobody knows)."""

    id: str
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class SharedAnswer:
    """One shared answer. `value` holds choice keys, an ISO date or a number as text; empty for open text.

    `verbatim` is "" where `voice` holds what she said.
    """

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
    voice: Spoken | None = None


@dataclass(frozen=True, slots=True)
class Ambition:
    """A hope in her words, or spoken; `answer` names the question."""

    answer: str
    verbatim: str
    language: str
    own_wish: OwnWish = "unsaid"
    voice: Spoken | None = None


@dataclass(frozen=True, slots=True)
class Experience:
    """One story. Every field in her words, "" where she wrote nothing or kept it to herself."""

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
class Competence:
    """A card she chose. `key` is the European key competence that it shows, "" for a card that names none.

    `evidence` is the title of the story in which she did it, in her words, "" if it is none that she shares.
    """

    key: str
    question: str
    card: str
    can: Literal["yes", "learning"] = "yes"
    evidence: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Something in her words, or spoken."""

    verbatim: str
    language: str
    voice: Spoken | None = None


@dataclass(frozen=True, slots=True)
class Barrier:
    """What makes it difficult for her: a key, and what she said of it."""

    code: str
    heaviest: bool = False
    note: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class LadderPlace:
    """Where she sees herself. `ladder` is its name and version, "newcastle 2026-11"; `rung` its number."""

    ladder: str
    rung: int
    reason: str = ""
    next: str = ""
    enough: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Her small step. `confidence` is 0–10 or None; `status` is "planned" until she comes back to it.

    `what` is then the step she was asked about, `learned` what she says of it, `next` the one after it.
    `what_aloud` names the recording where she spoke `what`, so that one step can be told from another.
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
    what_aloud: str = ""


@dataclass(frozen=True, slots=True)
class Flags:
    """Only from what she pressed."""

    wants_call: bool = False
    call_when: str = ""
    call_how: tuple[str, ...] = ()
    asked_for_help: bool = False
    call_aloud: Spoken | None = None  # when, where she spoke it


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
    """What a client shared, whole. Every recording stands in `answers`, and in `flags` the one of a call."""

    summary: Head
    answers: tuple[SharedAnswer, ...] = ()
    ambitions: tuple[Ambition, ...] = ()
    experiences: tuple[Experience, ...] = ()
    competences: tuple[Competence, ...] = ()
    languages: tuple[Told, ...] = ()
    education: tuple[Told, ...] = ()
    perspective: Perspective = "unsaid"
    barriers: tuple[Barrier, ...] = ()
    supporters: tuple[Told, ...] = ()
    do_not_contact: tuple[Told, ...] = ()  # for her case manager only, never handed on
    ladder: LadderPlace | None = None
    step: StepPlan | None = None
    flags: Flags = field(default_factory=Flags)
    changes: tuple[Change, ...] = ()
    being_changed: bool = False  # she took a part back, and is not at the end of sharing yet

    @property
    def recordings(self) -> frozenset[str]:
        """The ids of all that she shares aloud."""
        spoken = (*(answer.voice for answer in self.answers), self.flags.call_aloud)
        return frozenset(voice.id for voice in spoken if voice is not None)


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
