"""The server is killed again and again while many talk: no answer is lost, and nothing is done twice."""

import asyncio
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from sqlalchemy import Connection, Table, func, select

from bot.channels.telegram import CHANNEL
from bot.outbox import AT_ONCE
from casework.summary import Summary
from dialogs.message import Message
from dialogs.session import Answer, Place, Session
from storage.database import Database, open_database
from storage.invites import Invite, invite
from storage.knocks import order_key
from storage.sealed import key_of
from storage.staff import add_organisation, add_staff
from storage.standing import load, stored_summary
from storage.tables import clients, outbox, quarantine, received, summaries
from tests.conftest import KEY
from tests.crowd import SCRIPT, Woman, talks_on_telegram, talks_on_the_web
from tests.fakes.telegram_person import Person, Seen
from tests.fakes.telegram_server import TelegramServer
from tests.mortal import UNLIMITED, Fate, House, Mortal, Point, listening, now
from tests.told import told

TALKING = 10  # women at the same time; the next one begins when one has ended
PATIENCE = 120.0  # seconds without a word until it counts as lost; a busy machine is slow
SQLITE_LEASE = 90.0  # seconds, as in real life: a server that starts again does not wait for it
POSTGRES_LEASE = 4.0  # another server may be alive, so what a killed one had in hand waits so long
FEW, MANY = (7, 14), (200, 300)  # kills and women
KINDS = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}

pytestmark = pytest.mark.xdist_group("kill")  # they share the undisturbed run, and the server of forks


@dataclass(frozen=True)
class Ending:
    """What is stored of a conversation in the end, without ids, times and tokens."""

    session: Session
    answers: tuple[tuple[Place, Answer], ...]  # every one ever given, in order
    said: tuple[tuple[int, Message], ...]
    summaries: tuple[Summary, ...]


@dataclass
class Run:
    """What came of everybody talking."""

    endings: list[Ending] = field(default_factory=list)
    chats: list[list[Seen]] = field(default_factory=list)  # what each phone got; nothing on the web
    acknowledged: int = 0  # updates and forms
    taken: int = 0  # those that the database knows
    left: int = 0  # messages not sent, and updates that failed
    kills: Counter[str] = field(default_factory=Counter)
    in_hand: Counter[str] = field(default_factory=Counter)  # a chat's key → kills that found it in hand
    seconds: float = 0.0


# ── the test ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "at_once", "kills", "women"),
    [
        ("sqlite", AT_ONCE, *FEW),
        ("postgresql", 1, *FEW),
        *(
            pytest.param(kind, at_once, *MANY, marks=pytest.mark.long)
            for kind in KINDS
            for at_once in (AT_ONCE, 1)
        ),
    ],
)
def test_however_often_it_is_killed_all_ends_as_if_nothing_had_happened(
    kind: str,
    at_once: int,
    kills: int,
    women: int,
    undisturbed: Callable[[int], Run],
    request: pytest.FixtureRequest,
) -> None:
    calm = undisturbed(women)
    url = request.getfixturevalue(KINDS[kind])
    by_webhook, lease = (False, SQLITE_LEASE) if kind == "sqlite" else (True, POSTGRES_LEASE)

    run = asyncio.run(
        all_talk(url, women, fates_of(kills), by_webhook=by_webhook, lease=lease, at_once=at_once)
    )

    in_hand = [run.in_hand[order_key(CHANNEL, str(1000 + number))] for number in range(women)]
    again = [repeats(*chats) for chats in zip(run.chats, calm.chats, strict=True)]
    print(
        f"{kind}, {at_once} sends at once: {women} conversations, {dict(run.kills)},"
        f" {run.in_hand.total()} in hand, {sum(again)} repeats, {run.seconds:.0f} s"
    )
    assert run.kills == Counter(fate.point for fate in fates_of(kills))
    assert run.endings == calm.endings
    assert run.acknowledged == run.taken == calm.taken
    assert run.left == 0
    # In each chat one message for a kill, and in all no more than were being sent: with one at a time, one.
    assert all(repeated <= most for repeated, most in zip(again, in_hand, strict=True))
    assert sum(again) <= kills * min(at_once, TALKING)


@pytest.fixture(scope="module")
def undisturbed(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Run]:
    """The same conversations while nobody is killed; on SQLite, by webhook."""
    runs: dict[int, Run] = {}

    def run(women: int) -> Run:
        if women not in runs:
            path = shutil.copy(migrated_file, tmp_path_factory.mktemp("undisturbed"))
            runs[women] = asyncio.run(all_talk(f"sqlite:///{path}", women, by_webhook=True))
            print(f"undisturbed: {runs[women].taken} acts, {runs[women].seconds:.0f} s")
            assert {len(each.summaries) for each in runs[women].endings} == {0, 1}
        return runs[women]

    return run


def fates_of(kills: int) -> list[Fate]:
    """Every point as often as any other, in a random order that is always the same."""
    chance = random.Random(kills)
    points: tuple[Point, ...] = get_args(Point)
    chosen = [points[n % len(points)] for n in range(kills)]
    chance.shuffle(chosen)
    return [Fate(point, 1 if "hand-off" in point else chance.randint(1, 20)) for point in chosen]


def repeats(chat: Sequence[Seen], undisturbed: Sequence[Seen]) -> int:
    """How many messages came once more, right after themselves. Fails for any other difference."""
    again = [seen for seen, before in zip(chat[1:], chat, strict=False) if is_repeat(seen, before)]
    others = [seen for seen in chat if not any(seen is each for each in again)]
    assert [shown(seen) for seen in others] == [shown(seen) for seen in undisturbed]
    return len(again)


def is_repeat(seen: Seen, before: Seen) -> bool:
    """With the same tokens in its buttons; no two messages without buttons are alike in these talks."""
    return (seen.text, seen.keyboard) == (before.text, before.keyboard)


def shown(seen: Seen) -> tuple[str, list[str]]:
    """What she reads, without the tokens in its buttons."""
    return seen.text, seen.labels


# ── a run ────────────────────────────────────────────────────────────────────────────────────────


async def all_talk(
    url: str,
    women: int,
    fates: Sequence[Fate] = (),
    *,
    by_webhook: bool,
    lease: float = SQLITE_LEASE,
    at_once: int = AT_ONCE,
) -> Run:
    """So many conversations, while the server meets one fate after the other."""
    began = time.monotonic()
    run = Run()
    database = open_database(url)
    invites = await invited(database, women)
    crowd = [Woman(number, invite.code) for number, invite in enumerate(invites)]
    async with TelegramServer(retry_pause=0.05, chat_burst=UNLIMITED, per_second=UNLIMITED) as telegram:
        with listening() as socket:
            server = Mortal(House(url, telegram.url, KEY, SCRIPT, by_webhook, lease, at_once), socket)
            try:
                await talking(crowd, telegram, Killer(server, database, run), fates)
                await all_is_sent(database, telegram)
            finally:
                server.kill()
        run.chats = [chat_of(woman, telegram).chat for woman in crowd]
    run.acknowledged = sum(woman.acts for woman in crowd)
    run.taken, run.left = await count(database, received), await count(database, outbox, quarantine)
    run.endings = [await ending(database, invite.client) for invite in invites]
    await database.close()
    run.seconds = time.monotonic() - began
    return run


async def invited(database: Database, women: int) -> list[Invite]:
    await add_organisation(database, "Huis", now())
    await add_staff(database, email="mara@huis.example", name="Mara", role="manager", now=now())
    return [
        await invite(database, name=f"{n}", language="en", manager_email="mara@huis.example", now=now())
        for n in range(women)
    ]


async def talking(
    crowd: Sequence[Woman], telegram: TelegramServer, killer: "Killer", fates: Sequence[Fate]
) -> None:
    """Fails if they have ended before the last kill."""
    async with asyncio.TaskGroup() as group:
        killing = group.create_task(killer.kills_again_and_again(telegram, fates))
        await all_say_theirs(crowd, telegram, killer.server.address)
        assert killing.done(), f"only {killer.run.kills.total()} of {len(fates)} kills while they talked"


async def all_say_theirs(crowd: Sequence[Woman], telegram: TelegramServer, address: str) -> None:
    free = asyncio.Semaphore(TALKING)

    async def talks(woman: Woman) -> None:
        async with free:
            if woman.number % 6 == 5:
                await asyncio.wait_for(talks_on_the_web(woman, phone), 3 * PATIENCE)
            else:
                await talks_on_telegram(woman, chat_of(woman, telegram), PATIENCE)

    one_request_each = {"connection": "close"}  # so that none goes to a server that is dead already
    async with (
        httpx.AsyncClient(base_url=address, timeout=20, headers=one_request_each) as phone,
        asyncio.TaskGroup() as group,
    ):
        for woman in crowd:
            group.create_task(talks(woman))


def chat_of(woman: Woman, telegram: TelegramServer) -> Person:
    return telegram.person(1000 + woman.number, f"Woman {woman.number}")


@dataclass(slots=True)
class Killer:
    """Kills the server, and looks what it had in hand."""

    server: Mortal
    database: Database
    run: Run

    async def kills_again_and_again(self, telegram: TelegramServer, fates: Sequence[Fate]) -> None:
        """Afterwards it is left alive."""
        chance = random.Random(len(fates))
        for fate in fates:
            self.server.start(fate)
            if fate.point == "at random":
                await some_calls(telegram, fate.left)
                await asyncio.sleep(chance.uniform(0, 0.03))
                self.server.kill()
            await self.server.dies()
            self.run.kills[str(fate.point)] += 1
            self.run.in_hand.update(await self.database.read(chats_in_hand))
        self.server.start()


def chats_in_hand(connection: Connection) -> list[str]:
    """To which chats something may have been on its way, by their order key."""
    return list(connection.scalars(select(outbox.c.order_key).where(outbox.c.lease.is_not(None)).distinct()))


async def some_calls(telegram: TelegramServer, calls: int) -> None:
    """Until the bot has asked something of Telegram so many times more."""
    enough = len(telegram.calls) + calls
    while len(telegram.calls) < enough:  # noqa: ASYNC110
        await asyncio.sleep(0.002)


async def all_is_sent(database: Database, telegram: TelegramServer) -> None:
    await telegram.all_taken(PATIENCE)
    async with asyncio.timeout(PATIENCE):
        while await count(database, outbox):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


# ── what is left of it ───────────────────────────────────────────────────────────────────────────


async def ending(database: Database, client: str) -> Ending:
    """Every row of hers, read from the tables themselves."""

    def work(connection: Connection) -> Ending:
        key = key_of(client, connection.scalar(select(clients.c.key).where(clients.c.id == client)))
        session = load(connection, client).session
        assert session is not None

        hers = told(connection)[session.id]
        handed = connection.execute(select(summaries).where(summaries.c.session == session.id)).all()
        return Ending(
            session=timeless(session),
            answers=tuple((place, replace(answer, at=None)) for place, answer in hers.answers),
            said=tuple((n, replace(message, token="")) for n, message in hers.messages),
            summaries=tuple(timeless_summary(row.body.open(key, row.id)) for row in handed),
        )

    return await database.read(work)


def timeless(session: Session) -> Session:
    """What does not depend on when it was, and on chance."""
    undated = {place: replace(answer, at=None) for place, answer in session.answers.items()}
    return replace(session, id="", token="", seed=0, asked_at=None, lag=None, answers=undated)


def timeless_summary(stored: Any) -> Summary:
    """The same for a summary."""
    summary = stored_summary.validate_python(stored)
    head = replace(summary.summary, id="", created=datetime.min, minutes=0)
    shared = tuple(replace(each, share=replace(each.share, decided_at=None)) for each in summary.answers)
    return replace(summary, summary=head, answers=shared)


async def count(database: Database, *tables: Table) -> int:
    """How many rows they have together."""

    def work(connection: Connection) -> int:
        return sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables)

    return await database.read(work)
