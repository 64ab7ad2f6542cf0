"""Statements that every turn runs: SQLAlchemy writes their text once, and the driver runs it.

To run a statement through SQLAlchemy takes 12 µs or more, whatever it does; SQLite takes 2 µs to 20 µs.
What a statement gives back are the driver's own values: no time comes out of it, and no sealed column opens.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, Executable
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from storage.sealed import Sealed
from storage.tables import Moment


class Ran(Protocol):
    """What a statement gave back."""

    @property
    def rowcount(self) -> int:
        """How many rows were written."""

    def fetchall(self) -> Sequence[Any]:
        """The rows: tuples."""


def run(connection: Connection, statement: str, params: Any) -> Ran:
    """Run a statement with the driver's own marks. A list of params: once with each.

    Raises SQLAlchemy's errors, as its own way does.
    """
    if connection.dialect.name != "sqlite":
        return connection.exec_driver_sql(statement, params)
    driver: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
    try:
        if isinstance(params, list):
            return driver.executemany(statement, params)
        return driver.execute(statement, params)
    except sqlite3.Error as error:
        raise _told(error, connection.dialect) from None


def _told(error: sqlite3.Error, dialect: Dialect) -> Exception:
    """The driver's error as SQLAlchemy's, without parameters: they are people's words."""
    made: Exception = DBAPIError.instance(
        None, None, error, sqlite3.Error, hide_parameters=True, dialect=dialect
    )
    return made


@contextmanager
def committing(connection: Connection) -> Iterator[None]:
    """On PostgreSQL: where no transaction has begun at the server, a statement is one by itself."""
    driver: Any = connection.connection.dbapi_connection
    driver.autocommit = True
    try:
        yield
    finally:
        driver.autocommit = False


def sqlstate(error: DBAPIError) -> str | None:
    """What PostgreSQL calls it."""
    return getattr(cause_of(error), "sqlstate", None)


def cause_of(error: DBAPIError) -> BaseException | None:
    """The driver's own error."""
    return error.orig and (error.orig.__cause__ or error.orig)


class Written:
    """A statement that SQLAlchemy writes out at its first run. `make` gets the dialect's name."""

    def __init__(self, make: Callable[[str], Executable]) -> None:
        self._make = make
        self._texts: dict[str, tuple[str, tuple[tuple[str, Any], ...]]] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Ran:
        """Raises KeyError if a value is missing."""
        dialect = connection.dialect
        text, names = self._texts.get(dialect.name) or self._write(dialect)
        params = tuple(values[name] if bind is None else bind(values[name]) for name, bind in names)
        return run(connection, text, params)

    def _write(self, dialect: Dialect) -> tuple[str, tuple[tuple[str, Any], ...]]:
        compiled: Any = self._make(dialect.name).compile(dialect=dialect)  # type: ignore[attr-defined]
        binds = compiled.binds
        names = tuple((name, binder(binds[name].type, dialect)) for name in compiled.positiontup)
        self._texts[dialect.name] = str(compiled), names
        return self._texts[dialect.name]


def binder(kind: Any, dialect: Dialect) -> Any:
    """What makes the driver's value of ours; None if it is the same."""
    if isinstance(kind, Moment):
        return _moments(dialect)
    if isinstance(kind, Sealed):
        return kind.seal  # both drivers take bytes as they are
    return kind.dialect_impl(dialect).bind_processor(dialect)


@cache
def _moments(dialect: Dialect) -> Any:
    """One for all columns: a turn writes the same moment into each of its rows."""
    bind = Moment().dialect_impl(dialect).bind_processor(dialect)
    return bind and lru_cache(64)(bind)
