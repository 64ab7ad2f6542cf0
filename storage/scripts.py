"""Script versions, each as its author wrote it, with its translations; and which one is current."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dialogs.script import Words
from storage.database import Database
from storage.tables import published, scripts, sessions

Origin = Literal["packaged", "published"]
"""The script that comes with Trede, which follows upgrades; or one that somebody published by hand."""


@dataclass(frozen=True, slots=True)
class StoredScript:
    """One version. `source`: the files' texts by name. `words` is None for one that Trede 0.1 kept."""

    version: str
    name: str
    source: Mapping[str, str]
    words: Words | None
    created: datetime


@dataclass(frozen=True, slots=True)
class Current:
    """Which version new sessions begin with. `package`: the Trede that made it so, e.g. "0.2.0"."""

    version: str
    origin: Origin
    package: str
    at: datetime


_KEEP = {
    "sqlite": sqlite.insert(scripts).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(scripts).on_conflict_do_nothing(),
}
_HISTORY = select(published).order_by(published.c.id.desc())


async def publish(
    database: Database,
    version: str,
    name: str,
    source: Mapping[str, str],
    now: datetime,
    words: Words | None = None,
) -> bool:
    """Keep a version, unless it is kept already; whether it is new. That does not make it current."""
    row = {
        "version": version,
        "name": name,
        "source": json.dumps(dict(source)),
        "words": None if words is None else json.dumps(words, ensure_ascii=False),
        "created": now,
    }
    return await database.write(
        lambda connection: connection.execute(_KEEP[connection.dialect.name], row).rowcount == 1
    )


async def make_current(database: Database, version: str, origin: Origin, package: str, now: datetime) -> None:
    """From now on new sessions begin with it. It must be kept here."""
    row = {"version": version, "origin": origin, "package": package, "at": now}
    await database.write(lambda connection: connection.execute(insert(published), row))


async def current(database: Database) -> Current | None:
    """None if none was ever made current here."""
    row = await database.read(lambda connection: connection.execute(_HISTORY.limit(1)).first())
    return None if row is None else _current(row)


async def history(database: Database) -> tuple[Current, ...]:
    """What was made current when, the newest first."""
    rows = await database.read(lambda connection: connection.execute(_HISTORY).all())
    return tuple(_current(row) for row in rows)


async def load(database: Database, version: str) -> StoredScript | None:
    """None if it was never kept here."""
    query = select(scripts).where(scripts.c.version == version)
    row = await database.read(lambda connection: connection.execute(query).first())
    return None if row is None else _stored(row)


async def all_versions(database: Database) -> tuple[StoredScript, ...]:
    """Every version kept here, the newest first."""
    query = select(scripts).order_by(scripts.c.created.desc(), scripts.c.version)
    rows = await database.read(lambda connection: connection.execute(query).all())
    return tuple(_stored(row) for row in rows)


async def sessions_in(database: Database) -> dict[str, int]:
    """How many sessions stand in each version; one without any is left out."""
    query = select(sessions.c.script, func.count()).group_by(sessions.c.script)
    rows = await database.read(lambda connection: connection.execute(query).all())
    return {row[0]: row[1] for row in rows}


async def give_words(database: Database, version: str, words: Words) -> None:
    """Keep translations with a version that has none of its own yet; others are left as they are."""
    statement = (
        update(scripts)
        .where(scripts.c.version == version, scripts.c.words.is_(None))
        .values(words=json.dumps(words, ensure_ascii=False))
    )
    await database.write(lambda connection: connection.execute(statement))


def _current(row: Row[*tuple[Any, ...]]) -> Current:
    return Current(row.version, row.origin, row.package, row.at)


def _stored(row: Row[*tuple[Any, ...]]) -> StoredScript:
    words = None if row.words is None else json.loads(row.words)
    return StoredScript(row.version, row.name, json.loads(row.source), words, row.created)
