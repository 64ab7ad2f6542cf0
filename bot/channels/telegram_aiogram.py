"""aiogram, as far as we use it: its types read updates, its client calls. See docs/adr/0007-telegram.md.

Importing this file takes about three seconds and 130 MB: only where it was chosen.
"""

from contextlib import aclosing
from functools import cache
from typing import Any

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.enums import ContentType
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from aiogram.types import Update as AiogramUpdate
from aiogram.types import Voice as AiogramVoice
from aiohttp import ClientError, ClientResponseError
from pydantic import ValidationError

from bot.channels.telegram_library import Heard, Update, Upload, VoiceNote, bot_number, refused_file
from bot.channels.telegram_reading import PRIVATE, heard_message, heard_tap
from bot.sending import Away, Blocked, Rejected, RetryAfter, TakenElsewhere, VoiceForbidden, WrongToken

log = structlog.get_logger()


class Aiogram:
    """A TelegramLibrary. `api`: another server than Telegram's own. `session`: how requests travel."""

    def __init__(self, token: str, api: str | None = None, session: BaseSession | None = None) -> None:
        self.bot = bot_number(token)
        server = TelegramAPIServer.from_base(api) if api else PRODUCTION
        self._client = Bot(token, session=session or AiohttpSession(api=server))

    def read(self, update: Update) -> Heard | None:
        """See TelegramLibrary."""
        try:
            found = AiogramUpdate.model_validate(update)
        except ValidationError as error:
            # Only where it does not fit: the rest of the error holds what she wrote.
            log.warning("update not understood", places=_fields(error))
            return None
        if found.callback_query is not None:
            return _tap(found.callback_query)
        return _message(found.message) if found.message is not None else None

    async def call(self, method: str, parameters: dict[str, Any], seconds: float) -> Any:
        """See TelegramLibrary."""
        given = {name: _given(value) for name, value in parameters.items()}
        try:
            return await self._client(_method(method)(**given), request_timeout=round(seconds))
        except TelegramRetryAfter as error:
            raise RetryAfter(error.retry_after) from None
        except TelegramForbiddenError:
            raise Blocked from None
        except (TelegramUnauthorizedError, TelegramNotFound):
            raise WrongToken from None
        except (TelegramBadRequest, TelegramEntityTooLarge, TelegramMigrateToChat) as error:
            raise (VoiceForbidden if VoiceForbidden.WORD in error.message else Rejected) from None
        except TelegramConflictError:
            raise TakenElsewhere from None
        except AiogramError as error:
            raise Away(type(error).__name__) from None

    async def download(self, path: str, most: int, seconds: float) -> bytes:
        """See TelegramLibrary."""
        session, content = self._client.session, bytearray()
        url = session.api.file_url(self._client.token, path)
        try:
            async with aclosing(session.stream_content(url, timeout=round(seconds))) as stream:
                async for piece in stream:
                    content += piece
                    if len(content) > most:
                        break
        except ClientResponseError as error:
            raise refused_file(error.status) from None
        except (ClientError, TimeoutError) as error:
            raise Away(type(error).__name__) from None
        return bytes(content)

    async def close(self) -> None:
        """See TelegramLibrary."""
        await self._client.session.close()


def _given(value: Any) -> Any:
    return BufferedInputFile(value.content, value.name) if isinstance(value, Upload) else value


@cache
def _method(name: str) -> type[TelegramMethod[Any]]:
    """A method of the Bot API that takes any parameters and leaves the answer as it is."""
    known = {"__module__": __name__, "__returning__": Any, "__api_method__": name}
    return type(name, (TelegramMethod[Any],), known)


def _message(message: Message) -> Heard | None:
    who, chat = message.from_user, message.chat
    language = (who.language_code or "") if who else ""
    kind = ContentType(message.content_type).value
    return heard_message(
        chat.id, chat.type, language, message.text, message.date, kind, _voice(message.voice)
    )


def _voice(voice: AiogramVoice | None) -> VoiceNote | None:
    return None if voice is None else VoiceNote(voice.file_id, voice.duration, voice.file_size)


def _fields(error: ValidationError) -> str:
    return ", ".join(".".join(map(str, each["loc"])) for each in error.errors()[:3])


def _tap(query: CallbackQuery) -> Heard | None:
    who = query.from_user
    chat_type = query.message.chat.type if query.message is not None else PRIVATE
    return heard_tap(who.id, chat_type, who.language_code or "", query.data, query.id)
