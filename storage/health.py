"""What the database server says of itself."""

from datetime import datetime

from sqlalchemy import Connection, select, text

from storage.database import Database
from storage.errors import DatabaseUnreadable
from storage.tables import meta


async def version(database: Database) -> str:
    """Its kind and version. Raises DatabaseUnreadable, also for a SQLite file that is damaged."""

    def work(connection: Connection) -> str:
        if connection.dialect.name == "postgresql":
            return f"PostgreSQL {str(connection.scalar(text('SHOW server_version'))).split()[0]}"
        if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
            raise DatabaseUnreadable(str(connection.engine.url.database), "it is damaged: restore a backup")
        return f"SQLite {connection.scalar(text('SELECT sqlite_version()'))}"

    return await database.read(work)


async def clock(database: Database) -> datetime | None:
    """What its clock shows. None for SQLite, which has none of its own."""

    def work(connection: Connection) -> datetime | None:
        if connection.dialect.name != "postgresql":
            return None
        found: datetime | None = connection.scalar(text("SELECT clock_timestamp()"))
        return found

    return await database.read(work)


async def has_key_proof(database: Database) -> bool:
    """Whether something was sealed here, so that only one key fits."""
    query = select(meta.c.name).where(meta.c.name == "key")
    return await database.read(lambda connection: connection.scalar(query)) is not None
