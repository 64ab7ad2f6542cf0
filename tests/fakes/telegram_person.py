"""A woman with Telegram on her phone, as a test drives her."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.telegram_rules import TEXT_LIMIT, units

OGG = b"OggS" + bytes(range(256))
"""What begins as her app's recordings do."""


@dataclass(slots=True)
class Seen:
    """One message on her screen. `keyboard` holds rows of (label, callback data)."""

    message_id: int
    text: str
    keyboard: list[list[tuple[str, str]]]
    silent: bool = False
    sound: bytes = b""  # of a voice message, whose words are its caption

    @property
    def labels(self) -> list[str]:
        """All buttons' labels, row by row."""
        return [label for row in self.keyboard for label, _ in row]


@dataclass(frozen=True, slots=True)
class Screen:
    """What she sees now: all texts, oldest first, and the rows of labels under the newest keyboard."""

    messages: tuple[str, ...]
    keyboard: tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class Person:
    """Her chat with the bot. What she does returns the ids of the updates it makes."""

    chat_id: int
    first_name: str
    language_code: str
    post: Callable[[str, dict[str, Any]], int]  # (kind, body) -> update id
    new_id: Callable[[], int]
    upload: Callable[[bytes], str]  # a file's content -> its id
    has_written: bool = False
    blocked: bool = False
    forbids_voice: bool = False  # Premium lets her
    chat: list[Seen] = field(default_factory=list)
    _read: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    # ── what she does ──

    def writes(self, text: str) -> list[int]:
        """Sends a text; her app cuts a long one into messages of 4,096 units."""
        return [self._sends(text=piece, **_entities(piece)) for piece in _cut(text)]

    def taps(self, button: str | int, on: Seen | None = None) -> int:
        """Taps a button, by its label, part of it, or its place from 0, under the newest keyboard or `on`."""
        seen = on or self._newest_keyboard()
        buttons = [each for row in seen.keyboard for each in row]
        return self.taps_data(_chosen(buttons, button), on=seen)

    def taps_data(self, data: str | None, on: Seen | None = None) -> int:
        """Sends a tap with any data, as an old app or a meddler could."""
        message: dict[str, Any] = {"message_id": on.message_id if on else self.new_id(), "date": 0}
        if on:
            message |= {"date": int(time.time()), "text": on.text}
        body = {
            "id": str(self.new_id()),
            "from": self._user(),
            "message": message | {"chat": self._chat()},
            "chat_instance": "1",
        }
        return self.post("callback_query", body if data is None else body | {"data": data})

    def sends_sticker(self) -> int:
        """A sticker."""
        size = {"width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._sends(sticker={**_file("sticker"), **size, "type": "regular", "emoji": "👍"})

    def sends_photo(self, caption: str = "") -> int:
        """A photo, with words under it if she likes."""
        photo = [{**_file("photo"), "width": 90, "height": 60}]
        return self._sends(photo=photo, **({"caption": caption} if caption else {}))

    def sends_voice(self, sound: bytes = OGG, seconds: int = 3, *, size: int | None = None) -> int:
        """A voice message. `size`: what Telegram says of it, if not how big it is."""
        file = {"file_id": self.upload(sound), "file_unique_id": "voice-unique", "mime_type": "audio/ogg"}
        return self._sends(voice={**file, "duration": seconds, "file_size": size or len(sound)})

    def sends_document(self) -> int:
        """A file."""
        return self._sends(document={**_file("document"), "file_name": "cv.pdf"})

    def sends_location(self) -> int:
        """Where she is."""
        return self._sends(location={"latitude": 52.1, "longitude": 5.1})

    def edits(self, text: str) -> int:
        """Changes a message she sent before."""
        return self.post("edited_message", {**self._message(), "edit_date": int(time.time()), "text": text})

    def blocks_the_bot(self) -> None:
        """From now on the bot gets 403."""
        self.blocked = True

    # ── what she sees ──

    def sees(self) -> Screen:
        """Her screen, from the first message to the last."""
        newest = next((seen for seen in reversed(self.chat) if seen.keyboard), None)
        rows = newest.keyboard if newest else []
        return Screen(
            tuple(seen.text for seen in self.chat), tuple(tuple(label for label, _ in row) for row in rows)
        )

    async def next_message(self, timeout: float = 5) -> Seen:
        """The next message she has not read yet."""
        async with asyncio.timeout(timeout):
            while self._read >= len(self.chat):
                self._news.clear()
                await self._news.wait()
        self._read += 1
        return self.chat[self._read - 1]

    async def hears(self, words: str, timeout: float = 5) -> Seen:
        """Reads on to the message that holds these words; fails with what she read instead."""
        passed: list[str] = []
        deadline = time.monotonic() + timeout
        while True:
            try:
                seen = await self.next_message(max(0.01, deadline - time.monotonic()))
            except TimeoutError:
                raise AssertionError(f"{self.first_name} never heard {words!r}, but {passed}") from None
            if words in seen.text:
                return seen
            passed.append(seen.text)

    async def hears_nothing(self, seconds: float = 0.3) -> None:
        """Fails if a message comes within that time."""
        try:
            seen = await self.next_message(seconds)
        except TimeoutError:
            return
        raise AssertionError(f"{self.first_name} heard {seen.text!r}")

    # ── for the server ──

    def gets(self, seen: Seen) -> None:
        """A message arrives on her phone."""
        self.chat.append(seen)
        self._news.set()

    def _newest_keyboard(self) -> Seen:
        for seen in reversed(self.chat):
            if seen.keyboard:
                return seen
        raise AssertionError(f"{self.first_name} sees no buttons")

    def _sends(self, **content: Any) -> int:
        self.has_written = True
        return self.post("message", self._message() | content)

    def _message(self) -> dict[str, Any]:
        sent = {"message_id": self.new_id(), "date": int(time.time())}
        return {**sent, "from": self._user(), "chat": self._chat()}

    def _user(self) -> dict[str, Any]:
        name = {"first_name": self.first_name, "language_code": self.language_code}
        return {"id": self.chat_id, "is_bot": False, **name}

    def _chat(self) -> dict[str, Any]:
        return {"id": self.chat_id, "type": "private", "first_name": self.first_name}


def _cut(text: str) -> list[str]:
    pieces: list[list[str]] = [[]]
    room = TEXT_LIMIT
    for letter in text:
        size = 2 if letter > "\uffff" else 1
        if size > room:
            pieces.append([])
            room = TEXT_LIMIT
        pieces[-1].append(letter)
        room -= size
    return ["".join(piece) for piece in pieces]


def _entities(text: str) -> dict[str, Any]:
    if not text.startswith("/"):
        return {}
    return {"entities": [{"type": "bot_command", "offset": 0, "length": units(text.split()[0])}]}


def _chosen(buttons: list[tuple[str, str]], wanted: str | int) -> str:
    if isinstance(wanted, int):
        return buttons[wanted][1]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        for label, data in buttons:
            if fits(label, wanted):
                return data
    raise AssertionError(f"there is no button {wanted!r}, only {[label for label, _ in buttons]}")


def _file(kind: str) -> dict[str, Any]:
    return {"file_id": f"{kind}-file", "file_unique_id": f"{kind}-unique"}
