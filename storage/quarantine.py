"""Updates that always fail: counted, then set aside sealed, so that they do not block a chat."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Database
from storage.knocks import event_name, order_key
from storage.sealed import Key, Words, house_key, key_of
from storage.tables import chats, clients, quarantine


def _counting(insert: Any) -> Any:
    new = insert(quarantine)
    return new.on_conflict_do_update(
        index_elements=[quarantine.c.channel, quarantine.c.event],
        set_={
            "tries": quarantine.c.tries + 1,
            "body": new.excluded.body,
            "client": new.excluded.client,
            "error": new.excluded.error,
            "at": new.excluded.at,
        },
    ).returning(quarantine.c.tries)


_COUNT = {"sqlite": _counting(sqlite.insert), "postgresql": _counting(postgresql.insert)}


async def failed(
    database: Database,
    channel: str,
    event: str,
    body: str,
    error: str,
    now: datetime,
    give_up_after: int = 3,
    address: str | None = None,
) -> bool:
    """Count a failure. True: this was the last one, acknowledge the update.

    `body` is the update and is sealed, with her key if `address` is a client's; `error` is its class and
    place (cut at 200), never a person's words.
    """
    row = {"channel": channel, "event": event_name(event), "tries": 1, "error": error[:200], "at": now}

    def work(connection: Connection) -> bool:
        client, key = whose(connection, channel, address)
        sealed = Words(body, key, quarantine_row(channel, event))
        tries = connection.scalar(_COUNT[connection.dialect.name], {**row, "client": client, "body": sealed})
        given_up: bool = tries is not None and tries >= give_up_after
        connection.execute(
            update(quarantine)
            .where(quarantine.c.channel == channel, quarantine.c.event == event_name(event))
            .values(given_up=given_up)
        )
        return given_up

    return await database.write(work)


def whose(connection: Connection, channel: str, address: str | None) -> tuple[str | None, Key]:
    """The client with that chat and her key; nobody and the house key where it is no client's."""
    query = (
        select(clients.c.id, clients.c.key)
        .join(chats, chats.c.client == clients.c.id)
        .where(chats.c.channel == channel, chats.c.address_hash == order_key(channel, address or ""))
    )
    row = connection.execute(query).first() if address is not None else None
    return (None, house_key()) if row is None else (row.id, key_of(row.id, row.key))


def quarantine_row(channel: str, event: str) -> str:
    """What an update in quarantine is called as a row."""
    return f"{channel}/{event_name(event)}"


async def is_given_up(database: Database, channel: str, event: str) -> bool:
    """Whether the update was set aside."""
    query = select(quarantine.c.given_up).where(
        quarantine.c.channel == channel, quarantine.c.event == event_name(event)
    )
    return bool(await database.read(lambda connection: connection.scalar(query)))
