"""Transactions: all or nothing, on disk when they are over, and closed properly."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.util import await_only

from storage.database import Database, address_of, open_database
from storage.driver import Ran, run
from storage.errors import DatabaseUnreadable
from storage.postgres import PostgresDatabase
from storage.sqlite import TRIES_AGAIN
from storage.tables import organisations
from tests.storage.house import NOW, count


def _add(name: str, problem: Exception | None = None) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(insert(organisations).values(id=name, name=name, created=NOW))
        if problem is not None:
            raise problem
        return name

    return work


async def _organisations(database: Database) -> int:
    return (await count(database, organisations))["organisations"]


async def test_what_was_written_is_seen_by_whoever_opens_the_database_next(
    database: Database, database_url: str
) -> None:
    assert await database.write(_add("two")) == "two"
    another = open_database(database_url)

    assert await _organisations(another) == 2

    await another.close()


async def test_work_that_fails_is_undone_and_its_error_comes_out(database: Database) -> None:
    with pytest.raises(KeyError):
        await database.write(_add("two", KeyError("two")))

    assert await _organisations(database) == 1
    await database.write(_add("three"))


async def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseUnreadable):
        await database.read(_add("two"))

    assert await _organisations(database) == 1


async def test_closing_finishes_what_was_handed_in(database: Database, database_url: str) -> None:
    another = open_database(database_url)
    writing = [asyncio.create_task(another.write(_add(str(n)))) for n in range(20)]
    await asyncio.gather(*writing)

    await another.close()

    assert await _organisations(database) == 21


async def test_a_cancelled_wait_does_not_disturb_the_others(database: Database) -> None:
    tasks = [asyncio.create_task(database.write(_add(str(n)))) for n in range(10)]
    await asyncio.sleep(0)
    tasks[5].cancel()

    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [result for result in results if isinstance(result, str)] == [str(n) for n in range(10) if n != 5]
    assert await _organisations(database) in (10, 11)


async def test_foreign_keys_are_watched(database: Database) -> None:
    def orphan(connection: Connection) -> None:
        connection.execute(
            text("INSERT INTO sign_in_codes (code_hash, staff, expires) VALUES ('a', 'nobody', '2026-01-01')")
        )

    with pytest.raises(Exception, match=r"FOREIGN KEY|foreign key"):
        await database.write(orphan)


# ── SQLite alone ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 10000),
        ("cache_size", -8000),
    ],
)
async def test_every_sqlite_connection_is_set_up(
    fresh_database: Database, pragma: str, value: object
) -> None:
    def ask(connection: Connection) -> object:
        return connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()

    assert await fresh_database.write(ask) == value
    assert await fresh_database.read(ask) == value


async def test_while_the_disk_is_slow_the_event_loop_leaves_writing_to_a_thread(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def where(_connection: Connection) -> threading.Thread:
        return threading.current_thread()

    def commits_slowly(connection: Connection, statement: str, params: Any) -> Ran:
        time.sleep(0.3 * (statement == "COMMIT"))
        return run(connection, statement, params)

    before = await fresh_database.write_now(where)
    monkeypatch.setattr("storage.sqlite.run", commits_slowly)
    await fresh_database.write_now(where)
    monkeypatch.undo()
    meanwhile = await fresh_database.write_now(where)
    await asyncio.sleep(TRIES_AGAIN)
    after = await fresh_database.write_now(where)

    ours = threading.current_thread()
    assert (before is ours, meanwhile is ours, after is ours) == (True, False, True)


async def test_readers_do_not_wait_for_the_writer(fresh_database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> bool:
        _add("one")(connection)
        begun.set()
        return go_on.wait(timeout=10)

    writing = asyncio.create_task(fresh_database.write(slow))
    await asyncio.to_thread(begun.wait, 10)

    assert await _organisations(fresh_database) == 0

    go_on.set()
    assert await writing
    assert await _organisations(fresh_database) == 1


async def test_two_processes_can_write_to_one_file(fresh_database: Database, sqlite_url: str) -> None:
    another = open_database(sqlite_url)

    await asyncio.gather(
        *(fresh_database.write(_add(f"a{n}")) for n in range(20)),
        *(another.write(_add(f"b{n}")) for n in range(20)),
    )

    assert await _organisations(fresh_database) == 40
    await another.close()


async def test_a_closed_database_says_so(fresh_database: Database, sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    await database.close()

    with pytest.raises(RuntimeError, match="was closed"):
        await database.write(_add("one"))


async def test_no_more_connections_are_kept_than_were_asked_for(postgres_url: str) -> None:
    database = open_database(postgres_url, connections=2)

    def who(connection: Connection) -> int:
        found: int = connection.scalar(text("SELECT pg_backend_pid() FROM pg_sleep(0.05)"))
        return found

    seen = await asyncio.gather(*(database.read(who) for _ in range(6)))

    assert len(set(seen)) == 2
    await database.close()


@pytest.mark.parametrize(("serves", "longest"), [(True, "40s"), (False, "0")])
async def test_only_who_serves_has_to_be_done_in_time(postgres_url: str, serves: bool, longest: str) -> None:
    database = open_database(postgres_url, serves=serves)

    limit = await database.read(lambda connection: connection.scalar(text("SHOW transaction_timeout")))

    assert limit == longest
    await database.close()


LOCK = select(organisations.c.id).with_for_update()


async def test_who_stops_between_preparing_a_statement_and_running_it_does_not_keep_its_locks(
    postgres_url: str,
) -> None:
    """The server counts it as busy, so the limit for who is idle does not end it."""
    stops = PostgresDatabase(address_of(postgres_url), longest="1s")
    goes_on = open_database(postgres_url)
    await goes_on.write(_add("Huis"))
    locked, is_over = asyncio.Event(), asyncio.Event()

    def stop(connection: Connection) -> None:
        connection.execute(LOCK)
        driver: Any = connection.connection.dbapi_connection
        driver.run_async(lambda asyncpg: asyncpg.prepare("SELECT $1::text, name FROM organisations"))
        locked.set()
        await_only(is_over.wait())

    stopping = asyncio.create_task(stops.write(stop))
    await locked.wait()
    began = time.monotonic()
    await goes_on.write(lambda connection: connection.execute(LOCK))

    assert 0.5 < time.monotonic() - began < 4, "it waited, but not for ever"
    is_over.set()
    with pytest.raises(DatabaseUnreadable):
        await stopping
    await stops.close()
    await goes_on.close()
