"""What clients said the questions got wrong. Under each one's own key, so that it goes when she deletes."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, Executable, delete, insert, select

from casework.feedback import Feedback, ReadFeedback
from casework.person import Person
from storage.database import Database
from storage.sealed import Key, Words, key_of
from storage.tables import clients, feedback

MOST = 200
"""The newest that are shown."""


def feedback_statements(
    told: Feedback, session: str, client: str, organisation: str, key: Key, now: datetime
) -> tuple[Executable, ...]:
    """One a session: what she says anew takes the place of what she said before."""
    row = {
        "id": _row(session),
        "session": session,
        "client": client,
        "organisation": organisation,
        "script": told.script,
        "version": told.version,
        "language": told.language,
        "body": Words(told.words, key, _row(session)),
        "day": now.replace(hour=0, minute=0, second=0, microsecond=0),
    }
    before = delete(feedback).where(feedback.c.session == session)
    return (before,) if told.is_taken_back else (before, insert(feedback).values(row))


async def read_feedback(database: Database, person: Person) -> list[ReadFeedback]:
    """For a coordinator or an admin: those of the organisation, the newest first. Nothing for others."""
    if person.role not in ("coordinator", "admin"):
        return []

    def work(connection: Connection) -> list[ReadFeedback]:
        rows = connection.execute(
            select(feedback, clients.c.key)
            .join(clients, clients.c.id == feedback.c.client)
            .where(feedback.c.organisation == person.organisation)
            .order_by(feedback.c.day.desc(), feedback.c.id)
            .limit(MOST)
        )
        return [
            ReadFeedback(
                row.day.date(),
                Feedback(
                    row.script,
                    row.version,
                    row.language,
                    row.body.open(key_of(row.client, row.key), row.id),
                ),
            )
            for row in rows
        ]

    return await database.read(work)


def _row(session: str) -> str:
    """A name of its own, which sorts those of one day in no order that means anything."""
    return hashlib.sha256(f"feedback|{session}".encode()).hexdigest()[:32]
