"""A message in words, ready for any channel."""

from dataclasses import dataclass
from typing import Any

from dialogs.turn import ButtonKind, Expects


@dataclass(frozen=True, slots=True)
class WrittenButton:
    """`label` is in the message's language unless `language` says otherwise."""

    value: str
    label: str
    kind: ButtonKind = "choice"
    picture: str = ""
    ticked: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out (or came in, with `hers`). Paragraphs are plain text, never markup.

    `token` is "" when no answer is awaited. `language` is a locale code such as "ar".
    """

    language: str
    paragraphs: tuple[str, ...]
    buttons: tuple[WrittenButton, ...] = ()
    expects: Expects = "nothing"
    token: str = ""
    quiet: bool = False
    hers: bool = False  # she wrote it
    calls: tuple[str, ...] = ()  # telephone numbers in it, to be called with one tap
    asks: str = ""  # the context of the question it puts, such as "reflection/good_life"
    in_writing: bool = False  # her own words are asked for, and a recording is no answer
    aloud: bool = False  # she wants it read to her
    voice: str = ""  # of hers: the recording in which she spoke it

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Message":
        """As it is stored: JSON types, without what has its default."""
        buttons = tuple(WrittenButton(**button) for button in stored.get("buttons", ()))
        lists: dict[str, Any] = {key: tuple(stored[key]) for key in ("paragraphs", "calls") if key in stored}
        return cls(**{**stored, **lists, "buttons": buttons})
