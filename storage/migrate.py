"""Brings a database's tables up to this version, and says so when they are not.

Both functions may be called with or without a running event loop. They raise DatabaseUnreadable and
DatabaseNewer; `check` also DatabaseBehind.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError

from storage.database import address_of, open_database, shown
from storage.errors import DatabaseBehind, DatabaseNewer, DatabaseUnreadable, StorageError
from storage.sqlite import PRAGMAS, engine_for

T = TypeVar("T")

_STEPS = Path(__file__).parent / "migrations" / "versions"
KNOWN = tuple(sorted(file.stem[1:5] for file in _STEPS.glob("v[0-9]*.py")))
"""Revisions in order, the last is this version's: the files of Alembic's steps have them in their names."""

LOCK = 72_310_451  # any number; PostgreSQL lets one process hold it


def upgrade(url: str) -> None:
    """Make or change the tables, all or nothing. A database that is up to date is left as it is."""
    address = address_of(url)
    if address.get_backend_name() == "sqlite":
        _make_private_file(address)
        _on_sqlite(address, lambda connection: _upgrade(connection, shown(address)))
    else:
        _on_postgres(url, lambda connection: _upgrade(connection, shown(address)))


def check(url: str) -> None:
    """Raises unless the database can be opened and its tables are this version's. Changes nothing."""
    address = address_of(url)
    if address.get_backend_name() == "sqlite":
        _check_sqlite(address)
    else:
        _on_postgres(url, lambda connection: _check(connection, shown(address)), writing=False)


def is_newer(revision: str) -> bool:
    """Whether tables at that revision are of a later version than this one."""
    return revision not in KNOWN


def _upgrade(connection: Connection, where: str) -> None:
    if connection.dialect.name == "postgresql":
        _wait_for_the_other(connection)
    try:
        _check(connection, where)
    except DatabaseBehind:
        from storage.steps import take_steps  # slow to import, and almost never needed

        take_steps(connection)
        if connection.dialect.name == "sqlite":
            _refuse_dangling_rows(connection, where)


def _wait_for_the_other(connection: Connection) -> None:
    """Of several processes that start at once, one changes the tables; the others wait, and find it done."""
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def _check(connection: Connection, where: str) -> None:
    has_any = inspect(connection).has_table("alembic_version")
    found = connection.scalar(text("SELECT version_num FROM alembic_version")) if has_any else None
    if found == KNOWN[-1]:
        return
    if found is None or not is_newer(found):
        raise DatabaseBehind(where, found)
    raise DatabaseNewer(where, found)


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────────


def _make_private_file(address: URL) -> None:
    """An empty file that only its owner can read; SQLite gives its companions the same mode."""
    try:
        os.close(os.open(str(address.database), os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise DatabaseUnreadable(shown(address), _why(error)) from None


def _check_sqlite(address: URL) -> None:
    if not Path(str(address.database)).exists():
        if Path(str(address.database)).parent.is_dir():
            raise DatabaseBehind(shown(address), None)
        raise DatabaseUnreadable(shown(address), "its folder does not exist")
    _on_sqlite(address, lambda connection: _check(connection, shown(address)), begin="BEGIN")


def _on_sqlite(address: URL, work: Callable[[Connection], None], begin: str = "BEGIN IMMEDIATE") -> None:
    # Altering a table copies it, drops the old one and renames: with foreign keys on, the drop would
    # delete every row that points there.
    pragmas = tuple(pragma for pragma in PRAGMAS if not pragma.startswith("foreign_keys"))
    engine = engine_for(address, begin, pragmas)
    try:
        with engine.begin() as connection:
            work(connection)
    except StorageError:
        raise
    except DatabaseError as error:
        raise DatabaseUnreadable(shown(address), str(error.orig)) from None
    finally:
        engine.dispose()


def _refuse_dangling_rows(connection: Connection, where: str) -> None:
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise DatabaseUnreadable(where, "some of its rows point to others that are gone")


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────


def _on_postgres(url: str, work: Callable[[Connection], None], *, writing: bool = True) -> None:
    async def run() -> None:
        database = open_database(url)
        try:
            await (database.write(work) if writing else database.read(work))
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as thread:  # a loop of its own, so that a running one is not in the way
        thread.submit(asyncio.run, run()).result()


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
