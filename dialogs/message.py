"""A message in words, ready for any channel."""

from dataclasses import dataclass, fields
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

    def as_json(self) -> dict[str, Any]:
        """For storing: only JSON types, and nothing that has its default. (`asdict` takes far longer.)"""
        stored = _fields(self)
        if self.buttons:
            stored["buttons"] = [_fields(button) for button in self.buttons]
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Message":
        """What `as_json` made."""
        buttons = tuple(WrittenButton(**button) for button in stored.get("buttons", ()))
        return cls(**{**stored, "paragraphs": tuple(stored["paragraphs"]), "buttons": buttons})


def _fields(value: "Message | WrittenButton") -> dict[str, Any]:
    return {
        name: found for name, default in _DEFAULTS[type(value)] if (found := getattr(value, name)) != default
    }


_DEFAULTS: dict[type, tuple[tuple[str, Any], ...]] = {
    kind: tuple((field.name, field.default) for field in fields(kind)) for kind in (Message, WrittenButton)
}
