"""Two processes on one PostgreSQL get every update, both of them: no word is lost, no step is taken twice."""

import asyncio
import itertools
import multiprocessing
import os
import pickle
import random
import re
import signal
import socket
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, func, select

from bot.incoming import Incoming
from bot.intake import Intake, Received
from bot.outbox import Sender
from bot.pace import ChatPace, OverallPace
from bot.scripts import Library
from bot.turn import Talk
from dialogs.library import load
from dialogs.message import Message
from dialogs.moves import Moves
from dialogs.said import Command, Tap, Text
from locales.catalogue import CLIENT_LANGUAGES, read_catalogue
from storage import quarantine, scripts
from storage.database import T, Work, address_of, open_database
from storage.errors import DatabaseUnreadable
from storage.invites import invite
from storage.outbox import depth
from storage.postgres import PostgresDatabase
from storage.sealed import use_key
from storage.staff import add_organisation
from storage.tables import quarantine as set_aside
from storage.tables import sessions, summaries
from storage.together import listen
from tests.conftest import KEY
from tests.crowd import SHARING
from tests.told import told

ANSWERS = 31
QUESTIONS = ANSWERS - 3  # and what she reads back, what she shares, and whether she wants a call
TURNS = ANSWERS + 1  # and her hello
NO_LIMIT = 1_000_000_000
PATIENCE = 60.0  # seconds; a busy machine is slow

LIMITS = {"lock_timeout": "0", "idle_in_transaction_session_timeout": "8s"}
"""So that nobody has to wait for long here; but who waits for a lock in the database waits all that time."""


def _step(n: int) -> str:
    if n % 2:
        return f"      - text: q{n}\n        ask: What is number {n}?\n        summary: ambition\n"
    labels = "".join(f"          - c{c}: Choice {c} of {n}\n" for c in range(1, 5))
    return f"      - choice: q{n}\n        ask: Which is number {n}?\n        choices:\n{labels}"


SCRIPT = f"""\
script: long
title: Long
parts:
  - part: one
    title: One
    minutes: 5
    steps:
{"".join(_step(n) for n in range(1, QUESTIONS + 1))}\
{SHARING}"""

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])


def now() -> datetime:
    return datetime.now(UTC)


def moves() -> Moves:
    return Moves(load("long", {"long.yaml": SCRIPT}))


# ── what goes between the test and a worker ──────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Take:
    """Updates that come in at the same moment, each with a number. `stop`: before they are committed."""

    updates: tuple[tuple[int, Incoming], ...]
    stop: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an update."""

    number: int
    received: Received


@dataclass(frozen=True, slots=True)
class Sent:
    """A message went out."""

    address: str
    message: Message


def write(stream: asyncio.StreamWriter, what: Take | Answer | Sent) -> None:
    data = pickle.dumps(what)
    stream.write(len(data).to_bytes(4, "big") + data)


async def read(stream: asyncio.StreamReader) -> Any:
    size = int.from_bytes(await stream.readexactly(4), "big")
    return pickle.loads(await stream.readexactly(size))


# ── a worker ─────────────────────────────────────────────────────────────────────────────────────


class Stopping(PostgresDatabase):
    """Stops this whole process in the middle of a transaction of turns, once, when told to."""

    is_to_stop = False

    async def write_now(self, work: Work[T]) -> T:
        def stopping(connection: Connection) -> T:
            result = work(connection)
            if self.is_to_stop:
                self.is_to_stop = False
                os.kill(os.getpid(), signal.SIGSTOP)
            return result

        return await super().write_now(stopping)


def work(url: str, end: socket.socket) -> None:
    """Takes updates and sends, as `trede run` does, until it is killed."""
    asyncio.run(_work(url, end))


async def _work(url: str, end: socket.socket) -> None:
    use_key(KEY)
    database = Stopping(address_of(url), limits=LIMITS, longest="10s")
    reader, writer = await asyncio.open_connection(sock=end)

    async def send(address: str, message: Message) -> None:
        write(writer, Sent(address, message))

    async def failed(incoming: Incoming, body: str, error: str) -> bool:
        return await quarantine.failed(database, "telegram", incoming.event, body, error, now())

    async def is_given_up(event: str) -> bool:
        return await quarantine.is_given_up(database, "telegram", event)

    wake = asyncio.Event()
    pace, chats = OverallPace(NO_LIMIT), ChatPace(burst=NO_LIMIT)
    sender = Sender(database, "telegram", send, wake, now, pace, chats)
    words = read_catalogue("client", CLIENT_LANGUAGES)
    talk = Talk(database, Library(database, moves()), words, (("en", "English"),), now)
    intake = Intake(replace(talk, hand_out=sender.hand).take, failed, is_given_up, (DatabaseUnreadable,))

    async def take(number: int, incoming: Incoming) -> None:
        write(writer, Answer(number, await intake.receive(incoming, lambda: "")))

    sender.start()
    tasks = {asyncio.create_task(listen(database, lambda _: wake.set()))}
    while True:
        told: Take = await read(reader)
        database.is_to_stop = told.stop
        for update in told.updates:
            tasks.add(task := asyncio.create_task(take(*update)))
            task.add_done_callback(tasks.discard)


@dataclass
class Worker:
    """A worker's process, seen from the test."""

    process: BaseProcess
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sent: "asyncio.Queue[Sent]"
    waiting: dict[int, "asyncio.Future[Received]"] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def gives(self, *incoming: Incoming, stop: bool = False) -> list[Received]:
        """What became of these; they reach the worker all at once, however long it takes to answer."""
        numbered = tuple((next(self.numbers), each) for each in incoming)
        for number, _ in numbered:
            self.waiting[number] = asyncio.get_running_loop().create_future()
        futures = [self.waiting[number] for number, _ in numbered]
        write(self.writer, Take(numbered, stop))
        return await asyncio.gather(*futures)

    async def hears(self) -> None:
        """What comes from the worker, until it is killed."""
        while True:
            said = await read(self.reader)
            if isinstance(said, Answer):
                self.waiting.pop(said.number).set_result(said.received)
            else:
                self.sent.put_nowait(said)

    def goes_on(self) -> None:
        """After it was stopped."""
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGCONT)


@asynccontextmanager
async def worker(url: str, sent: "asyncio.Queue[Sent]") -> AsyncIterator[Worker]:
    ours, its = socket.socketpair()
    process = _forks.Process(target=work, args=(url, its), daemon=True)
    await asyncio.to_thread(process.start)
    its.close()
    made = Worker(process, *await asyncio.open_connection(sock=ours), sent)
    hearing = asyncio.create_task(made.hears())
    try:
        yield made
    finally:
        hearing.cancel()
        process.kill()
        await asyncio.to_thread(process.join)
        made.writer.close()


# ── women who talk ───────────────────────────────────────────────────────────────────────────────


@dataclass
class Woman:
    """What she heard and said. `question`: what waits for her answer."""

    number: int
    code: str
    heard: list[Message] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    question: "asyncio.Queue[Message]" = field(default_factory=asyncio.Queue)
    updates: int = 0

    @property
    def address(self) -> str:
        return str(1000 + self.number)

    def gets(self, message: Message) -> None:
        self.heard.append(message)
        if message.token:
            self.question.put_nowait(message)

    def hello(self) -> Incoming:
        return self._update(Command("start"), self.code)

    async def answer(self) -> Incoming:
        """To the question that she has got, or gets."""
        message = await asyncio.wait_for(self.question.get(), PATIENCE)
        choices = [button for button in message.buttons if button.kind == "choice"]
        if not choices:
            self.said.append(f"{self.number} says {len(self.said)}")
            return self._update(Text(self.said[-1]))
        varies = message.paragraphs[0].startswith("Which is number")
        chosen = choices[(self.number + len(self.said)) % 4 if varies else 0]
        self.said.append(re.sub(r"^\d+\. ", "", chosen.label))
        return self._update(Tap(message.token, chosen.value))

    def _update(self, said: Command | Text | Tap, code: str | None = None) -> Incoming:
        self.updates += 1
        return Incoming("telegram", f"1:{self.number}-{self.updates}", said, code, self.address)


@dataclass
class Pair:
    """Two workers, and the women who talk with both."""

    url: str
    workers: tuple[Worker, Worker]
    women: Sequence[Woman]
    chance: random.Random
    fates: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    under_way: set["asyncio.Task[None]"] = field(default_factory=set)

    def gives_both(self, incoming: Incoming) -> None:
        """In either order, at once; sometimes to one of them much later."""
        for n, each in enumerate(self.chance.sample(self.workers, 2)):
            later = self.chance.uniform(0.05, 1.0) if n and self.chance.random() < 0.3 else 0.0
            task = asyncio.create_task(self.until_taken(each, incoming, later))
            self.under_way.add(task)

    async def until_taken(self, each: Worker, incoming: Incoming, later: float = 0.0) -> None:
        """As Telegram does it: what is not acknowledged is handed in again."""
        await asyncio.sleep(later)
        while True:
            [received] = await each.gives(incoming)
            if received.status == 200:
                break
            await asyncio.sleep(0.1)
        self.fates[incoming.event].append(received.taken.status if received.taken else received.fate)

    async def all_answer(self, how_many: int) -> None:
        """Everybody answers so many questions, all side by side; until both workers have taken all."""
        await asyncio.gather(*(self._answers(woman, how_many) for woman in self.women))
        await self._settled()

    async def all_answer_the_rest(self) -> None:
        """To the end, wherever each of them is."""
        await asyncio.gather(*(self._answers(woman, ANSWERS - len(woman.said)) for woman in self.women))
        await self._settled()

    async def all_begin(self) -> None:
        for woman in self.women:
            self.gives_both(woman.hello())
        await self._settled()

    async def _answers(self, woman: Woman, how_many: int) -> None:
        for _ in range(how_many):
            self.gives_both(await woman.answer())

    async def _settled(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self.under_way)
        self.under_way.clear()

    async def nothing_waits(self) -> None:
        """Until all that was to be sent is sent, and written down as sent."""
        database = open_database(self.url)
        async with asyncio.timeout(PATIENCE):
            while await depth(database):  # noqa: ASYNC110 — it is emptied in the database
                await asyncio.sleep(0.05)
        await database.close()


@asynccontextmanager
async def pair(url: str, people: int) -> AsyncIterator[Pair]:
    """Two workers, and so many women invited."""
    database = open_database(url)
    await add_organisation(database, "Huis", now())
    await scripts.publish(database, moves().script.version, "long", {"long.yaml": SCRIPT}, now())
    codes = [(await invite(database, name="Amina", language="en", now=now())).code for _ in range(people)]
    await database.close()
    women = [Woman(number, code) for number, code in enumerate(codes)]
    sent: asyncio.Queue[Sent] = asyncio.Queue()
    async with worker(url, sent) as one, worker(url, sent) as other:
        handing = asyncio.create_task(_hand_over(sent, {woman.address: woman for woman in women}))
        yield Pair(url, (one, other), women, random.Random(people))
        handing.cancel()


async def _hand_over(sent: "asyncio.Queue[Sent]", women: Mapping[str, Woman]) -> None:
    while True:
        each = await sent.get()
        women[each.address].gets(each.message)


# ── what is left in the end ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Kept:
    """Of one woman: every answer that was ever kept, in order; how often her session was saved."""

    said: tuple[tuple[str, str], ...]
    turns: int


async def kept(url: str) -> dict[str, Kept]:
    """By her first answer, which holds her number."""

    def look(connection: Connection) -> dict[str, Kept]:
        turns = dict(connection.execute(select(sessions.c.id, sessions.c.version)).all())
        said = {
            id: tuple((place.step, answer.words) for place, answer in hers.answers)
            for id, hers in told(connection).items()
        }
        return {each[0][1]: Kept(each, turns[id]) for id, each in said.items()}

    database = open_database(url)
    try:
        return await database.read(look)
    finally:
        await database.close()


async def counted(url: str) -> dict[str, int]:
    """How many summaries there are, and how many updates that failed."""

    def look(connection: Connection) -> dict[str, int]:
        tables = (summaries, set_aside)
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables
        }

    database = open_database(url)
    try:
        return await database.read(look)
    finally:
        await database.close()


async def check_that_all_is_once(talked: Pair) -> None:
    """Every update was taken once; every answer is kept, once; every message was sent once."""
    people = len(talked.women)
    assert Counter(tuple(sorted(fates)) for fates in talked.fates.values()) == {
        ("done", "duplicate"): people * TURNS
    }
    found = await kept(talked.url)
    assert len(found) == people
    for woman in talked.women:
        hers = found[woman.said[0]]
        asked = [(f"q{n}", words) for n, words in enumerate(woman.said[:QUESTIONS], start=1)]
        assert [(question, words) for question, words in hers.said if question.startswith("q")] == asked
        assert hers.turns == TURNS
    for woman in talked.women:
        tokens = [message.token for message in woman.heard if message.token]
        assert len(tokens) == len(set(tokens)) == TURNS  # the last offers what she can do now
        assert len(woman.heard) == TURNS + 2, "and a heading and thanks, which ask nothing"
    assert await counted(talked.url) == {"summaries": people, "quarantine": 0}


# ── the tests ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("people", [20, pytest.param(200, marks=pytest.mark.long)])
async def test_of_updates_that_both_workers_get_none_is_lost_and_none_is_taken_twice(
    postgres_url: str, people: int
) -> None:
    async with pair(postgres_url, people) as talking:
        await talking.all_begin()
        await talking.all_answer(ANSWERS)
        await talking.nothing_waits()

        await check_that_all_is_once(talking)


@pytest.mark.parametrize("people", [20, pytest.param(200, marks=pytest.mark.long)])
async def test_a_worker_that_stops_in_mid_transaction_holds_up_only_those_it_has_in_hand(
    postgres_url: str, people: int
) -> None:
    async with pair(postgres_url, people) as talking:
        runs, stops = talking.workers
        held, others = talking.women[:12], talking.women[12:]  # more than a worker has connections
        await talking.all_begin()
        await talking.all_answer(3)
        await talking.nothing_waits()

        updates = [await woman.answer() for woman in held]
        lost = asyncio.create_task(stops.gives(*updates, stop=True))
        await until_somebody_is_idle_in_a_transaction(postgres_url)
        waiting = [asyncio.create_task(talking.until_taken(runs, update)) for update in updates]
        await asyncio.sleep(0.5)  # they all wait now
        async with asyncio.timeout(PATIENCE):
            for _ in range(2):
                meanwhile = [await woman.answer() for woman in others]
                await asyncio.gather(*(talking.until_taken(runs, update) for update in meanwhile))
                updates += meanwhile
        assert not any(task.done() for task in (lost, *waiting)), "others did not wait for those"

        await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE)
        assert not lost.done(), "it is still stopped"
        stops.goes_on()
        assert {received.fate for received in await asyncio.wait_for(lost, PATIENCE)} == {"away"}

        for update in updates:
            await talking.until_taken(stops, update)
        await talking.all_answer_the_rest()
        await talking.nothing_waits()
        await check_that_all_is_once(talking)


async def until_somebody_is_idle_in_a_transaction(url: str) -> None:
    idle = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND state = 'idle in transaction' AND now() - state_change > interval '300 ms'"
    )
    connection = await asyncpg.connect(url)
    async with asyncio.timeout(PATIENCE):
        while not await connection.fetchval(idle):  # noqa: ASYNC110 — the database does not tell
            await asyncio.sleep(0.05)
    await connection.close()
