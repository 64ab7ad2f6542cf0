"""aiogram without the network: it builds requests and parses answers, only the HTTP call is replaced."""

from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import TelegramMethod

from bench.bot_api import Answer

TOKEN = "42:" + "bench" * 7


class FakeSession(AiohttpSession):
    """Asks `answer` instead of Telegram."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._ask = answer

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        """As aiogram's own, the HTTP call left out."""
        form: dict[str, Any] = {
            part[0]["name"]: part[2] for part in self.build_form_data(bot, method)._fields
        }
        body = self._ask(
            method.__api_method__, form.get("chat_id"), form.get("text"), form.get("reply_markup")
        )
        return self.check_response(bot, method, 200, body).result
