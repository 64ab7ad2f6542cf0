"""Reads what she typed or tapped on Telegram, whatever library it came through."""

from datetime import datetime
from typing import cast, get_args

from dialogs.said import Command, CommandName, Said, Tap, Text

NAMES = frozenset(get_args(CommandName))
ALSO = {"help": "menu"}  # what people type, and what it means here


def read_text(words: str, sent_at: datetime | None) -> tuple[Said, str | None]:
    """What she said, and the invite's code if she opened the bot with one ("/start CODE")."""
    name, rest = _command(words)
    if name is None:
        return Text(words, sent_at=sent_at), None
    return Command(name), (rest or None) if name == "start" else None


def read_tap(data: str | None) -> Tap:
    """A tap from the data of its button, "token:value". `Tap("", "")` if it is no button of ours."""
    token, colon, value = (data or "").partition(":")
    return Tap(token, value) if colon else Tap("", "")


def _command(words: str) -> tuple[CommandName | None, str]:
    """A command and what follows it. "/skip@our_bot" is "/skip"; an unknown command is just words."""
    first, _, rest = words.strip().partition(" ")
    if not first.startswith("/"):
        return None, ""
    typed = first[1:].partition("@")[0].casefold()
    name = ALSO.get(typed, typed)
    return (cast(CommandName, name), rest.strip()) if name in NAMES else (None, "")
