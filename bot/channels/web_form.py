"""Reads what a chat page sent: which question it belongs to, and what she did."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast, get_args
from urllib.parse import parse_qsl

from starlette.requests import Request

from dialogs.said import Command, CommandName, Said, Tap, Text

MAX_BYTES = 256 * 1024
MAX_FIELDS = 200
MAX_TEXT = 20_000  # the engine refuses far less, kindly; the page's fields stop here as well
MAX_VALUE = 200

COMMANDS = frozenset(get_args(CommandName))
EVENT = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the page. `said` is None when it holds nothing that we know.

    `event` is "" unless it looks like one of ours. `after` is the number of the newest message on her page.
    `fields` is everything as it came, to be offered again when a turn failed. `sound`: what she spoke.
    """

    event: str
    token: str
    after: int
    language: str
    said: Said | None
    fields: tuple[tuple[str, str], ...]
    sound: bytes = field(default=b"", repr=False)

    @property
    def words(self) -> str:
        """What she typed, "" if she did something else."""
        return self.said.words if isinstance(self.said, Text) else ""


async def read_body(request: Request) -> bytes | None:
    """The body, or None if it is larger than 256 KB; the rest of a large one is not read."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)


def read_form(body: bytes) -> Form:
    """The form in `body`. Whatever the bytes are, this never fails: odd input becomes odd text."""
    return form_of(_fields(body))


def form_of(fields: list[tuple[str, str]]) -> Form:
    """The form with these fields."""
    once = dict(reversed(fields))  # of a field that comes twice, the first counts
    token = once.get("token", "")[:MAX_VALUE]
    event = once.get("event", "")
    return Form(
        event=event if EVENT.fullmatch(event) else "",
        token=token,
        after=number(once.get("after", "")),
        language=once.get("language", "")[:MAX_VALUE],
        said=_said(fields, once, token),
        fields=tuple(fields),
    )


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        text = body.decode("utf-8", "replace")
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS)
    except ValueError:  # too many fields: none of our pages sends that
        return []
    return [(name[:MAX_VALUE], value) for name, value in pairs]


def _said(fields: list[tuple[str, str]], once: Mapping[str, str], token: str) -> Said | None:
    """A button counts before ticked boxes, those before a command, and words come last."""
    picks = [value for name, value in fields if name == "pick"]
    if "tap" in once:
        # "Show more" takes the ticks of this page along.
        more = "=" + ",".join(picks) if picks and once["tap"] == "page" else ""
        return Tap(token, (once["tap"] + more)[:MAX_VALUE])
    if picks or "picks" in once:
        return Tap(token, "=" + ",".join(picks)[:MAX_VALUE])  # "=": all at once, not one more tick
    command = once.get("command")
    if command in COMMANDS:
        return Command(cast(CommandName, command))
    if "text" in once:
        # Browsers send line ends as CRLF; she typed one line end.
        return Text(once["text"].replace("\r\n", "\n")[:MAX_TEXT], token=token or None)
    return None


def number(text: str) -> int:
    """A whole number that we wrote into a page; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
