"""Invites, pages, scripts and quarantine: the smaller things that are remembered."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from storage import quarantine, scripts
from storage.database import Database
from storage.errors import UnknownOrganisation, UnknownStaff
from storage.invites import invite
from storage.pages import look
from storage.tables import organisations
from storage.turns import Change, Loaded, take
from tests.storage.house import NOW, amina, by_code, hers, ours, says, session_of


async def test_an_invite_belongs_to_the_only_organisation_there_is(database: Database) -> None:
    her = await invite(database, name="Amina", language="ar", now=NOW)

    transcript = await look(database, her.code, NOW)

    assert transcript is not None
    assert (transcript.caller.organisation, transcript.caller.manager) == ("huis", None)
    assert transcript.caller.manager_name == ""


async def test_an_invite_for_an_unknown_case_manager_is_refused(database: Database) -> None:
    with pytest.raises(UnknownStaff, match="There is no account"):
        await invite(database, name="A", language="ar", manager_email="nobody@huis.example", now=NOW)


async def test_a_case_manager_s_address_is_found_however_it_is_typed(database: Database) -> None:
    her = await invite(database, name="A", language="ar", manager_email=" Mara@HUIS.example ", now=NOW)

    transcript = await look(database, her.code, NOW)

    assert transcript is not None
    assert transcript.caller.manager == "mara"


async def test_an_invite_must_say_whose_when_there_are_several_organisations(database: Database) -> None:
    second = insert(organisations).values(id="two", name="Two", created=NOW)
    await database.write(lambda connection: connection.execute(second).close())

    with pytest.raises(UnknownOrganisation, match="--manager"):
        await invite(database, name="A", language="ar", now=NOW)
    with pytest.raises(UnknownOrganisation, match="'Three'"):
        await invite(database, name="A", language="ar", organisation="Three", now=NOW)


async def test_codes_are_long_and_differ(database: Database) -> None:
    codes = {(await amina(database)).code for _ in range(20)}

    assert len(codes) == 20
    assert min(len(code) for code in codes) == 22


async def test_a_page_shows_an_invited_woman_before_her_first_word(database: Database) -> None:
    her = await amina(database)

    transcript = await look(database, her.code, NOW)

    assert transcript is not None
    assert (transcript.caller.name, transcript.session, transcript.messages) == ("Amina", None, ())


async def test_a_page_shows_the_current_visit_only(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code, "1"), says("Amina"))

    def come_back(loaded: Loaded) -> Change:
        return Change(replace(session_of(loaded), visit=2), (), (hers("hello"), ours("Welcome back")))

    await take(database, by_code(her.code, "2"), come_back)
    transcript = await look(database, her.code, NOW)

    assert transcript is not None
    assert transcript.messages == ((3, hers("hello")), (4, ours("Welcome back")))


async def test_a_published_script_never_changes(database: Database) -> None:
    await scripts.publish(database, "v1", "reflection", {"reflection.yaml": "first", "a.yaml": "x"}, NOW)
    await scripts.publish(database, "v1", "reflection", {"reflection.yaml": "second"}, NOW)

    kept = await scripts.load(database, "v1")
    assert kept is not None
    assert (kept.name, kept.source) == ("reflection", {"reflection.yaml": "first", "a.yaml": "x"})
    assert await scripts.load(database, "v2") is None


async def test_an_update_is_given_up_after_its_last_try(database: Database) -> None:
    tries = [
        await quarantine.failed(database, "telegram", "9", "her words", "KeyError at turn.py:1", NOW)
        for _ in range(3)
    ]

    assert tries == [False, False, True]
    assert await quarantine.is_given_up(database, "telegram", "9")
    assert not await quarantine.is_given_up(database, "telegram", "10")


async def test_failures_are_counted_for_each_update_alone(database: Database) -> None:
    await quarantine.failed(database, "telegram", "9", "", "", NOW, give_up_after=2)

    assert not await quarantine.failed(database, "telegram", "10", "", "", NOW, give_up_after=2)
    assert await quarantine.failed(database, "telegram", "9", "", "x" * 500, NOW, give_up_after=2)
