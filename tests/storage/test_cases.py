"""The queue and case files: who may see what, and how a case moves on."""

import asyncio
from datetime import timedelta

import pytest

from casework.person import EVERYTHING, Person, scope_of
from casework.summary import CaseState, Flags, Share
from storage.cases import cases, find, move
from storage.database import Database
from tests.fakes.desk import NOW, Staff, lay_case, long_summary, people, short_summary


async def _seen_by(database: Database, person: Person) -> set[str]:
    return {case.summary for case in await cases(database, scope_of(person), NOW)}


async def _three_cases(database: Database) -> Staff:
    staff = await people(database)
    huis, thuis = staff.mara.organisation, staff.tess.organisation
    await lay_case(database, short_summary("maras"), huis, staff.mara)
    await lay_case(database, short_summary("nobodys"), huis)
    await lay_case(database, short_summary("elsewhere"), thuis)
    return staff


async def test_each_sees_only_what_she_may(bare_database: Database) -> None:
    staff = await _three_cases(bare_database)

    assert await _seen_by(bare_database, staff.mara) == {"maras", "nobodys"}
    assert await _seen_by(bare_database, staff.joris) == {"nobodys"}
    assert await _seen_by(bare_database, staff.els) == {"maras", "nobodys"}
    assert await _seen_by(bare_database, staff.cor) == set()
    assert await _seen_by(bare_database, staff.tess) == {"elsewhere"}


async def test_finding_and_moving_go_no_further_than_the_queue(bare_database: Database) -> None:
    staff = await _three_cases(bare_database)

    for person in (staff.mara, staff.joris, staff.els, staff.cor, staff.tess):
        may_see = await _seen_by(bare_database, person)
        scope = scope_of(person)
        for id in ("maras", "nobodys", "elsewhere"):
            assert (await find(bare_database, scope, id, NOW) is not None) == (id in may_see)
            moved = await move(bare_database, scope, person, id, "seen", NOW)
            assert (moved is not None) == (id in may_see)


async def test_the_operator_sees_everything(bare_database: Database) -> None:
    await _three_cases(bare_database)

    seen = await cases(bare_database, EVERYTHING, NOW)

    assert {case.summary for case in seen} == {"maras", "nobodys", "elsewhere"}


async def test_a_line_of_the_queue_shows_the_name_she_chose(bare_database: Database) -> None:
    staff = await people(bare_database)
    flags = Flags(wants_call=True, asked_for_help=True)
    summary = short_summary("s1", "Mina", flags=flags)
    await lay_case(bare_database, summary, staff.mara.organisation, staff.mara, unreachable=True)
    await lay_case(bare_database, short_summary("s2"), staff.mara.organisation)

    by_id = {case.summary: case for case in await cases(bare_database, scope_of(staff.mara), NOW)}

    first, second = by_id["s1"], by_id["s2"]
    assert (first.client, first.manager, first.language, first.created) == ("Mina", "Mara", "ar", NOW)
    assert (first.asked_for_help, first.wants_call, first.unreachable) == (True, True, True)
    assert (second.manager, second.asked_for_help, second.wants_call, second.unreachable) == (
        "",
        False,
        False,
        False,
    )


async def test_a_summary_comes_back_as_it_was_shared(bare_database: Database) -> None:
    staff = await people(bare_database)
    summary = long_summary("s1")
    await lay_case(bare_database, summary, staff.mara.organisation, staff.mara)

    file = await find(bare_database, scope_of(staff.mara), "s1", NOW)

    assert file is not None
    assert file.summary == summary


@pytest.mark.parametrize(
    "words", ["<b>", "a\0b", "half a character \ud83d", "\u202e turned", "=1+1", "x" * 4000]
)
async def test_odd_words_come_back_exactly(bare_database: Database, words: str) -> None:
    staff = await people(bare_database)
    await lay_case(bare_database, short_summary("s1", words, words=words), staff.mara.organisation)

    file = await find(bare_database, scope_of(staff.mara), "s1", NOW)

    assert file is not None
    assert file.case.client == words
    assert file.summary.answers[0].verbatim == words


@pytest.mark.parametrize("id", ["", "unknown", "a\0b", "\ud800", "x" * 100_000, "' OR 1=1 --", "../s1"])
async def test_an_impossible_id_is_unknown(bare_database: Database, id: str) -> None:
    staff = await people(bare_database)

    assert await find(bare_database, scope_of(staff.mara), id, NOW) is None
    assert await move(bare_database, scope_of(staff.mara), staff.mara, id, "seen", NOW) is None


async def test_moves_are_kept_with_who_and_when(bare_database: Database) -> None:
    staff = await people(bare_database)
    await lay_case(bare_database, short_summary("s1"), staff.mara.organisation)
    later = NOW + timedelta(hours=1)

    await move(bare_database, scope_of(staff.mara), staff.mara, "s1", "seen", NOW)
    await move(bare_database, scope_of(staff.joris), staff.joris, "s1", "done", later)
    await move(bare_database, EVERYTHING, None, "s1", "acting", later)

    file = await find(bare_database, EVERYTHING, "s1", NOW)
    assert file is not None
    assert file.case.state == "acting"
    assert [(step.state, step.at, step.who) for step in file.history] == [
        ("seen", NOW, "Mara"),
        ("done", later, "Joris"),
        ("acting", later, ""),
    ]


@pytest.mark.parametrize(("before", "wanted"), [("seen", "seen"), ("done", "seen"), ("acting", "new")])
async def test_a_move_that_may_not_follow_changes_nothing(
    bare_database: Database, before: CaseState, wanted: CaseState
) -> None:
    staff = await people(bare_database)
    await lay_case(bare_database, short_summary("s1"), staff.mara.organisation, state=before)

    assert await move(bare_database, scope_of(staff.mara), staff.mara, "s1", wanted, NOW) == before

    file = await find(bare_database, EVERYTHING, "s1", NOW)
    assert file is not None
    assert (file.case.state, file.history) == (before, ())


async def test_the_same_move_twice_at_once_is_one_move(bare_database: Database) -> None:
    staff = await people(bare_database)
    await lay_case(bare_database, short_summary("s1"), staff.mara.organisation)

    states = await asyncio.gather(
        *(move(bare_database, EVERYTHING, staff.mara, "s1", "seen", NOW) for _ in range(4))
    )

    file = await find(bare_database, EVERYTHING, "s1", NOW)
    assert file is not None
    assert states == ["seen"] * 4
    assert len(file.history) == 1


async def test_after_the_last_day_she_chose_nobody_sees_it(bare_database: Database) -> None:
    staff = await people(bare_database)
    share = Share(("case_manager",), NOW.date(), NOW)
    await lay_case(bare_database, short_summary("s1", share=share), staff.mara.organisation)
    scope, tomorrow = scope_of(staff.mara), NOW + timedelta(days=1)

    assert len(await cases(bare_database, scope, NOW)) == 1
    assert await cases(bare_database, scope, tomorrow) == []
    assert await find(bare_database, scope, "s1", tomorrow) is None
    assert await move(bare_database, scope, staff.mara, "s1", "seen", tomorrow) is None


async def test_who_asks_for_a_person_is_heard_after_sharing_ended_and_nothing_else_is(
    bare_database: Database,
) -> None:
    staff = await people(bare_database)
    share = Share(("case_manager",), NOW.date(), NOW)
    flags = Flags(asked_for_help=True, wants_call=True, call_when="when he is out")
    await lay_case(
        bare_database,
        short_summary("s1", share=share, flags=flags, words="a secret"),
        staff.mara.organisation,
    )
    scope, tomorrow = scope_of(staff.mara), NOW + timedelta(days=1)

    [line] = await cases(bare_database, scope, tomorrow)
    file = await find(bare_database, scope, "s1", tomorrow)

    assert (line.client, line.asked_for_help, line.wants_call) == ("Amina", True, False)
    assert file is not None
    assert file.summary.flags == Flags(asked_for_help=True)
    assert (file.summary.answers, file.summary.ambitions, file.summary.summary.parts_done) == ((), (), ())
    assert "secret" not in repr(file)
    assert await move(bare_database, scope, staff.mara, "s1", "done", tomorrow) == "done"
    assert await cases(bare_database, scope, tomorrow) == []
