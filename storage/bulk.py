"""Many rows in one statement, on both databases: what makes a group of turns cost little more than one.

SQLAlchemy's own way handles each row by itself, which costs more than the database does. Here the statement's
text is made once for each table, and the values go through the columns' types as always.
"""

import json
from collections.abc import Sequence
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

from storage.driver import binder, run
from storage.errors import Conflict

Rows = Sequence[tuple[Any, ...]]


class Still(NamedTuple):
    """What must hold of a row that is changed, beside its version: SQL with a {} for each of `columns`.

    These are there for their types, and the one at place `owner` is the id of the row it belongs to. On
    PostgreSQL that row is locked; if it cannot be had at once, the row counts as one with another version.
    """

    text: str
    columns: tuple[Column[Any], ...]
    owner: int


Shape = tuple[tuple[Column[Any], ...], Column[Any] | None, Column[Any] | None, Still | None]

_ARRAYS = ((Boolean, "boolean"), (Integer, "integer"), (LargeBinary, "bytea"), (DateTime, "timestamptz"))


class Part(NamedTuple):
    """Rows for one table, values in the order of `columns`.

    With a `key` and a `version`, these are columns of the row that is changed: each row of values goes on
    with its key and the version it must have, and then with the values of `still`.
    """

    columns: tuple[Column[Any], ...]
    rows: Rows
    key: Column[Any] | None = None
    version: Column[Any] | None = None
    still: Still | None = None

    @property
    def shape(self) -> Shape:
        """Its columns alone: the statement's text depends on no more."""
        return self.columns, self.key, self.version, self.still

    @property
    def every(self) -> tuple[Column[Any], ...]:
        """The columns of all values of a row."""
        if self.key is None or self.version is None:
            return self.columns
        return (*self.columns, self.key, self.version, *(self.still.columns if self.still else ()))


def write(connection: Connection, parts: Sequence[Part]) -> None:
    """Insert and change rows. Raises Conflict if one that is to be changed has another version.

    PostgreSQL gets it as one statement: each way there and back costs as much as ten rows.
    """
    parts = [part for part in parts if part.rows]
    if connection.dialect.name != "postgresql":
        for part in parts:
            _write_one(connection, part)
    elif parts:
        _write_at_once(connection, sorted(parts, key=lambda part: part.key is None))


def one_of(column: ColumnElement[Any], name: str, dialect: str) -> ColumnElement[bool]:
    """Whether the text column is among the values of the parameter `name`; give it `listed(values)`."""
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(String)))
    values = func.json_each(bindparam(name, type_=String)).table_valued("value")
    return column.in_(select(values.c.value))


def listed(values: Sequence[str], dialect: str) -> Any:
    """The value of a parameter of `one_of`."""
    return list(values) if dialect == "postgresql" else json.dumps(values)


def _write_one(connection: Connection, part: Part) -> None:
    made = _values(connection.dialect, part)
    ran = run(connection, _for_sqlite(part.shape), made if len(made) > 1 else tuple(made[0]))
    if part.key is not None and ran.rowcount != len(made):
        raise Conflict


def _write_at_once(connection: Connection, parts: Sequence[Part]) -> None:
    wanted = sum(len(part.rows) for part in parts if part.key is not None)
    params: list[Any] = [wanted]
    for part in parts:
        params += [list(values) for values in zip(*_values(connection.dialect, part), strict=True)]
    ran = run(connection, _for_postgres(tuple(part.shape for part in parts)), tuple(params))
    if ran.fetchall()[0][0] is not True:
        raise Conflict


def _values(dialect: Dialect, part: Part) -> list[list[Any]]:
    """As the driver takes them."""
    made = [list(row) for row in part.rows]
    for place, bind in _binders(part.every, dialect):
        for row in made:
            row[place] = bind(row[place])
    return made


@cache
def _binders(columns: tuple[Column[Any], ...], dialect: Dialect) -> tuple[tuple[int, Any], ...]:
    """Where in a row the driver takes another value than ours, and what makes it."""
    binders = ((place, binder(column.type, dialect)) for place, column in enumerate(columns))
    return tuple((place, bind) for place, bind in binders if bind is not None)


@cache
def _for_sqlite(shape: Shape) -> str:
    columns, key, version, still = shape
    table = columns[0].table.name
    if key is None or version is None:
        names, marks = ", ".join(column.name for column in columns), ", ".join("?" for _ in columns)
        return f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
    sets = ", ".join(f"{column.name} = ?" for column in columns)
    text = f"UPDATE {table} SET {sets} WHERE {key.name} = ? AND {version.name} = ?"  # noqa: S608
    return text if still is None else f"{text} AND {still.text.format(*'?' * len(still.columns))}"


@cache
def _for_postgres(shapes: tuple[Shape, ...]) -> str:
    """Changes come first. It gives back whether $1 rows were changed; if not, nothing is inserted."""
    changes = [f"(SELECT count(*) FROM w{n})" for n, shape in enumerate(shapes) if shape[1] is not None]  # noqa: S608
    changed = " + ".join(["0", *changes])
    first, texts = 2, []
    for n, shape in enumerate(shapes):
        text, first = _for_postgres_one(shape, changed, first)
        texts.append(f"w{n} AS ({text})")
    return f"WITH {', '.join(texts)} SELECT {changed} = $1::integer"


def _for_postgres_one(shape: Shape, changed: str, first: int) -> tuple[str, int]:
    """The statement with its marks from `first` on, and the next mark."""
    columns, key, version, still = shape
    table = columns[0].table.name
    if key is None or version is None:
        names, values = ", ".join(column.name for column in columns), _arrays(columns, first)
        text = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({values}) WHERE {changed} = $1::integer"  # noqa: S608
        return text, first + len(columns)
    every, last = (*columns, key, version, *(still.columns if still else ())), len(columns)
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
