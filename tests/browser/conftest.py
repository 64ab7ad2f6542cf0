"""A phone's browser that reaches nothing but our own server on loopback."""

import os
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Request, async_playwright

ROOT = Path(__file__).parent
SHOTS = ROOT.parent / "shots"
DEBIANS = "/usr/bin/chromium"
WAIT = 10_000  # milliseconds until a step counts as failed

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Serve = Callable[[Any], str]
OpenPage = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All browser tests share one browser: one event loop, and one worker under pytest-xdist."""
    for item in items:
        if ROOT in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests: Debian's if it is there, else Playwright's own."""
    async with async_playwright() as playwright:
        path = DEBIANS if os.access(DEBIANS, os.X_OK) else None
        chromium = await playwright.chromium.launch(executable_path=path, args=QUIET)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Opens a page in a context of its own, phone-sized unless told. Arguments are `new_context`'s.

    A request to another host, an error in a script or a breach of the content policy fails the test.
    """
    contexts, faults = [], []

    def watch(request: Request) -> None:
        if urlsplit(request.url).hostname != "127.0.0.1":
            faults.append(f"a request to {request.url}")

    async def opened(**options: Any) -> Page:
        phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "locale": "en-GB"}
        context = await browser.new_context(**{**phone, **options})
        contexts.append(context)
        context.set_default_timeout(WAIT)
        context.on("request", watch)
        context.on("weberror", lambda error: faults.append(f"an error in a script: {error.error}"))
        context.on("console", lambda line: _note_breach(f"{line.text} {line.location}", faults))
        return await context.new_page()

    yield opened
    for context in contexts:
        await context.close()
    assert faults == []


def _note_breach(line: str, faults: list[str]) -> None:
    if "Content Security Policy" in line:
        faults.append(line)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an ASGI app on a free port of 127.0.0.1 in a thread, and answers with its address."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Any) -> str:
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=2)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(timeout=10)


async def shoot(page: Page, name: str) -> None:
    """A screenshot of the whole page in tests/shots, for people to look at."""
    SHOTS.mkdir(exist_ok=True)
    await page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


async def axe_violations(page: Page) -> list[str]:
    """What axe-core finds wrong, one line a violation: rule, what it means, where."""
    results = await Axe().run(page)
    return [
        f"{found['id']}: {found['help']}: {[node['target'] for node in found['nodes']]}"
        for found in results.response["violations"]
    ]


async def overflows(page: Page) -> bool:
    """Whether the page has to be scrolled sideways."""
    wide: bool = await page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide


async def small_targets(page: Page, least: int = 44) -> list[str]:
    """Visible buttons, links and fields lower than `least` pixels, with their height."""
    found: list[str] = await page.evaluate(
        """least => [...document.querySelectorAll("button, a, label.choice, textarea, input")]
            .filter(e => e.type !== "hidden")
            .filter(e => e.type !== "checkbox" && e.getClientRects().length)
            .map(e => [e.innerText || e.name, e.getBoundingClientRect().height])
            .filter(([, height]) => height < least)
            .map(([name, height]) => `${name}: ${height}px`)""",
        least,
    )
    return found
