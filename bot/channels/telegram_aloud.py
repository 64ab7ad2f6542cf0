"""Sends a question with the sound that reads it, to her who wants that: in one message if Telegram allows it.

A file is uploaded once. From then on Telegram knows it by the name that it gave it.
"""

import asyncio
from pathlib import Path
from typing import Any

from bot.audio import Audio, Sound
from bot.channels.telegram_library import TelegramLibrary, Upload
from bot.sending import Rejected
from dialogs.message import Message

CAPTION_LIMIT = 1024  # UTF-16 units


class Aloud:
    """Tries to send sound. `seconds`: what one call may take."""

    def __init__(self, library: TelegramLibrary, audio: Audio | None, seconds: float) -> None:
        self._library = library
        self._audio = audio
        self._seconds = seconds
        self._names: dict[tuple[Path, str], str] = {}  # file and stamp → what Telegram calls it

    async def send(self, message: Message, parameters: dict[str, Any]) -> bool:
        """Whether the message arrived with its sound; if not, its words have still to be sent.

        `parameters`: as for sendMessage. Raises a SendingError, but none that is only about the sound: she
        may have forbidden voice messages, or Telegram may not take the file.
        """
        sound = self._audio.of(message) if message.aloud and self._audio else None
        if sound is None:
            return False
        whole = {key: value for key, value in parameters.items() if key != "link_preview_options"}
        text = whole.pop("text")
        is_short = len(text.encode("utf-16-le")) // 2 <= CAPTION_LIMIT
        if is_short:
            whole["caption"] = text
        else:
            whole["reply_markup"] = None
        return await self._sent(sound, whole) and is_short

    async def _sent(self, sound: Sound, parameters: dict[str, Any]) -> bool:
        key = (sound.file, sound.stamp)
        try:
            voice: str | Upload = self._names.get(key) or await _upload(sound)
            told = {**parameters, "voice": voice, "duration": round(sound.seconds)}
            answer = await self._library.call("sendVoice", told, self._seconds)
        except (Rejected, OSError):
            self._names.pop(key, None)
            return False
        if name := _name_in(answer):
            self._names[key] = name
        return True


async def _upload(sound: Sound) -> Upload:
    """Raises OSError if the file is gone by now."""
    return Upload(sound.file.name, await asyncio.to_thread(sound.read))


def _name_in(answer: Any) -> str:
    """What Telegram calls the file now. What is not coded as it likes voices arrives as another kind."""
    if not isinstance(answer, dict):
        return ""
    files = (answer.get(kind) for kind in ("voice", "audio", "document"))
    names = (file.get("file_id") for file in files if isinstance(file, dict))
    return next((name for name in names if isinstance(name, str)), "")
