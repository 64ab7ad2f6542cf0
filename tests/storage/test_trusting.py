"""Who talks on is not looked up again, and yet whatever others do to what is hers counts at her next turn."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from asyncpg.transaction import Transaction
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

from casework.person import EVERYTHING
from dialogs.turn import Deleted
from storage import cases
from storage.arrivals import arrivals
from storage.database import Database, open_database
from storage.driver import sqlstate
from storage.errors import DatabaseUnreadable
from storage.invites import Invite
from storage.knocks import Knock
from storage.tables import invites
from storage.turns import Change, Loaded, Outcome, take
from tests.storage.house import (
    HANDED_OVER,
    NOW,
    amina,
    by_chat,
    by_code,
    does,
    furnish,
    loaded,
    says,
    session_of,
    shares,
)
from tests.told import only_one, told_in

Meanwhile = Callable[[Database, Invite], Awaitable[Any]]


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The events of all who were looked up, as it goes on."""
    found: list[str] = []

    def noting(connection: Any, knocks: Sequence[Knock], *more: Any) -> Any:
        found.extend(knock.event for knock in knocks)
        return arrivals(connection, knocks, *more)

    monkeypatch.setattr("storage.turns.arrivals", noting)
    return found


async def talks(database: Database, her: Invite, *events: str) -> list[Outcome]:
    return [await take(database, by_code(her.code, event), says(event)) for event in events]


async def test_who_talks_on_is_looked_up_once(database: Database, looked_up: list[str]) -> None:
    her = await amina(database)

    await talks(database, her, "1", "2", "3")

    assert looked_up == ["1"]
    assert [answer.words for _, answer in (await only_one(database)).answers] == ["1", "2", "3"]


async def test_on_another_day_she_is_looked_up_so_that_her_invite_stays_good(
    database: Database, looked_up: list[str]
) -> None:
    her = await amina(database)
    await talks(database, her, "1", "2")

    await take(database, by_code(her.code, "3", NOW + timedelta(days=1)), says("3"))

    assert looked_up == ["1", "3"]


async def test_in_a_chat_she_is_always_looked_up(database: Database, looked_up: list[str]) -> None:
    her = await amina(database)

    for event in ("1", "2", "3"):
        await take(database, by_chat("7", event, her.code), says(event))

    assert looked_up == ["1", "2", "3"]


async def test_the_same_form_again_is_taken_once_and_changes_nothing(database: Database) -> None:
    her = await amina(database)
    await talks(database, her, "1", "2")

    (again,) = await talks(database, her, "2")

    assert again.status == "duplicate"
    assert len((await only_one(database)).answers) == 2


async def test_who_came_by_her_link_and_in_her_chat_at_once_is_heard_twice(database: Database) -> None:
    her = await amina(database)
    await take(database, by_chat("7", "1", her.code), says("1"))
    await talks(database, her, "2", "3")

    await asyncio.gather(
        take(database, by_code(her.code, "4"), says("4")), take(database, by_chat("7", "5"), says("5"))
    )

    told = await only_one(database)
    assert sorted(answer.words for _, answer in told.answers) == ["1", "2", "3", "4", "5"]
    assert told.turns == [1, 2, 3, 4, 5]


async def test_a_double_tap_among_many_is_no_reason_to_doubt(
    database: Database, looked_up: list[str]
) -> None:
    """On PostgreSQL the two taps are in two groups that are under way at once."""
    them = [await amina(database, f"Amina {n}") for n in range(40)]
    for her in them:
        await talks(database, her, f"1 {her.code}")

    taps = [talks(database, her, f"2 {her.code}") for her in them]
    await asyncio.gather(*taps, talks(database, them[0], f"3 {them[0].code}"))
    looked_up.clear()
    await talks(database, them[1], "4")

    assert looked_up == []


async def test_nor_is_it_while_others_in_the_group_are_looked_up(
    database: Database, looked_up: list[str]
) -> None:
    """The look leaves time for the other group to begin."""
    them = [await amina(database, f"Amina {n}") for n in range(24)]
    await asyncio.gather(*(talks(database, her, f"1 {her.code}") for her in them))
    new = [await amina(database, f"Bilqis {n}") for n in range(31)]

    taps = [talks(database, her, f"2 {her.code}") for her in (them[0], *new, *them[1:16])]
    await asyncio.gather(*taps, talks(database, them[0], f"3 {them[0].code}"))
    looked_up.clear()
    await talks(database, them[1], "4")

    assert looked_up == []


# ── what others do meanwhile, in a process of their own ──────────────────────────────────────────


async def _she_goes_on_elsewhere(another: Database, her: Invite) -> None:
    await talks(another, her, "elsewhere")


async def _the_invite_is_used_up(another: Database, her: Invite) -> None:
    used_up = update(invites).where(invites.c.client == her.client).values(used_up=True)
    await another.write(lambda connection: connection.execute(used_up).close())


async def _she_deletes_everything(another: Database, her: Invite) -> None:
    await take(another, by_code(her.code, "elsewhere"), does(Deleted(), keep=False))


@pytest.fixture
async def another(database_url: str) -> Any:
    """Another process's way into the same database."""
    other = open_database(database_url)
    yield other
    await other.close()


async def test_what_she_said_elsewhere_counts(database: Database, another: Database) -> None:
    her = await amina(database)
    await talks(database, her, "1", "2")

    await _she_goes_on_elsewhere(another, her)
    (now,) = await talks(database, her, "3")

    assert now.status == "done"
    told = await only_one(database)
    assert [answer.words for _, answer in told.answers] == ["1", "2", "elsewhere", "3"]
    assert told.turns == [1, 2, 3, 4]


@pytest.mark.parametrize("meanwhile", [_the_invite_is_used_up, _she_deletes_everything])
async def test_whose_invite_is_good_no_more_is_nobody(
    database: Database, another: Database, meanwhile: Meanwhile
) -> None:
    her = await amina(database)
    await talks(database, her, "1", "2")

    await meanwhile(another, her)
    (now,) = await talks(database, her, "3")

    assert now.status == "unknown"


async def test_a_case_that_was_marked_as_done_is_known_to_be_done(
    database: Database, another: Database
) -> None:
    her = await amina(database)
    await take(database, by_code(her.code, "1"), shares("to sew", HANDED_OVER))
    await talks(database, her, "2", "3")
    (case,) = await cases.cases(another, EVERYTHING, NOW)
    await cases.move(another, EVERYTHING, None, case.summary, "seen", NOW)
    await cases.move(another, EVERYTHING, None, case.summary, "done", NOW)
    seen: list[Loaded] = []

    def peek(what: Loaded) -> Change:
        seen.append(what)
        return Change(session_of(what))

    await take(database, by_code(her.code, "4"), peek)

    assert seen[-1].is_dealt_with


async def test_after_that_nobody_is_trusted_until_she_was_looked_up_again(
    database: Database, another: Database, looked_up: list[str]
) -> None:
    her, bilqis = await amina(database), await amina(database, "Bilqis")
    await talks(database, her, "1", "2")
    await talks(database, bilqis, "b1", "b2")
    looked_up.clear()

    await _she_goes_on_elsewhere(another, her)
    looked_up.clear()
    await talks(database, her, "3")
    await talks(database, bilqis, "b3")

    assert looked_up == ["3", "b3"]


async def test_an_erasure_is_never_begun_on_trust(database: Database, another: Database) -> None:
    """Her invite was used up meanwhile: whoever has it may not delete what she said."""
    her = await amina(database)
    await talks(database, her, "1", "2")
    await _the_invite_is_used_up(another, her)

    now = await take(database, by_code(her.code, "3"), does(Deleted(), keep=False))

    assert now.status == "unknown"
    assert [answer.words for _, answer in (await only_one(database)).answers] == ["1", "2"]


async def test_who_is_held_by_a_process_that_hangs_does_not_hold_up_whom_we_know(postgres_url: str) -> None:
    database = open_database(postgres_url)
    await furnish(database)
    them = [await amina(database, f"Amina {n}") for n in range(8)]
    for her in them:
        await talks(database, her, f"1 {her.code}", f"2 {her.code}")
    other = await asyncpg.connect(postgres_url)
    held = other.transaction()
    await held.start()
    await other.execute("SELECT 1 FROM clients WHERE id = $1 FOR UPDATE", them[0].client)

    everybody = [asyncio.create_task(talks(database, her, f"3 {her.code}")) for her in them]
    await asyncio.wait_for(asyncio.gather(*everybody[1:]), 2)

    assert not everybody[0].done()
    await held.rollback()
    [outcome] = await asyncio.wait_for(everybody[0], 4)
    assert outcome.status == "done"
    assert (await loaded(database, by_code(them[0].code, "4"))).session is not None
    await other.close()
    await database.close()


async def test_who_taps_again_while_her_turn_is_decided_waits_and_nothing_is_doubted(
    postgres_url: str, looked_up: list[str]
) -> None:
    """A group locks whom it trusts only when it saves: if she were locked meanwhile, all of it would fail."""
    database = open_database(postgres_url)
    await furnish(database)
    her = await amina(database)
    await talks(database, her, "1")
    is_decided = asyncio.Event()

    def slowly(loaded: Loaded) -> Change:
        await_only(is_decided.wait())
        return says("2")(loaded)

    taps = [asyncio.create_task(take(database, by_code(her.code, "2"), slowly))]
    await asyncio.sleep(0.05)
    taps.append(asyncio.create_task(take(database, by_code(her.code, "3"), says("3"))))
    await asyncio.sleep(0.05)
    assert not taps[1].done()
    is_decided.set()
    await asyncio.gather(*taps)
    looked_up.clear()
    await talks(database, her, "4")

    assert looked_up == []
    assert (await only_one(database)).turns == [1, 2, 3, 4]
    await database.close()


# ── one statement on PostgreSQL ──────────────────────────────────────────────────────────────────


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[Transaction]:
    """The transactions that are begun with a statement of their own, as it goes on."""
    found: list[Transaction] = []
    start = Transaction.start

    async def noting(transaction: Transaction) -> None:
        found.append(transaction)
        await start(transaction)

    monkeypatch.setattr(Transaction, "start", noting)
    return found


async def _who_talk(database: Database, how_many: int) -> list[Invite]:
    await furnish(database)
    them = [await amina(database, f"Amina {n}") for n in range(how_many)]
    for her in them:
        await talks(database, her, f"1 {her.code}", f"2 {her.code}")
    return them


async def test_a_group_of_whom_we_know_needs_no_begin_and_no_commit(
    postgres_url: str, begun: list[Transaction]
) -> None:
    database = open_database(postgres_url)
    them = await _who_talk(database, 8)
    begun.clear()

    await asyncio.gather(*(talks(database, her, f"3 {her.code}") for her in them))

    assert begun == []
    assert [told.turns for told in (await told_in(database)).values()] == [[1, 2, 3]] * 8
    await database.close()


async def test_but_what_takes_several_statements_is_saved_whole_or_not_at_all(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(postgres_url)
    [her] = await _who_talk(database, 1)
    monkeypatch.setattr("storage.saving._summary_statement", lambda *_: text("SELECT 1 FROM nowhere"))

    with pytest.raises(DatabaseUnreadable):
        await take(database, by_code(her.code, "3"), shares("to sew", HANDED_OVER))

    assert (await only_one(database)).turns == [1, 2]
    await database.close()


async def test_if_one_is_not_as_was_assumed_nothing_of_the_others_is_half_saved_and_postgresql_hears_why(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, another = open_database(postgres_url), open_database(postgres_url)
    them = await _who_talk(database, 8)
    await _she_goes_on_elsewhere(another, them[3])

    failed: list[str] = []

    def noting(error: DBAPIError) -> str | None:
        failed.append(str(error.orig))
        return sqlstate(error)

    monkeypatch.setattr("storage.bulk.sqlstate", noting)

    outcomes = await asyncio.gather(*(talks(database, her, f"3 {her.code}") for her in them))

    assert [outcome.status for [outcome] in outcomes] == ["done"] * 8
    assert ["Trede: a session was changed meanwhile" in line for line in failed] == [True]
    told = (await told_in(database)).values()
    assert sorted(her.turns for her in told) == [[1, 2, 3]] * 7 + [[1, 2, 3, 4]]
    assert {len(her.answers) - len(her.turns) for her in told} == {0}
    await another.close()
    await database.close()
