"""The fake Bot API: writes down each call, and gives the bytes that Telegram would answer with."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field

Answer = Callable[[str, int | str | None, str | None, str | None], str]
"""(method, chat, text, keyboard as JSON) → the body of Telegram's answer."""

ME = '{"ok":true,"result":{"id":42,"is_bot":true,"first_name":"bot","username":"bench_bot"}}'


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `text` is None where it sends no message; `markup` is JSON."""

    method: str = ""
    chat: int = 0
    text: str | None = None
    markup: str | None = None
    message_id: int = 0


@dataclass
class BotApi:
    """Every call so far, in order."""

    calls: list[Call] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def answer(self, method: str, chat: int | str | None, text: str | None, markup: str | None) -> str:
        """Telegram's answer to a call."""
        call = Call(method, int(chat or 0), text, markup, next(self._numbers))
        self.calls.append(call)
        if method == "getMe":
            return ME
        if text is None:
            return '{"ok":true,"result":true}'
        keyboard = f',"reply_markup":{markup}' if markup else ""
        return (
            f'{{"ok":true,"result":{{"message_id":{call.message_id},"date":1700000000,'
            f'"chat":{{"id":{call.chat},"type":"private"}},'
            f'"from":{{"id":42,"is_bot":true,"first_name":"bot"}},"text":{json.dumps(text)}{keyboard}}}}}'
        )

    def sent(self) -> dict[int, list[Call]]:
        """The messages since the last time, by chat."""
        found: dict[int, list[Call]] = {}
        for call in self.calls:
            if call.text is not None:
                found.setdefault(call.chat, []).append(call)
        self.calls.clear()
        return found
