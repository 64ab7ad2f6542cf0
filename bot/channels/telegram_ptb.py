"""python-telegram-bot, as far as we use it: its types read updates, its client calls.

Its Application is not used, since it acknowledges an update before the work is done.
See docs/adr/0007-telegram.md.
"""

import asyncio
import logging
import warnings
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import structlog
from telegram import Bot, CallbackQuery, InputFile, Message
from telegram import Update as PtbUpdate
from telegram import Voice as PtbVoice
from telegram import error as errors
from telegram.constants import MessageType
from telegram.request import BaseRequest, HTTPXRequest
from telegram.warnings import PTBUserWarning

from bot.channels.telegram_library import Heard, Update, Upload, VoiceNote, bot_number, refused_file
from bot.channels.telegram_reading import HERS, PRIVATE, heard_message, heard_tap
from bot.fault import fault
from bot.sending import (
    Away,
    Blocked,
    Rejected,
    RetryAfter,
    SendingError,
    TakenElsewhere,
    VoiceForbidden,
    WrongToken,
)

log = structlog.get_logger()

T = TypeVar("T")

PRODUCTION = "https://api.telegram.org"
TALKATIVE = ("telegram", "httpx", "httpcore")
"""Their logs hold addresses with the token in them, and what she wrote."""

AROUND = {
    "business_connection_id",
    "effect_id",
    "reply_to_story",
    "sender_boost_count",
    "sender_business_bot",
}
"""What the library lists among the kinds of messages, and comes with any kind."""

NOTES = frozenset(kind.value for kind in MessageType) - AROUND - set(HERS)
KINDS = (*HERS, *NOTES)
UNSET = (None, False, ())


class Ptb:
    """A TelegramLibrary. `api`: another server than Telegram's own. `request`: how requests travel."""

    def __init__(self, token: str, api: str | None = None, request: BaseRequest | None = None) -> None:
        self.bot = bot_number(token)
        _keep_quiet()
        self._files = _Request(httpx_kwargs={"trust_env": False})
        self._request = request or self._files
        api = (api or PRODUCTION).rstrip("/")
        self._client = Bot(
            token,
            f"{api}/bot",
            f"{api}/file/bot",
            request=self._request,
            get_updates_request=self._request,
        )

    def read(self, update: Update) -> Heard | None:
        """See TelegramLibrary."""
        try:
            return _heard(PtbUpdate.de_json(update, None))
        except Exception as error:  # it checks nothing: what is odd fails where it is used
            log.warning("update not understood", error=fault(error))
            return None

    async def call(self, method: str, parameters: dict[str, Any], seconds: float) -> Any:
        """See TelegramLibrary."""
        given = {name: _given(value) for name, value in parameters.items()}
        try:
            return await self._client.do_api_request(method, given, read_timeout=seconds)
        except errors.TelegramError as error:
            raise _own(error) from None
        except (LookupError, TypeError, AttributeError) as error:  # an answer that is none
            raise Away(type(error).__name__) from None

    async def download(self, path: str, most: int, seconds: float) -> bytes:
        """See TelegramLibrary."""
        try:
            return await self._files.download(f"{self._client.base_file_url}/{path}", most, seconds)
        except (httpx.HTTPError, TimeoutError) as error:
            raise Away(type(error).__name__) from None

    async def close(self) -> None:
        """See TelegramLibrary."""
        await self._request.shutdown()
        await self._files.shutdown()


class _Request(HTTPXRequest):
    """httpx's time limits are for each read; ours is for the whole call, as the outbox counts on it."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Status and body. 413 becomes 400, since the library takes it for a fault of the network."""
        async with asyncio.timeout(kwargs["read_timeout"]):
            status, body = await super().do_request(*args, **kwargs)
        return (400 if status == 413 else status), body

    async def download(self, url: str, most: int, seconds: float) -> bytes:
        """The library would take a file of any size into memory."""
        content = bytearray()
        async with asyncio.timeout(seconds), self._client.stream("GET", url, timeout=seconds) as answer:
            if answer.status_code != 200:
                raise refused_file(answer.status_code)
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > most:
                    break
        return bytes(content)


def _given(value: Any) -> Any:
    return InputFile(value.content, value.name) if isinstance(value, Upload) else value


def _keep_quiet() -> None:
    """What goes wrong reaches us as an error."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # For one, it would have us call its own methods, whose types fail where Telegram has new ones.
    warnings.simplefilter("ignore", PTBUserWarning)


def _own(error: errors.TelegramError) -> SendingError | WrongToken:
    match error:
        case errors.RetryAfter(retry_after=wait):
            return RetryAfter(wait.total_seconds() if isinstance(wait, timedelta) else wait)
        case errors.Forbidden():
            return Blocked()
        case errors.InvalidToken() | errors.EndPointNotFound():
            return WrongToken()
        case errors.BadRequest() if VoiceForbidden.WORD in error.message.upper():
            return VoiceForbidden()
        case errors.BadRequest() | errors.ChatMigrated():
            return Rejected()
        case errors.Conflict():
            return TakenElsewhere()
    return Away(type(error).__name__)


def _heard(update: PtbUpdate) -> Heard | None:
    if update.callback_query is not None:
        return _tap(update.callback_query)
    return _message(update.message) if update.message is not None else None


def _message(message: Message) -> Heard | None:
    who, chat = message.from_user, message.chat
    language = _checked(str, who.language_code or "") if who else ""
    kind = "text" if message.text is not None else _kind(message)
    voice = _voice(message.voice) if message.voice is not None else None
    return heard_message(_checked(int, chat.id), chat.type, language, message.text, message.date, kind, voice)


def _voice(voice: PtbVoice) -> VoiceNote:
    seconds, size = voice.duration, voice.file_size
    if isinstance(seconds, timedelta):
        seconds = int(seconds.total_seconds())
    return VoiceNote(
        _checked(str, voice.file_id),
        _checked(int, seconds),
        _checked(int, size) if size is not None else None,
    )


def _kind(message: Message) -> str:
    """One of HERS, or of Telegram's own notes; "unknown" for what the library does not know."""
    return next((kind for kind in KINDS if getattr(message, kind, None) not in UNSET), "unknown")


def _tap(query: CallbackQuery) -> Heard | None:
    who = query.from_user
    language, tap = _checked(str, who.language_code or ""), _checked(str, query.id)
    chat_type = query.message.chat.type if query.message is not None else PRIVATE
    return heard_tap(_checked(int, who.id), chat_type, language, query.data, tap)


def _checked(kind: type[T], value: T) -> T:
    """The library takes whatever comes, of any type."""
    if type(value) is not kind:
        raise TypeError
    return value
