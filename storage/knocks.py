"""Finds out who is knocking, by her invite's code or by her chat, and binds a chat to her.

Whoever is found is locked until the end of the transaction, so that her turns come one after the other. This
is the way in for anybody by herself; those who are known come in together (see `arrivals`).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, delete, select, union, update

from storage.sealed import Words, hashed, key_of
from storage.tables import chats, clients, invites, outbox


@dataclass(frozen=True, slots=True)
class Knock:
    """One update from a channel. `event` is unique within the channel.

    `code`: an invite's code. `address`: the chat's id where messages can be sent. Both: bind the chat.
    `client`: her id, for what is not an update of hers, e.g. a timer. `lease`: this process sends on her
    channel and will do so at once; nobody else need look for the messages before that time is over.
    """

    channel: str
    event: str
    now: datetime
    code: str | None = None
    address: str | None = None
    client: str | None = None
    lease: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """Where she is written to. `order_key` is the same for all messages to one chat.

    `is_new`: nobody's yet; it is tied to her when her turn is saved.
    """

    id: str
    channel: str
    address: str
    order_key: str
    is_new: bool = False


class Admitted(NamedTuple):
    """Who it is, and her chat if she can be written to."""

    client: str
    chat: Chat | None = None


class Moved(Exception):
    """A chat went over to somebody else while we waited for the lock. Start the transaction again."""


def order_key(channel: str, address: str) -> str:
    """The same for all messages to one chat; tells nothing about the address."""
    return hashed(f"{channel}:{address}")


def event_name(event: str) -> str:
    """An update's name as it is stored: as it is, or hashed where it would not fit the column."""
    return event if len(event) <= 128 and event.isprintable() else hashed(event)


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
_HER_NEWEST_CHAT = (
    select(chats.c.id, chats.c.channel, chats.c.address, chats.c.address_hash, clients.c.key)
    .join(clients, clients.c.id == chats.c.client)
    .where(chats.c.client == bindparam("client"), chats.c.unreachable.is_(False))
    .order_by(chats.c.created.desc())
    .limit(1)
)
_THEM = (
    select(clients.c.id)
    .where(
        clients.c.id.in_(
            union(
                select(clients.c.id).where(clients.c.id == bindparam("client")),
                select(invites.c.client).where(invites.c.code_hash == bindparam("code_hash")),
                select(chats.c.client).where(
                    chats.c.channel == bindparam("channel"), chats.c.address_hash == bindparam("address_hash")
                ),
            )
        )
    )
    .order_by(clients.c.id)  # always in this order, so that two who wait do not wait for each other
)
_LOCK = _THEM.with_for_update(key_share=True)
_LOCK_NOW = _THEM.with_for_update(key_share=True, nowait=True)


def lock_at_once(connection: Connection, knock: Knock) -> None:
    """Whoever is knocking is ours until the transaction ends. Fails if somebody else has her in hand."""
    _lock(connection, knock, _LOCK_NOW)


def admit(connection: Connection, knock: Knock) -> Admitted | None:
    """None: no such invite or chat, or it is used up, expired, or tied to another chat already."""
    locked = _lock(connection, knock, _LOCK)
    if knock.client is not None:
        return _admit_by_id(connection, knock.client)
    owner = _owner(connection, knock)
    chat = _chat(connection, knock)
    if locked is not None and not {owner, chat.client if chat else None} - {None} <= locked:
        raise Moved
    if knock.code is None:
        return None if chat is None else _admitted(chat.client, _reachable_again(connection, chat), knock)
    if owner is None:
        return None
    if knock.address is None:
        return Admitted(owner)
    return _bind(connection, knock, knock.address, owner, chat)


def find_by_code(connection: Connection, code: str, now: datetime) -> str | None:
    """The client with this invite, without locking her."""
    owner: str | None = connection.scalar(_OWNER, {"code_hash": hashed(code), "now": now})
    return owner


def _lock(connection: Connection, knock: Knock, query: Select[Any]) -> set[str] | None:
    """The clients we hold now. None on SQLite, where the whole transaction has the database for itself."""
    if connection.dialect.name == "sqlite":
        return None
    names = {
        "client": knock.client or "",
        "code_hash": hashed(knock.code) if knock.code is not None else "",
        "channel": knock.channel,
        "address_hash": order_key(knock.channel, knock.address) if knock.address is not None else "",
    }
    return set(connection.scalars(query, names))


def _admit_by_id(connection: Connection, client: str) -> Admitted | None:
    if connection.scalar(select(clients.c.id).where(clients.c.id == client)) is None:
        return None
    row = connection.execute(_HER_NEWEST_CHAT, {"client": client}).first()
    if row is None:
        return Admitted(client)
    address = row.address.open(key_of(client, row.key), row.id)
    return Admitted(client, Chat(row.id, row.channel, address, row.address_hash))


def _owner(connection: Connection, knock: Knock) -> str | None:
    return None if knock.code is None else find_by_code(connection, knock.code, knock.now)


def _chat(connection: Connection, knock: Knock) -> Row[*tuple[Any, ...]] | None:
    if knock.address is None:
        return None
    key = order_key(knock.channel, knock.address)
    return connection.execute(_CHAT, {"channel": knock.channel, "address_hash": key}).first()


def _admitted(client: str, chat: str, knock: Knock) -> Admitted:
    address = knock.address or ""
    return Admitted(client, Chat(chat, knock.channel, address, order_key(knock.channel, address)))


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
        return _admitted(client, _reachable_again(connection, chat), knock)
    if connection.scalar(_HER_CHAT, {"client": client, "channel": knock.channel}) is not None:
        return None
    if chat is not None:
        return _admitted(client, _hand_over(connection, chat, address, client), knock)
    key = order_key(knock.channel, address)
    return Admitted(client, Chat(secrets.token_hex(16), knock.channel, address, key, is_new=True))


def _hand_over(connection: Connection, chat: Row[*tuple[Any, ...]], address: str, client: str) -> str:
    """The chat was another client's. What was to be sent to her there is not for these eyes."""
    id: str = chat.id
    connection.execute(delete(outbox).where(outbox.c.chat == id))
    hers = Words(address, _key(connection, client), id)
    connection.execute(
        update(chats).where(chats.c.id == id).values(client=client, address=hers, unreachable=False)
    )
    return id


def _key(connection: Connection, client: str) -> Any:
    return key_of(client, connection.scalar(select(clients.c.key).where(clients.c.id == client)))
