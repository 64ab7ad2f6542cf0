"""When Telegram says "too fast" or "she blocked you": the whole of Trede waits, goes on, or tells staff."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx

from storage.database import open_database
from storage.invites import invite
from storage.keys import load_or_make_key
from storage.sealed import use_key
from tests.bot.test_flood import now
from tests.bot.test_on_postgresql import PASSWORD, begins, shares_all, tells
from tests.bot.test_serve import running_beside
from tests.chatting import Chatting
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_server import TelegramServer
from tests.running import QUICK_START, Running

UNREACHABLE = "Cannot be reached by chat"


async def invited(folder: Path) -> str:
    """An invite's code, made beside the server that runs."""
    use_key(load_or_make_key(folder / "data" / "key"))
    database = open_database(f"sqlite:///{folder / 'data' / 'trede.sqlite3'}")
    made = await invite(database, name="Amina", language="en", now=now())
    await database.close()
    return made.code


def sent_to(telegram: TelegramServer, person: Person) -> int:
    """How often the bot tried to send her something."""
    return [int(call.params["chat_id"]) for call in telegram.called("sendMessage")].count(person.chat_id)


async def soon(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - another task makes it true
            await asyncio.sleep(0.02)


async def test_a_chat_that_telegram_slows_waits_however_often_and_stops_no_other(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        settings = {"TREDE_TELEGRAM_TOKEN": telegram.token, "TREDE_TELEGRAM_API": telegram.url, **QUICK_START}
        amina, layla = telegram.person(1, "Amina"), telegram.person(2, "Layla")
        async with running_beside(tmp_path, **settings):
            telegram.refuses(429, retry_after=5)
            amina.writes(f"/start {await invited(tmp_path)}")
            await soon(lambda: sent_to(telegram, amina) == 1)

            layla.writes(f"/start {await invited(tmp_path)}")
            question = await layla.next_message(timeout=20)
            assert amina.chat == []
            assert sent_to(telegram, amina) == 1, "it waits as long as it was told"

            telegram.refuses(429, retry_after=1)
            telegram.refuses(429, retry_after=1)
            assert (await amina.next_message(timeout=20)).text == question.text
            assert sent_to(telegram, amina) == 4
            await amina.hears_nothing()


async def test_who_blocked_the_bot_gets_nothing_more_staff_see_it_and_writing_again_mends_it(
    tmp_path: Path,
) -> None:
    async with TelegramServer() as telegram:
        settings = {"TREDE_TELEGRAM_TOKEN": telegram.token, "TREDE_TELEGRAM_API": telegram.url, **QUICK_START}
        amina = telegram.person()
        async with running_beside(tmp_path, **settings) as server:
            await asyncio.to_thread(shares, server)
            amina.writes(f"/start {server.chat.rsplit('/', 1)[1]}")
            await amina.next_message()
            async with httpx.AsyncClient(base_url=server.address, follow_redirects=True) as joke:
                signed_in = await joke.post(server.enter, data={"password": PASSWORD, "again": PASSWORD})
                assert UNREACHABLE not in signed_in.text
                before = sent_to(telegram, amina)

                amina.blocks_the_bot()
                amina.writes("/language")
                await telegram.all_taken()
                await soon(lambda: sent_to(telegram, amina) == before + 1)
                await asyncio.sleep(1.5)
                assert sent_to(telegram, amina) == before + 1, "nothing more is sent"
                assert UNREACHABLE in (await joke.get("/staff")).text

                amina.blocked = False
                amina.writes("/language")
                await amina.next_message(timeout=20)
                assert UNREACHABLE not in (await joke.get("/staff")).text


def shares(server: Running) -> None:
    """The whole conversation, on the web."""
    with Chatting(server.chat) as amina:
        begins(amina)
        tells(amina)
        shares_all(amina)
