"""How often somebody may try to sign in: five times a minute for an account, and for an address.

The count is in the database, so it holds over several processes.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, text

from storage.database import Database
from storage.tables import tries
from storage.tokens import hash_token

AT_MOST = 5
WITHIN = timedelta(minutes=1)

_LOCK = 7_263_001
"""Any number, the same in every process."""


async def begin_try(database: Database, account: str, address: str, now: datetime) -> tuple[int, ...] | None:
    """Note a try before the password is looked at. Its ids for `forget_try`; None: too many, wait."""
    keys = (hash_token(f"account:{account}"), hash_token(f"address:{address}"))

    def work(connection: Connection) -> tuple[int, ...] | None:
        _one_at_a_time(connection)
        connection.execute(delete(tries).where(tries.c.at <= now - WITHIN))
        for key in keys:
            count = connection.scalar(select(func.count()).select_from(tries).where(tries.c.what == key))
            if (count or 0) >= AT_MOST:
                return None
        return tuple(_note(connection, key, now) for key in keys)

    return await database.write(work)


async def forget_try(database: Database, ids: tuple[int, ...]) -> None:
    """A try that succeeded does not count: an office where six people sign in at nine shares one address."""
    await database.write(lambda connection: connection.execute(delete(tries).where(tries.c.id.in_(ids))))


def _note(connection: Connection, key: str, now: datetime) -> int:
    noted = connection.execute(insert(tries).values(what=key, at=now).returning(tries.c.id))
    return int(noted.scalar_one())


def _one_at_a_time(connection: Connection) -> None:
    # SQLite has one writer anyway; on PostgreSQL two tries could else both count four.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
