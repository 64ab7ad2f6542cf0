"""What an operator sees of quarantine, and does to it."""

from datetime import timedelta

import pytest

from dialogs.turn import Deleted, Forgotten
from storage import quarantine, quarantined
from storage.database import Database
from storage.sweeping import sweep
from storage.turns import take
from tests.storage.house import NOW, amina, by_chat, does, says

WORDS = "her words"


async def fails(database: Database, event: str, times: int = 3, minutes: int = 0) -> None:
    for _ in range(times):
        await quarantine.failed(
            database, "telegram", event, WORDS, "KeyError at x.py:1", NOW + timedelta(minutes=minutes)
        )


async def test_all_are_listed_the_oldest_first(database: Database) -> None:
    await fails(database, "2", minutes=5)
    await fails(database, "1", times=1)

    first, second = await quarantined.quarantined(database)

    assert (first.event, first.tries, first.given_up, first.at) == ("1", 1, False, NOW)
    assert (second.event, second.tries, second.given_up) == ("2", 3, True)
    assert WORDS not in repr([first, second])
    assert await quarantined.body_of(database, first) == WORDS


async def test_the_sweep_keeps_what_it_says_and_a_new_try_keeps_nothing_longer(database: Database) -> None:
    await fails(database, "1")
    await fails(database, "2", minutes=-20 * 24 * 60)
    [other, one] = await quarantined.quarantined(database)
    await quarantined.failed_again(database, one, "ValueError at y.py:2" + "x" * 500)
    [still, tried] = await quarantined.quarantined(database)

    assert still == other
    assert (tried.tries, tried.until, tried.error[:20]) == (4, one.until, "ValueError at y.py:2")
    await sweep(database, one.until)
    assert await quarantined.quarantined(database) == [tried]
    await sweep(database, one.until + timedelta(seconds=1))
    assert await quarantined.quarantined(database) == []


async def test_dropping_one_leaves_the_others(database: Database) -> None:
    await fails(database, "1")
    await fails(database, "2")
    first, second = await quarantined.quarantined(database)

    await quarantined.drop(database, first)
    await quarantined.drop(database, first)

    assert await quarantined.quarantined(database) == [second]
    assert await quarantined.body_of(database, first) is None


@pytest.mark.parametrize("event", [Deleted(), Forgotten()])
async def test_erasing_reaches_what_was_set_aside_and_that_of_nobody_else(
    database: Database, event: Deleted | Forgotten
) -> None:
    for address in ("5", "6"):
        invite = await amina(database)
        await take(database, by_chat(address, event=f"start {address}", code=invite.code), says("hello"))
        for _ in range(3):
            await quarantine.failed(
                database, "telegram", address, WORDS, "KeyError at x.py:1", NOW, address=address
            )
    before = await quarantined.quarantined(database)
    assert [await quarantined.body_of(database, one) for one in before] == [WORDS, WORDS]

    await take(database, by_chat("5", event="delete"), does(event))

    [left] = await quarantined.quarantined(database)
    assert left.event == "6"
    assert await quarantined.body_of(database, left) == WORDS
