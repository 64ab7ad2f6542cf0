"""`trede doctor` finds what is wrong, says what to do, tells no secret, and changes nothing."""

import asyncio
import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.doctor import database, machine, telegram
from bot.doctor.examine import CHECKS, _safely
from bot.doctor.finding import Finding
from bot.doctor.web import get
from bot.settings import Settings
from storage import outbox, quarantine
from storage.database import open_database
from storage.key_proof import prove_key
from tests.commands import trede
from tests.conftest import KEY
from tests.fakes.telegram_server import TelegramServer
from tests.running import free_port, running
from tests.storage.house import NOW, ours

PASSWORD = "hidden-password"
TOKEN = "123456:hidden-token-hidden-token-hidden-"
SECRET = "hidden-webhook-secret-hidden-webhook"
METRICS = "hidden-metrics-token"


def now() -> datetime:
    return datetime.now(UTC)


def doctor(folder: Path, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TREDE_")}
    return trede(["doctor", *words], {**plain, **settings}, folder)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def by_name(found: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in found}


# ── the command ──────────────────────────────────────────────────────────────────────────────────


def test_where_nothing_was_started_it_says_so_and_makes_nothing(tmp_path: Path) -> None:
    done = doctor(tmp_path, TREDE_PORT=str(free_port()))

    assert (done.returncode, done.stderr) == (0, "")
    assert "attention  key: data/key is not made yet." in done.stdout
    assert "trede.sqlite3 is not made yet" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_where_all_is_well_it_says_so_and_changes_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        here = {name: value for name, value in server.env.items() if name.startswith("TREDE_")}
        beside = doctor(tmp_path, "--json", **here)
    before = files(tmp_path / "data")
    after_it_stopped = doctor(tmp_path, **here)

    found = {each["name"]: each for each in json.loads(beside.stdout)}
    assert beside.returncode == 0
    assert {each["state"] for each in found.values()} == {"ok"}
    assert {name for name, _ in CHECKS} | {"tables", "key fits", "outbox", "quarantine"} == set(found)
    assert after_it_stopped.returncode == 0
    assert [line for line in after_it_stopped.stdout.splitlines() if not line.startswith("ok ")] == [
        f"attention  server: Nothing answers at {server.address}. Start it with `trede run`."
    ]
    assert files(tmp_path / "data") == before


def test_settings_that_cannot_be_used_are_one_line(tmp_path: Path) -> None:
    done = doctor(tmp_path, TREDE_PORT="eighty")

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("fault      settings: TREDE_PORT: ")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    "url", [f"postgresql://trede:{PASSWORD}@127.0.0.1:1/trede", f"mysql://trede:{PASSWORD}@x/y"]
)
def test_however_much_is_broken_it_goes_on_and_tells_no_secret(tmp_path: Path, url: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "key").write_bytes(b"hidden-key")
    (tmp_path / "data" / "key").chmod(0o600)
    (tmp_path / ".env").write_text(f"TREDE_METRICS_TOKEN={METRICS}\n")
    (tmp_path / ".env").chmod(0o644)

    done = doctor(
        tmp_path,
        TREDE_DATABASE_URL=url,
        TREDE_TELEGRAM_TOKEN=TOKEN,
        TREDE_TELEGRAM_API=f"http://127.0.0.1:{free_port()}",
        TREDE_TELEGRAM_WEBHOOK_URL="https://trede.example.org/telegram",
        TREDE_TELEGRAM_WEBHOOK_SECRET=SECRET,
        TREDE_PUBLIC_URL="http://trede.example.org",
        TREDE_PORT=str(free_port()),
    )

    states = {line[11:].partition(":")[0]: line[:9].strip() for line in done.stdout.splitlines()}
    assert done.returncode == 1
    assert "hidden" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert {"key", "database", "telegram", "address"} == {
        name for name, state in states.items() if state == "fault"
    } - {"backup"}
    assert states["settings"] == "attention"
    assert (states["words"], states["time zones"]) == ("ok", "ok")


def test_a_check_that_fails_itself_is_told_by_its_place() -> None:
    def fails(_: Settings, __: Callable[[], datetime]) -> Iterator[Finding]:
        yield Finding("a", "ok", "Well.")
        raise KeyError("hidden")

    first, second = _safely("a", fails, Settings(_env_file=None), now)

    assert first.state == "ok"
    assert second.state == "fault"
    assert "KeyError at test_doctor.py" in second.said
    assert "hidden" not in str(second)


# ── this machine ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("https://trede.example.org", "ok"),
        ("http://trede.example.org", "fault"),
        ("http://10.0.0.7:8000", "fault"),
        ("http://127.0.0.1:9000", "ok"),
        ("http://localhost:8000", "ok"),
        ("", "ok"),
    ],
)
def test_words_in_the_clear_are_a_fault(url: str, state: str) -> None:
    [finding] = machine.address(Settings(_env_file=None, public_url=url), now)

    assert finding.state == state


@pytest.mark.parametrize(("mode", "length"), [(0o644, 32), (0o600, 31)])
def test_a_key_that_others_can_read_or_that_is_none_is_a_fault(
    tmp_path: Path, mode: int, length: int
) -> None:
    key = tmp_path / "key"
    key.write_bytes(bytes(length))
    key.chmod(mode)

    [finding] = _safely("key", machine.key, Settings(_env_file=None, data_dir=tmp_path), now)

    assert finding.state == "fault"


# ── the database ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An installation whose key and tables are in order, on each database."""
    url = str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))
    if request.param == "sqlite":
        (tmp_path / "trede.sqlite3").chmod(0o600)
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "key").chmod(0o600)

    async def seal() -> None:
        made = open_database(url)
        await prove_key(made)
        await made.close()

    asyncio.run(seal())
    return Settings(_env_file=None, data_dir=tmp_path, database_url=url)


def looked(settings: Settings, clock: Callable[[], datetime] = now) -> dict[str, Finding]:
    return by_name(_safely("database", database.look, settings, clock))


def test_a_database_in_order_has_nothing_but_ok(settings: Settings) -> None:
    found = looked(settings)

    assert {finding.state for finding in found.values()} == {"ok"}
    assert {"database", "tables", "key fits", "outbox", "quarantine"} <= set(found)
    assert ("clock" in found) == settings.database.startswith("postgresql")


def test_another_key_is_a_fault_and_so_is_none(settings: Settings) -> None:
    settings.key.write_bytes(KEY[::-1])
    assert looked(settings)["key fits"].state == "fault"

    settings.key.unlink()
    assert looked(settings)["key fits"].state == "fault"
    assert not settings.key.exists()


def test_what_waits_too_long_is_a_fault_and_what_failed_wants_attention(settings: Settings) -> None:
    async def fill() -> None:
        made = open_database(settings.database)
        await outbox.put(made, "telegram", "7", [ours("hello")], NOW)
        for _ in range(3):
            await quarantine.failed(made, "telegram", "1", "{}", "KeyError", NOW)
        await made.close()

    asyncio.run(fill())

    soon = looked(settings, lambda: NOW + timedelta(minutes=9))
    late = looked(settings, lambda: NOW + timedelta(minutes=11))

    assert (soon["outbox"].state, soon["quarantine"].state) == ("ok", "attention")
    assert late["outbox"].state == "fault"
    assert "11 minutes" in late["outbox"].said


def test_a_clock_that_is_off_is_a_fault(postgres_url: str, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, database_url=postgres_url)

    assert looked(settings, lambda: now() + timedelta(seconds=20))["clock"].state == "ok"
    assert looked(settings, lambda: now() - timedelta(seconds=40))["clock"].state == "fault"


@pytest.mark.parametrize(
    ("statement", "name", "state", "said"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "database", "fault", "newer Trede"),
        ("DROP TABLE alembic_version", "tables", "attention", "has no tables yet"),
    ],
)
def test_tables_of_another_version_are_told(
    sqlite_url: str, tmp_path: Path, statement: str, name: str, state: str, said: str
) -> None:
    with sqlite3.connect(tmp_path / "trede.sqlite3") as made:
        made.execute(statement)
    made.close()

    found = looked(Settings(_env_file=None, data_dir=tmp_path, database_url=sqlite_url))[name]

    assert found.state == state
    assert said in found.said


@pytest.mark.parametrize("spoilt", [b"no database" * 1000, None])
def test_a_damaged_file_is_a_fault(sqlite_url: str, tmp_path: Path, spoilt: bytes | None) -> None:
    file = tmp_path / "trede.sqlite3"
    content = file.read_bytes()
    file.write_bytes(spoilt or content[:4096] + bytes(4096) + content[8192:])

    assert (
        looked(Settings(_env_file=None, data_dir=tmp_path, database_url=sqlite_url))["database"].state
        == "fault"
    )


# ── Telegram ─────────────────────────────────────────────────────────────────────────────────────


async def asked(
    server: TelegramServer, clock: Callable[[], datetime] = now, token: str = "", webhook: str = ""
) -> dict[str, Finding]:
    settings = Settings(
        _env_file=None,
        telegram_token=SecretStr(token or server.token),
        telegram_api=server.url,
        telegram_webhook_url=webhook,
        telegram_webhook_secret=SecretStr(SECRET),
    )
    return by_name(await asyncio.to_thread(lambda: list(telegram.look(settings, clock))))


async def test_polling_is_well_unless_a_webhook_is_set() -> None:
    async with TelegramServer() as server:
        well = await asked(server)
        await call(server, "setWebhook?url=http://127.0.0.1:1/elsewhere")
        taken_over = await asked(server)

    assert (well["telegram"].state, well["clock"].state) == ("ok", "ok")
    assert taken_over["telegram"].state == "fault"
    assert "Start Trede" in taken_over["telegram"].cure


async def call(server: TelegramServer, method: str) -> None:
    await asyncio.to_thread(get, f"{server.url}/bot{server.token}/{method}")


async def test_a_webhook_must_be_ours_and_its_troubles_are_told() -> None:
    ours_ = "http://127.0.0.1:1/telegram"
    async with TelegramServer() as server:
        not_set = await asked(server, webhook=ours_)
        await call(server, f"setWebhook?url={ours_}")
        well = await asked(server, webhook=ours_)
        server.webhook_error = "Wrong response from the webhook: 500"
        failing = await asked(server, webhook=ours_)
        server.webhook_error = "\x1b[31m odd"
        odd = await asked(server, webhook=ours_)

    assert not_set["telegram"].state == "fault"
    assert well["telegram"].state == "ok"
    assert "webhook" not in well
    assert failing["webhook"].state == "attention"
    assert "Wrong response from the webhook: 500" in failing["webhook"].said
    assert "\x1b" not in str(odd["webhook"])


async def test_a_token_that_telegram_does_not_know_is_a_fault() -> None:
    async with TelegramServer() as server:
        found = await asked(server, token=TOKEN)

    assert found["telegram"].state == "fault"
    assert "TREDE_TELEGRAM_TOKEN" in found["telegram"].said


async def test_a_clock_that_telegram_contradicts_is_a_fault() -> None:
    async with TelegramServer() as server:
        found = await asked(server, lambda: now() + timedelta(minutes=2))

    assert found["clock"].state == "fault"


async def test_telegram_away_is_a_fault_in_one_word() -> None:
    async with TelegramServer() as server:
        pass

    found = await asked(server)

    assert found["telegram"].state == "fault"
    assert server.token not in str(found["telegram"])


async def test_updates_that_pile_up_want_attention() -> None:
    many = {"url": "", "pending_update_count": 101}

    found = by_name(list(telegram._updates(many, "", now())))

    assert (found["telegram"].state, found["updates"].state) == ("ok", "attention")
