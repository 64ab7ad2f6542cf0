"""What Prometheus is told: what happened and what waits, by channel, to those who may know, about nobody."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from bot.incoming import Incoming, Taken
from bot.metrics import Meter
from bot.metrics_page import metrics_page
from dialogs.said import Text
from storage.counts import Counts, Waiting
from storage.database import Database
from storage.errors import DatabaseUnreadable
from tests.bot.test_serve import CANARY, begin, running_beside
from tests.chatting import Chatting
from tests.fakes.telegram_server import TelegramServer
from tests.running import QUICK_START, running

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOKEN = "a-token-for-prometheus"
NOBODY = Counts({}, {}, {}, {})

Figures = dict[tuple[str, ...], float]


def read(page: str | bytes) -> Figures:
    """(name, label, label …) → figure, as Prometheus would read it."""
    text = page if isinstance(page, str) else page.decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


# ── counting ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def meter() -> Meter:
    """Each look at the clock takes a quarter of a second."""
    clock: Iterator[float] = iter(n / 4 for n in range(1000))
    return Meter(CollectorRegistry(), lambda: next(clock))


def taking(outcome: str | Exception) -> Callable[[Incoming], Awaitable[Taken]]:
    async def take(_: Incoming) -> Taken:
        if isinstance(outcome, Exception):
            raise outcome
        return Taken(outcome)

    return take


async def test_turns_are_counted_by_channel_and_by_what_came_of_them(meter: Meter) -> None:
    heard = Incoming("web", "1", Text(CANARY))
    for outcome in ("done", "done", "duplicate", "unknown"):
        await meter.timed(taking(outcome))(heard)
    for error in (KeyError(CANARY), DatabaseUnreadable("x", "y")):
        with pytest.raises(type(error)):
            await meter.timed(taking(error))(heard)

    page = meter.page(NOBODY)

    found = read(page)
    told = {name[2]: n for name, n in found.items() if name[0] == "trede_turns_total"}
    assert told == {"done": 2, "duplicate": 1, "unknown": 1, "failed": 1, "away": 1}
    assert found["trede_turn_seconds_count", "web"] == 6
    assert found["trede_turn_seconds_sum", "web"] == 1.5
    assert found["trede_turn_seconds_bucket", "web", "0.1"] == 0
    assert found["trede_turn_seconds_bucket", "web", "0.25"] == 6
    assert CANARY not in page.decode()


def test_what_waits_is_shown_with_a_zero_for_a_channel_where_nothing_does(meter: Meter) -> None:
    meter.watch("telegram", {"sent": 7, "refused": 2})
    meter.watch("signal", {})

    found = read(meter.page(Counts({"telegram": Waiting(3, 61.5)}, {"telegram": 4}, {}, {"reminder": 2})))

    assert found["trede_sends_total", "telegram", "sent"] == 7
    assert found["trede_sends_total", "telegram", "refused"] == 2
    assert found["trede_outbox_messages", "telegram"] == 3
    assert found["trede_outbox_oldest_seconds", "telegram"] == 61.5
    assert found["trede_outbox_messages", "signal"] == 0
    assert found["trede_quarantine_failing", "telegram"] == 4
    assert found["trede_quarantine_given_up", "telegram"] == 0
    assert found["trede_timers_due", "reminder"] == 2
    assert found["trede_database_up",] == 1


def test_without_a_database_it_still_tells_the_rest(meter: Meter) -> None:
    found = read(meter.page(None))

    assert found["trede_database_up",] == 0
    assert found["process_resident_memory_bytes",] > 0
    assert not [name for name in found if name[0].startswith("trede_outbox")]


# ── who may know ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ask(meter: Meter, fresh_database: Database) -> Callable[..., Awaitable[httpx.Response]]:
    """A request from an address, with headers, where a token is set."""

    async def ask(token: str, address: str, headers: dict[str, str] | None = None) -> httpx.Response:
        app = FastAPI()
        app.add_api_route("/metrics", metrics_page(meter, fresh_database, token, lambda: NOW))
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://trede") as client:
            return await client.get("/metrics", headers=headers)

    return ask


Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
async def test_without_a_token_this_machine_may_read_it(ask: Ask, address: str) -> None:
    answer = await ask("", address)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize("address", ["10.0.0.7", "2001:db8::1", "not an address", ""])
async def test_without_a_token_others_see_no_such_page(ask: Ask, address: str) -> None:
    assert (await ask("", address)).status_code == 404


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"])
async def test_what_came_through_a_proxy_is_not_from_this_machine(ask: Ask, header: str) -> None:
    assert (await ask("", "127.0.0.1", {header: "127.0.0.1"})).status_code == 404


async def test_with_a_token_whoever_has_it_may_read_it(ask: Ask) -> None:
    answer = await ask(TOKEN, "10.0.0.7", {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "1.2.3.4"})

    assert answer.status_code == 200


@pytest.mark.parametrize("told", ["", TOKEN, "Bearer ", f"Bearer {TOKEN}x", "Bearer é"])
async def test_with_a_token_nobody_else_may_not_even_this_machine(ask: Ask, told: str) -> None:
    answer = await ask(TOKEN, "127.0.0.1", {"Authorization": told.encode("latin-1")})

    assert (answer.status_code, answer.content) == (401, b"")


# ── a Trede that runs ────────────────────────────────────────────────────────────────────────────


def test_real_turns_are_counted_and_hidden_from_the_proxy(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        begin(server.chat)  # Start and five answers
        with Chatting(server.chat) as amina:
            form = {"event": "sent-twice-by-her-phone", "text": CANARY, "token": amina.token}
            amina.sends(**form)
            amina.sends(**form)
        page = httpx.get(f"{server.address}/metrics")
        through_proxy = httpx.get(f"{server.address}/metrics", headers={"X-Forwarded-For": "127.0.0.1"})

    found = read(page.text)
    assert found["trede_turns_total", "web", "done"] == 7
    assert found["trede_turns_total", "web", "duplicate"] == 1
    assert found["trede_turn_seconds_count", "web"] == 8
    assert found["trede_database_up",] == 1
    assert found["trede_info", version()] == 1
    assert CANARY not in page.text
    assert server.chat.rsplit("/", 1)[1] not in page.text
    assert through_proxy.status_code == 404


def version() -> str:
    found = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert found
    return found[1]


async def test_what_telegram_does_not_take_is_seen_to_wait(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        settings = {"TREDE_TELEGRAM_TOKEN": telegram.token, "TREDE_TELEGRAM_API": telegram.url, **QUICK_START}
        async with running_beside(tmp_path, **settings) as server, httpx.AsyncClient() as prometheus:
            telegram.refuses(429, retry_after=30)
            telegram.person().writes(f"/start {server.chat.rsplit('/', 1)[1]}")
            await telegram.all_taken()

            found = await until(prometheus, server.address, ("trede_sends_total", "telegram", "slowed"))

    assert found["trede_turns_total", "telegram", "done"] == 1
    assert found["trede_outbox_messages", "telegram"] >= 1
    assert 0 <= found["trede_outbox_oldest_seconds", "telegram"] < 30
    assert found["trede_log_lines_total", "message waits", "info"] >= 1


async def until(prometheus: httpx.AsyncClient, address: str, name: tuple[str, ...]) -> Figures:
    async with asyncio.timeout(20):
        while True:
            found = read((await prometheus.get(f"{address}/metrics")).text)
            if found.get(name):
                return found
            await asyncio.sleep(0.1)


def test_every_figure_is_explained_to_operators(meter: Meter) -> None:
    meter.watch("telegram", {"sent": 1})
    page = (ROOT / "docs/operate.md").read_text()
    explained = set(re.findall(r"^\| `(trede_\w+)` \|", page, re.MULTILINE))

    told = {
        family.name
        for family in text_string_to_metric_families(meter.page(NOBODY).decode())
        if family.name.startswith("trede_") and not family.name.endswith("_created")
    }
    assert {name.removesuffix("_total") for name in explained} == told
