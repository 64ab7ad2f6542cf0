"""What several processes on one PostgreSQL arrange with each other: who wakes whom, and who leads.

With SQLite there is one process, so nobody needs waking and it always leads.
"""

import asyncio
from collections.abc import Callable

import asyncpg
from sqlalchemy import Connection, func, select

from storage.database import Database

_CHANNEL = "trede"
_PATIENCE = 5.0  # seconds for the server to answer
_QUIET = "90s"  # longer than a poll of Telegram takes
_KEEP_ALIVE = {"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}
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

    The lock hangs on a connection: when that is lost, or its process, or its machine, another one can lead.
    Who leads must ask `is_ours` again within `quiet`, else it is taken to have stopped.
    """

    def __init__(self, database: Database, thing: str, quiet: str = _QUIET) -> None:
        self._address = database.own_address
        self._thing = thing
        self._quiet = quiet
        self._connection: asyncpg.Connection | None = None
        self._leads = False

    async def is_ours(self) -> bool:
        """Whether this process leads now; if nobody does, it does from now on."""
        if self._address is None:
            return True
        try:
            if self._connection is None or self._connection.is_closed():
                self._leads = False
                self._connection = await self._connected(self._address)
            self._leads = await self._ask(self._connection)
        except AWAY:
            self._leads = False
        return self._leads

    async def _connected(self, address: str) -> asyncpg.Connection:
        settings = {**_KEEP_ALIVE, "idle_session_timeout": self._quiet}
        return await asyncpg.connect(address, timeout=_PATIENCE, server_settings=settings)

    async def _ask(self, connection: asyncpg.Connection) -> bool:
        """Also by who leads already: it shows the server that we are still there."""
        if self._leads:
            await connection.execute("SELECT 1", timeout=_PATIENCE)
            return True
        query = "SELECT pg_try_advisory_lock(hashtext($1))"
        return bool(await connection.fetchval(query, f"trede {self._thing}", timeout=_PATIENCE))

    async def resign(self) -> None:
        """Let another one lead."""
        if self._connection is not None:
            self._connection.terminate()
        self._leads = False
