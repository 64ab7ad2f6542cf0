"""Turns that wait are taken together: as right as one by one, and nobody pays for another's fault."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, update

from dialogs.session import Place
from storage import outbox, quarantine
from storage.database import Database, open_database
from storage.driver import Ran, run
from storage.errors import DatabaseUnreadable
from storage.grouping import ALONE, MOST_IN_A_ROW, Grouping
from storage.invites import Invite
from storage.tables import outbox as outbox_table
from storage.tables import sessions
from storage.turns import Change, Loaded, Outcome, sent, take
from tests.storage.house import NOW, amina, by_chat, by_code, count, furnish, loaded, ours, says, session_of
from tests.told import told_in

LEASE = timedelta(minutes=1)


def fails(_loaded: Loaded) -> Change:
    raise ZeroDivisionError


async def many(database: Database, how_many: int = 12) -> list[Invite]:
    return [await amina(database, f"Amina {n}") for n in range(how_many)]


async def all_at_once(database: Database, them: list[Invite], event: str) -> list[Outcome]:
    return await asyncio.gather(
        *(take(database, by_code(her.code, f"{event} {her.code}"), says(her.code)) for her in them)
    )


async def words_of(database: Database, her: Invite) -> str:
    now = await loaded(database, by_code(her.code, f"look {her.code} {id(object())}"))
    assert now.session is not None
    return now.session.answers[Place("name")].words


async def test_each_of_many_gets_her_own_answer(database: Database) -> None:
    them = await many(database)

    outcomes = await all_at_once(database, them, "1")

    assert [outcome.messages[1][1] for outcome in outcomes] == [ours(f"You said {her.code}") for her in them]
    assert [await words_of(database, her) for her in them] == [her.code for her in them]


async def test_many_who_wait_are_committed_together(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(fresh_database)
    them = await many(fresh_database)
    commits: list[str] = []

    def noting(connection: Connection, statement: str, params: Any) -> Ran:
        commits.extend([statement] * (statement == "COMMIT"))
        return run(connection, statement, params)

    await all_at_once(fresh_database, them, "warm")
    monkeypatch.setattr("storage.sqlite.run", noting)
    await all_at_once(fresh_database, them, "1")

    assert len(commits) == 1


async def test_one_that_fails_takes_nobody_down_with_it(database: Database) -> None:
    them = await many(database)

    results = await asyncio.gather(
        *(take(database, by_code(her.code, her.code), says(her.code)) for her in them[:6]),
        take(database, by_code(them[6].code, "bad"), fails),
        *(take(database, by_code(her.code, her.code), says(her.code)) for her in them[7:]),
        return_exceptions=True,
    )

    assert isinstance(results.pop(6), ZeroDivisionError)
    assert all(isinstance(result, Outcome) and result.status == "done" for result in results)
    assert [len(her.messages) for her in (await told_in(database)).values()] == [2] * 11
    assert (await loaded(database, by_code(them[6].code, "next"))).session is None


async def test_strangers_and_repeated_updates_among_many_are_what_they_are(database: Database) -> None:
    them = await many(database, 4)
    await take(database, by_code(them[0].code, "again"), says("once"))

    outcomes = await asyncio.gather(
        take(database, by_code(them[0].code, "again"), says("twice")),
        take(database, by_code("wrong", "x"), says("nobody")),
        take(database, by_code(them[1].code, "y"), says("one")),
        take(database, by_code(them[1].code, "y"), says("two")),
        take(database, by_chat("7", "z", them[2].code), says("new chat")),
        take(database, by_chat("8", "z2"), says("strange chat")),
    )

    assert [outcome.status for outcome in outcomes] == [
        "duplicate",
        "unknown",
        "done",
        "duplicate",
        "done",
        "unknown",
    ]
    assert await words_of(database, them[0]) == "once"
    assert await words_of(database, them[1]) == "one"


async def test_an_update_that_failed_before_leaves_no_copy_once_it_goes_well_among_others(
    database: Database,
) -> None:
    them = await many(database, 3)
    await quarantine.failed(database, "web", f"1 {them[1].code}", "her words", "KeyError", NOW)

    await all_at_once(database, them, "1")

    assert not await quarantine.failed(database, "web", f"1 {them[1].code}", "", "", NOW, give_up_after=2)


async def test_what_another_process_saved_is_seen_at_her_next_turn(
    database: Database, database_url: str
) -> None:
    another = open_database(database_url)
    her = await amina(database)
    await take(database, by_code(her.code, "1"), says("one"))

    await take(another, by_code(her.code, "2"), says("two", question="hope"))
    now = await loaded(database, by_code(her.code, "3"))

    assert now.session is not None
    assert {place.step: answer.words for place, answer in now.session.answers.items()} == {
        "name": "one",
        "hope": "two",
    }
    await another.close()


async def test_a_session_changed_by_what_takes_no_turns_is_read_again(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code, "1"), says("one"))
    moved = update(sessions).values(mode="paused", version=sessions.c.version + 1)
    await database.write(lambda connection: connection.execute(moved).close())

    now = await loaded(database, by_code(her.code, "2"))

    assert now.session is not None
    assert now.session.mode == "paused"


async def test_a_turn_whose_group_was_undone_is_not_remembered(database: Database) -> None:
    them = await many(database, 3)
    await all_at_once(database, them, "1")
    tries: list[int] = []

    def once_more(loaded: Loaded) -> Change:
        tries.append(len(session_of(loaded).draft))
        return Change(replace(session_of(loaded), draft=(*session_of(loaded).draft, "x")))

    await asyncio.gather(
        take(database, by_code(them[2].code, "first"), says("she is first")),
        take(database, by_code(them[0].code, "2"), once_more),
        take(database, by_code(them[1].code, "2"), fails),
        return_exceptions=True,
    )

    assert tries == [0, 0], "decided twice, on the same"
    now = await loaded(database, by_code(them[0].code, "3"))
    assert now.session is not None
    assert now.session.draft == ("x",)


# ── what goes out ────────────────────────────────────────────────────────────────────────────────


async def test_a_process_that_sends_gets_its_parcels_and_holds_their_lease(database: Database) -> None:
    her = await amina(database)
    await take(database, by_chat("7", "1", her.code), says("hello", reply="first"))
    (parcel,) = await outbox.take_due(database, "telegram", NOW, 10, LEASE)
    await sent(database, parcel.ref)

    outcome = await take(database, replace(by_chat("7", "2"), lease=LEASE), says("hello", reply="second"))

    assert [(each.address, each.message) for each in outcome.parcels] == [("7", ours("second"))]
    assert await outbox.take_due(database, "telegram", NOW, 10, LEASE) == []
    late = await outbox.take_due(database, "telegram", NOW + LEASE, 10, LEASE)
    assert [each.ref for each in late] == [each.ref for each in outcome.parcels]
    await sent(database, late[0].ref)
    assert (await count(database, outbox_table))["outbox"] == 0


async def test_while_something_waits_for_her_chat_nothing_overtakes_it(database: Database) -> None:
    her = await amina(database)
    await take(database, by_chat("7", "1", her.code), says("hello", reply="first"))

    outcome = await take(database, replace(by_chat("7", "2"), lease=LEASE), says("hello", reply="second"))

    assert outcome.parcels == ()
    (first,) = await outbox.take_due(database, "telegram", NOW, 10, LEASE)
    assert first.message == ours("first")
    await sent(database, first.ref)
    (second,) = await outbox.take_due(database, "telegram", NOW, 10, LEASE)
    assert second.message == ours("second")


# ── several processes ────────────────────────────────────────────────────────────────────────────


async def test_who_is_in_another_process_s_hands_does_not_hold_up_the_others(postgres_url: str) -> None:
    database = open_database(postgres_url)
    await furnish(database)
    them = await many(database, 4)
    await all_at_once(database, them, "1")
    other = await asyncpg.connect(postgres_url)
    held = other.transaction()
    await held.start()
    await other.execute("SELECT 1 FROM clients WHERE id = $1 FOR UPDATE", them[0].client)

    waiting = asyncio.create_task(take(database, by_code(them[0].code, "2"), says("late")))
    quick = await asyncio.wait_for(all_at_once(database, them[1:], "2"), 4)

    assert [outcome.status for outcome in quick] == ["done"] * 3
    assert not waiting.done()
    await held.rollback()
    assert (await asyncio.wait_for(waiting, 4)).status == "done"
    await other.close()
    await database.close()


# ── grouping itself ──────────────────────────────────────────────────────────────────────────────


async def test_jobs_that_come_while_one_is_under_way_are_done_together_next() -> None:
    groups: list[list[int]] = []
    go_on = asyncio.Event()

    async def together(jobs: list[int]) -> list[int]:
        groups.append(list(jobs))
        await go_on.wait()
        return [job * 10 for job in jobs]

    grouping: Grouping[int] = Grouping(together, _never, at_once=1)  # type: ignore[arg-type]
    first = asyncio.create_task(grouping.add(1))
    await asyncio.sleep(0.01)
    rest = [asyncio.create_task(grouping.add(n)) for n in (2, 3, 4)]
    await asyncio.sleep(0.01)
    go_on.set()

    assert await asyncio.gather(first, *rest) == [10, 20, 30, 40]
    assert groups == [[1], [2, 3, 4]]


async def test_what_has_no_hurry_goes_with_the_next_group_or_after_a_moment_by_itself() -> None:
    groups, grouping = _noted()

    await asyncio.gather(grouping.add(1, no_hurry=True), grouping.add(2))
    await asyncio.wait_for(grouping.add(3, no_hurry=True), 1)

    assert groups == [[2, 1], [3]]


async def test_when_many_come_those_who_come_a_round_of_the_loop_later_join_them() -> None:
    groups, grouping = _noted()

    async def comes_after(rounds: int) -> None:
        for _ in range(rounds):
            await asyncio.sleep(0)
        await grouping.add(rounds)

    await asyncio.gather(grouping.add(-1), grouping.add(0), grouping.add(1))
    await asyncio.gather(*(comes_after(rounds) for rounds in (2, 3, 4, 5)))

    assert groups == [[-1], [0, 1], [2, 3, 4, 5]]


async def test_who_comes_alone_is_not_kept_waiting_for_others_and_lets_them_come() -> None:
    groups, grouping = _noted()
    came: list[str] = []

    async def one_after_the_other() -> None:
        for n in range(20):
            await grouping.add(n)
            came.append("hers")

    async def another() -> None:
        came.append("another's")

    await asyncio.gather(one_after_the_other(), another())

    assert groups == [[n] for n in range(20)]
    assert came.index("another's") == MOST_IN_A_ROW - 1, "a task that never waits does not shut others out"


def _noted() -> tuple[list[list[int]], Grouping[int]]:
    """A grouping, and the groups that it makes."""
    groups: list[list[int]] = []

    async def together(jobs: Sequence[int]) -> list[int]:
        groups.append(list(jobs))
        return list(jobs)

    return groups, Grouping(together, _never, at_once=1)


async def test_when_the_database_is_away_nobody_tries_one_by_one() -> None:
    async def away(_jobs: object) -> list[int]:
        raise DatabaseUnreadable("here", "it is away")

    grouping: Grouping[int] = Grouping(away, _never, at_once=1)

    results = await asyncio.gather(*(grouping.add(n) for n in range(3)), return_exceptions=True)

    assert [type(result) for result in results] == [DatabaseUnreadable] * 3


async def test_a_job_left_for_later_does_not_hold_up_the_next_group() -> None:
    go_on = asyncio.Event()

    async def together(jobs: list[int]) -> list[object]:
        return [ALONE if job == 1 else job for job in jobs]

    async def alone(job: int) -> int:
        await go_on.wait()
        return -job

    grouping: Grouping[int] = Grouping(together, alone, at_once=1)  # type: ignore[arg-type]
    slow = asyncio.create_task(grouping.add(1))

    assert await asyncio.wait_for(grouping.add(2), 2) == 2
    assert not slow.done()
    go_on.set()
    assert await slow == -1


async def _never(_job: object) -> object:
    pytest.fail("This should not be done alone.")


@pytest.mark.parametrize(("how_many", "sizes"), [(12, [12]), (40, [24, 16]), (80, [40, 40])])
async def test_two_groups_share_what_waits_if_it_is_enough_for_two(how_many: int, sizes: list[int]) -> None:
    groups: list[int] = []
    go_on = asyncio.Event()

    async def together(jobs: Sequence[int]) -> list[int]:
        groups.append(len(jobs))
        await go_on.wait()
        return list(jobs)

    grouping: Grouping[int] = Grouping(together, _never, at_once=2)
    everybody = [asyncio.create_task(grouping.add(n)) for n in range(how_many)]
    await asyncio.sleep(0.01)

    assert groups == sizes
    go_on.set()
    assert await asyncio.gather(*everybody) == list(range(how_many))
