"""Fills the database with people who are only there to be many: copies of one who really walked.

Every row of hers is copied with other ids, in the database itself. What is sealed is copied as it is: nobody
can open it under another id, and nobody is to; it only has to be as long.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Column, Connection, String, Table, UniqueConstraint, func, select

from storage.database import Database
from storage.tables import clients, metadata, received

AT_A_TIME = 2_000  # people a transaction

_HEX = {"sqlite": "printf('%08x', n.i * {0})", "postgresql": "lpad(to_hex(n.i * {0}), 8, '0')"}


@dataclass(frozen=True, slots=True)
class _Copying:
    """One table: which columns name her, and by which of them her rows are found."""

    table: Table
    names: tuple[str, ...]
    found_by: str
    hers: tuple[str, ...]


async def is_empty(database: Database) -> bool:
    """Whether nobody was invited yet."""
    count = select(func.count()).select_from(clients)
    return await database.read(lambda connection: not connection.scalar(count))


async def multiply(database: Database, how_many: int) -> None:
    """So many copies of the only person there is."""
    tables = await database.read(lambda connection: list(_tables(connection)))
    step = 2**32 // how_many  # so that ids of people who come later fall evenly between those of the copies

    def chunk(start: int, connection: Connection) -> None:
        for table in tables:
            _copy(connection, table, start, min(start + AT_A_TIME, how_many), step)

    for start in range(0, how_many, AT_A_TIME):
        await database.write(partial(chunk, start))


def _tables(connection: Connection) -> Iterator[_Copying]:
    """Those that have rows of hers, each after the ones it refers to."""
    hers: set[Table] = set()
    for table in metadata.sorted_tables:
        if not (table in (clients, received) or _refers_to(table, hers)):
            continue
        hers.add(table)
        names = tuple(column.name for column in table.columns if _names_her(column, hers))
        found = connection.scalars(select(table.c[names[0]]).distinct()).all()
        if found:
            yield _Copying(table, names, names[0], tuple(found))


def _refers_to(table: Table, others: set[Table]) -> bool:
    return any(key.column.table in others for key in table.foreign_keys)


def _names_her(column: "Column[object]", hers: set[Table]) -> bool:
    """Whether a copy needs another value here."""
    if not isinstance(column.type, String) or column.name == "channel":
        return False
    if column.foreign_keys:
        return any(key.column.table in hers for key in column.foreign_keys)
    return column.primary_key or _is_unique(column)


def _is_unique(column: "Column[object]") -> bool:
    table = column.table
    assert isinstance(table, Table)
    together = (each for each in table.constraints if isinstance(each, UniqueConstraint))
    return bool(column.unique) or any(column.name in each.columns for each in together)


def _copy(connection: Connection, copying: _Copying, start: int, end: int, step: int) -> None:
    columns = [column.name for column in copying.table.columns]
    prefix = _HEX[connection.dialect.name].format(step)
    values = ", ".join(_renamed(name, prefix) if name in copying.names else f't."{name}"' for name in columns)
    listed = ", ".join(f'"{name}"' for name in columns)
    hers = ", ".join(f"'{_plain(each)}'" for each in copying.hers)
    name = f'"{copying.table.name}"'
    connection.exec_driver_sql(
        f"INSERT INTO {name} ({listed}) "  # noqa: S608 — names of our own tables, and ids
        f"WITH RECURSIVE n(i) AS (SELECT CAST({start} AS BIGINT) "
        f"UNION ALL SELECT n.i + 1 FROM n WHERE n.i < {end - 1}), "
        # Found once: not every table has an index for it.
        f'hers AS MATERIALIZED (SELECT * FROM {name} WHERE "{copying.found_by}" IN ({hers})) '
        f"SELECT {values} FROM n CROSS JOIN hers AS t"
    )


def _renamed(name: str, prefix: str) -> str:
    """A long id gets other first digits, a short one is made longer."""
    return (
        f'CASE WHEN length(t."{name}") >= 32 THEN {prefix} || substr(t."{name}", 9) '
        f"ELSE {prefix} || '-' || t.\"{name}\" END"
    )


def _plain(id: str) -> str:
    if not all(letter.isalnum() or letter in ":-_" for letter in id):
        raise ValueError("An id has a letter that cannot stand in a statement.")
    return id
