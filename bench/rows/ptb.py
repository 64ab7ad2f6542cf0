"""python-telegram-bot's ConversationHandler without any persistence: nothing is stored.

One update after the other, since its documentation forbids concurrent updates with a ConversationHandler.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    filters,
)

from bench.row import Place, Row
from bench.rows.fake_ptb import TOKEN, FakeRequest
from bench.walk import END, QUESTIONS, following
from bench.words import peers_words

Context = ContextTypes.DEFAULT_TYPE
Handle = Callable[[Update, Context], Coroutine[Any, Any, str]]


class _PtbRow(Row):
    def __init__(self, place: Place) -> None:
        self._words = peers_words(place.folder / "words")
        self._one_by_one = asyncio.Lock()
        self.app: Application[Any, Any, Any, Any, Any, Any] = (
            ApplicationBuilder()
            .token(TOKEN)
            .request(FakeRequest(place.answer))
            .get_updates_request(FakeRequest(place.answer))
            .updater(None)
            .build()
        )
        begin: Any = CommandHandler("start", self._start)
        states: dict[object, list[Any]] = {key: self._handlers(key) for key in QUESTIONS}
        self.app.add_handler(ConversationHandler([begin], states, [begin], allow_reentry=True))

    async def handle(self, update: bytes) -> None:
        async with self._one_by_one:
            await self.app.process_update(Update.de_json(json.loads(update), self.app.bot))

    async def stored(self) -> int | None:
        people = self.app.user_data.values()
        return sum(len(v) if isinstance(v, list) else 1 for person in people for v in person.values())

    def _handlers(self, key: str) -> list[Any]:
        if key in END:
            return []
        if QUESTIONS[key].options:
            return [CallbackQueryHandler(self._choice(key), pattern=f"^{key}:")]
        return [MessageHandler(filters.TEXT & ~filters.COMMAND, self._free(key))]

    async def _start(self, update: Update, context: Context) -> str:
        _her(context).clear()
        return await self._ask(update.message, "lang", "en")

    def _choice(self, key: str) -> Handle:
        async def choice(update: Update, context: Context) -> str:
            query, data = update.callback_query, _her(context)
            assert query is not None
            assert isinstance(query.message, Message)
            option = int((query.data or "").partition(":")[2])
            value = QUESTIONS[key].options[option]
            data[key] = [*data.get("loop", []), value] if key == "loop" else value
            after, _ = following(key, option, len(data.get("loop", ())) - 1)
            await query.answer()
            return await self._ask(query.message, after, data["lang"])

        return choice

    def _free(self, key: str) -> Handle:
        async def free(update: Update, context: Context) -> str:
            assert update.message is not None
            _her(context)[key] = update.message.text
            after, _ = following(key, None, 0)
            return await self._ask(update.message, after, _her(context)["lang"])

        return free

    async def _ask(self, message: Message | None, key: str, language: str) -> str:
        assert message is not None
        look_up, asked = self._words[language], QUESTIONS[key]
        rows = [
            [
                InlineKeyboardButton(
                    option if key == "lang" else look_up(option), callback_data=f"{key}:{index}"
                )
            ]
            for index, option in enumerate(asked.options)
        ]
        markup = InlineKeyboardMarkup(rows) if rows else None
        await message.reply_text(look_up(asked.text), reply_markup=markup)
        return key


def _her(context: Context) -> dict[Any, Any]:
    assert context.user_data is not None
    return context.user_data


async def ptb(place: Place) -> Row:
    """The fastest bot that keeps nothing."""
    row = _PtbRow(place)
    await row.app.initialize()
    await row.app.start()
    return row
