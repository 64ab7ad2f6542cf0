"""Known words go through everything that anybody can write into, and turn up nowhere in the clear."""

import asyncio
import os
import random
import re
import secrets
import sqlite3
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import asyncpg
import httpx
import pytest

from storage.database import open_database
from storage.invites import invite
from storage.keys import load_or_make_key
from storage.sealed import use_key
from tests.bot.test_flood import hers, now
from tests.fakes.canaries import SPELLINGS, canaries, found_in, leaks, spelled, stems
from tests.fakes.failing_trede import FAULTS
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_server import TelegramServer
from tests.postgres import PostgresServer, ask
from tests.running import Running, free_port, running

SECRET = "s" * 40
FAILING = (sys.executable, "-m", "tests.fakes.failing_trede")
ROOT = Path(__file__).parents[2]
PER_WOMAN = 40


@dataclass
class House:
    """Trede at debug level, whose turns fail when they are told to, with a Telegram."""

    folder: Path
    url: str
    server: Running
    telegram: TelegramServer
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def trede(self, *words: str) -> None:
        """A command; what it writes is kept beside the logs."""
        with (self.folder / f"printed-{secrets.token_hex(4)}").open("w") as out:
            subprocess.run(
                [sys.executable, "-m", "tests.fakes.failing_trede", *words],
                env=dict(self.server.env),
                cwd=self.folder,
                stdout=out,
                stderr=out,
                timeout=120,
            )

    async def invited(self, name: str) -> str:
        database = open_database(self.url)
        try:
            return (await invite(database, name=name, language="en", now=now())).code
        finally:
            await database.close()

    async def kept(self, codes: Sequence[str]) -> str:
        """All that these women said and Trede remembers."""
        database = open_database(self.url)
        try:
            return "\n".join([words for code in codes for words in await hers(database, code)])
        finally:
            await database.close()


@asynccontextmanager
async def house(folder: Path, url: str, library: str, **more: str) -> AsyncIterator[House]:
    port = free_port()
    (folder / "tmp").mkdir()
    async with TelegramServer(chat_burst=10_000, retry_pause=0.02) as telegram:
        block = running(
            folder,
            program=FAILING,
            TREDE_DATABASE_URL=url,
            TREDE_PORT=str(port),
            TREDE_LIMITS="false",
            TREDE_LOG_LEVEL="debug",
            TREDE_TELEGRAM_LIBRARY=library,
            TREDE_TELEGRAM_TOKEN=telegram.token,
            TREDE_TELEGRAM_API=telegram.url,
            TREDE_TELEGRAM_WEBHOOK_URL=f"http://127.0.0.1:{port}/telegram",
            TREDE_TELEGRAM_WEBHOOK_SECRET=SECRET,
            TMPDIR=str(folder / "tmp"),
            PYTHONASYNCIODEBUG="1",
            PYTHONPATH=str(ROOT),
            **more,
        )
        server = await asyncio.to_thread(block.__enter__)
        try:
            use_key(load_or_make_key(folder / "data" / "key"))
            yield House(folder, url, server, telegram)
        finally:
            await asyncio.to_thread(block.__exit__, None, None, None)


# ── what everybody writes ────────────────────────────────────────────────────────────────────────


def fields_of(page: str) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in reversed(found)}


def walk(server: Running, code: str, words: Sequence[str], chance: random.Random) -> None:
    """She begins, then writes at every question; where her words are no answer, she also taps."""
    path, htmx = f"/chat/{code}", {"hx-request": "true"}
    with httpx.Client(base_url=server.address, timeout=60, follow_redirects=True) as phone:
        phone.post(path, data={"command": "start"})
        begun = iter([1, None, 1, 1, chance.choice((1, 2, 3))])
        waiting: Iterator[str] = iter(words)
        for canary in waiting:
            first = next(begun, 0)
            before = fields_of(phone.get(path).text)
            if not first:
                form = before | {"event": secrets.token_urlsafe(16), "text": canary}
                phone.post(path, data=form, headers=htmx if chance.random() < 0.5 else {})
            page = phone.get(path).text
            choices = re.findall(r'name="tap" value="([^"]*)" class="choice"', page)
            if choices and (first or fields_of(page).get("token") == before.get("token")):
                tap = choices[0] if first else chance.choice(choices)
                phone.post(path, data=fields_of(page) | {"tap": tap, "event": secrets.token_urlsafe(16)})
        for canary, fault in zip(words, FAULTS, strict=False):
            phone.post(path, data=fields_of(phone.get(path).text) | {"text": f"{fault} {canary}"})
        for canary, name in zip(words, ("tap", "pick", "event", "token", "after", "language"), strict=False):
            phone.post(path, data={"text": "x", name: canary})


async def buttons_come(amina: Person) -> None:
    """What was refused before is sent again first, so this can take a while."""
    async with asyncio.timeout(120):
        while not any(seen.keyboard for seen in amina.chat):  # noqa: ASYNC110 - a test's wait
            await asyncio.sleep(0.1)
    await asyncio.sleep(0.3)


async def write_on_telegram(house: House, amina: Person, code: str, words: Sequence[str]) -> None:
    """Texts, captions, odd data, edits, taps; then words whose turns fail until they are set aside."""
    amina.writes(f"/start {code}")
    await house.telegram.all_taken(60)
    for tap in (0, None, 0, 0, 2):
        await buttons_come(amina)
        amina.writes(words[0]) if tap is None else amina.taps(tap)
        await house.telegram.all_taken(60)
    for n, canary in enumerate(words):
        amina.writes(canary)
        if n % 8 == 1:
            amina.sends_photo(canary)
        if n % 8 == 2:
            amina.taps_data(f"{canary}:{canary}"[:20])
        if n % 8 == 3:
            amina.edits(canary)
        if n % 8 == 4:
            amina.taps(0)
        if n == 5:  # early, so that none is left for the next woman
            for _ in range(3):
                house.telegram.refuses(house.chance.choice((400, 500)), f"Bad Request: {canary}")
        await house.telegram.all_taken(60)
    for canary, fault in zip(words, FAULTS, strict=False):
        amina.writes(f"{fault} {canary}")
    await house.telegram.all_taken(60)


def knock_elsewhere(server: Running, words: Sequence[str]) -> None:
    """Sign-in tries, addresses, headers, hooks and tokens."""
    with httpx.Client(base_url=server.address, timeout=60) as stranger:
        for canary in words:
            odd = canary.encode()
            stranger.post("/staff/sign-in", data={"email": f"{canary}@x.example", "password": canary})
            stranger.get(f"/chat/{canary}", headers={b"user-agent": odd, b"accept-language": odd})
            stranger.get(f"/api/summaries/{canary}", headers={b"authorization": b"Bearer " + odd})
            stranger.get(f"/staff/enter/{canary}?next={canary}", headers={b"cookie": b"trede_staff=" + odd})
            secret = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            for text in (canary, [canary], {canary: canary}):
                update = {"update_id": canary if text == canary else 5, "message": {"text": text}}
                stranger.post("/telegram", json=update, headers=secret)


def erase(server: Running, code: str) -> None:
    path = f"/chat/{code}"
    with httpx.Client(base_url=server.address, timeout=60, follow_redirects=True) as phone:
        phone.post(path, data={"command": "delete"})
        page = phone.get(path).text
        taps = re.findall(r'name="tap" value="([^"]*)"', page)
        phone.post(path, data=fields_of(page) | {"tap": taps[0], "event": secrets.token_urlsafe(16)})
        assert phone.get(path).status_code == 404, "deleted: her link is nobody's any more"


async def everybody_writes(house: House, words: Sequence[str]) -> list[str]:
    """The codes of those who wrote on the web."""
    parts = [words[at : at + PER_WOMAN] for at in range(0, len(words), PER_WOMAN)]
    codes = []
    house.trede("invite", "--name", words[0], "--language", "ar")
    for n, part in enumerate(parts):
        code = await house.invited(f"{part[0]} <i>")
        if n % 2 == 0:
            codes.append(code)
            await asyncio.to_thread(walk, house.server, code, part, house.chance)
        else:
            amina = house.telegram.person(n, first_name=part[1], language_code=part[2])
            await write_on_telegram(house, amina, code, part)
    await asyncio.to_thread(knock_elsewhere, house.server, words[::20])
    return codes


async def look_at_everything(house: House) -> None:
    """What operators do, each with something that is written."""
    for asked in (("doctor",), ("quarantine", "list"), ("quarantine", "retry", "--all")):
        await asyncio.to_thread(house.trede, *asked)
    async with httpx.AsyncClient(base_url=house.server.address, timeout=60) as prometheus:
        told = await prometheus.get("/metrics")
    assert told.status_code == 200
    (house.folder / "metrics").write_bytes(told.content)
    await back_up(house)


async def back_up(house: House) -> None:
    """Into a file beside the logs."""
    file = house.folder / f"backup-{secrets.token_hex(4)}"
    await asyncio.to_thread(house.trede, "backup", str(file))
    assert file.stat().st_size > 0


# ── the search ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_search_finds_a_canary_in_every_spelling(tmp_path: Path, spelling: str) -> None:
    for stem in stems():
        for n, before in enumerate((b"", b"a", b"ab")):
            written = spelled(stem, spelling)
            for bytes_ in written:
                file = tmp_path / str(n)
                file.write_bytes(os.urandom(500) + before + bytes_ + os.urandom(500))
                assert stem in {found for found, _ in leaks([tmp_path])[str(file)]}


def test_base64_is_found_wherever_the_word_stands_in_it() -> None:
    for stem in stems():
        for n in range(3):
            assert stem in {each for each, _ in found_in(b64encode(b"x" * n + stem.encode() + b"yz"))}


def test_no_two_canaries_are_the_same_and_all_have_twelve_scripts() -> None:
    words = canaries(1_000)

    assert len(set(words)) == 1_000
    assert len({word[:4] for word in words}) == 12


# ── all of it ────────────────────────────────────────────────────────────────────────────────────

LONG = [pytest.param(library, 1_000, marks=pytest.mark.long) for library in ("aiogram", "ptb")]


@pytest.mark.parametrize(("library", "count"), [("aiogram", 80), *LONG])
async def test_on_sqlite_no_canary_turns_up_anywhere(
    tmp_path: Path, sqlite_url: str, library: str, count: int
) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    async with house(tmp_path, sqlite_url, library) as there:
        codes = await everybody_writes(there, canaries(count))
        assert_it_went_through(there, await there.kept(codes), count)
        await look_at_everything(there)
        assert file.with_name(f"{file.name}-wal").stat().st_size > 0
        assert leaks([tmp_path]) == {}

        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert leaks([tmp_path]) == {}

        for code in codes:
            await asyncio.to_thread(erase, there.server, code)
        await back_up(there)
        assert leaks([tmp_path]) == {}
    assert leaks([tmp_path]) == {}, "nor once it has stopped"


@pytest.mark.parametrize(("library", "count"), [("ptb", 80), *LONG])
async def test_on_postgresql_no_canary_turns_up_anywhere(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str, library: str, count: int
) -> None:
    data = await asyncio.to_thread(data_folder, postgres_server)
    path = f"{postgres_server.bin_path}:{os.environ['PATH']}"
    async with house(tmp_path, postgres_url, library, PATH=path) as there:
        codes = await everybody_writes(there, canaries(count))
        assert_it_went_through(there, await there.kept(codes), count)
        await look_at_everything(there)
        await asyncio.to_thread(unpack_all, postgres_server, tmp_path)
        await asyncio.to_thread(ask, postgres_server, "CHECKPOINT")
        assert leaks([tmp_path, data]) == {}

        for code in codes:
            await asyncio.to_thread(erase, there.server, code)
        await asyncio.to_thread(ask, postgres_server, "CHECKPOINT")
    assert leaks([tmp_path, data]) == {}


def unpack_all(server: PostgresServer, folder: Path) -> None:
    """A search would not see through what pg_dump compresses."""
    [dump] = folder.glob("backup-*")
    plain = dump.with_suffix(".sql")
    subprocess.run([server.bin_path / "pg_restore", f"--file={plain}", dump], check=True, timeout=120)
    assert "COPY public.turns" in plain.read_text()


def data_folder(server: PostgresServer) -> Path:
    async def told() -> Path:
        connection = await asyncpg.connect(server.get_uri("postgres"))
        try:
            return Path(await connection.fetchval("SHOW data_directory"))
        finally:
            await connection.close()

    return asyncio.run(told())


def assert_it_went_through(house: House, kept: str, count: int) -> None:
    """Else nothing could leak: most were kept, and every way to fail was told."""
    logs = house.server.logs.read_text()
    assert sum(word in kept for word in canaries(count)) > count / 4
    for event in ("turn failed", "web turn failed", "update given up", "library", "python warns"):
        assert f'"event": "{event}"' in logs, event
    assert '"level": "debug"' in logs
    for error in ("RuntimeError", "IntegrityError", "StatementError", "ExceptionGroup", "RecursionError"):
        assert error in logs, error
