"""The walk as an aiogram bot, as its guide writes one: a state and a handler a question, data in the FSM.

Tuned where the guide's own way costs most: StateFilter in place of a bare State (which aiogram would run in a
thread for every handler it tries), and the keyboard built directly. `F.data` stays: without it the button of
an old question would answer the present one.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot, Dispatcher, F, Router
from aiogram.filters import CommandStart, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import I18n

from bench.row import Place
from bench.rows.fake_aiogram import TOKEN, FakeSession
from bench.walk import END, QUESTIONS, following
from bench.words import DOMAIN, write_peers_files

Asked = tuple[str, InlineKeyboardMarkup | None]
States: Any = type("States", (StatesGroup,), {key: State() for key in QUESTIONS})


def new_bot(place: Place) -> Bot:
    """A bot that talks to the place's fake Bot API."""
    return Bot(TOKEN, session=FakeSession(place.answer))


def words(place: Place) -> I18n:
    """aiogram's own catalogues."""
    return I18n(path=write_peers_files(place.folder / "words"), default_locale="en", domain=DOMAIN)


def question(i18n: I18n, key: str, language: str) -> Asked:
    """Its text and keyboard."""
    asked = QUESTIONS[key]
    rows = [
        [
            InlineKeyboardButton(
                text=option if key == "lang" else i18n.gettext(option, locale=language),
                callback_data=f"{key}:{index}",
            )
        ]
        for index, option in enumerate(asked.options)
    ]
    text = i18n.gettext(asked.text, locale=language)
    return text, InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


class FsmBot:
    """One router with a handler for each question."""

    def __init__(self, place: Place, storage: BaseStorage) -> None:
        self._bot = new_bot(place)
        self._i18n = words(place)
        self._dispatcher = Dispatcher(storage=storage)
        router = Router()
        self._dispatcher.include_router(router)
        router.message.register(self._start, CommandStart())
        for key in QUESTIONS:
            if key not in END:
                self._register(router, key)

    async def handle(self, update: bytes) -> None:
        """What aiogram's webhook does with a body."""
        await self._dispatcher.feed_raw_update(self._bot, json.loads(update))

    def _register(self, router: Router, key: str) -> None:
        state = StateFilter(getattr(States, key))
        if QUESTIONS[key].options:
            router.callback_query.register(self._choice(key), state, F.data.startswith(key + ":"))
        else:
            router.message.register(self._words(key), state, F.text)

    async def _start(self, message: Message, state: FSMContext) -> None:
        await state.set_data({})
        await state.set_state(States.lang)
        text, keyboard = question(self._i18n, "lang", "en")
        await message.answer(text, reply_markup=keyboard)

    def _choice(self, key: str) -> Callable[[CallbackQuery, FSMContext], Awaitable[None]]:
        async def choice(callback: CallbackQuery, state: FSMContext) -> None:
            option = int((callback.data or "").partition(":")[2])
            value = QUESTIONS[key].options[option]
            if key == "loop":
                turns = (await state.get_data()).get("loop", [])
                data = await state.update_data(loop=[*turns, value])
            else:
                data = await state.update_data({key: value})
            after, _ = following(key, option, len(data.get("loop", ())) - 1)
            await state.set_state(getattr(States, after))
            await callback.answer()
            text, keyboard = question(self._i18n, after, data["lang"])
            assert isinstance(callback.message, Message)
            await callback.message.answer(text, reply_markup=keyboard)

        return choice

    def _words(self, key: str) -> Callable[[Message, FSMContext], Awaitable[None]]:
        async def free(message: Message, state: FSMContext) -> None:
            data = await state.update_data({key: message.text})
            after, _ = following(key, None, 0)
            await state.set_state(getattr(States, after))
            text, keyboard = question(self._i18n, after, data["lang"])
            await message.answer(text, reply_markup=keyboard)

        return free


def count(data: dict[str, Any]) -> int:
    """How many answers somebody's FSM data holds."""
    return sum(len(value) if isinstance(value, list) else 1 for value in data.values())
