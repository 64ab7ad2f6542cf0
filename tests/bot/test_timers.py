"""The bell: it rings what is due, once, whatever the clock does and whoever else rings."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.incoming import Incoming, Taken
from bot.languages import ALL, offered
from bot.opening import client_words
from bot.scripts import compiled_reflection, open_library
from bot.timers import LEASE, Bell
from bot.turn import Talk
from dialogs.said import Command, Rang, Said, Text
from storage import outbox, staff, timers
from storage.database import Database, T, Work
from storage.errors import DatabaseUnreadable
from storage.invites import invite
from storage.pages import look
from storage.turns import sent
from tests.bot.test_serve import running_beside
from tests.fakes.telegram_server import TelegramServer
from tests.running import QUICK_START

SUNDAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # ten in the morning in Amsterdam
MONDAY_NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
REMINDER = "Hello. You asked me to write to you. Press “Go on” if you want to continue."
Take = Callable[[Incoming], Awaitable[Taken]]


@dataclass
class House:
    """Trede without channels; the clock stands where a test puts it."""

    talk: Talk
    database: Database
    clock: datetime = SUNDAY
    events: "count[int]" = field(default_factory=count)
    bells: list[Bell] = field(default_factory=list)

    def now(self) -> datetime:
        return self.clock

    async def says(self, said: Said | str, address: str = "42", code: str | None = None) -> Taken:
        """She writes on Telegram."""
        words = Text(said) if isinstance(said, str) else said
        event = f"t{next(self.events)}"
        return await self.talk.take(Incoming("telegram", event, words, code=code, address=address))

    async def pauses(self, *choices: str, address: str = "42") -> str:
        """A new woman begins in English, pauses and types these; the code of her invite."""
        hers = await invite(
            self.database,
            name="Amina",
            language="en",
            manager_email="joke@huis.example",
            organisation=None,
            now=self.clock,
        )
        await self.says(Command("start"), address, hers.code)
        await self.says(Command("pause"), address)
        for choice in choices or ("Tomorrow", "1"):
            await self.says(choice, address)
        return hers.code

    async def hears(self) -> list[str]:
        """What waits to be sent, taken away; all but the reminders of it is left out."""
        heard: list[str] = []
        far = self.clock + timedelta(days=99)
        while parcels := await outbox.take_due(self.database, "telegram", far, 50, timedelta(seconds=1)):
            heard += [parcel.message.paragraphs[0] for parcel in parcels]
            for parcel in parcels:
                await sent(self.database, parcel.ref)
        return [words for words in heard if words == REMINDER]

    def bell(self, take: Take | None = None, database: Database | None = None) -> Bell:
        """One that is rung by hand, or started."""
        return Bell(database or self.database, take or self.talk.take, self.now, look_again=0.02)

    def starts(self, *bells: Bell) -> None:
        """They ring by themselves, until the end of the test."""
        for bell in bells or (self.bell(),):
            bell.start()
            self.bells.append(bell)


@pytest.fixture
async def house(fresh_database: Database) -> AsyncIterator[House]:
    home = await staff.add_organisation(fresh_database, "Huis", SUNDAY)
    await staff.add_staff(
        fresh_database,
        email="joke@huis.example",
        name="Joke",
        role="manager",
        now=SUNDAY,
        organisation=home,
    )
    library = await open_library(fresh_database, compiled_reflection(), SUNDAY)
    zone = ZoneInfo("Europe/Amsterdam")
    house: House
    talk = Talk(fresh_database, library, client_words(), offered(ALL), lambda: house.clock, zone)
    house = House(talk, fresh_database)
    yield house
    for bell in house.bells:
        await bell.stop()


async def none_left(house: House) -> None:
    """Until every timer has rung."""
    async with asyncio.timeout(5):
        while await timers.next_due(house.database) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


# ── when ─────────────────────────────────────────────────────────────────────────────────────────


async def test_nothing_rings_before_it_is_due(house: House) -> None:
    await house.pauses()
    house.clock = MONDAY_NINE - timedelta(seconds=1)

    assert await house.bell().ring() == 0
    assert await house.hears() == []


async def test_what_is_due_rings_once(house: House) -> None:
    await house.pauses()
    house.clock = MONDAY_NINE

    assert await house.bell().ring() == 1
    assert await house.bell().ring() == 0
    assert await house.hears() == [REMINDER]


async def test_the_loop_rings_when_the_clock_jumps_forward(house: House) -> None:
    await house.pauses()
    house.starts()
    await asyncio.sleep(0.1)
    assert await house.hears() == []

    house.clock = MONDAY_NINE + timedelta(hours=3)
    await none_left(house)

    assert await house.hears() == [REMINDER]


async def test_when_the_clock_jumps_back_nothing_rings_twice(house: House) -> None:
    await house.pauses()
    house.starts()
    house.clock = MONDAY_NINE
    await none_left(house)

    house.clock = SUNDAY
    await asyncio.sleep(0.1)
    house.clock = MONDAY_NINE
    await asyncio.sleep(0.1)

    assert await house.hears() == [REMINDER]


async def test_a_server_that_was_down_for_days_rings_once_when_it_is_back(house: House) -> None:
    await house.pauses()
    house.clock = MONDAY_NINE + timedelta(days=5, hours=2)

    house.starts()
    await none_left(house)

    assert await house.hears() == [REMINDER]


async def test_at_night_it_waits_for_the_morning(house: House) -> None:
    await house.pauses()
    house.clock = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    await house.bell().ring()

    assert await house.hears() == []
    assert await timers.next_due(house.database) == MONDAY_NINE + timedelta(days=1)


async def test_the_morning_is_that_of_her_time_zone(house: House) -> None:
    house.talk = Talk(
        house.database,
        house.talk.library,
        house.talk.catalogue,
        house.talk.languages,
        house.now,
        ZoneInfo("America/Paramaribo"),  # three hours behind UTC
    )

    await house.pauses()

    assert await timers.next_due(house.database) == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


# ── who ──────────────────────────────────────────────────────────────────────────────────────────


async def test_who_moved_on_is_not_written_to(house: House) -> None:
    await house.pauses()
    await house.says("Go on")
    house.clock = MONDAY_NINE

    assert await house.bell().ring() == 0
    assert await house.hears() == []


async def test_two_bells_ring_each_timer_once(house: House) -> None:
    for n in range(20):
        await house.pauses(address=str(n))
    house.clock = MONDAY_NINE

    house.starts(house.bell(), house.bell(), house.bell())
    await none_left(house)

    assert await house.hears() == [REMINDER] * 20


async def test_after_a_kill_between_taking_and_the_turn_it_rings_when_the_lease_is_over(house: House) -> None:
    await house.pauses()
    house.clock = MONDAY_NINE
    await timers.take_due(house.database, house.clock, 10, LEASE)  # and killed

    assert await house.bell().ring() == 0
    house.clock += LEASE
    assert await house.bell().ring() == 1
    assert await house.hears() == [REMINDER]


async def test_who_deleted_everything_is_not_written_to(house: House) -> None:
    await house.pauses()
    [due] = await timers.take_due(house.database, MONDAY_NINE, 10, LEASE)
    await house.says("Go on")
    await house.says(Command("delete"))
    await house.says("Yes")

    rang = Rang(due.kind, due.token)
    taken = await house.talk.take(Incoming("timer", "1", rang, client=due.client))  # it was taken before

    assert taken.messages == ()
    assert await house.hears() == []


async def test_on_the_web_no_reminder_is_offered_and_her_page_shows_only_go_on(house: House) -> None:
    code = await house.pauses("No reminder")
    await house.says("Go on")

    taken = await house.talk.take(Incoming("web", "w1", Command("pause"), code=code))

    [(_, message)] = taken.messages
    assert [button.label for button in message.buttons] == ["Go on"]


async def test_a_reminder_is_all_that_her_page_shows(house: House) -> None:
    code = await house.pauses()
    house.clock = MONDAY_NINE
    await house.bell().ring()

    page = await look(house.database, code, house.clock)

    assert page is not None
    assert [message.paragraphs for _, message in page.messages] == [(REMINDER,)]


async def test_on_the_web_she_finds_her_step_at_the_end_whenever_she_comes_back(house: House) -> None:
    told = ("1", "Nour", "yes", "1", "1", "A shop", "To swim", "1", "Call the school", "A date", "Monday")
    then = ("8", "Rain", "An umbrella", "My sister", "1", "1", "yes", "no", "no", "1", "no", "no")
    hers = await invite(
        house.database,
        name="Amina",
        language="en",
        manager_email="joke@huis.example",
        organisation=None,
        now=house.clock,
    )

    async def on_the_web(said: Said) -> Taken:
        return await house.talk.take(Incoming("web", f"w{next(house.events)}", said, code=hers.code))

    taken = await on_the_web(Command("start"))
    for line in (*told, *then):
        taken = await on_the_web(Text(line))
    house.clock += timedelta(days=9)
    assert "How my step went" in [button.label for button in taken.messages[-1][1].buttons]

    taken = await on_the_web(Text("How my step went"))

    assert "Your step was: “\u2068Call the school\u2069”. How did it go?" in taken.messages[-1][1].paragraphs


# ── faults ───────────────────────────────────────────────────────────────────────────────────────


async def test_one_that_fails_holds_up_no_other_and_rings_again_later(house: House) -> None:
    for n in range(3):
        await house.pauses(address=str(n))
    house.clock = MONDAY_NINE
    failed: list[Incoming] = []

    async def sometimes(incoming: Incoming) -> Taken:
        if not failed:
            failed.append(incoming)
            raise KeyError("a fault of ours")
        return await house.talk.take(incoming)

    await house.bell(sometimes).ring()

    assert await house.hears() == [REMINDER] * 2
    house.clock += LEASE
    await house.bell(sometimes).ring()
    assert await house.hears() == [REMINDER]


async def test_while_the_database_is_away_the_loop_goes_on(house: House) -> None:
    await house.pauses()
    house.clock = MONDAY_NINE
    away = Away(house.database, times=2)

    house.starts(house.bell(database=away))
    await none_left(house)

    assert away.times == 0
    assert await house.hears() == [REMINDER]


class Away(Database):
    """Cannot be read the first times."""

    def __init__(self, real: Database, times: int) -> None:
        self.real, self.times = real, times

    async def read(self, work: Work[T]) -> T:
        if self.times:
            self.times -= 1
            raise DatabaseUnreadable("here", "it is away")
        return await self.real.read(work)

    async def write(self, work: Work[T]) -> T:
        return await self.real.write(work)

    async def close(self) -> None:
        await self.real.close()


async def test_stopping_lets_the_turn_at_hand_end(house: House) -> None:
    await house.pauses()
    house.clock = MONDAY_NINE
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(incoming: Incoming) -> Taken:
        begun.set()
        await may_end.wait()
        return await house.talk.take(incoming)

    bell = house.bell(slow)
    bell.start()
    await begun.wait()
    stopping = asyncio.create_task(bell.stop())
    await asyncio.sleep(0.05)
    may_end.set()
    await stopping

    assert await house.hears() == [REMINDER]


# ── a whole server ───────────────────────────────────────────────────────────────────────────────


def where_it_is_noon() -> str:
    """A time zone in which it is about midday, so that a reminder may come now."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"  # these are named the wrong way round


async def test_a_reminder_outlives_a_restart_comes_once_and_leads_back(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        settings = {
            "TREDE_TELEGRAM_TOKEN": telegram.token,
            "TREDE_TELEGRAM_API": telegram.url,
            "TREDE_TIME_ZONE": where_it_is_noon(),
            **QUICK_START,
        }
        amina = telegram.person()
        async with running_beside(tmp_path, **settings) as server:
            amina.writes(f"/start {server.chat.rsplit('/', 1)[1]}")
            await amina.hears("Which language")
            amina.writes("/pause")
            await amina.hears("We pause here")
            amina.taps("Tomorrow")
            await amina.hears("At what time of the day?")
            amina.taps("In the morning")
            await amina.hears("I write to you once")

        with sqlite3.connect(tmp_path / "data" / "trede.sqlite3") as database:  # a night goes by
            database.execute("UPDATE timers SET due = '2020-01-01 08:00:00.000000'")

        async with running_beside(tmp_path, **settings):
            await amina.hears(REMINDER, timeout=20)
            await amina.hears_nothing(6)
            amina.taps("Go on")
            await amina.hears("Which language", timeout=10)
