"""What several processes on one PostgreSQL arrange with each other: who wakes whom, and who leads.

With SQLite there is one process, so nobody needs waking and it always leads.
"""

import asyncio
from collections.abc import Callable

import asyncpg
from sqlalchemy import Connection, func, select

from storage.database import Database

_CHANNEL = "trede"
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a connection may raise when the server is away."""


def wake(connection: Connection, topic: str) -> None:
    """Tell all processes, once this transaction is committed, that there is something to do: "outbox" …"""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(_CHANNEL, topic)))


async def listen(database: Database, heard: Callable[[str], None], pause: float = 2.0) -> None:
    """Call `heard(topic)` for every waking, until cancelled; `heard("")` when some may have been missed.

    `pause`: seconds before the next try when the server is away.
    """
    if database.own_address is None:
        return
    while True:
        try:
            await _listen(database.own_address, heard)
        except AWAY:
            await asyncio.sleep(pause)


async def _listen(address: str, heard: Callable[[str], None]) -> None:
    """Until the connection is lost."""
    lost = asyncio.Event()
    connection = await asyncpg.connect(address)
    try:
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(_CHANNEL, lambda _connection, _pid, _channel, topic: heard(str(topic)))
        heard("")
        await lost.wait()
    finally:
        connection.terminate()


class Leader:
    """One process of all leads in a thing, such as polling: the one that holds its lock.

    The lock hangs on a connection: when that is lost, or its process, another one can lead.
    """

    def __init__(self, database: Database, thing: str) -> None:
        self._address = database.own_address
        self._thing = thing
        self._connection: asyncpg.Connection | None = None
        self._leads = False

    async def is_ours(self) -> bool:
        """Whether this process leads now; if nobody does, it does from now on."""
        if self._address is None:
            return True
        try:
            if self._connection is None or self._connection.is_closed():
                self._leads = False
                self._connection = await asyncpg.connect(self._address)
            if not self._leads:
                self._leads = await self._connection.fetchval(
                    "SELECT pg_try_advisory_lock(hashtext($1))", f"trede {self._thing}"
                )
        except AWAY:
            self._leads = False
        return self._leads

    async def resign(self) -> None:
        """Let another one lead."""
        if self._connection is not None:
            self._connection.terminate()
        self._leads = False
