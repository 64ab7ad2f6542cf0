"""A turn is one transaction: taken once, whole or not at all, one after the other."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import Connection, insert, select, update

from casework.summary import Flags
from dialogs.session import Answer, Place, Session, Timer
from dialogs.turn import Answered, Consented, Deleted, Forgotten, PersonAsked
from storage import outbox, quarantine
from storage.database import Database, open_database
from storage.errors import Conflict
from storage.knocks import Admitted, Knock, Moved, admit
from storage.pages import look
from storage.saving import Change, Saving
from storage.sealed import house_key, key_of
from storage.standing import Standing, load
from storage.tables import (
    case_steps,
    chats,
    clients,
    consents,
    invites,
    received,
    sessions,
    summaries,
    turns,
)
from storage.tables import outbox as outbox_table
from storage.turns import Loaded, take
from tests.storage.house import (
    HANDED_OVER,
    NOW,
    SCRIPT,
    amina,
    by_chat,
    by_code,
    count,
    does,
    furnish,
    hers,
    loaded,
    ours,
    says,
    session_of,
    shares,
    summary_of,
)
from tests.told import only_one

LATER = NOW + timedelta(hours=1)


# ── taken once ───────────────────────────────────────────────────────────────────────────────────


async def test_a_turn_is_found_again_by_the_next_one(database: Database) -> None:
    her = await amina(database)

    outcome = await take(database, by_code(her.code, "1"), says("Amina"))

    assert outcome.status == "done"
    assert outcome.messages == ((1, hers("Amina")), (2, ours("You said Amina")))
    now = await loaded(database, by_code(her.code, "2"))
    assert now.session is not None
    assert now.session.answers == {Place("name"): Answer("answered", "Amina", ("Amina",), "ar", NOW, "web")}
    assert now.session.mode == "talking"


async def test_the_caller_is_named_with_her_case_manager_and_organisation(database: Database) -> None:
    her = await amina(database)

    caller = (await loaded(database, by_code(her.code))).caller

    assert (caller.client, caller.name, caller.language) == (her.client, "Amina", "ar")
    assert (caller.organisation, caller.organisation_name) == ("huis", "Huis")
    assert (caller.manager, caller.manager_name) == ("mara", "Mara")


async def test_the_same_update_a_second_time_changes_nothing(database: Database) -> None:
    her = await amina(database)
    tables = (sessions, turns, outbox_table, received)
    await take(database, by_chat("7", "1", her.code), says("Amina"))
    before = await count(database, *tables)

    again = await take(database, by_chat("7", "1", her.code), says("Somebody else"))

    assert (again.status, again.messages) == ("duplicate", ())
    assert await count(database, *tables) == before
    now = await loaded(database, by_chat("7", "2"))
    assert now.session is not None
    assert now.session.answers[Place("name")].words == "Amina"


@pytest.mark.parametrize("event", ["", "x" * 5000, "\x00", "\ud800"])
async def test_an_update_with_an_odd_name_is_taken_once_as_well(database: Database, event: str) -> None:
    her = await amina(database)
    await quarantine.failed(database, "web", event, "", "", NOW)

    first = await take(database, by_code(her.code, event), says("Amina"))
    second = await take(database, by_code(her.code, event), says("Amina"))

    assert (first.status, second.status) == ("done", "duplicate")


async def test_the_same_update_twice_at_once_is_taken_once(database: Database) -> None:
    her = await amina(database)

    outcomes = await asyncio.gather(
        *(take(database, by_code(her.code, "1"), says("Amina")) for _ in range(6))
    )

    assert sorted(outcome.status for outcome in outcomes) == ["done", *["duplicate"] * 5]
    assert len((await only_one(database)).messages) == 2


async def test_a_decision_that_fails_leaves_nothing_behind(database: Database) -> None:
    her = await amina(database)

    def fail(_loaded: Loaded) -> Change:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await take(database, by_code(her.code, "1"), fail)

    assert await count(database, received, sessions) == {"received": 0, "sessions": 0}
    assert (await take(database, by_code(her.code, "1"), says("Amina"))).status == "done"


async def test_a_turn_that_went_well_at_last_leaves_nothing_in_quarantine(database: Database) -> None:
    her = await amina(database)
    await quarantine.failed(database, "web", "1", "Amina", "ZeroDivisionError", NOW)

    await take(database, by_code(her.code, "1"), says("Amina"))

    assert not await quarantine.failed(database, "web", "1", "", "", NOW, give_up_after=2)


# ── one after the other ──────────────────────────────────────────────────────────────────────────


async def test_turns_at_once_come_one_after_the_other_and_none_is_lost(database: Database) -> None:
    her = await amina(database)

    def add(loaded: Loaded) -> Change:
        session = session_of(loaded)
        return Change(replace(session, draft=(*session.draft, str(len(session.draft)))), (), (ours("?"),))

    outcomes = await asyncio.gather(*(take(database, by_code(her.code, str(n)), add) for n in range(20)))

    now = await loaded(database, by_code(her.code, "last"))
    assert now.session is not None
    assert now.session.draft == tuple(str(n) for n in range(20))
    assert sorted(n for outcome in outcomes for n, _message in outcome.messages) == list(range(1, 21))


async def test_two_first_knocks_of_one_chat_with_different_codes_both_end_well(database: Database) -> None:
    amina_s, bilal_s = await amina(database, "Amina"), await amina(database, "Bilqis")

    outcomes = await asyncio.gather(
        take(database, by_chat("7", "1", amina_s.code), says("Amina")),
        take(database, by_chat("7", "2", bilal_s.code), says("Bilqis")),
    )

    assert [outcome.status for outcome in outcomes] == ["done", "done"]
    assert (await count(database, chats))["chats"] == 1


async def test_a_text_that_waits_while_its_chat_goes_over_reaches_the_new_owner(database: Database) -> None:
    amina_s, bilqis_s = await amina(database, "Amina"), await amina(database, "Bilqis")
    await take(database, by_chat("7", "0", amina_s.code), says("Amina"))

    await asyncio.gather(
        take(database, by_chat("7", "1", bilqis_s.code), says("Bilqis")),
        take(database, by_chat("7", "2"), says("by chance")),
    )

    assert (await loaded(database, by_chat("7", "3"))).caller.name == "Bilqis"


async def test_who_waits_for_a_chat_that_goes_over_starts_again_with_the_new_owner_s_lock(
    postgres_url: str,
) -> None:
    database = open_database(postgres_url)
    await furnish(database)
    amina_s, bilqis_s = await amina(database, "Amina"), await amina(database, "Bilqis")
    await take(database, by_chat("7", "0", amina_s.code), says("Amina"))
    other = await asyncpg.connect(postgres_url)
    moving = other.transaction()
    await moving.start()
    await other.execute("SELECT 1 FROM clients WHERE id = $1 FOR UPDATE", amina_s.client)

    waiting = asyncio.create_task(database.write(lambda connection: admit(connection, by_chat("7", "1"))))
    await _until_somebody_waits(other)
    await other.execute("UPDATE chats SET client = $1", bilqis_s.client)
    await moving.commit()

    with pytest.raises(Moved):
        await waiting
    await other.close()
    await database.close()


async def _until_somebody_waits(connection: asyncpg.Connection) -> None:
    for _ in range(500):
        if await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            return
        await asyncio.sleep(0.01)
    pytest.fail("Nobody waited for the lock.")


async def test_a_session_that_changed_since_it_was_loaded_is_not_overwritten(database: Database) -> None:
    her = await amina(database)
    knock = by_code(her.code, "1")
    await take(database, knock, says("Amina"))
    stale = await database.read(lambda connection: load(connection, her.client))
    await take(database, by_code(her.code, "2"), says("Aminata"))
    assert stale.session is not None
    change = Change(stale.session, (), (ours("lost"),))

    with pytest.raises(Conflict, match="Take the turn again"):
        await database.write(lambda connection: _save(connection, knock, stale, change))

    now = await loaded(database, by_code(her.code, "3"))
    assert now.session is not None
    assert now.session.answers[Place("name")].words == "Aminata"
    assert len((await only_one(database)).messages) == 4


def _save(connection: Connection, knock: Knock, standing: Standing, change: Change) -> None:
    saving = Saving(connection)
    saving.add(knock, Admitted(standing.caller.client), standing, change)
    saving.write()


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────


async def test_every_field_of_a_session_comes_back_as_it_was(database: Database) -> None:
    her = await amina(database)
    place = Place("story", 2)
    whole = Session(
        id="s1",
        script=SCRIPT,
        language="uk",
        seed=77,
        mode="change",
        at=place,
        token="t9",
        asked_at=NOW,
        visit=3,
        part="done",
        last=place,
        heard=frozenset({Place("hello"), Place("intro", 2)}),
        draft=("a", "b"),
        page=1,
        asked_for_help=True,
        handed_over=True,
        facts={"organisation": "Huis", "name": "أمينة"},
    )

    await take(database, by_code(her.code, "1"), lambda _loaded: Change(whole))

    assert (await loaded(database, by_code(her.code, "2"))).session == whole


async def test_odd_words_are_kept_exactly(database: Database) -> None:
    her = await amina(database)
    odd = "\x00 \ud800 <b> \u202e =1+1 🙂 أهلاً"

    await take(database, by_code(her.code, "1"), says(odd))
    await take(database, by_code(her.code, "2"), shares(odd))

    now = await loaded(database, by_code(her.code, "3"))
    assert now.session is not None
    assert now.session.answers[Place("name")].words == odd
    assert now.last_summary is not None
    assert now.last_summary.answers[0].verbatim == odd
    transcript = await look(database, her.code, NOW)
    assert transcript is not None
    assert transcript.messages[0] == (1, hers(odd))


async def test_a_session_with_an_odd_name_in_it_is_kept_whole(database: Database) -> None:
    her = await amina(database)
    whole = Session(
        f"session-{her.client[:40]}",
        SCRIPT,
        "ar",
        asked_at=NOW,
        heard=frozenset({Place("hello")}),
        timers=(Timer("resume", LATER, "t1"),),
        facts={"name": "\x00 \ud800 🙂"},
    )

    await take(database, by_code(her.code, "1"), lambda _loaded: Change(whole))

    assert (await loaded(database, by_code(her.code, "2"))).session == whole


async def test_every_answer_is_kept_and_the_newest_counts(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code, "1"), says("Amina"))
    await take(database, by_code(her.code, "2"), says("to learn", question="hope"))
    await take(database, by_code(her.code, "3"), says("Aminata"))

    now = await loaded(database, by_code(her.code, "4"))

    assert now.session is not None
    assert {place.step: a.words for place, a in now.session.answers.items()} == {
        "name": "Aminata",
        "hope": "to learn",
    }
    assert [a.words for _, a in (await only_one(database)).answers] == ["Amina", "to learn", "Aminata"]


async def test_a_consent_is_kept_with_its_version_and_language(database: Database) -> None:
    her = await amina(database)
    agreed = Answer("answered", "Yes", ("yes",), "ar", NOW, "web")

    def agree(loaded: Loaded) -> Change:
        events = (Answered(Place("consent"), agreed), Consented("2026-11", "consent"))
        return Change(session_of(loaded), events)

    await take(database, by_code(her.code, "1"), agree)
    await take(database, by_code(her.code, "2"), agree)

    rows = await database.read(lambda c: c.execute(select(consents).order_by(consents.c.n)).all())
    assert [(row.n, row.version, row.question, row.language, row.at) for row in rows] == [
        (1, "2026-11", "consent", "ar", NOW),
        (2, "2026-11", "consent", "ar", NOW),
    ]


async def test_without_a_session_nothing_is_kept_but_the_words_go_out(database: Database) -> None:
    her = await amina(database)

    outcome = await take(database, by_chat("7", "1", her.code), does(keep=False, goodbye="Hello"))

    assert outcome.messages == ((1, ours("Hello")),)
    assert await count(database, sessions, turns, outbox_table) == {
        "sessions": 0,
        "turns": 0,
        "outbox": 1,
    }


# ── the summary ──────────────────────────────────────────────────────────────────────────────────


async def test_a_shared_summary_lies_in_her_organisation_s_queue(database: Database) -> None:
    her = await amina(database)
    flags = Flags(wants_call=True, asked_for_help=True)

    await take(database, by_code(her.code, "1"), shares("to learn", HANDED_OVER, flags=flags))

    row = await database.read(lambda connection: connection.execute(select(summaries)).one())
    assert (row.id, row.organisation, row.client, row.state) == ("summary-1", "huis", her.client, "new")
    assert (row.asked_for_help, row.wants_call, row.language, row.created) == (True, True, "ar", NOW)
    now = await loaded(database, by_code(her.code, "2"))
    assert now.last_summary == summary_of("to learn", flags=flags)


async def test_sharing_anew_replaces_the_summary_and_keeps_its_id_and_history(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code, "1"), shares("to learn", HANDED_OVER))

    def see(connection: Connection) -> None:
        connection.execute(update(summaries).values(state="seen"))
        connection.execute(insert(case_steps).values(summary="summary-1", state="seen", at=NOW))

    await database.write(see)

    await take(
        database,
        by_code(her.code, "2", LATER),
        shares("to sew", PersonAsked(), id="another", flags=Flags(asked_for_help=True)),
    )

    row = await database.read(lambda connection: connection.execute(select(summaries)).one())
    assert (row.id, row.state, row.asked_for_help, row.created, row.changed) == (
        "summary-1",
        "new",
        True,
        NOW,
        LATER,
    )
    key = await database.read(lambda connection: connection.scalar(select(clients.c.key)))
    body = row.body.open(key_of(her.client, key), row.id)
    assert body["summary"]["id"] == "summary-1"
    assert body["answers"][0]["verbatim"] == "to sew"
    assert (await count(database, case_steps))["case_steps"] == 1


async def test_sharing_nothing_takes_the_summary_back(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code, "1"), shares("to learn", HANDED_OVER))

    await take(database, by_code(her.code, "2"), does(HANDED_OVER))

    assert (await count(database, summaries))["summaries"] == 0
    assert (await loaded(database, by_code(her.code, "3"))).last_summary is None


# ── erasing ──────────────────────────────────────────────────────────────────────────────────────


async def _talked_on_telegram(database: Database) -> str:
    her = await amina(database)
    agreed = Answer("answered", "Yes", ("yes",), "ar", NOW, "web")
    events = (Answered(Place("consent"), agreed), Consented("2026-11", "consent"))
    await take(database, by_chat("7", "1", her.code), says("Amina", *events))
    await take(database, by_chat("7", "2"), shares("to learn", HANDED_OVER))
    return her.code


async def test_forgetting_erases_the_conversation_but_the_invite_stays_good(database: Database) -> None:
    code = await _talked_on_telegram(database)

    outcome = await take(database, by_chat("7", "3"), does(Forgotten()))

    assert [message for _n, message in outcome.messages] == [ours("Goodbye")]
    rows = await count(database, sessions, turns, consents, summaries, chats)
    assert rows == {
        "sessions": 0,
        "turns": 0,
        "consents": 0,
        "summaries": 0,
        "chats": 1,
    }
    parcels = await outbox.take_due(database, "telegram", LATER, 10, timedelta(minutes=1))
    assert [parcel.message for parcel in parcels] == [ours("Goodbye")]
    assert await outbox.depth(database) == 1
    assert (await loaded(database, by_code(code, "4"))).session is None


async def test_deleting_erases_everything_and_uses_the_invite_up(database: Database) -> None:
    code = await _talked_on_telegram(database)

    await take(database, by_chat("7", "3"), does(Deleted()))

    rows = await count(database, sessions, turns, consents, summaries, chats)
    assert set(rows.values()) == {0}
    parcels = await outbox.take_due(database, "telegram", LATER, 10, timedelta(minutes=1))
    assert [(parcel.address, parcel.message) for parcel in parcels] == [("7", ours("Goodbye"))]
    assert await outbox.depth(database) == 1
    assert (await take(database, by_chat("7", "4"), says("again"))).status == "unknown"
    assert (await take(database, by_code(code, "5"), says("again"))).status == "unknown"
    assert await look(database, code, NOW) is None
    who = await database.read(
        lambda c: c.execute(
            select(clients.c.id, clients.c.name, invites.c.code_hash, invites.c.code).join(invites)
        ).one()
    )
    assert (who.name.open(house_key(), who.id), who.code.open(house_key(), who.code_hash)) == ("", "")


async def test_deleting_on_the_web_leaves_nothing_to_be_sent_elsewhere(database: Database) -> None:
    code = await _talked_on_telegram(database)

    await take(database, by_code(code, "3"), does(Deleted()))

    assert await outbox.depth(database) == 0


async def test_what_one_woman_erases_leaves_another_s_alone(database: Database) -> None:
    await _talked_on_telegram(database)
    other = await amina(database, "Bilqis")
    await take(database, by_chat("8", "4", other.code), says("Bilqis"))

    await take(database, by_chat("7", "5"), does(Deleted()))

    now = await loaded(database, by_chat("8", "6"))
    assert now.session is not None
    assert now.session.answers[Place("name")].words == "Bilqis"
    assert now.caller.name == "Bilqis"
    parcels = await outbox.take_due(database, "telegram", LATER, 10, timedelta(minutes=1))
    assert sorted(parcel.address for parcel in parcels) == ["7", "8"]
