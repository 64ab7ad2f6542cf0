"""Sweeps out what has had its time: names and copies of old updates, and old sign-ins."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from storage.database import Database
from storage.tables import quarantine, received, sign_in_codes, staff_sessions

UPDATES_KEPT = timedelta(days=3)
"""Telegram repeats an update for a day at most, and may give the same number again after a quiet week."""

QUARANTINE_KEPT = timedelta(days=14)
"""It holds a message of somebody who may have deleted everything since."""


async def sweep(database: Database, now: datetime) -> None:
    """Once an hour is enough; any number of processes may do it."""

    def work(connection: Connection) -> None:
        connection.execute(delete(received).where(received.c.at < now - UPDATES_KEPT))
        connection.execute(delete(quarantine).where(quarantine.c.at < now - QUARANTINE_KEPT))
        connection.execute(delete(staff_sessions).where(staff_sessions.c.expires < now))
        connection.execute(delete(sign_in_codes).where(sign_in_codes.c.expires < now))

    await database.write(work)
