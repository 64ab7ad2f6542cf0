"""What members of staff wrote for themselves: each reads her or his own, nobody anybody else's."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from casework.person import Person
from storage.database import Database
from storage.sealed import Words, house_key
from storage.tables import staff_notes

MOST = 50
"""Notes of one person that are kept; the oldest go."""


@dataclass(frozen=True, slots=True)
class StaffNote:
    """`answers`: question → what she or he wrote."""

    id: str
    script: str
    at: datetime
    answers: dict[str, str]


async def keep_note(
    database: Database, person: Person, script: str, answers: dict[str, str], now: datetime
) -> None:
    """Keep it for this person alone."""

    def work(connection: Connection) -> None:
        id = secrets.token_hex(16)
        body = Words(answers, house_key(), id)
        connection.execute(
            insert(staff_notes).values(id=id, staff=person.id, script=script, body=body, at=now)
        )
        kept = connection.scalars(
            select(staff_notes.c.id)
            .where(staff_notes.c.staff == person.id)
            .order_by(staff_notes.c.at.desc())
            .limit(MOST)
        ).all()
        connection.execute(
            delete(staff_notes).where(staff_notes.c.staff == person.id, staff_notes.c.id.not_in(kept))
        )

    await database.write(work)


async def own_notes(database: Database, person: Person, script: str) -> list[StaffNote]:
    """Her or his own, the newest first."""

    def work(connection: Connection) -> list[StaffNote]:
        rows = connection.execute(
            select(staff_notes)
            .where(staff_notes.c.staff == person.id, staff_notes.c.script == script)
            .order_by(staff_notes.c.at.desc())
        )
        return [StaffNote(row.id, row.script, row.at, row.body.open(house_key(), row.id)) for row in rows]

    return await database.read(work)


async def drop_note(database: Database, person: Person, id: str) -> None:
    """Delete one of her or his own; another's stays as it is."""

    def work(connection: Connection) -> None:
        connection.execute(
            delete(staff_notes).where(staff_notes.c.id == id, staff_notes.c.staff == person.id)
        )

    await database.write(work)
