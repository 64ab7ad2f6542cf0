"""aiogram's dispatcher with one handler and no FSM, over raw sqlite3 with grouped commits.

No bot that anybody writes: the ceiling of whatever is built on aiogram's dispatcher.
"""

import json

from aiogram import Dispatcher
from aiogram.types import CallbackQuery, Message

from bench.row import Place, Row
from bench.rows.aiogram_bot import Asked, new_bot, question, words
from bench.rows.bare import Heard, Session, advance
from bench.rows.raw_sqlite import GroupedStore


class _BareRow(Row):
    def __init__(self, place: Place) -> None:
        self._store = GroupedStore(place.folder / "bare.sqlite3")
        self._sessions: dict[int, Session] = {}
        self._i18n = words(place)
        self._bot = new_bot(place)
        self._dispatcher = Dispatcher(disable_fsm=True)
        self._dispatcher.message.register(self._on_message)
        self._dispatcher.callback_query.register(self._on_tap)

    async def handle(self, update: bytes) -> None:
        await self._dispatcher.feed_raw_update(self._bot, json.loads(update))

    async def stored(self) -> int | None:
        return self._store.count()

    async def _on_message(self, message: Message) -> None:
        text, keyboard = await self._step(Heard(0, message.chat.id, None, message.text or ""))
        await message.answer(text, reply_markup=keyboard)

    async def _on_tap(self, query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        text, keyboard = await self._step(Heard(0, query.message.chat.id, query.id, query.data or ""))
        await query.answer()
        await query.message.answer(text, reply_markup=keyboard)

    async def _step(self, heard: Heard) -> Asked:
        before = self._sessions.get(heard.chat) or await self._store.load(heard.chat) or Session()
        session, given = advance(before, heard)
        await self._store.save(heard.chat, session, given)
        self._sessions[heard.chat] = session
        return question(self._i18n, session.at, session.language)


async def aiogram_bare(place: Place) -> Row:
    """The ceiling."""
    return _BareRow(place)
