"""Sends a question with the sound that reads it, to her who wants that: in one message if Telegram allows it.

A file is uploaded once. From then on Telegram knows it by the name that it gave it.
"""

import asyncio
from pathlib import Path
from typing import Any

from bot.audio import Audio, Sound
from bot.channels.telegram_library import TelegramLibrary, Upload
from bot.sending import Away, Rejected, SendingError, VoiceForbidden
from dialogs.message import Message

CAPTION_LIMIT = 1024  # UTF-16 units


class Aloud:
    """Tries to send sound. `seconds`: what one call may take."""

    def __init__(self, library: TelegramLibrary, audio: Audio | None, seconds: float) -> None:
        self._library = library
        self._audio = audio
        self._seconds = seconds
        self._names: dict[tuple[Path, str], str] = {}  # file and stamp → what Telegram calls it

    def sound_of(self, message: Message) -> Sound | None:
        """What reads it, if she wants that and there is anything."""
        return self._audio.of(message) if message.aloud and self._audio else None

    async def in_one(self, sound: Sound, parameters: dict[str, Any]) -> bool:
        """The sound with the words under it, and the buttons. `parameters`: as for sendMessage.

        False if the words have still to be sent: they are too many, she has forbidden voice messages, or the
        file does not get through. Raises a SendingError if it is too fast, or if she does not want us.
        """
        text = parameters["text"]
        if not fits_under(text):
            return False
        kept = ("chat_id", "reply_markup", "disable_notification")
        whole = {"caption": text, **{name: parameters[name] for name in kept}}
        try:
            await self._send(sound, whole)
        except (Rejected, Away, OSError):
            return False
        return True

    async def after(self, sound: Sound, parameters: dict[str, Any]) -> None:
        """The sound alone, once its words are sent. Whatever keeps it away, the words were what counts."""
        try:
            await self._send(sound, {"chat_id": parameters["chat_id"], "disable_notification": True})
        except (SendingError, OSError):
            return

    async def _send(self, sound: Sound, parameters: dict[str, Any]) -> None:
        key = (sound.file, sound.stamp)
        voice: str | Upload = self._names.get(key) or await _upload(sound)
        told = {**parameters, "voice": voice, "duration": round(sound.seconds)}
        try:
            answer = await self._library.call("sendVoice", told, self._seconds)
        except VoiceForbidden:
            raise
        except Rejected:  # perhaps the name is forgotten
            self._names.pop(key, None)
            raise
        if name := _name_in(answer):
            self._names[key] = name


def fits_under(text: str) -> bool:
    """Whether a file can have these words under it."""
    return len(text.encode("utf-16-le")) // 2 <= CAPTION_LIMIT


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
