"""Erases what a client no longer wants remembered."""

from sqlalchemy import Connection, delete, select, update

from storage.sealed import Words, house_key
from storage.tables import chats, clients, invites, outbox, quarantine, sessions


def erase_conversation(connection: Connection, client: str) -> None:
    """Her session with all answers, messages, consents and the summary, what is still to be sent, and what
    failed and was set aside.

    Her chats stay bound and her invite stays good.
    """
    _erase_unsent(connection, client)
    connection.execute(delete(quarantine).where(quarantine.c.client == client))
    connection.execute(delete(sessions).where(sessions.c.client == client))  # the rest hangs on it


def erase_client(connection: Connection, client: str) -> None:
    """Everything, and her key, so that what may be left of a row on the disk opens no more.

    A row without a name stays, so that her used-up invite still means nobody.
    """
    erase_conversation(connection, client)
    connection.execute(delete(chats).where(chats.c.client == client))
    for code in connection.scalars(select(invites.c.code_hash).where(invites.c.client == client)).all():
        nothing = Words("", house_key(), code)
        connection.execute(
            update(invites).where(invites.c.code_hash == code).values(used_up=True, code=nothing)
        )
    nameless = Words("", house_key(), client)
    connection.execute(update(clients).where(clients.c.id == client).values(name=nameless, key=None))


def _erase_unsent(connection: Connection, client: str) -> None:
    keys = select(chats.c.address_hash).where(chats.c.client == client)
    connection.execute(delete(outbox).where(outbox.c.order_key.in_(keys)))
