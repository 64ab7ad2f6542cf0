"""Two whole servers on one PostgreSQL: one polls, either sends, and one goes on when the other is killed."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialogs.message import Message
from storage.database import Database, open_database
from storage.keys import load_key
from storage.outbox import depth, put
from storage.sealed import use_key
from tests.bot.test_serve import running_beside
from tests.chatting import Chatting
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_server import TelegramServer
from tests.running import QUICK_START, Running

PATIENCE = 30.0  # seconds; a busy machine is slow


@dataclass(frozen=True, slots=True)
class Servers:
    """`first` was there before `second`, so it polls."""

    telegram: TelegramServer
    first: Running
    second: Running
    database: Database

    @property
    def amina(self) -> Person:
        return self.telegram.person()

    async def amina_begins(self) -> None:
        """She opens the bot with her link, and has got an answer that nobody has in hand any more."""
        self.amina.writes(f"/start {self.first.chat.rsplit('/', 1)[1]}")
        await self.amina.next_message(PATIENCE)
        await self.all_is_sent()

    async def all_is_sent(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while await depth(self.database):  # noqa: ASYNC110 — it is emptied in the database
                await asyncio.sleep(0.05)

    def logs(self) -> str:
        return self.first.logs.read_text() + self.second.logs.read_text()


@pytest.fixture
async def servers(tmp_path: Path, postgres_url: str) -> AsyncIterator[Servers]:
    async with two_servers(tmp_path, postgres_url) as found:
        yield found


@asynccontextmanager
async def two_servers(folder: Path, url: str) -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        telegram = await stack.enter_async_context(TelegramServer())
        settings = {
            "TREDE_DATABASE_URL": url,
            "TREDE_TELEGRAM_TOKEN": telegram.token,
            "TREDE_TELEGRAM_API": telegram.url,
            **QUICK_START,
        }
        first = await stack.enter_async_context(running_beside(folder, **settings))
        second = await stack.enter_async_context(running_beside(folder, **settings))
        use_key(load_key(folder / "data" / "key"))
        database = open_database(url)
        stack.push_async_callback(database.close)
        yield Servers(telegram, first, second, database)


async def test_one_polls_and_when_it_is_killed_the_other_one_goes_on(servers: Servers) -> None:
    amina = servers.amina
    await servers.amina_begins()
    await asyncio.sleep(4)  # long enough for the other one to ask whether it may poll
    polls = len(servers.telegram.called("getUpdates"))

    servers.first.stop(signal.SIGKILL)
    amina.taps("English")
    began = time.monotonic()
    await amina.next_message(PATIENCE)
    took = time.monotonic() - began
    amina.writes("Amina")
    await amina.next_message(PATIENCE)
    await servers.all_is_sent()
    await servers.telegram.all_taken(PATIENCE)

    texts = amina.sees().messages
    assert len(texts) == len(set(texts)), "she reads nothing twice"
    assert len(servers.telegram.called("getUpdates")) > polls
    assert took < 15, "within seconds"
    assert "TakenElsewhere" not in servers.logs()
    assert "telegram away" not in servers.logs()


async def test_what_is_put_into_the_outbox_by_another_process_is_sent_at_once(servers: Servers) -> None:
    amina = servers.amina
    await servers.amina_begins()
    began = time.monotonic()

    for n in range(5):
        note = Message("en", (f"Note {n}",))
        await put(servers.database, "telegram", str(amina.chat_id), [note], datetime.now(UTC))
        await amina.hears(f"Note {n}", PATIENCE)

    # Without being woken, a sender looks every five seconds.
    assert time.monotonic() - began < 6


async def test_a_conversation_on_the_web_goes_on_at_whichever_server_she_meets(servers: Servers) -> None:
    def talks() -> list[str]:
        with Chatting(servers.first.chat) as at_first, Chatting(servers.second.chat) as at_second:
            at_first.starts()
            at_second.taps(1)
            at_first.says("Amina")
            at_second.taps(1)
            at_first.taps(1, 1)
            at_second.says("A quiet home")
            return [at_first.hears, at_second.hears]

    pages = await asyncio.to_thread(talks)

    assert pages[0] == pages[1]
    assert pages[0].count("A quiet home") == 1
