"""What can come into a conversation, whatever the channel: what a woman does, and her timers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dialogs.session import TimerKind

CommandName = Literal[
    "start",
    "skip",
    "back",
    "pause",
    "language",
    "person",
    "leave",
    "menu",
    "delete",
    "again",
    "stop",
    "helpnow",
    "read",
    "silent",
]


@dataclass(frozen=True, slots=True)
class Text:
    """Words she typed. `token`: of the question she saw, where the channel knows it (web).

    `sent_at`: when she sent it, to the second, where the channel knows it (Telegram).
    """

    words: str
    token: str | None = None
    sent_at: datetime | None = None


LONGEST_VOICE = 120
"""Seconds of one recording that are kept; a longer one is refused kindly."""

BIGGEST_VOICE = 5_000_000
"""Bytes of one recording that are kept."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What she spoke. The sound itself stays with the channel, which knows it as `ref`.

    `seconds`: how long it is, 0 where nobody knows. `problem`: why there is no sound to keep. `token` and
    `sent_at` as in `Text`.
    """

    ref: str
    seconds: int
    token: str | None = None
    sent_at: datetime | None = None
    problem: Literal["", "too_long", "lost"] = ""


@dataclass(frozen=True, slots=True)
class Tap:
    """A button. `value` is a choice's number ("3"), a control ("skip", "back", "menu", …), or, from a form
    with boxes, all numbers ticked on the page: "=1,4" to send them, "page=1,4" to see more first.
    """

    token: str
    value: str


@dataclass(frozen=True, slots=True)
class Command:
    """One of the things always at hand, typed as /skip or chosen from a menu outside the question."""

    name: CommandName


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that cannot be an answer here: a sticker, a photo, a file."""

    kind: str = ""


@dataclass(frozen=True, slots=True)
class Rang:
    """One of her timers is due. It is nothing she does, but it takes its turn like everything she does."""

    kind: TimerKind
    token: str


Said = Text | Voice | Tap | Command | Unreadable | Rang
