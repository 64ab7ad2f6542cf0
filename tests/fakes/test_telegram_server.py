"""The fake is as strict as Telegram, seen through the real aiogram."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup
from aiohttp import web

from tests.fakes.telegram_server import TOKEN, TelegramServer

CHAT = 1001


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(retry_pause=0.02) as server:
        server.person(CHAT).has_written = True
        yield server


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    async with bot_with(server, TOKEN) as bot:
        yield bot


@asynccontextmanager
async def bot_with(server: TelegramServer, token: str) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(server.url))
    yield Bot(token, session=session)
    await (await session.create_session()).close()  # aiogram's own `close` takes a quarter of a second


def keyboard(*data: str) -> InlineKeyboardMarkup:
    buttons = [[InlineKeyboardButton(text=f"to {each}"[:20], callback_data=each)] for each in data]
    return InlineKeyboardMarkup(inline_keyboard=buttons)


async def refused(call: Awaitable[Any], why: str) -> None:
    with pytest.raises(TelegramBadRequest, match=why):
        await call


async def test_the_bot_is_who_its_token_says(bot: Bot) -> None:
    me = await bot.get_me()

    assert (me.id, me.username) == (123456789, "trede_test_bot")


async def test_a_wrong_token_is_unauthorized_and_a_malformed_one_not_found(server: TelegramServer) -> None:
    async with bot_with(server, "123456789:wrong") as bot:
        with pytest.raises(TelegramUnauthorizedError):
            await bot.get_me()

    async with AiohttpSession() as session:
        client = await session.create_session()
        async with client.get(f"{server.url}/botnonsense/getMe") as answer:
            assert answer.status == 404


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "text is empty"),
        (" \n\x00 ", "text is empty"),
        ("x" * 4097, "too long"),
        ("😀" * 2049, "too long"),
    ],
)
async def test_an_empty_or_long_text_is_refused(bot: Bot, text: str, why: str) -> None:
    await refused(bot.send_message(CHAT, text), why)


async def test_a_text_of_4096_units_arrives_whole(bot: Bot, server: TelegramServer) -> None:
    await bot.send_message(CHAT, "😀" * 2048)

    assert server.person(CHAT).sees().messages == ("😀" * 2048,)


@pytest.mark.parametrize("text", ["1 < 2", "<blink>x</blink>", "<b>x", "x</b>", "<b><i>x</b></i>"])
async def test_careless_html_is_refused(bot: Bot, text: str) -> None:
    await refused(bot.send_message(CHAT, text, parse_mode="HTML"), "can't parse entities")


async def test_good_html_is_shown_without_its_tags(bot: Bot, server: TelegramServer) -> None:
    await bot.send_message(CHAT, "<b>1 &lt; 2</b> &amp; so on", parse_mode="HTML")

    assert server.person(CHAT).sees().messages == ("1 < 2 & so on",)


async def test_markup_without_a_parse_mode_is_just_text(bot: Bot, server: TelegramServer) -> None:
    await bot.send_message(CHAT, "<b>me</b>")

    assert server.person(CHAT).sees().messages == ("<b>me</b>",)


async def test_a_lone_surrogate_is_refused(server: TelegramServer) -> None:
    async with AiohttpSession() as session:
        client = await session.create_session()
        body = b'{"chat_id": 1001, "text": "half \\ud83d"}'
        url = f"{server.url}/bot{TOKEN}/sendMessage"
        async with client.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 400


@pytest.mark.parametrize("data", ["x" * 65, "ع" * 33])
async def test_callback_data_over_64_bytes_is_refused(bot: Bot, data: str) -> None:
    await refused(bot.send_message(CHAT, "?", reply_markup=keyboard(data)), "BUTTON_DATA_INVALID")


async def test_a_bot_cannot_write_first_nor_to_one_who_blocked_it(bot: Bot, server: TelegramServer) -> None:
    server.person(2)
    server.person(3).has_written = True
    server.person(3).blocks_the_bot()

    with pytest.raises(TelegramForbiddenError, match="initiate"):
        await bot.send_message(2, "hello")
    with pytest.raises(TelegramForbiddenError, match="blocked"):
        await bot.send_message(3, "hello")
    await refused(bot.send_message(4, "hello"), "chat not found")


async def test_too_many_messages_in_one_chat_are_slowed_down(bot: Bot) -> None:
    sent = await asyncio.gather(*(bot.send_message(CHAT, "x") for _ in range(40)), return_exceptions=True)

    slowed = [each for each in sent if isinstance(each, TelegramRetryAfter)]
    assert slowed
    assert slowed[0].retry_after == 1


async def test_a_tap_can_be_answered_once_it_is_known_and_not_too_late(
    bot: Bot, server: TelegramServer
) -> None:
    await bot.send_message(CHAT, "?", reply_markup=keyboard("t:1"))
    server.person(CHAT).taps("to t:1")
    [update] = await bot.get_updates()
    assert update.callback_query

    await refused(bot.answer_callback_query("12345"), "query is too old")
    await refused(bot.answer_callback_query(update.callback_query.id, "x" * 201), "TOO_LONG")
    assert await bot.answer_callback_query(update.callback_query.id, "x" * 200)
    server.forgets_taps()
    await refused(bot.answer_callback_query(update.callback_query.id), "query is too old")


async def test_an_edit_that_changes_nothing_is_refused(bot: Bot, server: TelegramServer) -> None:
    sent = await bot.send_message(CHAT, "?", reply_markup=keyboard("t:1"))

    same = keyboard("t:1")
    await refused(
        bot.edit_message_reply_markup(chat_id=CHAT, message_id=sent.message_id, reply_markup=same),
        "not modified",
    )
    await bot.edit_message_reply_markup(chat_id=CHAT, message_id=sent.message_id)
    assert server.person(CHAT).sees().keyboard == ()


async def test_updates_come_until_the_offset_confirms_them(bot: Bot, server: TelegramServer) -> None:
    server.person(CHAT).writes("one")
    server.person(CHAT).writes("two")

    first = await bot.get_updates()
    again = await bot.get_updates()
    rest = await bot.get_updates(offset=first[0].update_id + 1)

    assert [each.message.text for each in first if each.message] == ["one", "two"]
    assert [each.update_id for each in again] == [each.update_id for each in first]
    assert [each.message.text for each in rest if each.message] == ["two"]


async def test_an_update_delivered_again_comes_though_it_was_confirmed(
    bot: Bot, server: TelegramServer
) -> None:
    [update_id] = server.person(CHAT).writes("one")
    await bot.get_updates(offset=update_id + 1)

    server.deliver_again(update_id)

    assert [each.update_id for each in await bot.get_updates(offset=update_id + 1)] == [update_id]
    assert await bot.get_updates(offset=update_id + 1) == []


async def test_a_long_poll_waits_for_an_update(bot: Bot, server: TelegramServer) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.1)

    server.person(CHAT).sends_sticker()

    [update] = await asyncio.wait_for(poll, 2)
    assert update.message
    assert update.message.sticker


async def test_an_older_poll_gets_a_conflict_when_a_newer_one_comes(bot: Bot) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.1)

    newer = asyncio.create_task(bot.get_updates(timeout=1))

    with pytest.raises(TelegramConflictError):
        await asyncio.wait_for(older, 2)
    assert await newer == []


async def test_polling_with_a_webhook_set_is_a_conflict(bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:9/nowhere")

    with pytest.raises(TelegramConflictError):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == []


async def test_a_webhook_gets_the_head_of_each_queue_until_it_says_200(
    bot: Bot, server: TelegramServer
) -> None:
    async with Webhook([500, 503]) as hook:
        await bot.set_webhook(hook.url, secret_token="s" * 32)
        server.person(CHAT).writes("one")
        server.person(CHAT).writes("two")
        await server.all_taken()

    texts = [each["message"]["text"] for each in hook.got]
    assert texts == ["one", "one", "one", "two"]
    assert hook.secrets == {"s" * 32}
    assert (await bot.get_webhook_info()).pending_update_count == 0


async def test_taps_overtake_texts_that_are_refused(bot: Bot, server: TelegramServer) -> None:
    await bot.send_message(CHAT, "?", reply_markup=keyboard("t:1"))

    async with Webhook([500] * 3, only="message") as hook:
        await bot.set_webhook(hook.url)
        server.person(CHAT).writes("one")
        server.person(CHAT).taps(0)
        await server.all_taken()

    kinds = ["tap" if "callback_query" in each else "text" for each in hook.got]
    assert kinds.index("tap") < 3
    assert kinds.count("text") == 4


async def test_a_webhook_is_left_alone_as_long_as_it_asks_for(bot: Bot, server: TelegramServer) -> None:
    async with Webhook([503], retry_after=1) as hook:
        await bot.set_webhook(hook.url)
        server.person(CHAT).writes("one")
        await asyncio.sleep(0.5)
        assert len(hook.got) == 1
        await server.all_taken()

    assert len(hook.got) == 2


async def test_commands_are_kept_by_language(bot: Bot, server: TelegramServer) -> None:
    await bot.set_my_commands([BotCommand(command="skip", description="تخطي")], language_code="ar")

    assert server.commands == {"ar": {"skip": "تخطي"}}
    await refused(bot.set_my_commands([BotCommand(command="Skip", description="x")]), "BOT_COMMAND_INVALID")
    await refused(
        bot.set_my_commands([BotCommand(command="skip", description="")]), "BOT_COMMAND_DESCRIPTION"
    )


async def test_the_same_tap_can_come_under_a_new_id(bot: Bot, server: TelegramServer) -> None:
    await bot.send_message(CHAT, "?", reply_markup=keyboard("t:1"))
    server.person(CHAT).taps(0)
    server.same_tap_under_new_id()

    taps = [each.callback_query for each in await bot.get_updates()]

    assert [tap.data for tap in taps if tap] == ["t:1", "t:1"]
    assert len({tap.id for tap in taps if tap}) == 2


async def test_it_refuses_once_when_told(bot: Bot, server: TelegramServer) -> None:
    server.refuses(429, "Too Many Requests: retry after 7", retry_after=7)

    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(CHAT, "x")
    assert caught.value.retry_after == 7
    assert await bot.send_message(CHAT, "x")


async def test_an_unknown_method_is_not_found(server: TelegramServer, bot: Bot) -> None:
    with pytest.raises(TelegramNotFound):
        await bot.log_out()


async def test_a_long_text_leaves_her_app_in_pieces(bot: Bot, server: TelegramServer) -> None:
    server.person(CHAT).writes("x" * 10_000)

    lengths = [len(each.message.text or "") for each in await bot.get_updates() if each.message]

    assert lengths == [4096, 4096, 1808]


class Webhook:
    """A bot's webhook that first answers with these statuses, then with 200."""

    def __init__(self, statuses: list[int], only: str = "", retry_after: int | None = None) -> None:
        self.got: list[dict[str, Any]] = []
        self.secrets: set[str | None] = set()
        self._statuses = statuses
        self._only = only
        self._headers = {"Retry-After": str(retry_after)} if retry_after else {}

    async def _answer(self, request: web.Request) -> web.Response:
        update = await request.json()
        self.got.append(update)
        self.secrets.add(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        if self._statuses and (not self._only or self._only in update):
            return web.Response(status=self._statuses.pop(0), headers=self._headers)
        return web.Response()

    async def __aenter__(self) -> "Webhook":
        app = web.Application()
        app.router.add_post("/hook", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
