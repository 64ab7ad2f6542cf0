"""Every storage test runs twice: on real SQLite and on real PostgreSQL."""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from storage.database import Database, open_database
from tests.postgres import ask
from tests.storage.house import furnish

_numbers = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty, migrated database of this test's own."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_kind: str) -> Iterator[str]:
    """The address of a database without any table."""
    if database_kind == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('tmp_path')}/empty.sqlite3"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"empty_{next(_numbers)}"
    ask(server, f"CREATE DATABASE {name}")
    yield server.get_uri(name)
    ask(server, f"DROP DATABASE {name} WITH (FORCE)")


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
