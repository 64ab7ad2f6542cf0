"""Published scripts, each version as its author wrote it: a session can end on the one it began with."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Database
from storage.tables import scripts

_PUBLISH = {
    "sqlite": sqlite.insert(scripts).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(scripts).on_conflict_do_nothing(),
}


async def publish(
    database: Database, version: str, name: str, source: Mapping[str, str], now: datetime
) -> None:
    """Keep a version, unless it is kept already. `source`: the files' texts by name."""
    row = {"version": version, "name": name, "source": json.dumps(dict(source)), "created": now}

    def work(connection: Connection) -> None:
        connection.execute(_PUBLISH[connection.dialect.name], row)

    await database.write(work)


async def load(database: Database, version: str) -> tuple[str, dict[str, str]] | None:
    """Its name and files; None if it was never published here."""
    query = select(scripts.c.name, scripts.c.source).where(scripts.c.version == version)
    row = await database.read(lambda connection: connection.execute(query).first())
    return None if row is None else (row.name, json.loads(row.source))
