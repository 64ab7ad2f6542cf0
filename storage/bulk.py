"""Many rows in one statement, on both databases: what makes a group of turns cost little more than one.

SQLAlchemy's own way handles each row by itself, which costs more than the database does. Here the statement's
text is made once for each table, and the values go through the columns' types as always.
"""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

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
from sqlalchemy.exc import DBAPIError

from storage.driver import binder, committing, run, sqlstate
from storage.errors import Conflict

Rows = Sequence[tuple[Any, ...]]

_NO_NUMBER = "22P02"
_CHANGED = "Trede: a session was changed meanwhile, the turns are taken again; found: "
"""What PostgreSQL's own log says is no number, when a statement fails for this."""

_ARRAYS = ((Boolean, "boolean"), (Integer, "integer"), (LargeBinary, "bytea"), (DateTime, "timestamptz"))


class Still(NamedTuple):
    """What must hold of a row that is changed, beside its version: SQL with a {} for each of `columns`.

    These are there for their types, and the one at place `owner` is the id of the row it belongs to. That row
    is locked; if it cannot be had at once, the row counts as one with another version. For PostgreSQL only.
    """

    text: str
    columns: tuple[Column[Any], ...]
    owner: int


@dataclass(frozen=True, eq=False)
class Target:
    """Where rows go: columns of one table. Make it once: what is written out for it is found by itself.

    With a `key` and a `version`, these are columns of the row that is changed: each row of values goes on
    with its key and the version it must have, and then with the values of `still`.
    """

    columns: tuple[Column[Any], ...]
    key: Column[Any] | None = None
    version: Column[Any] | None = None
    still: Still | None = None

    @property
    def every(self) -> tuple[Column[Any], ...]:
        """The columns of all values of a row."""
        if self.key is None or self.version is None:
            return self.columns
        return (*self.columns, self.key, self.version, *(self.still.columns if self.still else ()))


Part = tuple[Target, Rows]


def write(connection: Connection, parts: Sequence[Part], *, is_last: bool = False) -> None:
    """Insert and change rows. Raises Conflict if one that is to be changed has another version.

    PostgreSQL gets it as one statement: each way there and back costs as much as ten rows. If it is the last
    one of its transaction and the first as well, it needs no BEGIN and no COMMIT: it holds as a whole.
    """
    if connection.dialect.name != "postgresql":
        for target, rows in parts:
            _write_one(connection, target, rows)
    elif parts:
        with committing(connection) if is_last else nullcontext():
            _write_at_once(connection, sorted(parts, key=lambda part: part[0].key is None))


def one_of(column: ColumnElement[Any], name: str, dialect: str) -> ColumnElement[bool]:
    """Whether the text column is among the values of the parameter `name`; give it `listed(values)`."""
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(String)))
    values = func.json_each(bindparam(name, type_=String)).table_valued("value")
    return column.in_(select(values.c.value))


def listed(values: Sequence[str], dialect: str) -> Any:
    """The value of a parameter of `one_of`."""
    return list(values) if dialect == "postgresql" else json.dumps(values)


def _write_one(connection: Connection, target: Target, rows: Rows) -> None:
    made = _values(connection.dialect, target, rows)
    ran = run(connection, _for_sqlite(target), made if len(made) > 1 else tuple(made[0]))
    if target.key is not None and ran.rowcount != len(made):
        raise Conflict


def _write_at_once(connection: Connection, parts: Sequence[Part]) -> None:
    wanted = sum(len(rows) for target, rows in parts if target.key is not None)
    params: list[Any] = [wanted]
    for target, rows in parts:
        params += [list(values) for values in zip(*_values(connection.dialect, target, rows), strict=True)]
    try:
        run(connection, _for_postgres(tuple(target for target, _ in parts)), tuple(params))
    except DBAPIError as error:
        if sqlstate(error) == _NO_NUMBER:
            raise Conflict from None
        raise


def _values(dialect: Dialect, target: Target, rows: Rows) -> list[list[Any]]:
    """As the driver takes them."""
    made = [list(row) for row in rows]
    for place, bind in _binders(target, dialect):
        for row in made:
            row[place] = bind(row[place])
    return made


@cache
def _binders(target: Target, dialect: Dialect) -> tuple[tuple[int, Any], ...]:
    """Where in a row the driver takes another value than ours, and what makes it."""
    binders = ((place, binder(column.type, dialect)) for place, column in enumerate(target.every))
    return tuple((place, bind) for place, bind in binders if bind is not None)


@cache
def _for_sqlite(target: Target) -> str:
    columns, key, version = target.columns, target.key, target.version
    table = columns[0].table.name
    if key is None or version is None:
        names, marks = ", ".join(column.name for column in columns), ", ".join("?" for _ in columns)
        return f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
    sets = ", ".join(f"{column.name} = ?" for column in columns)
    return f"UPDATE {table} SET {sets} WHERE {key.name} = ? AND {version.name} = ?"  # noqa: S608


@cache
def _for_postgres(targets: tuple[Target, ...]) -> str:
    """Changes come first. If there are not $1 of them, it fails as a whole: a text is read as a number."""
    changes = [f"(SELECT count(*) FROM w{n})" for n, each in enumerate(targets) if each.key is not None]  # noqa: S608
    changed = " + ".join(["0", *changes])
    first, texts = 2, []
    for n, target in enumerate(targets):
        text, first = _for_postgres_one(target, changed, first)
        texts.append(f"w{n} AS ({text})")
    # $1 is in it because PostgreSQL works out beforehand what hangs on nothing: it would always fail.
    fails = f"CAST('{_CHANGED}' || ({changed}) || ' of ' || $1::integer AS integer)"
    return f"WITH {', '.join(texts)} SELECT CASE WHEN {changed} = $1::integer THEN 1 ELSE {fails} END"


def _for_postgres_one(target: Target, changed: str, first: int) -> tuple[str, int]:
    """The statement with its marks from `first` on, and the next mark."""
    columns, key, version, still = target.columns, target.key, target.version, target.still
    table = columns[0].table.name
    if key is None or version is None:
        names, values = ", ".join(column.name for column in columns), _arrays(columns, first)
        text = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({values}) WHERE {changed} = $1::integer"  # noqa: S608
        return text, first + len(columns)
    every, last = target.every, len(columns)
    names = ", ".join(f"v{n}" for n in range(len(every)))
    sets = ", ".join(f"{column.name} = v.v{n}" for n, column in enumerate(columns))
    so = "" if still is None else f"AND {_still(still, last + 2, first)} "
    text = (
        f"UPDATE {table} SET {sets} FROM unnest({_arrays(every, first)}) AS v({names}) "  # noqa: S608
        f"WHERE {table}.{key.name} = v.v{last} AND {table}.{version.name} = v.v{last + 1} {so}RETURNING 1"
    )
    return text, first + len(every)


def _still(still: Still, place: int, first: int) -> str:
    """With its values from `place` on in a row of values, whose marks begin with `first`."""
    values = [f"v.v{place + n}" for n in range(len(still.columns))]
    id = still.columns[still.owner]
    free = (
        f"SELECT {id.name} FROM {id.table.name} "  # noqa: S608
        f"WHERE {id.name} = ANY(${first + place + still.owner}) FOR NO KEY UPDATE SKIP LOCKED"
    )
    return f"{values[still.owner]} IN ({free}) AND {still.text.format(*values)}"


def _arrays(columns: tuple[Column[Any], ...], first: int) -> str:
    return ", ".join(f"${n}::{_array(column)}[]" for n, column in enumerate(columns, start=first))


def _array(column: Column[Any]) -> str:
    kind = getattr(column.type, "impl", column.type)  # of our own types, what they are stored as
    return next((name for known, name in _ARRAYS if isinstance(kind, known)), "text")
