"""What the database keeps of everybody's turns, opened with their keys and past all caches."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from dialogs.message import Message
from dialogs.session import Answer, Place
from storage.database import Database
from storage.sealed import key_of
from storage.stored_session import answers_from, turn_row
from storage.tables import clients, sessions, turns


@dataclass
class Told:
    """Of one session, oldest first: its turns' numbers, every answer, its messages with their numbers."""

    turns: list[int] = field(default_factory=list)
    answers: list[tuple[Place, Answer]] = field(default_factory=list)
    messages: list[tuple[int, Message]] = field(default_factory=list)


def told(connection: Connection) -> dict[str, Told]:
    """By session."""
    found: dict[str, Told] = {}
    hers = select(turns, clients.c.id.label("client"), clients.c.key)
    joined = hers.select_from(turns.join(sessions, sessions.c.id == turns.c.session).join(clients))
    for row in connection.execute(joined.order_by(turns.c.session, turns.c.n)):
        key, her = key_of(row.client, row.key), found.setdefault(row.session, Told())
        her.turns.append(row.n)
        her.answers += answers_from([row], key)
        if row.messages is not None:
            bodies = row.messages.open(key, turn_row(row.session, row.n))
            her.messages += enumerate(map(Message.from_json, bodies), start=row.first)
    return found


async def told_in(database: Database) -> dict[str, Told]:
    """The same, of a database."""
    return await database.read(told)


async def only_one(database: Database) -> Told:
    """Of the only session there is."""
    (her,) = (await told_in(database)).values()
    return her
