"""Fetches what she spoke on Telegram: an update holds only the name of the file.

Before her turn is taken, and after it was let in: too many updates of one chat fetch nothing.
"""

import asyncio
import re
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Any

import structlog

from bot.channels.telegram_library import TelegramLibrary
from bot.inbox import Take
from bot.incoming import Incoming, Taken
from bot.sending import Rejected
from casework.sounds import kind_of
from dialogs.said import BIGGEST_VOICE, Voice

log = structlog.get_logger()

AT_ONCE = 8
"""Recordings in memory, from the first byte until the turn is committed."""

SECONDS = 30
"""For each of two steps: where the file is, and the file."""

PATH = re.compile(r"(?!.*\.\.)[\w-][\w./-]{0,500}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fetching:
    """Puts the sound into what is taken. Raises what keeps it from being fetched now."""

    library: TelegramLibrary
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def before(self, take: Take) -> Take:
        """The same, with the sound."""

        async def taken(incoming: Incoming) -> Taken:
            if not incoming.file:
                return await take(incoming)
            async with self.room:
                return await take(await self._with_sound(incoming))

        return taken

    async def _with_sound(self, incoming: Incoming) -> Incoming:
        try:
            sound = await self._sound(incoming.file)
        except Rejected:  # Telegram does not have it any more, or gives nothing so big
            return lost(incoming)
        if len(sound) > BIGGEST_VOICE:
            return _spoken(incoming, problem="too_long")
        if kind_of(sound) is None:
            return lost(incoming)
        return _spoken(incoming, sound, ref=token_hex(16))

    async def _sound(self, file: str) -> bytes:
        """Raises Rejected, another SendingError or WrongToken."""
        found = await self.library.call("getFile", {"file_id": file}, SECONDS)
        path = found.get("file_path") if isinstance(found, dict) else None
        if not isinstance(path, str) or not PATH.fullmatch(path):
            # A Bot API server with --local keeps files on its own disk, and tells where.
            log.warning("voice not fetched", why="no_path")
            raise Rejected
        return await self.library.download(path, BIGGEST_VOICE, SECONDS)


def lost(incoming: Incoming) -> Incoming:
    """The same without the sound, if there was one to be fetched: she is asked to say it again."""
    return _spoken(incoming, problem="lost") if incoming.file else incoming


def _spoken(incoming: Incoming, sound: bytes = b"", **changes: Any) -> Incoming:
    """With the sound and what is known of it now; nothing is left to be fetched."""
    if not isinstance(incoming.said, Voice):
        return incoming
    return replace(incoming, said=replace(incoming.said, **changes), sound=sound, file="")
