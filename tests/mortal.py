"""A whole server, web chat and Telegram, that is killed at a named point and comes back at the same address.

The points are made of what is passed in: the database, the way to send, SQLAlchemy's own events. The product
knows nothing of them.
"""

import asyncio
import multiprocessing
import os
import re
import signal
import socket
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from typing import Any, Literal

import uvicorn
from sqlalchemy import Connection, Engine, event

from bot.channels.telegram import CHANNEL, Telegram, Words
from bot.channels.telegram_aiogram import Aiogram
from bot.incoming import Incoming
from bot.intake import Intake
from bot.outbox import Sender
from bot.pace import ChatPace, OverallPace
from bot.scripts import Library
from bot.sending import Send
from bot.settings import Settings
from bot.turn import Talk
from bot.web_app import web_app
from dialogs.library import load
from dialogs.message import Message
from dialogs.moves import Moves
from locales.catalogue import CLIENT_LANGUAGES, STAFF_LANGUAGES, read_catalogue
from storage import outbox, quarantine, scripts
from storage.database import Database, T, Work, open_database
from storage.errors import DatabaseUnreadable
from storage.sealed import use_key
from tests.fakes.telegram_server import TOKEN

Point = Literal[
    "at random",  # from outside, whatever it is doing
    "before a turn's commit",
    "after a turn's commit",  # nothing is acknowledged yet, and nothing sent
    "before a send",
    "after a send",  # and nobody has written down that it was sent
    "in a hand-off",  # the summary comes into the transaction, the commit is not done
    "after a hand-off",  # committed, nothing is acknowledged yet, and nothing sent
]
UNLIMITED = 100_000  # messages; the pace has tests of its own
SECRET = "s" * 32


@dataclass(frozen=True, slots=True)
class House:
    """What a server needs to know. `by_webhook`: else it polls Telegram. `lease`: seconds.

    `at_once`: messages that are being sent at the same time, at most.
    """

    url: str
    telegram: str
    key: bytes
    script: str  # the text of "talk.yaml"
    by_webhook: bool
    lease: float
    at_once: int


@dataclass(slots=True)
class Fate:
    """It dies when it comes to that point for the `left`-th time."""

    point: Point | None = None
    left: int = 0

    def comes_to(self, point: Point) -> None:
        """Does not return at the last time."""
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


# ── the process that dies ────────────────────────────────────────────────────────────────────────


class MortalDatabase(Database):
    """A database whose process may die right before or right after a commit."""

    def __init__(self, inner: Database, fate: Fate) -> None:
        super().__init__()
        self.groups, self.own_address = inner.groups, inner.own_address
        self._inner = inner
        self._fate = fate

    async def write(self, work: Work[T]) -> T:
        """See Database."""
        return await self._watched(self._inner.write, work)

    async def write_now(self, work: Work[T]) -> T:
        """See Database."""
        return await self._watched(self._inner.write_now, work)

    async def read(self, work: Work[T]) -> T:
        """See Database."""
        return await self._inner.read(work)

    async def close(self) -> None:
        """See Database."""
        await self._inner.close()

    async def _watched(self, write: Callable[[Work[T]], Awaitable[T]], work: Work[T]) -> T:
        wrote: set[str] = set()

        def watched(connection: Connection) -> T:
            connection.connection.info["wrote"] = wrote
            result = work(connection)
            if "received" in wrote:
                self._fate.comes_to("before a turn's commit")
            return result

        result = await write(watched)
        if "received" in wrote:
            self._fate.comes_to("after a turn's commit")
        if "summaries" in wrote:
            self._fate.comes_to("after a hand-off")
        return result


def watch_statements(fate: Fate) -> None:
    """Which tables each transaction of this process has written to; and the point between two statements."""

    def ran(wrote: set[str], statement: str) -> None:
        tables = {found[1] for found in _WRITES.finditer(statement)}
        wrote |= tables
        if "summaries" in tables:
            fate.comes_to("in a hand-off")

    @event.listens_for(Engine, "connect")
    def watch_sqlite(driver: Any, record: Any) -> None:
        if isinstance(driver, sqlite3.Connection):  # what a turn runs goes past SQLAlchemy's events
            driver.set_trace_callback(lambda statement: ran(record.info.get("wrote", set()), statement))

    @event.listens_for(Engine, "after_cursor_execute")
    def watch_others(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if connection.dialect.name != "sqlite":
            ran(connection.connection.info.get("wrote", set()), statement)


_WRITES = re.compile(r"(?:INSERT INTO|UPDATE) (\w+)")


def mortal_send(send: Send, fate: Fate) -> Send:
    """Sending, with a point before and after it."""

    async def sends(address: str, message: Message) -> None:
        fate.comes_to("before a send")
        await send(address, message)
        fate.comes_to("after a send")

    return sends


def serve(house: House, listening: socket.socket, fate: Fate) -> None:
    """Everything that `trede run` runs, until it is killed."""
    asyncio.run(_serve(house, listening, fate))


async def _serve(house: House, listening: socket.socket, fate: Fate) -> None:
    use_key(house.key)
    watch_statements(fate)
    database = MortalDatabase(open_database(house.url), fate)
    moves = Moves(load("talk", {"talk.yaml": house.script}))
    await scripts.publish(database, moves.script.version, "talk", {"talk.yaml": house.script}, now())
    library = Library(database, moves)
    words = read_catalogue("client", CLIENT_LANGUAGES)
    talk = Talk(database, library, words, (("en", "English"),), now, lease=timedelta(seconds=house.lease))
    host, port = listening.getsockname()
    settings = Settings(
        _env_file=None,
        telegram_webhook_url=f"http://{host}:{port}/telegram" if house.by_webhook else "",
        telegram_webhook_secret=SECRET,
    )
    telegram = await _telegram(house, settings.telegram_webhook_url, talk, fate)
    hook = telegram.handle_webhook if house.by_webhook else None
    staff_words = read_catalogue("staff", STAFF_LANGUAGES)
    app = web_app(settings, talk, library, database, staff_words, hook)
    await uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).serve(sockets=[listening])


async def _telegram(house: House, webhook: str, talk: Talk, fate: Fate) -> Telegram:
    """Telegram and its sender, started as `bot.serve` starts them."""
    database = talk.database

    async def failed(incoming: Incoming, body: str, error: str) -> bool:
        return await quarantine.failed(database, CHANNEL, incoming.event, body, error, now())

    async def is_given_up(event: str) -> bool:
        return await quarantine.is_given_up(database, CHANNEL, event)

    pace = OverallPace(UNLIMITED)
    sender = Sender(
        database,
        CHANNEL,
        mortal_send(lambda *what: telegram.send(*what), fate),
        asyncio.Event(),
        now,
        pace,
        ChatPace(UNLIMITED),
        lease=talk.lease,
        at_once=house.at_once,
    )
    intake = Intake(replace(talk, hand_out=sender.hand).take, failed, is_given_up, (DatabaseUnreadable,))
    silent = Words(lambda _: "We do not know you.", lambda _: "We are sorry.", {})
    telegram = Telegram(Aiogram(TOKEN, house.telegram), intake, silent, pace)
    if database.own_address is None:
        await outbox.release_all(database, CHANNEL)
    await telegram.start(webhook or None, SECRET)
    sender.start()
    return telegram


# ── seen from outside ────────────────────────────────────────────────────────────────────────────

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])  # so that a killed server is back in a moment


@dataclass(slots=True)
class Mortal:
    """A server that can be killed and comes back."""

    house: House
    listening: socket.socket
    process: BaseProcess | None = None

    def start(self, fate: Fate | None = None) -> None:
        """It goes on where it was, until its fate."""
        told = (self.house, self.listening, fate or Fate())
        self.process = _forks.Process(target=serve, args=told, daemon=True)
        self.process.start()

    def kill(self) -> None:
        """SIGKILL: nothing is finished, closed or said."""
        assert self.process is not None
        self.process.kill()
        self.process.join()

    async def dies(self) -> None:
        """Waits until it has met its fate."""
        process = self.process
        assert process is not None
        await asyncio.to_thread(process.join)
        assert process.exitcode == -signal.SIGKILL, f"the server ended by itself: {process.exitcode}"

    @property
    def address(self) -> str:
        """Where browsers find it."""
        host, port = self.listening.getsockname()
        return f"http://{host}:{port}"


@contextmanager
def listening() -> Iterator[socket.socket]:
    """The parent keeps the socket open, so that connections wait while there is no server."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as taken:
        yield taken
