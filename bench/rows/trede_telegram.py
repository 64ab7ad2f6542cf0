"""Ours through a Telegram channel: bytes in by the webhook, the reply out through the outbox."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from bench.row import Place, Row
from bench.rows.house import House, furnish, now
from bot.intake import Intake
from bot.outbox import Sender
from bot.pace import ChatPace, OverallPace
from dialogs.message import Message
from storage import outbox

SECRET = "bench" * 8
NO_LIMIT = 1_000_000_000  # Telegram's own limits are not measured: 30 messages a second would be the result
CHANNEL = "telegram"
WHOSE = re.compile(rb'"from": ?{"id": ?(\d+)')


class Channel(Protocol):
    """What both libraries' channels have."""

    async def start(self, webhook_url: str | None = None, secret: str | None = None) -> None:
        """Begins to take updates."""

    async def send(self, address: str, message: Message) -> None:
        """Sends a message."""

    async def handle_webhook(self, body: bytes, secret_header: bytes | None) -> int:
        """The status for a webhook's request."""


Make = Callable[[Intake, OverallPace], Channel]


class _TelegramRow(Row):
    def __init__(self, house: House, make: Make) -> None:
        self._house = house
        self._awaited: dict[str, asyncio.Future[None]] = {}
        pace = OverallPace(NO_LIMIT)
        # Wired as in bot/serve.py.
        self._sender = Sender(
            *(house.database, CHANNEL, self._send, asyncio.Event(), now, pace), ChatPace(burst=NO_LIMIT)
        )
        talk = replace(house.talk, hand_out=self._sender.hand)
        self._channel = make(Intake(talk.take, _failed, _is_given_up, ()), pace)

    async def start(self) -> None:
        """The channel and the sender."""
        await self._channel.start("https://bench.example/telegram", SECRET)
        self._sender.start()

    async def handle(self, update: bytes) -> None:
        found = WHOSE.search(update)
        assert found is not None
        chat = found[1].decode()
        sent = self._awaited[chat] = asyncio.get_running_loop().create_future()
        status = await self._channel.handle_webhook(self._with_code(update, int(chat)), SECRET.encode())
        if status != 200:
            raise RuntimeError(f"The webhook answered {status}.")
        await sent

    async def settle(self) -> None:
        while await outbox.depth(self._house.database):  # noqa: ASYNC110 — it is emptied in the database
            await asyncio.sleep(0.001)

    async def stored(self) -> int | None:
        return await self._house.answers()

    async def _send(self, address: str, message: Message) -> None:
        await self._channel.send(address, message)
        if (awaited := self._awaited.pop(address, None)) is not None:
            awaited.set_result(None)

    def _with_code(self, update: bytes, chat: int) -> bytes:
        """She comes in through her own link, which gives the bot a code."""
        if b'"/start"' not in update:
            return update
        return update.replace(b'"/start"', f'"/start {self._house.invites[chat].code}"'.encode())


async def _failed(event: str, body: str, error: str) -> bool:
    raise RuntimeError(error)


async def _is_given_up(event: str) -> bool:
    return False


async def trede_aiogram(place: Place) -> Row:
    """Through aiogram."""
    from bench.rows.fake_aiogram import TOKEN, unplug
    from bot.channels.telegram_aiogram import Telegram, Words

    unplug(place.answer)
    words = Words(neutral=lambda _: "?", sorry=lambda _: "?", commands={})
    row = _TelegramRow(await furnish(place), lambda intake, pace: Telegram(TOKEN, intake, words, pace))
    await row.start()
    return row
