"""Ours through a Telegram channel: bytes in by the webhook, the reply out through the outbox."""

import asyncio
import re
from dataclasses import replace

from bench.row import Place, Row
from bench.rows.house import House, furnish, now
from bot.channels.telegram import CHANNEL, Telegram, Words
from bot.channels.telegram_library import TelegramLibrary
from bot.incoming import Incoming
from bot.intake import Intake
from bot.outbox import Sender
from bot.pace import ChatPace, OverallPace
from dialogs.message import Message
from storage import outbox

SECRET = "bench" * 8
NO_LIMIT = 1_000_000_000  # Telegram's own limits are not measured: 30 messages a second would be the result
WHOSE = re.compile(rb'"from": ?{"id": ?(\d+)')


class _TelegramRow(Row):
    def __init__(self, house: House, library: TelegramLibrary) -> None:
        self._house = house
        self._awaited: dict[str, asyncio.Future[None]] = {}
        pace = OverallPace(NO_LIMIT)
        # Wired as in bot/serve.py.
        self._sender = Sender(
            *(house.database, CHANNEL, self._send, asyncio.Event(), now, pace),
            ChatPace(burst=NO_LIMIT),
            at_once=NO_LIMIT,
        )
        talk = replace(house.talk, hand_out=self._sender.hand)
        intake = Intake(talk.take, _failed, _is_given_up, ())
        self._channel = Telegram(library, intake, Words(_odd, _odd, {}), pace)

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


def _odd(_language: str) -> str:
    """Words that nobody should hear: somebody unknown, or a turn given up."""
    return "?"


async def _failed(_incoming: Incoming, _body: str, error: str) -> bool:
    raise RuntimeError(error)


async def _is_given_up(event: str) -> bool:
    return False


async def trede_aiogram(place: Place) -> Row:
    """Through aiogram."""
    from bench.rows.fake_aiogram import TOKEN, FakeSession
    from bot.channels.telegram_aiogram import Aiogram

    return await _started(place, Aiogram(TOKEN, session=FakeSession(place.answer)))


async def trede_ptb(place: Place) -> Row:
    """Through python-telegram-bot."""
    from bench.rows.fake_ptb import TOKEN, FakeRequest
    from bot.channels.telegram_ptb import Ptb

    return await _started(place, Ptb(TOKEN, request=FakeRequest(place.answer)))


async def _started(place: Place, library: TelegramLibrary) -> Row:
    row = _TelegramRow(await furnish(place), library)
    await row.start()
    return row
