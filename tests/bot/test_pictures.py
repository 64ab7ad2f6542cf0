"""Pictograms: drawn by a set that comes with Trede, beside the words they belong to, never alone."""

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bot import pictures
from bot.channels.web import web_chat
from bot.pictures import picture_file
from casework.packaged import packaged_sources
from dialogs.library import read_scripts
from dialogs.message import Message, WrittenButton
from dialogs.session import Session
from tests.fakes.talk import FakeTalk, words

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "bot/channels/static/pictures"
BESIDE = {"LICENSE.txt", "README.md", "SHA256SUMS"}
UNDRAWN = "🦤"
CREDIT = "Pictures: OpenMoji, CC BY-SA 4.0"
CARDS = ("💬", "📖", "🗣️", "🤝", "👂", "💶")


def used() -> set[str]:
    """Every picture of every script that comes with Trede."""
    scripts, _ = read_scripts(packaged_sources())
    choices = [choice for script in scripts.values() for step in script.steps for choice in step.choices]
    return {choice.picture for choice in choices if choice.picture}


# ── the set ───────────────────────────────────────────────────────────────────────────────────────


def test_every_picture_that_a_script_uses_is_drawn() -> None:
    assert {picture for picture in used() if picture_file(picture) is None} == set()


def test_nothing_is_drawn_that_no_script_uses() -> None:
    assert {picture_file(picture) for picture in used()} == set(pictures.FILES)
    assert {file.name for file in FOLDER.iterdir()} == BESIDE | set(pictures.FILES)


def test_every_file_holds_what_is_noted_of_it() -> None:
    lines = (FOLDER / "SHA256SUMS").read_text().splitlines()
    noted = {name: sum_ for sum_, name in (line.split() for line in lines)}

    assert set(noted) == {"LICENSE.txt", *pictures.FILES}
    assert {name: sha256((FOLDER / name).read_bytes()).hexdigest() for name in noted} == noted


def test_the_docs_name_the_set_its_version_its_licence_and_how_to_know_it_again() -> None:
    docs = (ROOT / "docs/pictures-and-audio.md").read_text()

    for told in ("OpenMoji", "17.0.0", "CC BY-SA 4.0", "sha512-EBnYrNGdcdw"):
        assert told in docs
    assert "Attribution-ShareAlike 4.0 International" in (FOLDER / "LICENSE.txt").read_text()


@pytest.mark.parametrize("file", pictures.FILES)
def test_a_drawing_runs_nothing_loads_nothing_and_is_small(file: str) -> None:
    drawing = (FOLDER / file).read_text()

    assert not re.search(r"<script|<style|<image|<foreignObject|href|url\(|\son\w+=", drawing)
    assert len(drawing) < 10_000


@pytest.mark.parametrize("emoji", ["🚶‍♀️", "🚶‍♀", "✍️", "✍"])
def test_a_picture_is_found_with_and_without_the_sign_that_asks_for_colour(emoji: str) -> None:
    assert picture_file(emoji) is not None


@pytest.mark.parametrize("emoji", ["", UNDRAWN, "🚶", "x", "../chat", "\ufe0f"])
def test_what_nobody_drew_has_no_file(emoji: str) -> None:
    assert picture_file(emoji) is None


# ── the page ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def talk() -> FakeTalk:
    return FakeTalk()


def phone(talk: FakeTalk, url: str = "http://chat.example") -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(web_chat(talk.take, talk.look, words, ("en", "ar"), url))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.example")


def asks(talk: FakeTalk, drawn: Sequence[str], expects: str = "choice") -> str:
    """She is asked a question whose choices have these pictures; the address of her page."""
    buttons = tuple(WrittenButton(str(n), f"{n}. Card {n}", picture=e) for n, e in enumerate(drawn, start=1))
    message = Message("en", ("Which?",), buttons, "several" if expects == "several" else "choice", "t9")
    talk.session = Session("1", "s", "en", mode="talking", token="t9")
    talk.messages[:] = [(9, message)]
    return f"/chat/{talk.code}"


@pytest.mark.parametrize("expects", ["choice", "several"])
async def test_each_card_shows_its_drawing_with_its_words_beside_it(talk: FakeTalk, expects: str) -> None:
    html = (await phone(talk).get(asks(talk, CARDS, expects))).text

    found = re.findall(r'<img class="picture" src="[^"]+/([^/"]+)" alt="" [^>]+>\s*<bdi>([^<]*)</bdi>', html)
    assert found == [(picture_file(e), f"{n}. Card {n}") for n, e in enumerate(CARDS, start=1)]


async def test_a_drawing_keeps_its_place_before_it_is_there_and_is_silent(talk: FakeTalk) -> None:
    html = (await phone(talk).get(asks(talk, CARDS))).text

    images = re.findall(r"<img[^>]*>", html)
    assert len(images) == len(CARDS)
    assert all(' alt="" width="40" height="40"' in image for image in images)


async def test_a_drawing_may_be_kept_for_ever_and_comes_from_us_under_any_address(talk: FakeTalk) -> None:
    browser = phone(talk, "http://chat.example/trede")
    html = (await browser.get(asks(talk, CARDS[:1]))).text
    [address] = re.findall(r'<img[^>]* src="([^"]+)"', html)

    drawing = await browser.get(address.removeprefix("/trede"))

    assert address.startswith("/trede/chat/static/")
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert drawing.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert drawing.content == (FOLDER / "1F4AC.svg").read_bytes()


async def test_no_drawing_is_found_under_another_name(talk: FakeTalk) -> None:
    for name in ("LICENSE.txt", "SHA256SUMS", "1F4AC", "pictures/1F4AC.svg", "..%2Fpictures%2F1F4AC.svg"):
        assert (await phone(talk).get(f"/chat/static/x/{name}")).status_code == 404


async def test_an_emoji_that_nobody_drew_is_shown_as_it_is(talk: FakeTalk) -> None:
    html = (await phone(talk).get(asks(talk, [UNDRAWN]))).text

    assert f'<span class="picture" aria-hidden="true">{UNDRAWN}</span>' in html
    assert "<img" not in html
    assert CREDIT not in html


async def test_who_drew_is_named_once_where_there_are_drawings_and_nowhere_else(talk: FakeTalk) -> None:
    with_drawings = (await phone(talk).get(asks(talk, CARDS))).text
    without = (await phone(talk).get(asks(talk, ["", ""]))).text

    assert with_drawings.count(CREDIT) == 1
    assert "<img" not in without
    assert CREDIT not in without


async def test_six_cards_cost_an_old_phone_less_than_20_kb(talk: FakeTalk) -> None:
    browser = phone(talk)
    html = (await browser.get(asks(talk, CARDS, "several"))).text

    drawings = [await browser.get(address) for address in re.findall(r'<img[^>]* src="([^"]+)"', html)]

    assert all(drawing.headers["content-encoding"] == "gzip" for drawing in drawings)
    assert len(html.encode()) + sum(int(each.headers["content-length"]) for each in drawings) < 20_000


def test_no_choice_is_a_picture_alone() -> None:
    scripts, _ = read_scripts(packaged_sources())

    for step in (step for script in scripts.values() for step in script.steps):
        labels = [choice.label for choice in step.choices]
        assert all(re.search(r"\w", label) for label in labels)
        assert len(set(labels)) == len(labels)
