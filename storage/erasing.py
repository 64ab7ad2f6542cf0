"""Erases what a client no longer wants remembered."""

from sqlalchemy import Connection, delete, select, update

from storage.tables import chats, clients, invites, outbox, sessions


def erase_conversation(connection: Connection, client: str) -> None:
    """Her session with all answers, messages, consents and the summary, and what is still to be sent.

    Her chats stay bound and her invite stays good.
    """
    _erase_unsent(connection, client)
    connection.execute(delete(sessions).where(sessions.c.client == client))  # the rest hangs on it


def erase_client(connection: Connection, client: str) -> None:
    """Everything. A row without a name stays, so that her used-up invite still means nobody."""
    erase_conversation(connection, client)
    connection.execute(delete(chats).where(chats.c.client == client))
    connection.execute(update(invites).where(invites.c.client == client).values(used_up=True, code=""))
    connection.execute(update(clients).where(clients.c.id == client).values(name=""))


def _erase_unsent(connection: Connection, client: str) -> None:
    keys = select(chats.c.address_hash).where(chats.c.client == client)
    connection.execute(delete(outbox).where(outbox.c.order_key.in_(keys)))
