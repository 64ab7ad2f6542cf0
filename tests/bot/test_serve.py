"""A Trede that runs: ready soon, the same after a restart, gone when told to, and silent about her words."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot.outbox import LEASE
from bot.settings import Settings
from dialogs.message import Message
from storage import outbox
from storage.database import open_database
from storage.keys import load_key
from storage.sealed import use_key
from tests.chatting import Chatting
from tests.fakes.telegram_libraries import LIBRARIES
from tests.fakes.telegram_server import TelegramServer
from tests.running import Running, free_port, running

READY = 10.0  # seconds
CANARY = "Zwaluwnest"
"""A word that is nowhere in Trede: where it turns up, her words got there."""


@asynccontextmanager
async def running_beside(folder: Path, **settings: str) -> AsyncIterator[Running]:
    """The same as `running`, while the fake Telegram goes on answering in this loop."""
    block = running(folder, **settings)
    server = await asyncio.to_thread(block.__enter__)
    try:
        yield server
    finally:
        await asyncio.to_thread(block.__exit__, None, None, None)


def begin(link: str) -> None:
    """Language, name, alone, agreed, ten minutes."""
    with Chatting(link) as amina:
        amina.starts()
        amina.taps(1)
        amina.says("Amina")
        amina.taps(1, 1, 2)


# ── starting ─────────────────────────────────────────────────────────────────────────────────────


def test_it_is_ready_in_ten_seconds_and_healthy(tmp_path: Path) -> None:
    began = time.monotonic()

    with running(tmp_path) as server:
        took = time.monotonic() - began
        health = httpx.get(f"{server.address}/healthz")

    assert took < READY
    assert health.status_code == 200


def test_a_second_start_finds_everything_as_it_was(tmp_path: Path) -> None:
    port = str(free_port())
    with running(tmp_path, TREDE_PORT=port) as first:
        begin(first.chat)
        with Chatting(first.chat) as amina:
            amina.says("A quiet home")
            before = amina.hears

    with running(tmp_path, TREDE_PORT=port) as second, Chatting(second.chat) as amina:
        assert second.chat == first.chat
        assert second.enter != first.enter, "a one-time sign-in is new each time"
        assert "A quiet home" in before
        assert amina.hears == before


def test_the_api_describes_itself(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        described = httpx.get(f"{server.address}/api/openapi.json").json()
        token = server.trede("user", "token", "demo@example.org").strip()
        queue = httpx.get(f"{server.address}/api/queue", headers={"Authorization": f"Bearer {token}"})
        stranger = httpx.get(f"{server.address}/api/queue")

    assert described["openapi"].startswith("3.")
    assert set(described["paths"]) == {"/api/queue", "/api/summaries/{id}"}
    assert described["components"]["securitySchemes"]
    assert all_references(described) <= set(described["components"]["schemas"])
    assert (queue.status_code, queue.json()) == (200, [])
    assert stranger.status_code == 401


def all_references(described: object) -> set[str]:
    """The names of all schemas that a description refers to."""
    if isinstance(described, dict):
        own = {str(described["$ref"]).rsplit("/", 1)[1]} if "$ref" in described else set()
        return own.union(*map(all_references, described.values()))
    if isinstance(described, list):
        return set().union(*map(all_references, described))
    return set()


# ── stopping ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_told_to_stop_in_mid_conversation_it_ends_well_and_soon(tmp_path: Path, how: int) -> None:
    with running(tmp_path) as server:
        begin(server.chat)

        with httpx.Client() as waiting:  # a browser that keeps its connection open
            waiting.get(server.chat)
            began = time.monotonic()
            code = server.stop(how)

    assert code == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in server.logs.read_text()


def test_killed_in_mid_conversation_it_goes_on_where_it_was(tmp_path: Path) -> None:
    port = str(free_port())
    with running(tmp_path, TREDE_PORT=port) as server:
        begin(server.chat)
        with Chatting(server.chat) as amina:
            amina.says("A quiet home")
            question = amina.token
        server.stop(signal.SIGKILL)

    with running(tmp_path, TREDE_PORT=port) as server, Chatting(server.chat) as amina:
        assert amina.token == question
        assert "A quiet home" in amina.hears
        amina.says("To be a teacher")
        assert "To be a teacher" in amina.hears
        assert amina.token != question


@pytest.mark.parametrize("library", LIBRARIES)
async def test_what_telegram_did_not_take_yet_is_sent_after_a_restart(tmp_path: Path, library: str) -> None:
    async with TelegramServer() as telegram:
        settings = {
            "TREDE_TELEGRAM_TOKEN": telegram.token,
            "TREDE_TELEGRAM_API": telegram.url,
            "TREDE_TELEGRAM_LIBRARY": library,
        }
        amina = telegram.person()
        async with running_beside(tmp_path, **settings) as server:
            code = server.chat.rsplit("/", 1)[1]
            telegram.refuses(429, retry_after=3)
            amina.writes(f"/start {code}")
            await telegram.all_taken()
            began = time.monotonic()
            status = await asyncio.to_thread(server.stop)
            took = time.monotonic() - began
            heard_before = len(amina.chat)

        async with running_beside(tmp_path, **settings):
            await amina.next_message(timeout=20)

    assert (status, heard_before) == (0, 0)
    assert took < 8
    assert amina.chat[0].text


async def test_what_a_killed_process_had_in_hand_is_sent_by_the_next_one_at_once(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        settings = {"TREDE_TELEGRAM_TOKEN": telegram.token, "TREDE_TELEGRAM_API": telegram.url}
        amina = telegram.person()
        amina.has_written = True
        async with running_beside(tmp_path, **settings):
            pass
        await in_hand(tmp_path / "data", amina.chat_id, "A quiet home")

        async with running_beside(tmp_path, **settings):
            await amina.hears("A quiet home", timeout=LEASE.total_seconds() / 3)


async def in_hand(data: Path, chat: int, words: str) -> None:
    """A message that somebody has taken to send, and did not."""
    settings = Settings(_env_file=None, data_dir=data)
    use_key(load_key(settings.key))
    database = open_database(settings.database)
    now = datetime.now(UTC)
    await outbox.put(database, "telegram", str(chat), [Message("en", (words,))], now)
    assert await outbox.take_due(database, "telegram", now, 1, LEASE)
    await database.close()


# ── silent about her words ───────────────────────────────────────────────────────────────────────


def test_nothing_of_hers_is_in_the_logs_however_much_is_logged(tmp_path: Path) -> None:
    with running(tmp_path, TREDE_LOG_LEVEL="debug") as server:
        made = json.loads(server.trede("invite", "--name", CANARY, "--language", "en", "--json"))
        link, code = made["web"], made["code"]
        with Chatting(link) as woman:
            woman.starts()
            woman.taps(1)
            woman.says(CANARY)
            woman.taps(1, 1, 2)
            woman.says(f"{CANARY} <b>", f"{CANARY}\ud800".encode("utf-8", "replace").decode())
            woman.sends(tap=CANARY, token=CANARY)
            woman.sends(text=CANARY * 3000)
        with httpx.Client() as stranger:
            for path in (
                f"/chat/{code}/{CANARY}",
                f"/{CANARY}?code={code}",
                f"/chat/{CANARY}",
                f"/api/{code}",
            ):
                assert stranger.get(server.address + path).status_code in (401, 404)
            stranger.post(f"{server.address}/staff/sign-in", data={"email": CANARY, "password": CANARY})
            stranger.request("PUT", link, content=CANARY)
            stranger.get(server.address, headers={"X-Forwarded-For": CANARY, "Accept-Language": CANARY})
        raw(server, f"{CANARY} {code} nonsense\r\n\r\n")
        server.stop()

    logged = server.logs.read_text().replace(server.chat, "")
    assert '"level": "debug"' in logged
    assert CANARY not in logged
    assert code not in logged
    assert not server.logs.read_text().count("Traceback")


def raw(server: Running, request: str) -> None:
    """Something that is no HTTP."""
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(request.encode())
        line.recv(1000)
