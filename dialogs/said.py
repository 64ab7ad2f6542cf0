"""What can come into a conversation, whatever the channel: what a woman does, and her timers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dialogs.session import TimerKind

CommandName = Literal[
    "start", "skip", "back", "pause", "language", "person", "leave", "menu", "delete", "again", "stop"
]


@dataclass(frozen=True, slots=True)
class Text:
    """Words she typed. `token`: of the question she saw, where the channel knows it (web).

    `sent_at`: when she sent it, to the second, where the channel knows it (Telegram).
    """

    words: str
    token: str | None = None
    sent_at: datetime | None = None


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


Said = Text | Tap | Command | Unreadable | Rang
