"""A few facts about the installation that every process may read, and whether the database answers."""

from sqlalchemy import Connection, delete, insert, select, text

from storage.database import Database
from storage.sealed import Words, house_key
from storage.tables import meta


async def note(database: Database, name: str, body: str) -> None:
    """Keep a fact under a name; an older one under that name goes."""

    def work(connection: Connection) -> None:
        connection.execute(delete(meta).where(meta.c.name == name))
        connection.execute(insert(meta).values(name=name, body=Words(body, house_key(), name)))

    await database.write(work)


async def noted(database: Database, name: str) -> str | None:
    """The fact under that name, if there is one."""
    found = await database.read(
        lambda connection: connection.scalar(select(meta.c.body).where(meta.c.name == name))
    )
    body: str | None = None if found is None else found.open(house_key(), name)
    return body


async def answers(database: Database) -> None:
    """Returns if the database can be read; raises whatever keeps it from it."""
    await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
