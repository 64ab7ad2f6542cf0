"""Staff, their one-time codes, sessions and tokens; and how often somebody may try."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from storage.database import Database
from storage.errors import NameRefused, StaffExists, StaffRefused
from storage.invites import invite
from storage.sign_in import (
    RENEW_AFTER,
    SESSION_LASTS,
    close_session,
    new_api_token,
    open_session,
    who_is_signed_in,
    whose_api_token,
)
from storage.staff import (
    CODE_LASTS,
    add_organisation,
    add_staff,
    find_staff,
    first_organisation,
    new_sign_in_code,
    password_of,
    set_language,
    use_code,
    whose_code,
)
from storage.tables import api_tokens, sign_in_codes, staff_sessions, tries
from storage.tries import AT_MOST, WITHIN, begin_try, forget_try
from tests.fakes.desk import NOW, people

SECOND = timedelta(seconds=1)


async def test_staff_join_the_oldest_organisation_unless_another_is_named(bare_database: Database) -> None:
    first = await add_organisation(bare_database, "Huis", NOW)
    second = await add_organisation(bare_database, "Thuis", NOW + SECOND)

    mara = await add_staff(bare_database, email=" Mara@Huis.Example ", name="Mara", role="manager", now=NOW)
    tess = await add_staff(
        bare_database, email="t@t.example", name="Tess", role="admin", now=NOW, organisation=second
    )

    assert (mara.organisation, tess.organisation) == (first, second)
    assert await first_organisation(bare_database) == first
    assert await find_staff(bare_database, "mara@huis.EXAMPLE") == mara


async def test_an_organisation_is_added_once(bare_database: Database) -> None:
    first = await add_organisation(bare_database, "Huis", NOW)

    assert await add_organisation(bare_database, "Huis", NOW) == first


@pytest.mark.parametrize(
    ("email", "name", "role", "fault"),
    [
        ("mara", "Mara", "manager", "'mara' is no email address"),
        ("m\0@huis.example", "Mara", "manager", "no email address"),
        ("m\ud800@huis.example", "Mara", "manager", "no email address"),
        ("m@huis.example", "", "manager", "1 to 200 letters"),
        ("m@huis.example", "Ma\nra", "manager", "1 to 200 letters"),
        ("m@huis.example", "Mara", "boss", "no role 'boss'. Choose one of: manager, coordinator, admin"),
    ],
)
async def test_an_unusable_account_is_refused_with_what_is_wrong(
    bare_database: Database, email: str, name: str, role: str, fault: str
) -> None:
    await add_organisation(bare_database, "Huis", NOW)

    with pytest.raises(StaffRefused, match=fault):
        await add_staff(bare_database, email=email, name=name, role=role, now=NOW)


@pytest.mark.parametrize("name", ["half \udcff", "two\nlines", "\x1b[31mred", "x" * 201])
async def test_a_name_that_no_page_can_show_is_refused_whoever_it_is_for(
    bare_database: Database, name: str
) -> None:
    await people(bare_database)

    with pytest.raises(NameRefused, match="UTF-8"):
        await add_organisation(bare_database, name, NOW)
    with pytest.raises(NameRefused, match="UTF-8"):
        await invite(bare_database, name=name, language="en", organisation="Huis", now=NOW)


async def test_an_account_needs_an_organisation_that_exists(bare_database: Database) -> None:
    with pytest.raises(StaffRefused, match="no organisation yet"):
        await add_staff(bare_database, email="m@h.example", name="Mara", role="manager", now=NOW)
    with pytest.raises(StaffRefused, match="no organisation with the id 'nowhere'"):
        await add_staff(
            bare_database,
            email="m@h.example",
            name="Mara",
            role="manager",
            now=NOW,
            organisation="nowhere",
        )


async def test_an_email_is_used_once(bare_database: Database) -> None:
    await people(bare_database)

    with pytest.raises(StaffExists, match=r"mara@huis\.example already"):
        await add_staff(bare_database, email="MARA@huis.example", name="Other", role="manager", now=NOW)


async def test_the_language_is_kept_with_the_person(bare_database: Database) -> None:
    mara = (await people(bare_database)).mara

    await set_language(bare_database, mara, "nl")

    found = await find_staff(bare_database, mara.email)
    assert found is not None
    assert found.language == "nl"


# ── one-time codes ───────────────────────────────────────────────────────────────────────────────


async def test_a_code_sets_a_password_once(bare_database: Database) -> None:
    mara = (await people(bare_database)).mara
    code = await new_sign_in_code(bare_database, mara, NOW)

    assert await whose_code(bare_database, code, NOW) == mara
    assert await use_code(bare_database, code, "hash 1", NOW) == mara
    assert await use_code(bare_database, code, "hash 2", NOW) is None

    assert await password_of(bare_database, mara.email) == (mara, "hash 1")


async def test_a_code_used_twice_at_once_works_once(bare_database: Database) -> None:
    mara = (await people(bare_database)).mara
    code = await new_sign_in_code(bare_database, mara, NOW)

    used = await asyncio.gather(*(use_code(bare_database, code, f"hash {n}", NOW) for n in range(4)))

    assert sum(person is not None for person in used) == 1


async def test_a_code_lasts_seven_days(bare_database: Database) -> None:
    mara = (await people(bare_database)).mara
    code = await new_sign_in_code(bare_database, mara, NOW)

    assert await whose_code(bare_database, code, NOW + CODE_LASTS - SECOND) == mara
    assert await whose_code(bare_database, code, NOW + CODE_LASTS) is None
    assert await use_code(bare_database, code, "hash", NOW + CODE_LASTS) is None


async def test_a_new_code_ends_the_old_one(bare_database: Database) -> None:
    mara = (await people(bare_database)).mara
    old = await new_sign_in_code(bare_database, mara, NOW)

    new = await new_sign_in_code(bare_database, mara, NOW)

    assert await whose_code(bare_database, old, NOW) is None
    assert await whose_code(bare_database, new, NOW) == mara


async def test_a_new_password_signs_out_everywhere(bare_database: Database) -> None:
    mara = (await people(bare_database)).mara
    token = await open_session(bare_database, mara, NOW)

    await use_code(bare_database, await new_sign_in_code(bare_database, mara, NOW), "hash", NOW)

    assert await who_is_signed_in(bare_database, token, NOW) is None


@pytest.mark.parametrize("code", ["", "wrong", "\0", "\ud800", "x" * 100_000])
async def test_odd_codes_and_tokens_are_nobodys(bare_database: Database, code: str) -> None:
    await people(bare_database)

    assert await whose_code(bare_database, code, NOW) is None
    assert await who_is_signed_in(bare_database, code, NOW) is None
    assert await whose_api_token(bare_database, code) is None


# ── sessions and tokens ──────────────────────────────────────────────────────────────────────────


async def test_a_session_lasts_twelve_hours_from_its_last_use(bare_database: Database) -> None:
    mara = (await people(bare_database)).mara
    token = await open_session(bare_database, mara, NOW)
    late = NOW + SESSION_LASTS - SECOND

    used = await who_is_signed_in(bare_database, token, late)
    again = await who_is_signed_in(bare_database, token, late + SESSION_LASTS - SECOND)
    too_late = await who_is_signed_in(bare_database, token, late + 3 * SESSION_LASTS)

    assert used is not None
    assert used.person == mara
    assert again == used
    assert too_late is None


async def test_reading_a_page_soon_again_writes_nothing(bare_database: Database) -> None:
    mara = (await people(bare_database)).mara
    token = await open_session(bare_database, mara, NOW)

    await who_is_signed_in(bare_database, token, NOW + RENEW_AFTER - SECOND)

    ends = await bare_database.read(lambda connection: connection.scalar(select(staff_sessions.c.expires)))
    assert ends == NOW + SESSION_LASTS


async def test_signing_out_ends_this_session_only(bare_database: Database) -> None:
    mara = (await people(bare_database)).mara
    here, there = [await open_session(bare_database, mara, NOW) for _ in range(2)]

    await close_session(bare_database, here)
    await close_session(bare_database, "never there")

    assert await who_is_signed_in(bare_database, here, NOW) is None
    assert await who_is_signed_in(bare_database, there, NOW) is not None


async def test_an_api_token_is_its_owners(bare_database: Database) -> None:
    staff = await people(bare_database)

    token = await new_api_token(bare_database, staff.tess, NOW)

    assert await whose_api_token(bare_database, token) == staff.tess


async def test_no_code_or_token_is_kept_as_it_is(bare_database: Database) -> None:
    mara = (await people(bare_database)).mara
    given_out = [
        await new_sign_in_code(bare_database, mara, NOW),
        await open_session(bare_database, mara, NOW),
        await new_api_token(bare_database, mara, NOW),
    ]

    def everything(connection: Connection) -> str:
        tables = (sign_in_codes, staff_sessions, api_tokens)
        return str([tuple(row) for table in tables for row in connection.execute(select(table))])

    kept = await bare_database.read(everything)
    assert mara.id in kept
    assert not any(secret in kept for secret in given_out)


# ── tries ────────────────────────────────────────────────────────────────────────────────────────


async def _allowed(database: Database, tries_made: Iterable[tuple[str, str]]) -> list[bool]:
    return [await begin_try(database, account, address, NOW) is not None for account, address in tries_made]


async def test_an_account_may_be_tried_five_times_a_minute_from_anywhere(bare_database: Database) -> None:
    allowed = await _allowed(bare_database, (("mara", f"192.0.2.{n}") for n in range(AT_MOST + 1)))

    assert allowed == [True] * AT_MOST + [False]
    assert await begin_try(bare_database, "joris", "192.0.2.1", NOW) is not None
    assert await begin_try(bare_database, "mara", "192.0.2.9", NOW + WITHIN) is not None


async def test_an_address_may_try_five_times_a_minute_whatever_the_account(bare_database: Database) -> None:
    allowed = await _allowed(bare_database, ((f"account {n}", "192.0.2.1") for n in range(AT_MOST + 1)))

    assert allowed == [True] * AT_MOST + [False]
    assert await begin_try(bare_database, "mara", "192.0.2.2", NOW) is not None


async def test_many_tries_at_once_are_counted_one_by_one(bare_database: Database) -> None:
    made = await asyncio.gather(
        *(begin_try(bare_database, "mara", f"192.0.2.{n}", NOW) for n in range(3 * AT_MOST))
    )

    assert sum(ids is not None for ids in made) == AT_MOST


async def test_a_try_that_succeeded_does_not_count(bare_database: Database) -> None:
    for _ in range(2 * AT_MOST):
        ids = await begin_try(bare_database, "mara", "192.0.2.1", NOW)
        assert ids is not None
        await forget_try(bare_database, ids)


async def test_who_tried_is_kept_only_as_a_hash_and_not_for_long(bare_database: Database) -> None:
    await begin_try(bare_database, "mara@huis.example", "192.0.2.1", NOW)

    await begin_try(bare_database, "other", "192.0.2.2", NOW + WITHIN)

    rows = await bare_database.read(lambda connection: connection.execute(select(tries)).all())
    assert len(rows) == 2
    assert "mara" not in str(rows)
