"""python-telegram-bot without the network: only its HTTP call is replaced."""

from typing import Any

from telegram.request import HTTPXRequest, RequestData

from bench.bot_api import Answer

TOKEN = "42:" + "bench" * 7


def unplug(answer: Answer) -> None:
    """From now on, every request of this process goes to `answer` instead of Telegram."""

    async def do_request(
        _self: HTTPXRequest,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        **_timeouts: Any,
    ) -> tuple[int, bytes]:
        given: dict[str, str] = request_data.json_parameters if request_data is not None else {}
        body = answer(
            url.rsplit("/", 1)[1], given.get("chat_id"), given.get("text"), given.get("reply_markup")
        )
        return 200, body.encode()

    HTTPXRequest.do_request = do_request  # type: ignore[method-assign, assignment]
