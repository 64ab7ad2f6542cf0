"""Many rows in one statement, on both databases: what makes a group of turns cost little more than one.

SQLAlchemy's own way handles each row by itself, which costs more than the database does. Here the statement's
text is made once for each table, and the values go through the columns' types as always.
"""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    LargeBinary,
    String,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect

from storage.driver import binder, run

Rows = Sequence[tuple[Any, ...]]

_ARRAYS = ((Boolean, "boolean"), (Integer, "integer"), (LargeBinary, "bytea"), (DateTime, "timestamptz"))


def insert_rows(connection: Connection, columns: tuple[Column[Any], ...], rows: Rows) -> None:
    """Insert rows of one table; values in the order of `columns`."""
    if rows:
        _run(connection, _insert(columns, connection.dialect.name), columns, rows)


def update_rows(
    connection: Connection,
    columns: tuple[Column[Any], ...],
    rows: Rows,
    *,
    key: Column[Any],
    version: Column[Any],
) -> int:
    """Set `columns`; a row ends with the key and the version it must have. How many rows matched."""
    if not rows:
        return 0
    statement = _update(columns, key, version, connection.dialect.name)
    return _run(connection, statement, (*columns, key, version), rows)


def one_of(column: ColumnElement[Any], name: str, dialect: str) -> ColumnElement[bool]:
    """Whether the text column is among the values of the parameter `name`; give it `listed(values)`."""
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(String)))
    values = func.json_each(bindparam(name, type_=String)).table_valued("value")
    return column.in_(select(values.c.value))


def listed(values: Sequence[str], dialect: str) -> Any:
    """The value of a parameter of `one_of`."""
    return list(values) if dialect == "postgresql" else json.dumps(values)


def _run(connection: Connection, statement: str, columns: tuple[Column[Any], ...], rows: Rows) -> int:
    made = [list(row) for row in rows]
    for place, bind in _binders(columns, connection.dialect):
        for row in made:
            row[place] = bind(row[place])
    if connection.dialect.name == "postgresql":
        params: Any = tuple(list(values) for values in zip(*made, strict=True))
    else:
        params = made if len(made) > 1 else tuple(made[0])
    return run(connection, statement, params).rowcount


@cache
def _binders(columns: tuple[Column[Any], ...], dialect: Dialect) -> tuple[tuple[int, Any], ...]:
    """Where in a row the driver takes another value than ours, and what makes it."""
    binders = ((place, binder(column.type, dialect)) for place, column in enumerate(columns))
    return tuple((place, bind) for place, bind in binders if bind is not None)


@cache
def _insert(columns: tuple[Column[Any], ...], dialect: str) -> str:
    table, names = columns[0].table.name, ", ".join(column.name for column in columns)
    if dialect == "postgresql":
        return f"INSERT INTO {table} ({names}) SELECT * FROM unnest({_arrays(columns)})"  # noqa: S608
    marks = ", ".join("?" for _ in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608


@cache
def _update(columns: tuple[Column[Any], ...], key: Column[Any], version: Column[Any], dialect: str) -> str:
    table = key.table.name
    if dialect == "postgresql":
        every = (*columns, key, version)
        names = ", ".join(f"v{n}" for n in range(len(every)))
        sets = ", ".join(f"{column.name} = v.v{n}" for n, column in enumerate(columns))
        last = len(columns)
        return (
            f"UPDATE {table} SET {sets} FROM unnest({_arrays(every)}) AS v({names}) "  # noqa: S608
            f"WHERE {table}.{key.name} = v.v{last} AND {table}.{version.name} = v.v{last + 1}"
        )
    sets = ", ".join(f"{column.name} = ?" for column in columns)
    return f"UPDATE {table} SET {sets} WHERE {key.name} = ? AND {version.name} = ?"  # noqa: S608


def _arrays(columns: tuple[Column[Any], ...]) -> str:
    return ", ".join(f"${n}::{_array(column)}[]" for n, column in enumerate(columns, start=1))


def _array(column: Column[Any]) -> str:
    kind = getattr(column.type, "impl", column.type)  # of our own types, what they are stored as
    return next((name for known, name in _ARRAYS if isinstance(kind, known)), "text")
