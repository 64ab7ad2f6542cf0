"""What clients spoke: sealed with each one's own key, one row a recording, gone with her session."""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, Select, insert, select

from storage.database import Database
from storage.knocks import find_by_code
from storage.sealed import Key, Words, key_of
from storage.tables import clients, summaries, voices


@dataclass(frozen=True, slots=True)
class Recording:
    """The sound that belongs to an answer, by the name that the answer has for it."""

    ref: str
    sound: bytes = field(repr=False)


def voice_statement(recording: Recording, session: str, client: str, key: Key, now: datetime) -> Executable:
    """Keeps it. Her session must be there already."""
    text = b'"' + b64encode(recording.sound) + b'"'  # JSON already
    row = {"id": recording.ref, "session": session, "client": client, "at": now}
    return insert(voices).values(**row, body=Words(text, key, recording.ref))


async def voice_for_client(database: Database, code: str, ref: str, now: datetime) -> bytes | None:
    """One of hers, by her invite's code. None for a code that is not good, and for somebody else's."""

    def work(connection: Connection) -> bytes | None:
        client = find_by_code(connection, code, now)
        return None if client is None else _opened(connection, _named(ref).where(voices.c.client == client))

    return await database.read(work)


async def voice_for_case(database: Database, case: str, ref: str) -> bytes | None:
    """One that belongs to the conversation of a case. Whether it may be heard, the caller knows."""
    query = _named(ref).join(summaries, summaries.c.session == voices.c.session)
    return await database.read(lambda connection: _opened(connection, query.where(summaries.c.id == case)))


def _named(ref: str) -> Select[Any]:
    query = select(voices.c.id, voices.c.client, voices.c.body, clients.c.key).where(voices.c.id == ref)
    return query.join(clients, clients.c.id == voices.c.client)


def _opened(connection: Connection, query: Select[Any]) -> bytes | None:
    row = connection.execute(query).first()
    return None if row is None else b64decode(row.body.open(key_of(row.client, row.key), row.id))
