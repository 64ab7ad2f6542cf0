"""What lies in quarantine, for an operator: who looks sees everything but the words."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update

from storage.database import Database
from storage.quarantine import quarantine_row
from storage.sealed import house_key, key_of
from storage.sweeping import QUARANTINE_KEPT
from storage.tables import clients, quarantine


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One update. `error` is its kind and place. `at`: when it failed last; `until`: when it is swept out.

    `given_up`: it was acknowledged and set aside; else its channel will still hand it in again.
    """

    channel: str
    event: str
    tries: int
    given_up: bool
    error: str
    at: datetime
    until: datetime


async def quarantined(database: Database) -> list[Quarantined]:
    """All of them, the oldest first."""
    columns = [column for column in quarantine.c if column.name in Quarantined.__slots__]
    query = select(*columns).order_by(quarantine.c.at, quarantine.c.event)

    def work(connection: Connection) -> list[Quarantined]:
        rows = connection.execute(query).mappings()
        return [Quarantined(**row, until=row["at"] + QUARANTINE_KEPT) for row in rows]

    return await database.read(work)


async def body_of(database: Database, one: Quarantined) -> str | None:
    """The update as it came; None if it is gone meanwhile. Raises InvalidTag if no key of ours opens it."""
    query = select(quarantine.c.body, quarantine.c.client, clients.c.key).where(*_is(one))
    whole = query.select_from(quarantine.outerjoin(clients, clients.c.id == quarantine.c.client))

    def work(connection: Connection) -> str | None:
        row = connection.execute(whole).first()
        if row is None:
            return None
        key = house_key() if row.client is None else key_of(row.client, row.key)
        body: str = row.body.open(key, quarantine_row(one.channel, one.event))
        return body

    return await database.read(work)


async def failed_again(database: Database, one: Quarantined, error: str) -> None:
    """Count one more try. It is kept no longer for that."""
    noted = {"tries": quarantine.c.tries + 1, "error": error[:200]}

    def work(connection: Connection) -> None:
        connection.execute(update(quarantine).where(*_is(one)).values(noted))

    await database.write(work)


async def drop(database: Database, one: Quarantined) -> None:
    """Forget it, its words included."""

    def work(connection: Connection) -> None:
        connection.execute(delete(quarantine).where(*_is(one)))

    await database.write(work)


def _is(one: Quarantined) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return quarantine.c.channel == one.channel, quarantine.c.event == one.event
