"""Fixtures that every room's tests share."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.database import Database, open_database
from storage.migrate import upgrade
from storage.sealed import use_key
from tests.postgres import PostgresServer, emptied, running_postgres

KEY = bytes(range(32))

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # `trede` starts some hundred times: it compiles once


@pytest.fixture(autouse=True)
def _key() -> None:
    """Every test starts with the same key, also after one that used another."""
    use_key(KEY)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "trede.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """The address of an empty, migrated SQLite file of this test's own."""
    path = tmp_path / "trede.sqlite3"
    shutil.copyfile(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
async def fresh_database(sqlite_url: str) -> AsyncIterator[Database]:
    """An empty, migrated SQLite database. `tests/storage` has `database`, which is PostgreSQL as well."""
    database = open_database(sqlite_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for this run. It starts with the first test that asks for it."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The address of a migrated PostgreSQL database without rows."""
    return emptied(postgres_server)
