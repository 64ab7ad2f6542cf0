"""A flood through the whole of Trede: whoever floods waits, nothing is lost, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bot.buckets import Buckets
from bot.channels.telegram import Telegram, Words
from bot.inbox import Inbox
from bot.incoming import Incoming, Taken
from bot.intake import Intake
from bot.limits import ADDRESS, CHAT, Limits
from bot.outbox import Sender
from bot.pace import ChatPace, OverallPace
from bot.scripts import compiled_reflection, open_library
from bot.telegram_choice import telegram_library
from bot.turn import Talk
from locales.catalogue import CLIENT_LANGUAGES, read_catalogue
from storage.database import Database
from storage.errors import DatabaseUnreadable
from storage.invites import invite
from storage.pages import look
from storage.staff import add_organisation
from tests.fakes.telegram_server import TOKEN, TelegramServer
from tests.running import free_port, running

SECRET = "s" * 40
OUTSIDE = {"X-Forwarded-For": "203.0.113.7"}


def now() -> datetime:
    return datetime.now(UTC)


async def invited(database: Database, name: str) -> str:
    return (await invite(database, name=name, language="en", organisation="Huis", now=now())).code


async def hers(database: Database, code: str) -> list[str]:
    """What the client with that invite said, in the order in which it was taken."""
    transcript = await look(database, code, now())
    assert transcript is not None
    return [message.paragraphs[0] for _, message in transcript.messages if message.hers]


@asynccontextmanager
async def talking(database: Database, server: TelegramServer, limits: Limits) -> AsyncIterator[list[str]]:
    """Trede with a bot that polls, over that database. Gives the errors of turns, as they come."""
    await add_organisation(database, "Huis", now())
    library = await open_library(database, compiled_reflection(), now())
    wake = asyncio.Event()
    words = read_catalogue("client", CLIENT_LANGUAGES)
    talk = Talk(database, library, words, (("en", "English"),), now, woken=(wake,))
    inbox = Inbox()
    counted = inbox.around(talk.take)
    errors: list[str] = []

    async def never(*_: object) -> bool:
        raise AssertionError("nothing fails here")

    async def take(incoming: Incoming) -> Taken:
        try:
            return await counted(incoming)
        except Exception as error:
            errors.append(type(error).__name__)
            raise

    intake = Intake(take, never, never, (DatabaseUnreadable,), limits, lambda: inbox.is_full)
    pace = OverallPace()
    telegram = Telegram(telegram_library("aiogram", TOKEN, server.url), intake, Words(str, str, {}), pace)
    sender = Sender(database, "telegram", telegram.send, wake, now, pace, ChatPace(burst=500))
    await telegram.start()
    sender.start()
    try:
        yield errors
    finally:
        await telegram.stop()
        await sender.stop()
        await telegram.close()


async def test_a_chat_that_floods_waits_while_others_go_on_and_nothing_is_lost(
    fresh_database: Database,
) -> None:
    limits = Limits(chats=Buckets(burst=5, every=0.2))
    async with TelegramServer(chat_burst=500) as server, talking(fresh_database, server, limits):
        eve, amina = server.person(1, "Eve"), server.person(2, "Amina")
        code = await invited(fresh_database, "Eve")
        eve.writes(f"/start {code}")
        said = [f"flood {n}" for n in range(15)]
        for words in said:
            eve.writes(words)
        await asyncio.sleep(0.3)
        amina.writes(f"/start {await invited(fresh_database, 'Amina')}")

        await amina.next_message(timeout=1.5)
        assert server.pending > 5, "who floods still waits"

        await server.all_taken(timeout=10)
        assert await hers(fresh_database, code) == said
        assert limits.slowed["chat"] > 0


async def test_who_floods_so_much_that_others_could_not_be_seen_is_taken_at_once(
    fresh_database: Database,
) -> None:
    limits = Limits(chats=Buckets(burst=5, every=60.0))
    async with TelegramServer(chat_burst=500) as server, talking(fresh_database, server, limits):
        eve, amina = server.person(1, "Eve"), server.person(2, "Amina")
        eve.writes(f"/start {await invited(fresh_database, 'Eve')}")
        await eve.next_message()
        for n in range(150):
            eve.writes(f"flood {n}")
        amina.writes(f"/start {await invited(fresh_database, 'Amina')}")

        await amina.next_message(timeout=20)


# ── through `trede run` ──────────────────────────────────────────────────────────────────────────


def test_trede_run_slows_a_chat_and_an_address_and_no_health_check(tmp_path: Path) -> None:
    settings = {
        "TREDE_TELEGRAM_TOKEN": TOKEN,
        "TREDE_TELEGRAM_API": f"http://127.0.0.1:{free_port()}",  # away, which keeps nothing from coming in
        "TREDE_TELEGRAM_WEBHOOK_URL": "https://trede.example/telegram",
        "TREDE_TELEGRAM_WEBHOOK_SECRET": SECRET,
    }
    with running(tmp_path, **settings) as server, httpx.Client(base_url=server.address) as outside:
        posted = [post_update(outside, n) for n in range(CHAT[0] + 40)]
        asked = [outside.get("/api/queue", headers=OUTSIDE) for _ in range(ADDRESS[0] + 80)]
        page = outside.get(server.chat, headers=OUTSIDE)
        leaving = outside.post(f"{server.chat}/leave", headers=OUTSIDE)
        health = {outside.get("/healthz", headers=OUTSIDE).status_code for _ in range(200)}
        here = outside.get(server.chat)

    slow = [answer for answer in posted if answer.status_code == 429]
    assert {answer.status_code for answer in posted} == {200, 429}
    assert {answer.headers["retry-after"] for answer in slow} == {"1"}
    assert {answer.status_code for answer in asked} == {401, 429}
    assert "Try again after 1 s" in asked[-1].json()["detail"]
    assert (page.status_code, leaving.status_code, here.status_code) == (429, 303, 200)
    assert health == {200}
    logged = server.logs.read_text()
    assert logged.count("slowed down") == 2, "once a minute for each limit"
    assert "203.0.113.7" not in logged


def post_update(client: httpx.Client, n: int) -> httpx.Response:
    """As Telegram posts it."""
    chat = {"id": 1001, "type": "private"}
    sender = {"id": 1001, "is_bot": False, "first_name": "Amina"}
    message = {"message_id": n, "date": 1_800_000_000, "chat": chat, "from": sender, "text": "hello"}
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    return client.post("/telegram", json={"update_id": n + 1, "message": message}, headers=headers)


def test_without_limits_everything_comes_in(tmp_path: Path) -> None:
    with running(tmp_path, TREDE_LIMITS="false") as server, httpx.Client(base_url=server.address) as outside:
        asked = {outside.get("/api/queue", headers=OUTSIDE).status_code for _ in range(ADDRESS[0] + 40)}

    assert asked == {401}
