"""The process is killed in the middle of turns, again and again: no answer is lost, none is taken twice."""

import asyncio
import multiprocessing
import random
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from multiprocessing.process import BaseProcess

import httpx
import pytest
import uvicorn
from sqlalchemy import Connection, select

from bot.scripts import Library
from bot.settings import Settings
from bot.turn import Talk
from bot.web_app import web_app
from dialogs.library import load
from dialogs.moves import Moves
from locales.catalogue import CLIENT_LANGUAGES, STAFF_LANGUAGES, read_catalogue
from storage import scripts
from storage.database import Database, open_database
from storage.invites import invite
from storage.pages import look
from storage.sealed import key_of, use_key
from storage.staff import add_organisation
from storage.tables import answers, clients
from tests.conftest import KEY

QUESTIONS = 60
SCRIPT = (
    "script: long\ntitle: Long\nparts:\n  - part: one\n    title: One\n    minutes: 5\n    steps:\n"
    + "".join(f"      - text: q{n}\n        ask: What is number {n}?\n" for n in range(1, QUESTIONS + 1))
)

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])  # so that a killed server is back in a moment


def now() -> datetime:
    return datetime.now(UTC)


def serve(url: str, listening: socket.socket) -> None:
    """The web application over that database, until it is killed."""
    asyncio.run(_serve(url, listening))


async def _serve(url: str, listening: socket.socket) -> None:
    use_key(KEY)
    database = open_database(url)
    library = Library(database, Moves(load("long", {"long.yaml": SCRIPT})))
    await scripts.publish(database, library.current.script.version, "long", {"long.yaml": SCRIPT}, now())
    words = read_catalogue("client", CLIENT_LANGUAGES)
    talk = Talk(database, library, words, (("en", "English"),), now)
    app = web_app(Settings(_env_file=None), talk, library, database, read_catalogue("staff", STAFF_LANGUAGES))
    await uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).serve(sockets=[listening])


@dataclass
class Server:
    """A server that can be killed and comes back at the same address."""

    url: str
    listening: socket.socket
    process: BaseProcess | None = None
    kills: int = 0

    def start(self) -> None:
        self.process = _forks.Process(target=serve, args=(self.url, self.listening), daemon=True)
        self.process.start()

    def kill(self) -> None:
        """SIGKILL: nothing is finished, closed or said."""
        assert self.process is not None
        self.process.kill()
        self.process.join()
        self.kills += 1

    @property
    def address(self) -> str:
        host, port = self.listening.getsockname()
        return f"http://{host}:{port}"


@contextmanager
def serving(url: str) -> Iterator[Server]:
    # The parent keeps the socket open, so that connections wait while there is no server.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(url, listening)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def form_on(page: str) -> dict[str, str]:
    answer = page[page.index('id="answers"') :]
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer)
    return {name: unescape(value) for name, value in reversed(fields)}


def send(phone: httpx.Client, path: str, fields: dict[str, str]) -> bool:
    """Whether she was told that it was taken."""
    try:
        return phone.post(path, data=fields).status_code == 303
    except httpx.TransportError:
        return False


async def told(database: Database) -> list[str]:
    """Her answers, every one that was ever kept, in order."""

    def work(connection: Connection) -> list[str]:
        her = connection.execute(select(clients.c.id, clients.c.key)).one()
        key = key_of(her.id, her.key)
        rows = connection.execute(
            select(answers.c.session, answers.c.n, answers.c.body).order_by(answers.c.n)
        )
        return [row.body.open(key, f"{row.session}/{row.n}")["words"] for row in rows]

    return await database.read(work)


async def invited(database: Database) -> str:
    await add_organisation(database, "Huis", now())
    return (await invite(database, name="Amina", language="en", now=now())).code


def killed_soon(server: Server, sending: "Future[bool]", chance: random.Random) -> None:
    """Killed while an answer is on its way: before, in or after its transaction."""
    threading.Event().wait(chance.uniform(0, 0.03))
    server.kill()
    server.start()
    sending.exception()  # cut off, or taken by the new server if the old one had not begun


@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.long)])
async def test_no_answer_is_lost_and_none_doubled_however_often_the_server_is_killed(
    sqlite_url: str, kills: int
) -> None:
    database = open_database(sqlite_url)
    path = f"/chat/{await invited(database)}"
    chance = random.Random(kills)

    def talk() -> list[str]:
        said = []
        with (
            serving(sqlite_url) as server,
            httpx.Client(base_url=server.address, timeout=20, headers={"connection": "close"}) as phone,
            ThreadPoolExecutor(1) as thread,
        ):
            assert send(phone, path, {"command": "start"})
            for n in range(1, QUESTIONS + 1):
                fields = form_on(phone.get(path).text) | {"text": f"answer {n}"}
                for _ in range(kills // 20 if n % 3 == 0 else 0):
                    phone.get(path)  # it is there
                    killed_soon(server, thread.submit(send, phone, path, fields), chance)
                assert send(phone, path, fields), "the same form sent again is taken, or known already"
                said.append(fields["text"])
            assert server.kills == kills
        return said

    said = await asyncio.to_thread(talk)

    transcript = await look(database, path.rsplit("/", 1)[1], now())
    assert transcript is not None
    hers = [message.paragraphs[0] for _, message in transcript.messages if message.hers]
    assert await told(database) == said
    assert hers == said
    await database.close()
