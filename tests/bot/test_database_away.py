"""The database goes away for a while: nothing of hers is lost, doubled, or written down anywhere else."""

import asyncio
import html
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection

from bot.limits import no_limits
from bot.serve import sweep_again_and_again
from storage.database import Database, T, Work, open_database
from storage.errors import DatabaseUnreadable
from storage.invites import invite
from storage.keys import load_or_make_key
from storage.quarantined import quarantined
from storage.sealed import use_key
from tests.bot.test_flood import hers, invited, now, talking
from tests.bot.test_serve import running_beside
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_server import TelegramServer
from tests.postgres import PostgresServer, stopped
from tests.running import Running, free_port

CANARY = "Zwaluwnest"
"""A word that is nowhere in Trede: where it turns up, her words got there."""

SECRET = "s" * 40
WAYS = ["webhook", "polling"]


@dataclass
class House:
    """Trede with its database, a Telegram, and two women in mid-conversation; one more is on the web."""

    server: Running
    telegram: TelegramServer
    url: str
    women: list[Person]
    codes: list[str]
    web: httpx.AsyncClient

    async def invited(self) -> str:
        database = open_database(self.url)
        made = await invite(database, name="Amina", language="en", now=now())
        await database.close()
        return made.code

    async def is_healthy(self) -> bool:
        return (await self.web.get("/healthz")).status_code == 200

    async def said(self) -> list[list[str]]:
        """What each woman on Telegram said."""
        database = open_database(self.url)
        try:
            assert await quarantined(database) == [], "nobody failed"
            return [await hers(database, code) for code in self.codes]
        finally:
            await database.close()


@asynccontextmanager
async def house(folder: Path, url: str, way: str) -> AsyncIterator[House]:
    """Everything, with two women on Telegram who were asked for their language."""
    port = free_port()
    (folder / "tmp").mkdir()
    settings = {"TREDE_DATABASE_URL": url, "TREDE_PORT": str(port), "TMPDIR": str(folder / "tmp")}
    if way == "webhook":
        settings["TREDE_TELEGRAM_WEBHOOK_URL"] = f"http://127.0.0.1:{port}/telegram"
        settings["TREDE_TELEGRAM_WEBHOOK_SECRET"] = SECRET
    async with TelegramServer(chat_burst=200) as telegram:
        settings |= {"TREDE_TELEGRAM_TOKEN": telegram.token, "TREDE_TELEGRAM_API": telegram.url}
        async with (
            running_beside(folder, **settings) as server,
            httpx.AsyncClient(base_url=server.address, timeout=60) as web,
        ):
            use_key(load_or_make_key(folder / "data" / "key"))
            women = [telegram.person(1), telegram.person(2)]
            found = House(server, telegram, url, women, [], web)
            for woman in women:
                found.codes.append(await found.invited())
                woman.writes(f"/start {found.codes[-1]}")
                await woman.next_message()
                woman.taps(0)
                await woman.next_message()
            await telegram.all_taken()
            telegram.webhook_answers.clear()
            yield found


def forms(page: str) -> dict[str, str]:
    """The hidden fields of the last form on the page."""
    form = page[page.rindex("<form") :]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


async def stays_away(house: House, seconds: float) -> None:
    """While the database is away, everybody writes; nobody is answered, and nothing is kept."""
    everybody_writes(house)
    await asyncio.sleep(seconds)

    assert not await house.is_healthy()
    assert house.telegram.pending == 6
    assert set(house.telegram.webhook_answers) <= {503}


def everybody_writes(house: House) -> None:
    for n in range(1, 4):
        for woman in house.women:
            woman.writes(f"{CANARY} {n} of {woman.chat_id}")


async def comes_back(house: House) -> None:
    """The database is there again, and within half a minute so is Trede."""
    async with asyncio.timeout(30):
        while not await house.is_healthy():  # noqa: ASYNC110 - a test's wait for another process
            await asyncio.sleep(0.1)
    await house.telegram.all_taken(timeout=60)


async def everything_was_taken_once_and_in_order(house: House) -> None:
    expected = [[f"{CANARY} {n} of {woman.chat_id}" for n in range(1, 4)] for woman in house.women]
    said = await house.said()
    assert [[words for words in each if CANARY in words] for each in said] == expected


def nothing_is_written_down(folder: Path) -> None:
    """Neither in the data directory, nor in logs, nor in temporary files."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    assert [file for file in files if CANARY.encode() in file.read_bytes()] == []
    assert list((folder / "tmp").iterdir()) == []


@pytest.mark.parametrize("seconds", [4.0, pytest.param(30.0, marks=pytest.mark.long)])
@pytest.mark.parametrize("way", WAYS)
async def test_postgresql_is_away_and_comes_back_and_every_update_is_taken_once(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str, way: str, seconds: float
) -> None:
    async with house(tmp_path, postgres_url, way) as there:
        with stopped(postgres_server):
            await stays_away(there, seconds)
            nothing_is_written_down(tmp_path)
        if way == "webhook":
            assert 503 in there.telegram.webhook_answers

        await comes_back(there)

        await everything_was_taken_once_and_in_order(there)
        for woman in there.women:
            await woman.next_message(timeout=20)  # the outbox goes on by itself
    nothing_is_written_down(tmp_path)


async def test_while_postgresql_is_away_web_chat_gives_her_words_back_and_takes_them_afterwards(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with house(tmp_path, postgres_url, "polling") as there:
        link = f"/chat/{await there.invited()}"
        await there.web.post(link, data={"command": "start"})
        await there.web.post(link, data={"tap": "1", **forms((await there.web.get(link)).text)})
        form = forms((await there.web.get(link)).text)
        with stopped(postgres_server):
            shown = await there.web.get(link)
            failed = await there.web.post(link, data={**form, "text": f"{CANARY} <b>"})
            left = await there.web.post(f"{link}/leave")

        await comes_back(there)
        sent = await there.web.post(link, data={**forms(failed.text), "text": f"{CANARY} <b>"})
        page = await there.web.get(link)

        assert (shown.status_code, failed.status_code) == (503, 503)
        assert int(failed.headers["retry-after"]) > 0
        assert f"{CANARY} &lt;b&gt;</textarea>" in failed.text
        assert (left.status_code, left.headers["location"]) == (303, "/bye")
        assert sent.status_code == 303
        assert page.text.count(f"{CANARY} &lt;b&gt;") == 1


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process writes, and does not come to an end."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.parametrize("way", ["webhook", pytest.param("polling", marks=pytest.mark.long)])
async def test_a_sqlite_file_that_another_process_holds_for_too_long_loses_nothing(
    tmp_path: Path, way: str
) -> None:
    file = tmp_path / "trede.sqlite3"
    async with house(tmp_path, f"sqlite:///{file}", way) as there:
        with locked(file):
            everybody_writes(there)
            async with asyncio.timeout(60):  # `busy_timeout` is ten seconds, by a clock of its own
                while "database away" not in there.server.logs.read_text():  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            await asyncio.sleep(0.5)
            assert there.telegram.pending == 6
            assert await there.is_healthy(), "it can still be read"
            nothing_is_written_down(tmp_path)
        assert set(there.telegram.webhook_answers) == ({503} if way == "webhook" else set())

        await comes_back(there)

        await everything_was_taken_once_and_in_order(there)
        for woman in there.women:
            await woman.next_message(timeout=20)
    nothing_is_written_down(tmp_path)


async def test_on_a_full_disk_nothing_is_half_saved_and_afterwards_everything_goes_on(
    fresh_database: Database,
) -> None:
    limits = no_limits()
    async with (
        TelegramServer(chat_burst=500) as server,
        talking(fresh_database, server, limits) as errors,
    ):
        amina = server.person()
        code = await invited(fresh_database, "Amina")
        amina.writes(f"/start {code}")
        await amina.next_message()
        await on_each_connection(fresh_database, no_more_pages)
        said = [f"{n} " + "x" * 3_000 for n in range(12)]
        for words in said:
            amina.writes(words)
        await soon(lambda: bool(errors))
        taken = await hers(fresh_database, code)
        assert taken == said[: len(taken)]
        assert len(taken) < len(said)

        await on_each_connection(fresh_database, any_number_of_pages)
        await server.all_taken(timeout=30)

        assert await hers(fresh_database, code) == said
        assert set(errors) == {"DatabaseUnreadable"}


async def on_each_connection(database: Database, work: Callable[[Connection], None]) -> None:
    """The thread's, and the event loop's, which is passed over for a while when the disk is slow."""

    def worked(connection: Connection) -> Connection:
        work(connection)
        return connection

    of_the_thread = await database.write(worked)
    async with asyncio.timeout(10):
        while await database.write_now(worked) is of_the_thread:  # noqa: ASYNC110 - the disk makes it true
            await asyncio.sleep(0.1)


def no_more_pages(connection: Connection) -> None:
    """As if the disk were full."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


def any_number_of_pages(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA max_page_count=1000000")


async def soon(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - another task makes it true
            await asyncio.sleep(0.01)


# ── what goes on by itself ───────────────────────────────────────────────────────────────────────


class Fails(Database):
    """Fails the first two times, in whatever way."""

    def __init__(self) -> None:
        self.errors: list[Exception] = [DatabaseUnreadable("there", "away"), RuntimeError("odd")]
        self.written = 0

    async def write(self, work: Work[T]) -> T:
        if self.errors:
            raise self.errors.pop()
        self.written += 1
        return None  # type: ignore[return-value]

    async def read(self, work: Work[T]) -> T:
        raise NotImplementedError

    async def close(self) -> None:
        return None


async def test_sweeping_goes_on_whatever_failed_before() -> None:
    database = Fails()

    sweeping = asyncio.create_task(sweep_again_and_again(database, every=0.01))
    await soon(lambda: database.written > 1)
    sweeping.cancel()

    assert database.errors == []
