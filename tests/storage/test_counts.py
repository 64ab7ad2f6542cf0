"""How much waits is counted by channel, and nothing else is told."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, select

from storage import outbox, quarantine
from storage.counts import Counts, Waiting, count
from storage.database import Database
from storage.tables import metadata, sessions
from storage.turns import take
from tests.storage.house import NOW, amina, by_code, ours, says

MINUTE = timedelta(minutes=1)


async def _put(database: Database, channel: str, address: str, *words: str, minutes: int = 0) -> None:
    await outbox.put(database, channel, address, [ours(each) for each in words], NOW + minutes * MINUTE)


async def test_where_nothing_waits_there_is_nothing_to_count(database: Database) -> None:
    assert await count(database, NOW) == Counts({}, {}, {}, {})


async def test_messages_are_counted_by_channel_with_the_age_of_the_oldest(database: Database) -> None:
    await _put(database, "telegram", "7", "one", "two")
    await _put(database, "telegram", "8", "three", minutes=3)
    await _put(database, "signal", "9", "four", minutes=4)

    found = await count(database, NOW + 5 * MINUTE)

    assert found.outbox == {"telegram": Waiting(3, 300), "signal": Waiting(1, 60)}


async def test_a_message_for_later_does_not_wait_yet(database: Database) -> None:
    await _put(database, "telegram", "7", "a reminder", minutes=60)

    assert (await count(database, NOW)).outbox == {}


async def test_a_message_that_is_tried_again_and_again_grows_old(database: Database) -> None:
    await _put(database, "telegram", "7", "one")
    for minute in range(1, 12):
        [parcel] = await outbox.take_due(database, "telegram", NOW + minute * MINUTE, 10, MINUTE)
        await outbox.retry(database, parcel.ref, NOW + (minute + 1) * MINUTE)

    found = await count(database, NOW + 11 * MINUTE)

    assert found.outbox == {"telegram": Waiting(1, 660)}


async def test_updates_that_fail_are_told_apart_from_those_given_up(database: Database) -> None:
    for event, tries in (("1", 1), ("2", 3), ("3", 2)):
        for _ in range(tries):
            await quarantine.failed(database, "telegram", event, "{}", "KeyError", NOW)

    found = await count(database, NOW)

    assert (found.failing, found.given_up) == ({"telegram": 2}, {"telegram": 1})


async def test_timers_that_should_have_rung_by_now_are_counted_by_kind(database: Database) -> None:
    timers = metadata.tables.get("timers")
    if timers is None:
        pytest.skip("there are no timers yet")
    her = await amina(database)
    await take(database, by_code(her.code), says("Amina"))

    def put(connection: Connection) -> None:
        session = connection.scalar(select(sessions.c.id))
        for kind, due in (("reminder", NOW), ("follow_up", NOW + MINUTE), ("resume", NOW + 2 * MINUTE)):
            connection.execute(insert(timers).values(session=session, kind=kind, due=due, token=kind))

    await database.write(put)

    assert (await count(database, NOW + MINUTE)).timers == {"reminder": 1, "follow_up": 1}
