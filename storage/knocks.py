"""Finds out who is knocking, by her invite's code or by her chat, and binds a chat to her.

Whoever is found is locked until the end of the transaction, so that her turns come one after the other.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from storage.sealed import hashed
from storage.tables import chats, clients, invites, outbox


@dataclass(frozen=True, slots=True)
class Knock:
    """One update from a channel. `event` is unique within the channel.

    `code`: an invite's code. `address`: the chat's id where messages can be sent. Both: bind the chat.
    """

    channel: str
    event: str
    now: datetime
    code: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who it is. `chat` is its row's id, if she came with an address."""

    client: str
    chat: str | None


class Moved(Exception):
    """A chat went over to somebody else while we waited for the lock. Start the transaction again."""


_OWNER = select(invites.c.client).where(
    invites.c.code_hash == bindparam("code_hash"),
    invites.c.used_up.is_(False),
    invites.c.expires > bindparam("now", type_=invites.c.expires.type),
)
_CHAT = select(chats.c.id, chats.c.client, chats.c.unreachable).where(
    chats.c.channel == bindparam("channel"), chats.c.address_hash == bindparam("address_hash")
)
_HER_CHAT = select(chats.c.id).where(
    chats.c.client == bindparam("client"), chats.c.channel == bindparam("channel")
)
_LOCK = (
    select(clients.c.id)
    .where(
        or_(
            clients.c.id.in_(select(invites.c.client).where(invites.c.code_hash == bindparam("code_hash"))),
            clients.c.id.in_(
                select(chats.c.client).where(
                    chats.c.channel == bindparam("channel"), chats.c.address_hash == bindparam("address_hash")
                )
            ),
        )
    )
    .order_by(clients.c.id)  # always in this order, so that two who wait do not wait for each other
    .with_for_update(key_share=True)
)


def admit(connection: Connection, knock: Knock) -> Admitted | None:
    """None: no such invite or chat, or it is used up, expired, or tied to another chat already."""
    locked = _lock(connection, knock)
    owner = _owner(connection, knock)
    chat = _chat(connection, knock)
    if locked is not None and not {owner, chat.client if chat else None} - {None} <= locked:
        raise Moved
    if knock.code is None:
        return None if chat is None else Admitted(chat.client, _reachable_again(connection, chat))
    if owner is None:
        return None
    if knock.address is None:
        return Admitted(owner, None)
    return _bind(connection, knock, knock.address, owner, chat)


def find_by_code(connection: Connection, code: str, now: datetime) -> str | None:
    """The client with this invite, without locking her."""
    owner: str | None = connection.scalar(_OWNER, {"code_hash": hashed(code), "now": now})
    return owner


def order_key(channel: str, address: str) -> str:
    """The same for all messages to one chat; tells nothing about the address."""
    return hashed(f"{channel}:{address}")


def event_name(event: str) -> str:
    """An update's name as it is stored: as it is, or hashed where it would not fit the column."""
    return event if len(event) <= 128 and event.isprintable() else hashed(event)


def _lock(connection: Connection, knock: Knock) -> set[str] | None:
    """The clients we hold now. None on SQLite, where the whole transaction has the database for itself."""
    if connection.dialect.name == "sqlite":
        return None
    names = {
        "code_hash": hashed(knock.code) if knock.code is not None else "",
        "channel": knock.channel,
        "address_hash": order_key(knock.channel, knock.address) if knock.address is not None else "",
    }
    return set(connection.scalars(_LOCK, names))


def _owner(connection: Connection, knock: Knock) -> str | None:
    return None if knock.code is None else find_by_code(connection, knock.code, knock.now)


def _chat(connection: Connection, knock: Knock) -> Row[*tuple[Any, ...]] | None:
    if knock.address is None:
        return None
    key = order_key(knock.channel, knock.address)
    return connection.execute(_CHAT, {"channel": knock.channel, "address_hash": key}).first()


def _reachable_again(connection: Connection, chat: Row[*tuple[Any, ...]]) -> str:
    """She wrote, so she has not blocked us any more."""
    if chat.unreachable:
        connection.execute(update(chats).where(chats.c.id == chat.id).values(unreachable=False))
    id: str = chat.id
    return id


def _bind(
    connection: Connection, knock: Knock, address: str, client: str, chat: Row[*tuple[Any, ...]] | None
) -> Admitted | None:
    """Tie the chat to the client. A client has one chat a channel: a second one is turned away."""
    if chat is not None and chat.client == client:
        return Admitted(client, _reachable_again(connection, chat))
    if connection.scalar(_HER_CHAT, {"client": client, "channel": knock.channel}) is not None:
        return None
    if chat is not None:
        return Admitted(client, _hand_over(connection, chat, client))
    return Admitted(client, _new_chat(connection, knock, address, client))


def _hand_over(connection: Connection, chat: Row[*tuple[Any, ...]], client: str) -> str:
    """The chat was another client's. What was to be sent to her there is not for these eyes."""
    connection.execute(delete(outbox).where(outbox.c.chat == chat.id))
    connection.execute(update(chats).where(chats.c.id == chat.id).values(client=client, unreachable=False))
    id: str = chat.id
    return id


def _new_chat(connection: Connection, knock: Knock, address: str, client: str) -> str:
    id = secrets.token_hex(16)
    connection.execute(
        insert(chats).values(
            id=id,
            client=client,
            channel=knock.channel,
            address_hash=order_key(knock.channel, address),
            address=address,
            created=knock.now,
        )
    )
    return id
