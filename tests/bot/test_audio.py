"""Questions read aloud: which file is played, what a file says of itself, and the chat page that plays it."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from bot.audio import LOOKS_AGAIN, MOST_BYTES, SAYS, Audio
from bot.channels.web import web_chat
from bot.limits import Limits
from bot.ogg import NotOgg, read_ogg
from dialogs.asking import ask
from dialogs.frozen import replace
from dialogs.message import Message, WrittenButton
from dialogs.session import Place, Session
from storage.stored_session import message_body
from tests.dialogs.talking import LANGUAGES, moves_of, talk_through
from tests.fakes.ogg import lay, ogg
from tests.fakes.talk import FakeTalk, words

GOOD_LIFE = "en/reflection/good_life"
ASKED = Message("en", ("What would you like?", "A few words."), expects="text", asks="reflection/good_life")
HER_CASE_MANAGER = "May %(case_manager)s see it?"


def generated(*lines: str) -> bytes:
    return ogg(notes=[(SAYS, line) for line in lines])


def sounding(folder: Path, message: Message = ASKED, own: bool = True) -> str:
    """What is played with a message: the file's name; "" for nothing."""
    audio = Audio(folder / "own" if own else None, folder / "ours")
    sound = audio.of(message)
    return sound.file.relative_to(folder).as_posix() if sound else ""


# ── which file is played ──────────────────────────────────────────────────────────────────────────


def test_a_question_without_a_file_is_silent(tmp_path: Path) -> None:
    lay(tmp_path, f"own/{GOOD_LIFE}.ogg")

    assert sounding(tmp_path, Message("nl", ("Wat?",), asks="reflection/good_life")) == ""
    assert sounding(tmp_path, Message("en", ("Which?",), asks="reflection/own_wish")) == ""
    assert sounding(tmp_path, Message("en", ("What would you like?",))) == ""
    assert sounding(tmp_path, own=False) == ""


def test_a_recording_of_the_organisation_comes_first_then_ours_then_a_generated_one(tmp_path: Path) -> None:
    ours = "ours/en/audio/reflection/good_life"
    lay(tmp_path, f"{ours}.generated.ogg", generated("What would you like?"))
    assert sounding(tmp_path) == f"{ours}.generated.ogg"

    lay(tmp_path, f"own/{GOOD_LIFE}.generated.ogg", generated("What would you like?"))
    assert sounding(tmp_path) == f"own/{GOOD_LIFE}.generated.ogg"

    lay(tmp_path, f"{ours}.ogg")
    assert sounding(tmp_path) == f"{ours}.ogg"

    lay(tmp_path, f"own/{GOOD_LIFE}.ogg")
    assert sounding(tmp_path) == f"own/{GOOD_LIFE}.ogg"


@pytest.mark.parametrize(
    ("lines", "is_played"),
    [
        (("What would you like?",), True),
        (("What would you like?", "A few words."), True),
        (("What would you like?", "Your own wish"), True),
        (("What do you want?",), False),
        (("What would you like?", "Ten words."), False),
        (("What would you like",), False),
        ((), False),
    ],
)
def test_a_generated_sound_is_played_only_with_the_words_it_was_made_from(
    tmp_path: Path, lines: tuple[str, ...], is_played: bool
) -> None:
    lay(tmp_path, f"own/{GOOD_LIFE}.generated.ogg", generated(*lines))
    message = Message("en", ASKED.paragraphs, (WrittenButton("1", "1. Your own wish"),), asks=ASKED.asks)

    assert bool(sounding(tmp_path, message)) == is_played


def test_a_stale_sound_gives_way_to_one_that_fits(tmp_path: Path) -> None:
    lay(tmp_path, f"own/{GOOD_LIFE}.generated.ogg", generated("What do you want?"))
    fits = lay(
        tmp_path, "ours/en/audio/reflection/good_life.generated.ogg", generated("What would you like?")
    )

    assert sounding(tmp_path) == fits.relative_to(tmp_path).as_posix()


def test_a_name_in_the_words_does_not_make_a_sound_stale(tmp_path: Path) -> None:
    lay(tmp_path, "own/en/reflection/call.generated.ogg", generated(HER_CASE_MANAGER))

    for name in ("your case manager", "\u2068Joke\n(Huis)\u2069"):
        message = Message("en", (f"May {name} see it?",), asks="reflection/call")
        assert sounding(tmp_path, message)
    assert sounding(tmp_path, Message("en", ("May they see that?",), asks="reflection/call")) == ""


def test_a_generated_sound_under_the_name_of_a_recording_is_still_a_generated_one(tmp_path: Path) -> None:
    lay(tmp_path, f"own/{GOOD_LIFE}.ogg", generated("What do you want?"))

    assert sounding(tmp_path) == ""


@pytest.mark.parametrize(
    "asks", ["../en/reflection/good_life", "reflection/../x", "/etc/passwd", "reflection/*"]
)
def test_what_is_asked_for_never_becomes_a_path(tmp_path: Path, asks: str) -> None:
    lay(tmp_path, f"own/{GOOD_LIFE}.ogg")

    assert sounding(tmp_path, Message("en", ("?",), asks=asks)) == ""
    assert sounding(tmp_path, Message("../own/en", ("?",), asks="reflection/good_life")) == ""


def test_files_that_cannot_be_used_are_told_and_not_played(tmp_path: Path) -> None:
    big = lay(tmp_path, "en/reflection/big.ogg", ogg() + b"\x00" * MOST_BYTES)
    song = lay(tmp_path, "en/reflection/song.ogg", b"ID3 no Ogg at all")
    lay(tmp_path, "en/reflection/other.mp3")

    found = Audio(tmp_path, tmp_path / "ours").found()

    assert found.sounds == {}
    assert set(found.unusable) == {big, song}
    assert "larger than 5 MB" in found.unusable[big]
    assert "not an Ogg file" in found.unusable[song]


def test_new_files_are_found_within_a_minute(tmp_path: Path) -> None:
    time = [0.0]
    audio = Audio(tmp_path, tmp_path / "ours", lambda: time[0])
    file = lay(tmp_path, f"{GOOD_LIFE}.ogg")

    assert audio.of(ASKED) is None

    time[0] += LOOKS_AGAIN
    first = audio.of(ASKED)
    assert first is not None

    file.write_bytes(ogg(seconds=7))
    os.utime(file, (1, 1))
    time[0] += LOOKS_AGAIN
    second = audio.of(ASKED)
    assert second is not None
    assert (second.seconds, second.stamp != first.stamp) == (7.0, True)


def test_whoever_sends_it_gets_the_file_its_size_its_length_and_how_it_is_coded(tmp_path: Path) -> None:
    file = lay(tmp_path, f"{GOOD_LIFE}.ogg", ogg(seconds=3.5))

    sound = Audio(tmp_path, tmp_path / "ours").of(ASKED)

    assert sound is not None
    assert (sound.file, sound.size, sound.seconds, sound.codec) == (file, len(ogg(3.5)), 3.5, "opus")
    assert sound.read() == ogg(3.5)


# ── a question carries its name ───────────────────────────────────────────────────────────────────


def test_a_question_says_which_it_is_and_what_is_no_question_does_not() -> None:
    amina = talk_through()

    assert amina.messages[-1].asks == "reflection/language"
    amina.does("menu")
    assert amina.messages[-1].asks == ""


def test_the_two_questions_that_share_a_name_are_told_apart() -> None:
    """A recording of “may she see this part?” must not be played with “which of these may she see?”."""
    moves, session = moves_of("reflection"), Session("1", "s", "en", mode="talking")
    kinds = {step.kind: step.name for step in moves.script.steps}

    share, which = (
        ask(moves, replace(session, at=Place(kinds[kind])), LANGUAGES) for kind in ("share", "share_which")
    )

    assert (share.asks, which.asks) == ("reflection/share", "")


def test_a_stored_message_keeps_which_question_it_asks() -> None:
    assert b'"asks":"reflection/good_life"' in message_body(ASKED)
    assert b"asks" not in message_body(Message("en", ("Hello.",)))
    assert Message.from_json({"language": "en", "paragraphs": ["Hello."]}).asks == ""


# ── what a file says of itself ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["opus", "vorbis"])
def test_the_length_and_the_notes_of_both_kinds_are_read(tmp_path: Path, kind: str) -> None:
    notes = [("title", "سؤال"), (SAYS, "a=b"), (SAYS, "x" * 1000)]
    file = lay(tmp_path, "any.ogg", ogg(12.5, notes, kind))

    found = read_ogg(file)

    assert (found.codec, found.seconds) == (kind, 12.5)
    assert found.notes == (("TITLE", "سؤال"), (SAYS, "a=b"), (SAYS, "x" * 1000))
    assert found.all(SAYS) == ("a=b", "x" * 1000)


@given(cut=st.integers(0, 400), changed=st.integers(0, 300), to=st.integers(0, 255))
def test_a_damaged_file_is_read_or_refused_never_anything_else(cut: int, changed: int, to: int) -> None:
    content = bytearray(ogg(notes=[(SAYS, "What would you like?")]))
    content[changed % len(content)] = to

    assert readable(bytes(content)) in (True, False)
    assert readable(bytes(content[:cut])) in (True, False)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert not readable(content)


def readable(content: bytes) -> bool:
    with NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            read_ogg(Path(file.name))
        except NotOgg:
            return False
        return True


# ── the chat page ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def talk() -> FakeTalk:
    """She is asked what she would like, after a question that is answered."""
    talk = FakeTalk()
    talk.session = Session("1", "s", "en", mode="talking", token="t9")
    talk.messages[:] = [
        (7, Message("en", ("Before?",), asks="reflection/before")),
        (8, Message("en", ("To swim",), hers=True)),
        (9, Message("en", ASKED.paragraphs, expects="text", token="t9", asks=ASKED.asks)),
    ]
    return talk


Open = Callable[..., httpx.AsyncClient]


@pytest.fixture
def browser(talk: FakeTalk, tmp_path: Path) -> Open:
    """Opens a browser on the chat, with the sounds that lie in the folder by then."""

    def opened(url: str = "http://chat.example", limits: Limits | None = None) -> httpx.AsyncClient:
        audio = Audio(tmp_path, tmp_path / "ours")
        app = FastAPI()
        chat = web_chat(talk.take, talk.look, words, ("en", "ar"), url, limits=limits, audio=audio)
        app.include_router(chat)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://chat.example")

    return opened


def address_on(html: str) -> str:
    [found] = re.findall(r'<audio [^>]*src="([^"]+)"', html)
    return str(found)


async def test_a_question_with_a_sound_can_be_listened_to_without_javascript(
    talk: FakeTalk, browser: Open, tmp_path: Path
) -> None:
    lay(tmp_path, f"{GOOD_LIFE}.ogg", ogg(3))
    page = browser()

    html = (await page.get(f"/chat/{talk.code}")).text
    sound = await page.get(address_on(html))

    assert html.count('<details class="listen">') == 1
    assert 'Listen</summary><audio controls preload="none" aria-label="Listen"' in html
    assert sound.status_code == 200
    assert sound.headers["content-type"] == "audio/ogg"
    assert sound.content == ogg(3)


async def test_a_question_without_a_sound_has_no_button_to_listen(talk: FakeTalk, browser: Open) -> None:
    html = (await browser().get(f"/chat/{talk.code}")).text

    assert "What would you like?" in html
    assert "Listen" not in html


async def test_a_new_question_brings_its_button_along(talk: FakeTalk, browser: Open, tmp_path: Path) -> None:
    lay(tmp_path, f"{GOOD_LIFE}.ogg")
    form = {"token": "t9", "after": "8", "language": "en", "tap": "x", "event": "a"}

    answer = await browser().post(f"/chat/{talk.code}", data=form, headers={"HX-Request": "true"})

    assert '<details class="listen">' in answer.text


async def test_a_sound_stays_with_her_and_only_her_own_pages_play_it(
    talk: FakeTalk, browser: Open, tmp_path: Path
) -> None:
    lay(tmp_path, f"{GOOD_LIFE}.ogg")
    page = browser()

    shown = await page.get(f"/chat/{talk.code}")
    sound = await page.get(address_on(shown.text))

    assert sound.headers["cache-control"] == "private, max-age=86400"
    assert sound.headers["referrer-policy"] == "no-referrer"
    assert sound.headers["x-robots-tag"] == "noindex"
    assert "media-src 'self'" in shown.headers["content-security-policy"]


async def test_a_changed_file_has_another_address(talk: FakeTalk, browser: Open, tmp_path: Path) -> None:
    file = lay(tmp_path, f"{GOOD_LIFE}.ogg")
    before = address_on((await browser().get(f"/chat/{talk.code}")).text)
    file.write_bytes(ogg(9))

    after = address_on((await browser().get(f"/chat/{talk.code}")).text)

    assert before != after
    assert before.partition("?")[0] == after.partition("?")[0]


async def test_a_sound_can_be_fetched_in_pieces(talk: FakeTalk, browser: Open, tmp_path: Path) -> None:
    lay(tmp_path, f"{GOOD_LIFE}.ogg")
    page, address = browser(), f"/chat/{talk.code}/audio/reflection/good_life"

    piece = await page.get(address, headers={"Range": "bytes=4-9"})
    beyond = await page.get(address, headers={"Range": "bytes=999999-"})
    head = await page.head(address)

    assert (piece.status_code, piece.content) == (206, ogg()[4:10])
    assert beyond.status_code == 416
    assert (head.status_code, head.content) == (200, b"")


async def test_under_an_address_with_a_path_the_sound_is_there_too(
    talk: FakeTalk, browser: Open, tmp_path: Path
) -> None:
    lay(tmp_path, f"{GOOD_LIFE}.ogg")

    html = (await browser("http://chat.example/trede").get(f"/chat/{talk.code}")).text

    assert address_on(html).startswith(f"/trede/chat/{talk.code}/audio/reflection/good_life?")


@pytest.mark.parametrize(
    "address",
    [
        "a-code-nobody-has-12345/audio/reflection/good_life",
        "short/audio/reflection/good_life",
        "CODE/audio/reflection/own_wish",
        "CODE/audio/reflection/unasked",
        "CODE/audio/reflection/good_life.ogg",
        "CODE/audio/..%2F..%2Fen/reflection",
        "CODE/audio/reflection/..%2Fgood_life",
        "CODE/audio/reflection",
        "CODE/audio/",
    ],
)
async def test_every_sound_that_is_not_hers_to_hear_gets_the_same_answer(
    talk: FakeTalk, browser: Open, tmp_path: Path, address: str
) -> None:
    for name in ("good_life", "unasked"):
        lay(tmp_path, f"en/reflection/{name}.ogg")
    nothing = await browser().get("/chat/a-code-nobody-has-12345")

    answer = await browser().get(f"/chat/{address.replace('CODE', talk.code)}")

    assert (answer.status_code, answer.text) == (404, nothing.text)
    assert dict(answer.headers) == dict(nothing.headers)


async def test_while_she_is_away_nobody_hears_what_she_was_asked(
    talk: FakeTalk, browser: Open, tmp_path: Path
) -> None:
    lay(tmp_path, f"{GOOD_LIFE}.ogg")
    talk.session = Session("1", "s", "en", mode="left", token="t10")
    talk.messages.append((10, Message("en", ("See you.",), expects="choice", token="t10")))

    answer = await browser().get(f"/chat/{talk.code}/audio/reflection/good_life")

    assert answer.status_code == 404


async def test_a_sound_that_was_deleted_meanwhile_is_not_there(
    talk: FakeTalk, browser: Open, tmp_path: Path
) -> None:
    file = lay(tmp_path, f"{GOOD_LIFE}.ogg")
    page = browser()
    file.unlink()

    assert (await page.get(f"/chat/{talk.code}/audio/reflection/good_life")).status_code == 404


async def test_guessing_codes_by_their_sounds_is_slowed_down(browser: Open) -> None:
    page = browser(limits=Limits())

    guesses = [await page.get(f"/chat/guess-{n:08}/audio/reflection/good_life") for n in range(30)]

    assert guesses[0].status_code == 404
    assert guesses[-1].status_code == 429
