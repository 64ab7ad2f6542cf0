"""What comes of one message: the session after it, what happened, and what is said. Frozen values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from dialogs.session import Answer, Place, Session

# ── what happened (past tense) ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Answered:
    """She answered or declined a question, or an answer was cleared to be asked anew. Kept as history."""

    place: Place
    answer: Answer


@dataclass(frozen=True, slots=True)
class Consented:
    """She agreed to a consent text."""

    version: str
    question: str


@dataclass(frozen=True, slots=True)
class PersonAsked:
    """She asked to talk to a person, and said yes to telling her case manager so."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """She finished sharing: the summary goes to the queue (or is withdrawn if she shares nothing).

    `session` is hers at that moment: in the same turn, questions can be cleared to be asked anew.
    """

    session: Session


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """She takes back a part that was shared before: it leaves the queue at once."""

    part: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """She cannot write privately now: everything of this session is to be erased; the invite stays good."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """She asked to delete everything, and confirmed it: session, messages, summary. The invite is used up."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Something could not be read as an answer; she was told kindly. Never holds her words."""

    why: str  # a key: "choice", "number", "date", "too_long", "unreadable", …


@dataclass(frozen=True, slots=True)
class StaleTap:
    """A button or words for an earlier question, or the same tap again. Nothing changed."""


Event = (
    Answered
    | Consented
    | PersonAsked
    | HandedOver
    | Withdrawn
    | Forgotten
    | Deleted
    | NotUnderstood
    | StaleTap
)

# ── what is said (language-free; the words are looked up later) ───────────────────────────────────


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to look up: msgctxt, msgid and what its %(placeholders)s stand for.

    A parameter that is itself a Phrase is translated first; a plain str is somebody's words and is
    isolated from the sentence around it; a tuple is written as a list ("a, b and c").
    `many` and `n` choose a plural form.
    """

    context: str
    text: str
    params: Mapping[str, "str | int | date | Phrase | tuple[Phrase, ...]"] = field(default_factory=dict)
    many: str = ""
    n: int = 1


Label = Phrase | str
"""Words to look up, or words that stand as they are (an autonym, her own words)."""


@dataclass(frozen=True, slots=True)
class HelpLine:
    """Whom she can call in danger. `what` is a phrase of ours or the organisation's own words."""

    what: Label
    number: str


HelpCard = tuple[HelpLine, ...]

ButtonKind = Literal["choice", "control"]


class Button(NamedTuple):
    """`value` goes into `Tap.value`. `ticked` is for questions with several answers."""

    value: str
    label: Label
    kind: ButtonKind = "choice"
    picture: str = ""
    ticked: bool = False
    language: str = ""  # of a label that stands as it is


Expects = Literal["nothing", "text", "number", "date", "scale", "choice", "several"]


@dataclass(frozen=True, slots=True)
class Say:
    """One message: one or more paragraphs, then buttons. `token` is set when an answer is awaited."""

    lines: tuple[Label, ...]
    buttons: tuple[Button, ...] = ()
    expects: Expects = "nothing"
    token: str = ""
    quiet: bool = False  # a heading or note, not a question
    calls: tuple[str, ...] = ()  # telephone numbers in it, to be called with one tap
    asks: str = ""  # the context of the question it puts, such as "reflection/good_life"
    in_writing: bool = False  # her own words are asked for, and a recording is no answer
    aloud: bool = False  # she wants it read to her


@dataclass(frozen=True, slots=True)
class Turn:
    """The whole outcome of one message."""

    session: Session
    events: tuple[Event, ...] = ()
    says: tuple[Say, ...] = ()
