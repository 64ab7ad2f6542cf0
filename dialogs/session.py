"""One woman's way through a script: where she is and what she answered. Frozen values only.

They have no slots: that way `frozen.replace` changes them fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

AnswerState = Literal["not_asked", "declined", "answered", "passed_over"]

Mode = Literal[
    "new",  # nothing was said yet
    "talking",
    "menu",
    "language",  # choosing another language
    "person",  # "shall I say that you want to talk to a person?"
    "delete",  # "shall I delete everything?"
    "help",  # the numbers to call, and "shall I tell that you need help?"
    "help_sure",  # "do you need help now?": she typed something like it
    "change",  # choosing which answer to change, at the read-back
    "remind_day",  # "may I write to you once?": choosing a day
    "remind_date",  # typing that day
    "remind_hour",  # choosing morning, afternoon or evening
    "paused",
    "left",  # left in a hurry
    "ended",
]

REMINDING: frozenset[Mode] = frozenset({"remind_day", "remind_date", "remind_hour"})
"""Modes in which she chooses whether and when we may write to her."""

TimerKind = Literal[
    "resume",  # she paused, and wants to be asked to go on
    "follow_up",  # she wants to be asked how her small step went
]


@dataclass(frozen=True)
class Timer:
    """When we may write to her once, in UTC. One that rings with another `token` is of the past."""

    kind: TimerKind
    due: datetime
    token: str


@dataclass(frozen=True)
class Wish:
    """A timer that she is about to choose; `day` is in her time zone, None until she named one."""

    kind: TimerKind
    day: date | None = None


class Place(NamedTuple):
    """A step, and for steps in a loop the round (1, 2, …); round is 1 elsewhere."""

    step: str
    round: int = 1


NOWHERE = Place("")
"""Before the first step."""


@dataclass(frozen=True)
class Answer:
    """What she answered to one question.

    `words` are hers, exactly as typed, or the label she chose in the language she saw; "" if she spoke.
    `value` is what the script works with: choice keys, an ISO date, a number; for text the words again.
    A cleared answer (asked anew) has the state "not_asked". "passed_over": a newer version of the script,
    to which she was moved, asks it before the place that she had reached; she was never asked.
    `voice` names the recording in which she spoke it; `seconds` is how long that is, 0 if nobody knows.
    """

    state: AnswerState
    words: str = ""
    value: tuple[str, ...] = ()
    language: str = ""
    at: datetime | None = None
    channel: str = ""
    voice: str = ""
    seconds: int = 0


@dataclass(frozen=True)
class Session:
    """Where a conversation stands. `answers` holds the newest answer to each place."""

    id: str
    script: str  # the script version's name
    language: str
    seed: int = 0  # for shuffling; the same seed gives the same order
    mode: Mode = "new"
    at: Place = NOWHERE
    token: str = ""  # of the question on her screen; a tap with another one is stale
    asked_at: datetime | None = None
    lag: float | None = None  # seconds: the least that a message took to us, by the channel's clock and ours
    visit: int = 1  # grows each time she comes back
    part: str = ""  # the part last announced
    last: Place = NOWHERE  # the question she answered last; a second quick message belongs to it
    heard: frozenset[Place] = frozenset()  # steps that only speak, already spoken
    draft: tuple[str, ...] = ()  # choices ticked so far, of a question with several
    page: int = 0  # of a question with many choices
    asked_for_help: bool = False
    handed_over: bool = False  # a summary of hers is in the queue
    recordings: int = 0  # how many of hers were kept, those that she replaced included
    reads_aloud: bool = False  # she wants each question read to her
    moved: bool = False  # to another script version, since her screen was written
    timers: tuple[Timer, ...] = ()  # at most one of a kind
    wish: Wish | None = None  # in the modes of REMINDING
    held: str = ""  # in the mode help_sure: her words, which may be an answer after all
    follow_up: Literal["", "offered", "due"] = ""  # whether to ask how her step went, as far as we are
    answers: Mapping[Place, Answer] = field(default_factory=dict)
    facts: Mapping[str, str] = field(
        default_factory=dict
    )  # case_manager, organisation, name: for placeholders

    @property
    def is_away(self) -> bool:
        """Paused or left: somebody else may hold the phone, so only "go on" opens it again."""
        if self.mode in REMINDING:
            return self.wish is not None and self.wish.kind == "resume"
        return self.mode in ("paused", "left")
