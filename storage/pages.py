"""What her web page shows: a read that changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from dialogs.message import Message
from dialogs.session import Session
from storage.database import Database
from storage.knocks import find_by_code
from storage.standing import Caller, load
from storage.tables import messages


@dataclass(frozen=True, slots=True)
class Transcript:
    """`messages` of the current visit, numbered as in `Outcome`. `session` is None before her first word."""

    caller: Caller
    session: Session | None
    messages: tuple[tuple[int, Message], ...]


_MESSAGES = (
    select(messages.c.n, messages.c.body)
    .where(messages.c.session == bindparam("session"), messages.c.visit == bindparam("visit"))
    .order_by(messages.c.n)
)


async def look(database: Database, code: str, now: datetime) -> Transcript | None:
    """None for a code that is wrong, used up or expired: all alike."""

    def work(connection: Connection) -> Transcript | None:
        client = find_by_code(connection, code, now)
        if client is None:
            return None
        standing = load(connection, client)
        said = () if standing.session is None else _said(connection, standing.session)
        return Transcript(standing.caller, standing.session, said)

    return await database.read(work)


def _said(connection: Connection, session: Session) -> tuple[tuple[int, Message], ...]:
    rows = connection.execute(_MESSAGES, {"session": session.id, "visit": session.visit})
    return tuple((row.n, Message.from_json(row.body)) for row in rows)
