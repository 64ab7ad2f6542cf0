"""Cards with drawings, and a question that can be listened to, in a phone's browser."""

import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.async_api import Page, expect

from bot.audio import Audio
from bot.channels.web import web_chat
from bot.espeak import Espeak
from dialogs.message import Message, WrittenButton
from dialogs.session import Session
from dialogs.turn import Expects
from tests.browser.conftest import OpenPage, Serve, axe_violations, overflows, shoot, small_targets
from tests.fakes.ogg import lay
from tests.fakes.talk import FakeTalk, words

CARDS = ("💬", "📖", "🗣️", "🤝", "👂", "💶")
LABEL = {
    "en": "I can explain something to other people, also when it is difficult",
    "ar": "أستطيع أن أشرح شيئًا للآخرين، حتى عندما يكون صعبًا",
}
INSTALLED = shutil.which("espeak-ng") and shutil.which("opusenc")


def cards(serve: Serve, folder: Path, language: str = "en", expects: str = "choice") -> str:
    """Serves a question with six cards, and the sounds in a folder; the address of her page."""
    label = LABEL[language]
    buttons = tuple(WrittenButton(str(n), f"{n}. {label}", picture=e) for n, e in enumerate(CARDS, start=1))
    kind: Expects = "several" if expects == "several" else "choice"
    talk = FakeTalk(language, session=Session("1", "s", language, mode="talking", token="t9"))
    talk.messages[:] = [(9, Message(language, ("?",), buttons, kind, "t9", asks="reflection/cards"))]
    app = FastAPI()
    audio = Audio(folder, folder / "none")
    app.include_router(web_chat(talk.take, talk.look, words, ("en", "ar"), "http://127.0.0.1", audio=audio))
    return f"{serve(app)}/chat/{talk.code}"


async def drawn(page: Page) -> int:
    """How many drawings have arrived."""
    widths: list[int] = await page.evaluate("[...document.images].map(image => image.naturalWidth)")
    return sum(width > 0 for width in widths)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("expects", ["choice", "several"])
async def test_cards_and_the_button_to_listen_are_sound(
    serve: Serve, open_page: OpenPage, tmp_path: Path, language: str, expects: str
) -> None:
    lay(tmp_path, f"{language}/reflection/cards.ogg")
    page = await open_page()
    await page.goto(cards(serve, tmp_path, language, expects))
    await page.locator(".listen summary").click()

    await expect(page.locator(".listen audio")).to_be_visible()
    await shoot(page, f"cards-{language}-{expects}")

    assert await drawn(page) == len(CARDS)
    assert await axe_violations(page) == []
    assert await small_targets(page) == []
    assert not await overflows(page)


async def test_nothing_moves_when_the_drawings_arrive(
    serve: Serve, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page()
    await page.route("**/*.svg", lambda route: route.abort())
    address = cards(serve, tmp_path)
    height = "document.documentElement.scrollHeight"

    await page.goto(address)
    without: int = await page.evaluate(height)
    await page.unroute("**/*.svg")
    await page.reload()

    assert await drawn(page) == len(CARDS)
    assert await page.evaluate(height) == without


async def test_without_javascript_the_player_opens_and_nothing_is_fetched_before(
    serve: Serve, open_page: OpenPage, tmp_path: Path
) -> None:
    lay(tmp_path, "en/reflection/cards.ogg")
    page, fetched = await open_page(java_script_enabled=False), []
    page.on("request", lambda request: fetched.append(request.url))
    await page.goto(cards(serve, tmp_path))
    before = [url for url in fetched if "/audio/" in url]

    await page.locator(".listen summary").click()

    await expect(page.locator(".listen audio")).to_be_visible()
    assert before == []


@pytest.mark.skipif(not INSTALLED, reason="espeak-ng or opusenc is not installed here")
async def test_a_generated_sound_is_heard(serve: Serve, open_page: OpenPage, tmp_path: Path) -> None:
    lay(tmp_path, "en/reflection/cards.ogg", Espeak().say("en", "Which of these cards fit you?", ()))
    page = await open_page()
    await page.goto(cards(serve, tmp_path))
    await page.locator(".listen summary").click()

    heard: float = await page.locator(".listen audio").evaluate(
        """async sound => {
            sound.muted = true;
            await sound.play();
            await new Promise(heard => sound.addEventListener("ended", heard));
            return sound.currentTime;
        }"""
    )

    assert 1 < heard < 10
