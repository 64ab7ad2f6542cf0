"""aiogram without the network: it builds requests and parses answers, only the HTTP call is replaced."""

from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import TelegramMethod

from bench.bot_api import Answer

TOKEN = "42:" + "bench" * 7


def unplug(answer: Answer) -> None:
    """From now on, every session of this process asks `answer` instead of Telegram."""

    async def make_request(
        self: AiohttpSession, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None
    ) -> Any:
        form: dict[str, Any] = {
            part[0]["name"]: part[2] for part in self.build_form_data(bot, method)._fields
        }
        body = answer(method.__api_method__, form.get("chat_id"), form.get("text"), form.get("reply_markup"))
        return self.check_response(bot, method, 200, body).result

    AiohttpSession.make_request = make_request  # type: ignore[method-assign]
