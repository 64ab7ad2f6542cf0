"""`trede quarantine`: an operator sees why an update failed, and hands it in again; never the words."""

import asyncio
import json
import os
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy import update as sql_update

from bot.channels.telegram_library import TelegramLibrary
from bot.cli_quarantine import handed_in
from bot.scripts import compiled_reflection, open_library
from bot.telegram_choice import telegram_library
from bot.turn import Talk
from locales.catalogue import CLIENT_LANGUAGES, read_catalogue
from storage.database import Database, open_database
from storage.invites import invite
from storage.keys import load_or_make_key
from storage.migrate import upgrade
from storage.outbox import depth
from storage.quarantine import failed
from storage.quarantined import quarantined
from storage.sealed import use_key
from storage.staff import add_organisation
from storage.tables import quarantine as rows
from tests.bot.test_serve import running_beside
from tests.commands import trede
from tests.fakes.telegram_libraries import LIBRARIES
from tests.fakes.telegram_server import TOKEN, TelegramServer
from tests.running import QUICK_START

BOT = TOKEN.partition(":")[0]
CANARY = "Zwaluwnest"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


def update(text: str, number: int = 7, chat: int = 1001) -> str:
    """As Telegram hands it in."""
    message = {
        "message_id": number,
        "date": 1_800_000_000,
        "chat": {"id": chat, "type": "private"},
        "from": {"id": chat, "is_bot": False, "first_name": "Amina"},
        "text": text,
    }
    return json.dumps({"update_id": number, "message": message})


async def gives_up(database: Database, text: str, number: int = 7, event: str = "", tries: int = 3) -> None:
    """An update that failed so often that it was set aside."""
    for _ in range(tries):
        name = event or f"{BOT}:{number}"
        await failed(database, "telegram", name, update(text, number), "KeyError at turn.py:1 in x", NOON)


# ── handing in again ─────────────────────────────────────────────────────────────────────────────


@dataclass
class House:
    talk: Talk
    code: str
    library: TelegramLibrary

    async def hands_in(self) -> tuple[bool, str]:
        [one] = await quarantined(self.talk.database)
        return await handed_in(self.talk, self.library, one)


@pytest.fixture(params=LIBRARIES)
async def house(request: pytest.FixtureRequest, fresh_database: Database) -> House:
    await add_organisation(fresh_database, "Huis", now())
    made = await invite(fresh_database, name="Amina", language="en", now=now())
    library = await open_library(fresh_database, compiled_reflection(), now())
    words = read_catalogue("client", CLIENT_LANGUAGES)
    return House(
        Talk(fresh_database, library, words, (("en", "English"),), now),
        made.code,
        telegram_library(request.param, TOKEN),
    )


async def test_what_goes_well_now_is_taken_answered_and_gone(house: House) -> None:
    await gives_up(house.talk.database, f"/start {house.code}")

    is_gone, told = await house.hands_in()

    assert is_gone
    assert told == f"{BOT}:7 taken. Her answer goes out as soon as `trede run` runs."
    assert await quarantined(house.talk.database) == []
    assert await depth(house.talk.database) > 0


async def test_what_fails_again_stays_with_its_new_error_and_is_kept_no_longer(house: House) -> None:
    await gives_up(house.talk.database, f"/start {house.code}")
    [before] = await quarantined(house.talk.database)

    def broken() -> datetime:
        raise ZeroDivisionError(CANARY)

    house.talk = replace(house.talk, now=broken)
    is_gone, told = await house.hands_in()

    [after] = await quarantined(house.talk.database)
    assert not is_gone
    assert "failed again: ZeroDivisionError at test_cli_quarantine.py" in told
    assert CANARY not in told
    assert after.error.startswith("ZeroDivisionError")
    assert (after.tries, after.at, after.until) == (4, before.at, before.until)
    assert await depth(house.talk.database) == 0


@pytest.mark.parametrize(
    ("text", "becomes"), [("hello", "is from nobody we know any more"), ("/start guessed", "is from nobody")]
)
async def test_what_is_from_nobody_we_know_is_dropped(house: House, text: str, becomes: str) -> None:
    await gives_up(house.talk.database, text)

    is_gone, told = await house.hands_in()

    assert is_gone
    assert becomes in told
    assert await quarantined(house.talk.database) == []


async def test_what_was_taken_meanwhile_is_not_taken_twice(house: House) -> None:
    await gives_up(house.talk.database, f"/start {house.code}")
    await house.hands_in()
    waiting = await depth(house.talk.database)
    await gives_up(house.talk.database, f"/start {house.code}")

    is_gone, told = await house.hands_in()

    assert is_gone
    assert "was taken meanwhile" in told
    assert await depth(house.talk.database) == waiting


# ── the commands ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Operator:
    """A data directory with two updates that were given up and one that will come again."""

    folder: Path

    def trede(self, *words: str) -> "subprocess.CompletedProcess[str]":
        env = {name: value for name, value in os.environ.items() if not name.startswith("TREDE_")}
        env |= {"TREDE_DATA_DIR": str(self.folder), "TREDE_TELEGRAM_TOKEN": TOKEN}
        return trede(["quarantine", *words], env, self.folder)

    @property
    def events(self) -> list[str]:
        return [one["event"] for one in json.loads(self.trede("list", "--json").stdout)]


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    use_key(load_or_make_key(tmp_path / "key"))
    url = f"sqlite:///{tmp_path / 'trede.sqlite3'}"
    upgrade(url)

    def swapped(connection: Connection) -> None:
        """A row that somebody renamed does not open any more."""
        connection.execute(sql_update(rows).where(rows.c.event == "elsewhere").values(event="odd"))

    async def prepare() -> None:
        database = open_database(url)
        await gives_up(database, CANARY, 1)
        await gives_up(database, CANARY, event="elsewhere")
        await database.write(swapped)
        await gives_up(database, CANARY, 3, tries=1)
        await database.close()

    asyncio.run(prepare())
    return Operator(tmp_path)


def test_the_list_tells_all_but_the_words(operator: Operator) -> None:
    table, as_json = operator.trede("list").stdout, operator.trede("list", "--json").stdout

    rows = {one["event"]: one for one in json.loads(as_json)}
    assert rows[f"{BOT}:1"] == {
        "channel": "telegram",
        "event": f"{BOT}:1",
        "tries": 3,
        "given_up": True,
        "error": "KeyError at turn.py:1 in x",
        "at": "2026-11-22T12:00:00+00:00",
        "until": "2026-12-06T12:00:00+00:00",
    }
    assert not rows[f"{BOT}:3"]["given_up"]
    for shown in (f"{BOT}:1", "given up", "comes again", "2026-11-22 12:00", "2026-12-06", "KeyError at"):
        assert shown in table
    assert CANARY not in table + as_json


def test_retrying_all_tells_of_each_and_keeps_what_fails(operator: Operator) -> None:
    done = operator.trede("retry", "--all")

    assert done.returncode == 1
    assert f"{BOT}:1 is from nobody we know any more. Dropped." in done.stdout
    assert "odd failed again: InvalidTag at " in done.stdout
    assert CANARY not in done.stdout + done.stderr
    assert sorted(operator.events) == [f"{BOT}:3", "odd"]


def test_one_can_be_dropped_or_all_that_were_given_up(operator: Operator) -> None:
    one = operator.trede("drop", "odd")
    assert (one.returncode, one.stdout) == (0, "Dropped: 1.\n")
    assert sorted(operator.events) == [f"{BOT}:1", f"{BOT}:3"]

    rest = operator.trede("drop", "--all")
    assert rest.stdout == "Dropped: 1.\n"
    assert operator.events == [f"{BOT}:3"], "what will come again is not dropped with the others"


def test_what_is_meant_must_be_clear(operator: Operator) -> None:
    unclear = [operator.trede(*words) for words in (("retry",), ("drop", "odd", "--all"), ("drop", "other"))]

    assert [done.returncode for done in unclear] == [2, 2, 2]
    assert all("`trede quarantine list` shows them." in done.stderr for done in unclear)
    assert len(operator.events) == 3


async def test_while_trede_runs_she_gets_her_answer_on_telegram(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        settings = {"TREDE_TELEGRAM_TOKEN": telegram.token, "TREDE_TELEGRAM_API": telegram.url, **QUICK_START}
        amina = telegram.person()
        amina.has_written = True
        async with running_beside(tmp_path, **settings) as server:
            use_key(load_or_make_key(tmp_path / "data" / "key"))
            database = open_database(f"sqlite:///{tmp_path / 'data' / 'trede.sqlite3'}")
            await gives_up(database, f"/start {server.chat.rsplit('/', 1)[1]}")
            await database.close()

            told = await asyncio.to_thread(server.trede, "quarantine", "retry", f"{BOT}:7")
            heard = await amina.next_message(timeout=15)

    assert "taken" in told
    assert heard.text
