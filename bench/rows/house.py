"""Trede as the rows need it: its database with people invited, and its talk about walk.yaml."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from bench.row import Place
from bench.words import SCRIPT, our_words
from bot.scripts import Library, texts
from bot.turn import Talk
from dialogs.library import load
from dialogs.moves import Moves
from locales.catalogue import autonym
from storage import scripts, standing
from storage.database import Database, open_database
from storage.invites import Invite, invite
from storage.migrate import upgrade
from storage.sealed import use_key
from storage.staff import add_organisation

ORGANISATION = "Bench"
KEY = bytes(range(32))
OFFERED = tuple((code, autonym(code)) for code in ("en", "de", "uk"))


@dataclass(frozen=True, slots=True)
class House:
    """`invites`: chat → the invite of the person in it."""

    database: Database
    talk: Talk
    invites: Mapping[int, Invite]

    async def answers(self) -> int:
        """How many answers are stored of the people invited: each is opened."""
        theirs = [invite.client for invite in self.invites.values()]

        def count(connection: Connection) -> int:
            found = (standing.load(connection, client).session for client in theirs)
            return sum(len(session.answers) for session in found if session is not None)

        return await self.database.read(count)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def compiled_walk() -> Moves:
    """walk.yaml, ready to be walked."""
    return Moves(load("walk", {SCRIPT.name: SCRIPT.read_bytes()}))


async def opened(place: Place) -> Database:
    """The database, its tables up to date, its key in use."""
    use_key(KEY)
    upgrade(address(place))
    return open_database(address(place))


def address(place: Place) -> str:
    """The place's PostgreSQL, else a SQLite file in its folder."""
    return place.url or f"sqlite:///{place.folder / 'trede.sqlite3'}"


async def furnish(place: Place) -> House:
    """Everything as `trede run` has it, and the place's people invited. What is there already stays."""
    database = await opened(place)
    moves = compiled_walk()
    sources = texts({SCRIPT.name: SCRIPT.read_bytes()})
    await scripts.publish(database, moves.script.version, "walk", sources, now())
    await add_organisation(database, ORGANISATION, now())
    talk = Talk(database, Library(database, moves), our_words(place.folder / "words"), OFFERED, now)
    return House(database, talk, await _invited(database, place))


async def _invited(database: Database, place: Place) -> dict[int, Invite]:
    kept = place.folder / f"invites-{place.chats[0]}.json"
    if not kept.exists():
        made = {chat: asdict(await _invite(database)) for chat in place.chats}
        kept.write_text(json.dumps(made))
    return {int(chat): Invite(**made) for chat, made in json.loads(kept.read_text()).items()}


async def _invite(database: Database) -> Invite:
    return await invite(database, name="Amina", language="en", organisation=ORGANISATION, now=now())
