"""The tables: made from nothing, the same as in the code, and refused when they are not this version's."""

import asyncio
import stat
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.database import Database, open_database
from storage.errors import DatabaseBehind, DatabaseNewer, DatabaseUnreadable, StorageError
from storage.migrate import KNOWN, LOCK, check, upgrade
from storage.steps import config
from storage.tables import metadata


def _one_line(error: StorageError) -> str:
    message = str(error)
    assert "\n" not in message
    return message


async def _set_revision(url: str, revision: str) -> None:
    database = open_database(url)

    def work(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})

    await database.write(work)
    await database.close()


def test_the_files_of_the_steps_are_named_as_alembic_knows_them() -> None:
    steps = ScriptDirectory.from_config(config())

    assert [step.revision for step in steps.walk_revisions()] == list(reversed(KNOWN))
    assert steps.get_current_head() == KNOWN[-1]


def test_an_empty_database_is_behind_until_it_is_upgraded(empty_url: str) -> None:
    with pytest.raises(DatabaseBehind) as fault:
        check(empty_url)
    assert "has no tables yet. Run `trede db upgrade`." in _one_line(fault.value)

    upgrade(empty_url)

    check(empty_url)


def test_upgrading_again_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    upgrade(empty_url)

    check(empty_url)


async def test_upgrading_works_inside_a_running_loop_too(empty_url: str) -> None:
    upgrade(empty_url)

    check(empty_url)


async def test_two_who_upgrade_at_once_do_not_disturb_each_other(empty_url: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(upgrade, empty_url) for _ in range(3)))

    check(empty_url)


@pytest.mark.long
async def test_who_comes_second_waits_however_long_the_first_one_changes_the_tables(
    postgres_url: str,
) -> None:
    first = await asyncpg.connect(postgres_url)
    await first.execute("SELECT pg_advisory_lock($1)", LOCK)
    waiting = asyncio.create_task(asyncio.to_thread(upgrade, postgres_url))
    await asyncio.sleep(7)  # longer than anybody waits for a lock elsewhere

    assert not waiting.done()
    await first.close()

    await asyncio.wait_for(waiting, 30)


async def test_the_migrations_make_exactly_the_tables_in_the_code(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    assert await database.read(differences) == []


async def test_a_database_from_a_newer_version_is_refused(empty_url: str) -> None:
    upgrade(empty_url)
    await _set_revision(empty_url, "from-the-future")

    for step in (check, upgrade):
        with pytest.raises(DatabaseNewer) as fault:
            step(empty_url)
        assert "newer Trede (its tables are at 'from-the-future'). Install" in _one_line(fault.value)


@pytest.mark.parametrize("step", [check, upgrade])
@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("not a url", "it is not a URL"),
        ("mysql://somewhere/x", "neither a SQLite file nor a PostgreSQL database"),
        ("sqlite://", "neither a SQLite file nor a PostgreSQL database"),
        ("sqlite:////no/such/folder/x", "folder|No such file"),
        ("sqlite:////", "unable to open|Is a directory"),
        ("postgres://amina:hush@127.0.0.1:1/x?sslmode=disable", "127.0.0.1"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_one_line(step: object, url: str, why: str) -> None:
    assert callable(step)

    with pytest.raises(DatabaseUnreadable, match=why) as fault:
        step(url)

    assert _one_line(fault.value).endswith("Check TREDE_DATABASE_URL.")
    assert "hush" not in str(fault.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)

    for step in (check, upgrade):
        with pytest.raises(DatabaseUnreadable, match="file is not a database"):
            step(f"sqlite:///{path}")

    assert path.read_text() == "Dear Sir or Madam, " * 100


def test_a_server_without_that_database_is_refused(postgres_url: str) -> None:
    with pytest.raises(DatabaseUnreadable, match="InvalidCatalogName"):
        check(postgres_url.replace("/trede?", "/gone?"))


def test_checking_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(DatabaseBehind):
        check(f"sqlite:///{tmp_path}/none")

    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "trede.sqlite3"

    upgrade(f"sqlite:///{path}")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
