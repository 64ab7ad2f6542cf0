"""python-telegram-bot without the network: only its HTTP call is replaced."""

from typing import Any

from telegram.request import BaseRequest, RequestData

from bench.bot_api import Answer

TOKEN = "42:" + "bench" * 7


class FakeRequest(BaseRequest):
    """Asks `answer` instead of Telegram."""

    def __init__(self, answer: Answer) -> None:
        self._ask = answer

    @property
    def read_timeout(self) -> float | None:
        """Seconds."""
        return 5.0

    async def initialize(self) -> None:
        """There is nothing to open."""

    async def shutdown(self) -> None:
        """There is nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **_more: Any
    ) -> tuple[int, bytes]:
        """Status and body."""
        given: dict[str, str] = request_data.json_parameters if request_data is not None else {}
        body = self._ask(
            url.rsplit("/", 1)[1], given.get("chat_id"), given.get("text"), given.get("reply_markup")
        )
        return 200, body.encode()
