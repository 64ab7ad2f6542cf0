"""What a channel hands in, and what it gets back."""

from dataclasses import dataclass, field

from dialogs.message import Message
from dialogs.said import Said


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update. `event` is unique within the channel: a second one with the same name does nothing.

    `code`: the invite she came with (every time on the web; with /start on Telegram). `address`: the chat's
    id, where messages are to be sent; None where she fetches them herself (web). `client`: her id, where it
    is not she who comes in but a timer of hers. `sound`: what she spoke, if `said` is a `Voice`. `file`: what
    the channel calls that sound as long as it is not fetched.
    """

    channel: str
    event: str
    said: Said
    code: str | None = None
    address: str | None = None
    client: str | None = None
    sound: bytes = field(default=b"", repr=False)
    file: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an update, once it is committed.

    `status`: "done"; "duplicate" (seen before, nothing changed); "unknown" (no such invite or chat, or used
    up or expired: say nothing about anyone). `messages` are this turn's, as (number, message).
    """

    status: str
    messages: tuple[tuple[int, Message], ...] = ()
