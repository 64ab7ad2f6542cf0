"""Timers as rows: found when they are due, by one taker, and gone with the turn in which they ring."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from dialogs.session import Timer, TimerKind
from dialogs.turn import Deleted, Forgotten
from storage import outbox, timers
from storage.database import Database, open_database
from storage.tables import chats, sessions
from storage.tables import outbox as outbox_table
from storage.tables import timers as timers_table
from storage.timers import Due
from storage.turns import Change, Decide, Knock, Loaded, Outcome, sent, take
from tests.storage.house import (
    NOW,
    amina,
    by_chat,
    by_code,
    count,
    does,
    furnish,
    loaded,
    ours,
    says,
    session_of,
)

LEASE = timedelta(minutes=2)
DUE = NOW + timedelta(days=1)
SECOND = timedelta(seconds=1)
REMINDER = "Hello. You asked me to write to you."


def timer(due: datetime = DUE, kind: TimerKind = "resume", token: str = "t1") -> Timer:
    """One for tomorrow."""
    return Timer(kind, due, token)


def wants(*hers: Timer) -> Decide:
    """A turn after which her session has these timers."""

    def decide(loaded: Loaded) -> Change:
        return Change(replace(session_of(loaded), mode="paused", timers=hers), (), (ours("All right"),))

    return decide


def goes_on() -> Decide:
    """She moves on: her timers are dropped."""

    def decide(loaded: Loaded) -> Change:
        return Change(replace(session_of(loaded), mode="talking", timers=()), (), (ours("Welcome back"),))

    return decide


def rings(due: Due) -> Decide:
    """What the engine does with a timer that rings: one message if her session still has it, else nothing."""

    def decide(loaded: Loaded) -> Change:
        session = session_of(loaded)
        left = tuple(t for t in session.timers if (t.kind, t.token) != (due.kind, due.token))
        said = (ours(REMINDER),) if left != session.timers else ()
        return Change(replace(session, timers=left), (), said)

    return decide


async def _due(database: Database, now: datetime = DUE, limit: int = 10) -> list[Due]:
    return await timers.take_due(database, now, limit, LEASE)


def _knock(due: Due, now: datetime = DUE) -> Knock:
    return Knock("timer", f"{due.id}:{due.due.isoformat()}", now, client=due.client)


async def _ring(database: Database, due: Due) -> Outcome:
    return await take(database, _knock(due), rings(due))


async def _reminders(database: Database) -> int:
    """How many reminders wait to be sent."""
    found = 0
    while parcels := await outbox.take_due(database, "telegram", DUE + timedelta(days=9), 50, LEASE):
        found += sum(parcel.message.paragraphs == (REMINDER,) for parcel in parcels)
        for parcel in parcels:
            await sent(database, parcel.ref)
    return found


async def _paused(database: Database, *hers: Timer, address: str = "7") -> str:
    """Amina, who has a chat, pauses and wants these; her id."""
    her = await amina(database)
    await take(database, by_chat(address, f"begin-{address}", her.code), says("Amina"))
    await take(database, by_chat(address, f"pause-{address}"), wants(*(hers or (timer(),))))
    return her.client


async def test_a_timer_is_found_when_it_is_due_and_not_before(database: Database) -> None:
    client = await _paused(database)

    assert await _due(database, DUE - SECOND) == []
    (found,) = await _due(database)

    assert (found.client, found.kind, found.due, found.token) == (client, "resume", DUE, "t1")


async def test_the_next_time_to_look_is_known(database: Database) -> None:
    assert await timers.next_due(database) is None
    await _paused(database, timer(), timer(DUE + timedelta(days=2), "follow_up", "t2"))

    assert await timers.next_due(database) == DUE
    await _due(database)
    assert await timers.next_due(database) == DUE + LEASE


async def test_a_timer_that_rings_is_one_message_to_her_chat_and_is_gone(database: Database) -> None:
    await _paused(database)
    (found,) = await _due(database)

    outcome = await _ring(database, found)

    assert outcome.status == "done"
    assert await _reminders(database) == 1
    assert await count(database, timers_table) == {"timers": 0}
    session = (await loaded(database, by_chat("7", "peek"))).session
    assert session is not None
    assert session.timers == ()


async def test_the_same_ring_twice_does_nothing_the_second_time(database: Database) -> None:
    await _paused(database)
    (found,) = await _due(database)
    await _ring(database, found)

    again = await _ring(database, found)

    assert again.status == "duplicate"
    assert await _reminders(database) == 1


async def test_who_moved_on_has_no_timer_left(database: Database) -> None:
    await _paused(database)

    await take(database, by_chat("7", "3"), goes_on())

    assert await count(database, timers_table) == {"timers": 0}
    assert await _due(database) == []


async def test_a_timer_taken_before_she_moved_on_says_nothing(database: Database) -> None:
    await _paused(database)
    (found,) = await _due(database)
    await take(database, by_chat("7", "3"), goes_on())

    outcome = await _ring(database, found)

    assert (outcome.status, outcome.messages) == ("done", ())
    assert await _reminders(database) == 0


async def test_a_row_that_her_session_knows_nothing_of_goes_when_it_rings(database: Database) -> None:
    await _paused(database)
    (found,) = await _due(database)
    stray = timers_table.update().values(token="old")
    await database.write(lambda connection: connection.execute(stray))

    await _ring(database, replace(found, token="old"))

    kept = select(timers_table.c.token)
    assert await database.read(lambda connection: list(connection.scalars(kept))) == ["t1"]


async def test_a_timer_that_is_put_off_is_found_again_at_its_new_time(database: Database) -> None:
    await _paused(database)
    (found,) = await _due(database)
    later = DUE + timedelta(hours=10)

    await take(database, _knock(found), wants(timer(later)))

    assert await _due(database, later - SECOND) == []
    (again,) = await _due(database, later)
    assert again.id != found.id


async def test_another_wish_takes_the_place_of_the_old_one(database: Database) -> None:
    await _paused(database)
    later = DUE + timedelta(days=6)

    await take(database, by_chat("7", "3"), wants(timer(later, token="t9")))

    assert [due.token for due in await _due(database, later)] == ["t9"]


async def test_one_turn_can_leave_one_timer_and_drop_another(database: Database) -> None:
    both = (timer(), timer(DUE, "follow_up", "t2"))
    await _paused(database, *both)

    await take(database, by_chat("7", "3"), wants(both[1]))

    assert [due.kind for due in await _due(database)] == ["follow_up"]


@pytest.mark.parametrize("event", [Deleted(), Forgotten()])
async def test_what_is_erased_rings_no_more(database: Database, event: Deleted | Forgotten) -> None:
    await _paused(database)
    (found,) = await _due(database)

    await take(database, by_chat("7", "3"), does(event, keep=False))

    assert await count(database, timers_table, sessions) == {"timers": 0, "sessions": 0}
    await take(database, _knock(found), lambda _: Change(None))
    assert await _reminders(database) == 0


# ── many takers, kills, restarts ─────────────────────────────────────────────────────────────────


async def test_what_many_take_at_once_goes_to_one_of_them(database: Database) -> None:
    for n in range(20):
        await _paused(database, address=str(n))

    taken = await asyncio.gather(*(_due(database, limit=8) for _ in range(5)))

    ids = [due.id for dues in taken for due in dues]
    rest = [due.id for due in await _due(database, limit=20)]
    assert len({*ids, *rest}) == len(ids) + len(rest) == 20


async def test_a_timer_nobody_rang_is_taken_again_when_its_lease_is_over(database: Database) -> None:
    await _paused(database)
    (first,) = await _due(database)  # and this process is killed here

    assert await _due(database, DUE + LEASE - SECOND) == []
    assert await _due(database, DUE + LEASE) == [first]


async def test_a_turn_that_fails_leaves_the_timer(database: Database) -> None:
    await _paused(database)
    (first,) = await _due(database)

    def fails(_: Loaded) -> Change:
        raise KeyError("a fault of ours")

    with pytest.raises(KeyError):
        await take(database, _knock(first), fails)

    (again,) = await _due(database, DUE + LEASE)
    await _ring(database, again)
    assert await _reminders(database) == 1


async def test_two_who_hold_the_same_timer_write_to_her_once(database: Database) -> None:
    await _paused(database)
    (slow,) = await _due(database)
    (quick,) = await _due(database, DUE + LEASE)

    await asyncio.gather(_ring(database, slow), _ring(database, quick))

    assert await _reminders(database) == 1
    assert await count(database, timers_table) == {"timers": 0}


async def test_timers_outlive_a_restart(database_url: str) -> None:
    first = open_database(database_url)
    await furnish(first)
    await _paused(first)
    await first.close()

    second = open_database(database_url)
    (found,) = await _due(second)
    await _ring(second, found)

    assert await _reminders(second) == 1
    await second.close()


async def test_her_message_and_her_timer_at_once_come_one_after_the_other(database: Database) -> None:
    clients = [await _paused(database, address=str(n)) for n in range(10)]
    found = await _due(database)

    rung, gone_on = await asyncio.gather(
        asyncio.gather(*(_ring(database, due) for due in found)),
        asyncio.gather(*(take(database, by_chat(str(n), f"{n} goes on"), goes_on()) for n in range(10))),
    )

    welcome = {client: outcome.messages[0][0] for client, outcome in zip(clients, gone_on, strict=True)}
    for due, outcome in zip(found, rung, strict=True):
        assert all(n < welcome[due.client] for n, _ in outcome.messages), "reminded after she went on"
    assert await count(database, timers_table) == {"timers": 0}


# ── where it goes ────────────────────────────────────────────────────────────────────────────────


async def test_who_cannot_be_reached_gets_no_message_but_finds_it_on_her_page(database: Database) -> None:
    await _paused(database)
    await outbox.unreachable(database, "telegram", "7")
    (found,) = await _due(database)

    outcome = await _ring(database, found)

    assert [message.paragraphs for _, message in outcome.messages] == [(REMINDER,)]
    assert await _reminders(database) == 0
    marked = select(chats.c.unreachable)
    assert await database.read(lambda connection: connection.scalar(marked)) is True


async def test_who_has_only_web_chat_finds_it_on_her_page(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code, "1"), says("Amina"))
    await take(database, by_code(her.code, "2"), wants(timer()))
    (found,) = await _due(database)

    outcome = await _ring(database, found)

    assert [message.paragraphs for _, message in outcome.messages] == [(REMINDER,)]
    assert await count(database, outbox_table, timers_table) == {"outbox": 0, "timers": 0}


async def test_a_row_holds_no_words(database: Database) -> None:
    assert set(timers_table.columns.keys()) == {"id", "session", "kind", "due", "token", "lease"}
