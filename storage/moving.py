"""Moves sessions to another script version: one person a transaction, under the lock that her turns take."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from dialogs.session import Session
from storage.database import Database
from storage.saving import Change, Saving
from storage.standing import load
from storage.stored_session import message_body
from storage.tables import clients, sessions

Decide = Callable[[Session], Change | None]
"""What becomes of a session; None leaves it where it is."""

_IN_VERSION = (
    select(sessions.c.client).where(sessions.c.script == bindparam("version")).order_by(sessions.c.client)
)
_LOCK = select(clients.c.id).where(clients.c.id == bindparam("whose")).with_for_update(key_share=True)


async def clients_in(database: Database, version: str) -> tuple[str, ...]:
    """Whose session stands in that version: their ids, always in the same order."""
    found = await database.read(
        lambda connection: connection.scalars(_IN_VERSION, {"version": version}).all()
    )
    return tuple(found)


async def look_at(database: Database, client: str, version: str) -> Session | None:
    """Her session; None if it does not stand in that version (any more). Changes nothing."""
    return await database.read(lambda connection: _session(connection, client, version))


async def move(database: Database, client: str, version: str, decide: Decide, now: datetime) -> bool:
    """Whether she was moved. She is not if her session does not stand in that version (any more).

    No message goes out, and summaries, consents and the end of her invite stay as they are. `decide` must be
    pure. Raises Conflict if the session was changed by something that does not take turns.
    """

    def work(connection: Connection) -> bool:
        connection.execute(_LOCK, {"whose": client})
        standing = load(connection, client)
        if standing.session is None or standing.session.script != version:
            return False
        change = decide(standing.session)
        if change is None or change.session is None:
            return False
        saving = Saving(connection)
        bodies = [message_body(message) for message in change.messages]
        saving.add_session(change.session, standing, change.events, bodies, now)
        saving.write()
        return True

    return await database.write(work)


def _session(connection: Connection, client: str, version: str) -> Session | None:
    found = load(connection, client).session
    return found if found is not None and found.script == version else None
