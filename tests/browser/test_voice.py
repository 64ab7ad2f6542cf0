"""The recorder in a phone's browser: speak, stop, listen, throw away or send; and what does without it."""

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from casework.sounds import kind_of
from dialogs.said import Voice
from tests.browser.conftest import (
    DEBIANS,
    QUIET,
    WAIT,
    OpenPage,
    Serve,
    axe_violations,
    overflows,
    shoot,
    small_targets,
)
from tests.browser.test_web_chat import begin, chat
from tests.fakes.talk import FakeTalk

BREACH = "Content Security Policy"
SPEAK, STOP, SEND, DROP = "Speak your answer", "Stop recording", "Send my voice", "Throw away"


A_HUNDRED_TIMES_AS_FAST = """() => {
    const real = performance.now.bind(performance);
    performance.now = () => real() * 100;
}"""
NOTE_WHAT_IS_GIVEN = """() => {
    const devices = navigator.mediaDevices, real = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (what) => (window.given = await real(what));
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One with a microphone that beeps."""
    async with async_playwright() as playwright:
        path = DEBIANS if os.access(DEBIANS, os.X_OK) else None
        flags = [*QUIET, "--use-fake-device-for-media-stream"]
        chromium = await playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """As for other tests, but a page may ask for the sound that it holds itself."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    async def opened(**options: Any) -> Page:
        phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "locale": "en-GB"}
        context = await browser.new_context(**{**phone, **options})
        contexts.append(context)
        context.set_default_timeout(WAIT)
        context.on("weberror", lambda error: faults.append(f"an error in a script: {error.error}"))
        context.on("console", lambda line: faults.append(line.text) if BREACH in line.text else None)
        return await context.new_page()

    yield opened
    for context in contexts:
        await context.close()
    assert faults == []


async def at_the_open_question(page: Page, serve: Serve, talk: FakeTalk) -> None:
    await begin(page, chat(serve, talk), {"ar": "ابدئي"}.get(talk.language, "Start"))
    await page.locator("#text").fill("1")
    await page.locator(".typed button").click()
    await expect(page.locator("fieldset")).to_be_visible()
    await page.locator("#text").fill("1")
    await page.locator(".typed button").click()
    await expect(page.locator("textarea")).to_be_visible()


async def check(page: Page, shot: str) -> None:
    await shoot(page, shot)
    assert await axe_violations(page) == []
    assert await small_targets(page) == []
    assert not await overflows(page)


async def records(page: Page, milliseconds: int = 1200) -> None:
    await page.get_by_role("button", name=SPEAK).click()
    await expect(page.get_by_role("button", name=STOP)).to_be_focused()
    await page.wait_for_timeout(milliseconds)
    await page.get_by_role("button", name=STOP).click()
    await expect(page.get_by_role("button", name=SEND)).to_be_focused()


async def test_she_speaks_listens_and_sends(serve: Serve, open_page: OpenPage) -> None:
    talk = FakeTalk()
    page = await open_page(permissions=["microphone"])
    await at_the_open_question(page, serve, talk)
    await check(page, "voice-1-speak")

    await page.get_by_role("button", name=SPEAK).click()
    await expect(page.get_by_role("timer")).to_contain_text("/ 2:00")
    await check(page, "voice-2-recording")
    await page.wait_for_timeout(1200)
    await page.get_by_role("button", name=STOP).press("Enter")
    await expect(page.get_by_role("button", name=SEND)).to_be_focused()
    await check(page, "voice-3-listen")
    assert await page.evaluate("document.querySelector('.recorder audio').src.startsWith('blob:')")
    await page.get_by_role("button", name=SEND).click()
    await expect(page.get_by_role("button", name=SPEAK)).to_be_visible()

    heard = talk.heard[-1]
    assert isinstance(heard.said, Voice)
    assert kind_of(heard.sound) is not None
    assert heard.said.seconds in (1, 2)
    assert talk.session is not None
    assert heard.said.token == talk.session.token


async def test_what_she_recorded_plays_before_it_is_sent(serve: Serve, open_page: OpenPage) -> None:
    page = await open_page(permissions=["microphone"])
    await at_the_open_question(page, serve, FakeTalk())

    await records(page)

    plays = """async () => {
        const audio = document.querySelector(".recorder audio");
        audio.muted = true;
        await audio.play();
        return audio.error === null;
    }"""
    assert await page.evaluate(plays)


async def test_what_she_throws_away_is_not_sent(serve: Serve, open_page: OpenPage) -> None:
    talk = FakeTalk()
    page = await open_page(permissions=["microphone"])
    await at_the_open_question(page, serve, talk)
    before = len(talk.heard)

    await records(page, 300)
    await page.get_by_role("button", name=DROP).click()

    await expect(page.get_by_role("button", name=SPEAK)).to_be_focused()
    await expect(page.get_by_role("button", name=SEND)).to_be_hidden()
    assert len(talk.heard) == before
    assert await page.evaluate("document.querySelector('#sound').files.length") == 0


async def test_after_two_minutes_it_stops_by_itself(serve: Serve, open_page: OpenPage) -> None:
    talk = FakeTalk()
    page = await open_page(permissions=["microphone"])
    await at_the_open_question(page, serve, talk)
    await page.evaluate(A_HUNDRED_TIMES_AS_FAST)

    await page.get_by_role("button", name=SPEAK).click()
    await expect(page.get_by_role("button", name=SEND)).to_be_focused()
    await page.get_by_role("button", name=SEND).click()
    await expect(page.get_by_role("button", name=SPEAK)).to_be_visible()

    heard = talk.heard[-1]
    assert isinstance(heard.said, Voice)
    assert heard.said.seconds == 120


async def test_when_she_writes_instead_the_microphone_is_let_go(serve: Serve, open_page: OpenPage) -> None:
    talk = FakeTalk()
    page = await open_page(permissions=["microphone"])
    await at_the_open_question(page, serve, talk)
    await page.evaluate(NOTE_WHAT_IS_GIVEN)
    await page.get_by_role("button", name=SPEAK).click()
    await expect(page.get_by_role("button", name=STOP)).to_be_visible()

    await page.locator("textarea").fill("To swim")
    await page.locator(".typed button").click()
    await expect(page.locator(".scale")).to_be_visible()

    assert await page.evaluate("window.given.getTracks().every((track) => track.readyState === 'ended')")
    assert talk.answers[-1] == "To swim"


async def test_without_a_microphone_she_is_asked_to_write(serve: Serve, open_page: OpenPage) -> None:
    talk = FakeTalk()
    page = await open_page()
    await at_the_open_question(page, serve, talk)

    await page.get_by_role("button", name=SPEAK).click()

    state = page.get_by_role("status")
    await expect(state).to_have_text("This browser cannot record. Please write your answer.")
    await expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    await expect(page.get_by_role("button", name=SPEAK)).to_be_hidden()
    await page.locator("textarea").fill("To swim")
    await page.locator(".typed button").click()
    await expect(page.locator(".scale")).to_be_visible()


async def test_a_failure_is_told_and_the_same_recording_is_sent_again(
    serve: Serve, open_page: OpenPage
) -> None:
    talk = FakeTalk()
    page = await open_page(permissions=["microphone"])
    await at_the_open_question(page, serve, talk)
    await records(page, 300)
    talk.broken = True
    await page.get_by_role("button", name=SEND).click()
    await expect(page.get_by_role("button", name="Try again")).to_be_focused()
    talk.broken = False

    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("button", name=SPEAK)).to_be_visible()

    assert isinstance(talk.heard[-1].said, Voice)
    assert talk.heard[-1].sound


async def test_in_arabic_it_runs_from_right_to_left(serve: Serve, open_page: OpenPage) -> None:
    page = await open_page(permissions=["microphone"], locale="ar")
    await at_the_open_question(page, serve, FakeTalk("ar"))

    await records(page, 300)

    await check(page, "voice-ar-listen")


@pytest.mark.parametrize("scripts", [False, True])
async def test_a_browser_that_cannot_record_takes_a_file(
    serve: Serve, open_page: OpenPage, scripts: bool
) -> None:
    talk = FakeTalk()
    page = await open_page(java_script_enabled=scripts)
    await page.add_init_script("delete window.MediaRecorder")
    await at_the_open_question(page, serve, talk)

    await page.get_by_text(SPEAK).first.click()
    if scripts:
        await check(page, "voice-file")
    await page.locator("#sound").set_input_files({"name": "v", "mimeType": "audio/ogg", "buffer": b"OggS1"})
    await page.get_by_role("button", name=SEND).click()
    await expect(page.locator("textarea")).to_be_visible()

    assert talk.heard[-1].sound == b"OggS1"


async def test_a_file_that_is_too_big_is_not_even_sent(serve: Serve, open_page: OpenPage) -> None:
    talk = FakeTalk()
    page = await open_page()
    await page.add_init_script("delete window.MediaRecorder")
    await at_the_open_question(page, serve, talk)
    before = len(talk.heard)

    await page.get_by_text(SPEAK).first.click()
    big = b"OggS" + bytes(5_000_001)
    await page.locator("#sound").set_input_files({"name": "v", "mimeType": "audio/ogg", "buffer": big})
    await page.get_by_role("button", name=SEND).click()

    words = "That recording is too long or too big. Please speak for up to 2 minutes."
    await expect(page.get_by_role("status")).to_have_text(words)
    assert len(talk.heard) == before


async def test_without_javascript_a_file_that_is_too_big_gets_the_sentence(
    serve: Serve, open_page: OpenPage
) -> None:
    page = await open_page(java_script_enabled=False)
    await at_the_open_question(page, serve, FakeTalk())

    await page.get_by_text(SPEAK).first.click()
    big = b"OggS" + bytes(12_000_000)
    await page.locator("#sound").set_input_files({"name": "v", "mimeType": "audio/ogg", "buffer": big})
    await page.get_by_role("button", name=SEND).click()

    await expect(page.get_by_role("heading")).to_contain_text("too long or too big")
