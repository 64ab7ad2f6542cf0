"""Trede without a network: turns, timers, outbox and Telegram's way in, on a real database that can be opened
anew; and what its rows say, read with her key and past all caches.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from bot.channels.telegram import CHANNEL, Telegram, Words
from bot.channels.telegram_library import Heard, Update
from bot.channels.telegram_ptb import Ptb
from bot.incoming import Incoming, Taken
from bot.intake import Intake
from bot.outbox import LEASE
from bot.pace import OverallPace
from bot.scripts import Library
from bot.timers import Bell
from bot.turn import Talk
from dialogs.library import load
from dialogs.message import Message
from dialogs.moves import Moves
from dialogs.said import Text
from dialogs.versions import with_words
from storage import outbox as parcels
from storage import quarantine, scripts, staff, tables
from storage.database import Database, open_database
from storage.errors import DatabaseUnreadable
from storage.invites import Invite, invite
from storage.key_proof import prove_key
from storage.keys import load_key
from storage.outbox import Parcel
from storage.sealed import house_key, key_of, use_key
from tests.dialogs.talking import words_of_clients
from tests.fakes.telegram_server import TOKEN
from tests.model import ANOTHER_SCRIPT, LANGUAGES, SCRIPT, Row
from tests.told import told

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOURCES = {1: {"small.yaml": SCRIPT}, 2: {"small.yaml": ANOTHER_SCRIPT}}
SECRET = "s" * 40


@cache
def script(version: int) -> Moves:
    """One of the two versions of the model's script."""
    return Moves(with_words(load("small", dict(SOURCES[version])), {}))


async def furnish(url: str, names: Sequence[str]) -> list[Invite]:
    """An organisation, both script versions, the first of them current, and these women invited."""
    database = open_database(url)
    try:
        await prove_key(database)
        huis = await staff.add_organisation(database, "Huis", START)
        for version, source in SOURCES.items():
            await scripts.publish(database, script(version).script.version, "small", source, START, {})
        await scripts.make_current(database, script(1).script.version, "published", "0", START)
        return [
            await invite(database, name=name, language="en", organisation="Huis", now=START)
            for name in names
            if huis
        ]
    finally:
        await database.close()


class Poison(Text):
    """Words at which a turn fails, whenever somebody looks at them."""

    __slots__ = ()

    def __init__(self) -> None:
        for name in ("token", "sent_at"):
            object.__setattr__(self, name, None)

    @property
    def words(self) -> str:
        """Never."""
        raise ArithmeticError


@dataclass(frozen=True)
class Took:
    """One turn that was handed in: when, and what came of it."""

    incoming: Incoming
    at: datetime
    taken: Taken | None


class _Reader(Ptb):
    """Reads updates with a real library; nothing goes out. `poison`: the updates that fail for now."""

    def __init__(self) -> None:
        super().__init__(TOKEN)
        self.poison: set[int] = set()

    def read(self, update: Update) -> Heard | None:
        heard = super().read(update)
        if heard is None or update["update_id"] not in self.poison:
            return heard
        return Heard(heard.person, heard.language, Poison())

    async def call(self, method: str, parameters: dict[str, Any], seconds: float) -> Any:
        return {}


@cache
def _reader() -> _Reader:
    """Making one takes long, and there is nothing of a house in it."""
    return _Reader()


@dataclass
class House:
    """`took`: every turn since it was last emptied. `hand`: what a turn left to be sent, not sent yet."""

    url: str
    key_file: Path
    clock: datetime = START
    took: list[Took] = field(default_factory=list)
    hand: list[tuple[datetime, Parcel]] = field(default_factory=list)
    reader: _Reader = field(default_factory=_reader)
    _tokens: "count[int]" = field(default_factory=count)

    async def open(self) -> None:
        """A process starts: nothing is at hand but what the database holds."""
        use_key(load_key(self.key_file), lambda: load_key(self.key_file))
        self.database: Database = open_database(self.url)
        if self.database.own_address is None:
            await parcels.release_all(self.database, CHANNEL)
        library = Library(self.database, script(1))
        languages = [(code, code) for code in LANGUAGES]
        new_token = (f"t{number}" for number in self._tokens).__next__
        talk = Talk(self.database, library, words_of_clients(), languages, self.now, new_token=new_token)
        sending = Talk(
            self.database,
            library,
            words_of_clients(),
            languages,
            self.now,
            new_token=new_token,
            hand_out=self._handed,
        )
        self._talks = {CHANNEL: sending, "web": talk, "timer": talk}
        self.bell = Bell(self.database, self.take, self.now)
        intake = Intake(self.take, self._failed, self._is_given_up, (DatabaseUnreadable,))
        words = Words(neutral=lambda _: "?", sorry=lambda _: "Sorry", commands={})
        self.telegram = Telegram(self.reader, intake, words, OverallPace(100_000))
        await self.telegram.start("https://trede.example/hook", SECRET)

    async def close(self) -> None:
        """The process ends; what it had in hand is nobody's for now."""
        await self.telegram.stop()
        await self.database.close()
        self.hand.clear()

    def now(self) -> datetime:
        """As the house has it."""
        return self.clock

    async def take(self, incoming: Incoming) -> Taken:
        """The way in for every channel."""
        at = self.clock
        try:
            taken = await self._talks[incoming.channel].take(incoming)
        except ArithmeticError:
            self.took.append(Took(incoming, at, None))
            raise
        self.took.append(Took(incoming, at, taken))
        return taken

    async def webhook(self, update: Update) -> int:
        """The HTTP status that Telegram gets."""
        return await self.telegram.handle_webhook(json.dumps(update).encode(), SECRET.encode())

    def _handed(self, some: Sequence[Parcel]) -> None:
        self.hand += [(self.clock + LEASE / 2, parcel) for parcel in some]

    async def _failed(self, incoming: Incoming, body: str, error: str) -> bool:
        return await quarantine.failed(
            self.database, CHANNEL, incoming.event, body, error, self.clock, address=incoming.address
        )

    async def _is_given_up(self, event: str) -> bool:
        return await quarantine.is_given_up(self.database, CHANNEL, event)


# ── what the rows say ────────────────────────────────────────────────────────────────────────────


@dataclass
class Kept:
    """All that the database has of one client, opened with her key."""

    has_key: bool
    name: str
    open_invites: int = 0
    chats: int = 0
    sessions: int = 0
    version: int = 0
    script: str = ""
    language: str = ""
    mode: str = ""
    counted: tuple[int, int] = (0, 0)  # answers and messages, as her session counts them
    answers: list[Row] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)  # those that left a message or an answer
    consents: int = 0
    messages: list[int] = field(default_factory=list)
    timers: set[tuple[str, datetime, str]] = field(default_factory=set)
    summaries: list[tuple[dict[str, Any], str, str]] = field(default_factory=list)  # body, state, id
    quarantined: int = 0


class Rows(NamedTuple):
    """Clients by id; messages that wait to be sent, in order, by chat; events, by channel."""

    clients: dict[str, Kept]
    waiting: dict[str, list[Message]]
    received: set[tuple[str, str]]


def read_rows(connection: Connection) -> Rows:
    """Everything, without any of the code that takes turns."""
    rows = connection.execute(select(tables.clients)).all()
    keys = {row.id: key_of(row.id, row.key) for row in rows}
    found = {row.id: Kept(row.key is not None, row.name.open(keys[row.id], row.id)) for row in rows}
    for client in connection.scalars(
        select(tables.invites.c.client).where(tables.invites.c.used_up.is_(False))
    ):
        found[client].open_invites += 1
    chats = dict(connection.execute(select(tables.chats.c.id, tables.chats.c.client)).all())
    for client in chats.values():
        found[client].chats += 1
    for client in connection.scalars(
        select(tables.quarantine.c.client).where(tables.quarantine.c.client.is_not(None))
    ):
        found[client].quarantined += 1
    owners = {row.id: row for row in connection.execute(select(tables.sessions))}
    for row in owners.values():
        _session(found[row.client], row)
    _belongings(connection, {id: found[row.client] for id, row in owners.items()})
    for row in connection.execute(select(tables.summaries)):
        found[row.client].summaries.append((row.body.open(keys[row.client], row.id), row.state, row.id))
    received = connection.execute(select(tables.received.c.channel, tables.received.c.event))
    waiting = _waiting(connection, {id: keys[client] for id, client in chats.items()})
    return Rows(found, waiting, {(channel, event) for channel, event in received})


def _session(kept: Kept, row: Any) -> None:
    kept.sessions += 1
    kept.version, kept.script, kept.language, kept.mode = row.version, row.script, row.language, row.mode
    kept.counted = (row.answers, row.messages)


def _belongings(connection: Connection, found: dict[str, Kept]) -> None:
    for session, her in told(connection).items():
        kept = found[session]
        kept.answers = [Row(place.step, a.state, a.words, a.value) for place, a in her.answers]
        kept.turns = her.turns
        kept.messages = [n for n, _ in her.messages]
    for session in connection.scalars(select(tables.consents.c.session)):
        found[session].consents += 1
    for row in connection.execute(select(tables.timers)):
        found[row.session].timers.add((row.kind, row.due, row.token))


def _waiting(connection: Connection, keys: dict[str, Any]) -> dict[str, list[Message]]:
    waiting: dict[str, list[Message]] = {}
    for row in connection.execute(select(tables.outbox).order_by(tables.outbox.c.id)):
        key = house_key() if row.chat is None else keys[row.chat]
        address = row.address.open(key, row.ref)
        waiting.setdefault(address, []).append(Message.from_json(row.body.open(key, row.ref)))
    return waiting


async def settled() -> None:
    """What runs beside a turn has had its chance."""
    for _ in range(3):
        await asyncio.sleep(0)
