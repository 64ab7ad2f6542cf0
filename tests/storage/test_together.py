"""Several processes on one database: they wake each other, and one of them leads."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from storage import outbox
from storage.database import Database, open_database
from storage.together import Leader, listen
from tests.storage.house import NOW, furnish, ours


@pytest.fixture
async def two(postgres_url: str) -> AsyncIterator[tuple[Database, Database]]:
    """The same PostgreSQL, as two processes have it."""
    one, other = open_database(postgres_url), open_database(postgres_url)
    await furnish(one)
    yield one, other
    await one.close()
    await other.close()


async def _until(is_so: "asyncio.Event") -> None:
    await asyncio.wait_for(is_so.wait(), 10)


async def _cut(address: str | None) -> None:
    """End everybody else's connections, as a restart of the server would."""
    connection = await asyncpg.connect(address)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()


async def test_what_one_puts_into_the_outbox_wakes_the_other(two: tuple[Database, Database]) -> None:
    one, other = two
    ready, woken = asyncio.Event(), asyncio.Event()
    hears = {"": ready, "outbox": woken}
    listening = asyncio.create_task(listen(other, lambda topic: hears[topic].set()))
    await _until(ready)

    await outbox.put(one, "telegram", "7", [ours("Hello")], NOW)

    await _until(woken)
    listening.cancel()


async def test_who_listens_goes_on_after_the_server_was_away(two: tuple[Database, Database]) -> None:
    one, other = two
    ready, woken = asyncio.Event(), asyncio.Event()
    hears = {"": ready, "outbox": woken}
    listening = asyncio.create_task(listen(other, lambda topic: hears[topic].set(), pause=0.05))
    await _until(ready)
    ready.clear()

    await _cut(one.own_address)

    await _until(ready)
    await outbox.put(open_database(one.own_address or ""), "telegram", "7", [ours("Hello")], NOW)
    await _until(woken)
    listening.cancel()


async def test_one_of_two_leads_and_the_other_takes_over(two: tuple[Database, Database]) -> None:
    first, second = (Leader(database, "polling") for database in two)

    assert await first.is_ours()
    assert not await second.is_ours()
    assert await first.is_ours()

    await first.resign()

    for _ in range(100):  # the server notices in a moment
        if await second.is_ours():
            break
        await asyncio.sleep(0.05)
    assert await second.is_ours()
    assert not await first.is_ours()
    await second.resign()


async def test_who_lost_the_connection_does_not_lead_any_more(two: tuple[Database, Database]) -> None:
    first, second = (Leader(database, "polling") for database in two)
    assert await first.is_ours()

    await _cut(two[0].own_address)
    await asyncio.sleep(0.1)

    leaders = [await leader.is_ours() for leader in (second, first)]
    assert leaders == [True, False]
    await second.resign()
    await first.resign()


async def test_who_does_not_ask_any_more_has_stopped_and_another_one_leads(
    two: tuple[Database, Database],
) -> None:
    first, second = Leader(two[0], "polling", quiet="200ms"), Leader(two[1], "polling")
    assert await first.is_ours()

    for _ in range(10):  # it asks again and again: it is there
        await asyncio.sleep(0.05)
        assert await first.is_ours()
        assert not await second.is_ours()
    await asyncio.sleep(1)

    leaders = [await leader.is_ours() for leader in (second, first)]
    assert leaders == [True, False]
    await second.resign()
    await first.resign()


async def test_with_sqlite_there_is_one_process_and_it_leads(fresh_database: Database) -> None:
    assert await Leader(fresh_database, "polling").is_ours()
    await listen(fresh_database, lambda _: None)
