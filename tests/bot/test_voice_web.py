"""Her voice on the web: taken from any phone within limits, and played again to her alone."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from html import unescape
from itertools import count

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.web import web_chat
from bot.channels.web_pages import Pages, Screen
from bot.channels.web_voice import MAX_BYTES
from bot.incoming import Incoming, Taken
from bot.languages import ALL, offered
from bot.limits import Limits
from bot.opening import client_words
from bot.scripts import compiled_reflection, open_library
from bot.turn import Talk
from dialogs.message import Message, WrittenButton
from dialogs.said import BIGGEST_VOICE, Command, Text, Voice
from dialogs.session import Place, Session
from storage import staff
from storage.database import Database
from storage.invites import invite
from storage.pages import Transcript, look
from storage.tables import voices
from storage.voices import voice_for_client
from tests.fakes.talk import FakeTalk, words
from tests.storage.house import NOW
from tests.storage.house import count as counted

URL = "http://chat.example"
OGG = b"OggS" + b"0123456789" * 26
WEBM = b"\x1a\x45\xdf\xa3" + bytes(range(256))
MP4 = b"\x00\x00\x00\x1cftypM4A " + bytes(range(256))
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}
TOO_LONG = "That recording is too long or too big. Please speak for up to 2 minutes."

Phone = httpx.AsyncClient


@pytest.fixture
def talk() -> FakeTalk:
    return FakeTalk()


def phone_at(take: object, look_: object, **more: object) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(web_chat(take, look_, words, ("en", "ar", "uk"), URL, **more))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL)


@pytest.fixture
async def phone(talk: FakeTalk) -> AsyncIterator[Phone]:
    async with phone_at(talk.take, talk.look) as client:
        yield client


@pytest.fixture
def page(talk: FakeTalk) -> str:
    return f"/chat/{talk.code}"


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of the form that takes a recording."""
    form = html[html.index('class="aloud"') :]
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in fields}


async def at_the_open_question(phone: Phone, page: str) -> str:
    await phone.post(page, data={"command": "start"})
    for text in ("1", "x"):
        html = (await phone.get(page)).text
        token = re.findall(r'name="token" value="([^"]*)"', html)[0]
        await phone.post(page, data={"text": text, "token": token})
    return (await phone.get(page)).text


async def speaks(
    phone: Phone, page: str, fields: Mapping[str, str], sound: bytes = OGG, *, htmx: bool = False
) -> httpx.Response:
    headers = {"hx-request": "true"} if htmx else {}
    file = {"sound": ("voice", sound, "audio/ogg")}
    return await phone.post(f"{page}/voice", data=dict(fields), files=file, headers=headers)


# ── the form ──────────────────────────────────────────────────────────────────────────────────────


async def test_an_open_question_can_be_answered_with_a_file_without_javascript(
    phone: Phone, page: str
) -> None:
    html = await at_the_open_question(phone, page)

    form = html[html.index('<form class="aloud"') :]
    assert f'action="{page}/voice"' in form
    assert 'enctype="multipart/form-data"' in form
    assert re.search(r'<input id="sound" name="sound" type="file" accept="audio/\*" capture required>', form)
    assert '<label for="sound">You can speak for up to 2 minutes.</label>' in form
    assert "Speak your answer</summary>" in form


async def test_no_other_question_offers_it(phone: Phone, page: str) -> None:
    await phone.post(page, data={"command": "start"})

    assert 'class="aloud"' not in (await phone.get(page)).text


@pytest.mark.parametrize("in_writing", [False, True])
def test_where_only_writing_will_do_it_is_not_offered(in_writing: bool) -> None:
    skip = WrittenButton("skip", "Skip", "control")
    asked = Message("en", ("What was wrong?",), (skip,), "text", "t", in_writing=in_writing)

    html = Pages(words, ("en",)).chat(Screen("a-good-code", "en", ((1, asked),), "t"))

    assert ('class="aloud"' in html) != in_writing


def test_the_page_has_its_own_buttons_to_listen_so_read_to_me_stays_on_telegram() -> None:
    """She may go on here with a question that she got there."""
    read = WrittenButton("read", "Read to me", "control", "🔊")
    skip = WrittenButton("skip", "Skip", "control")
    asked = Message("en", ("What may I call you?",), (skip, read), "text", "t")

    html = Pages(words, ("en",)).chat(Screen("a-good-code", "en", ((1, asked),), "t"))

    assert "Skip" in html
    assert "Read to me" not in html


# ── sending it ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sound", [OGG, WEBM, MP4])
async def test_a_recording_reaches_the_conversation_whole(
    phone: Phone, page: str, talk: FakeTalk, sound: bytes
) -> None:
    fields = hidden(await at_the_open_question(phone, page))

    answer = await speaks(phone, page, {**fields, "seconds": "14"}, sound)

    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}#latest")
    heard = talk.heard[-1]
    assert isinstance(heard.said, Voice)
    assert (heard.said.seconds, heard.said.token, heard.said.problem) == (14, fields["token"], "")
    assert re.fullmatch("[0-9a-f]{32}", heard.said.ref)
    assert (heard.sound, heard.code) == (sound, talk.code)


async def test_every_recording_has_a_name_of_its_own(phone: Phone, page: str, talk: FakeTalk) -> None:
    fields = hidden(await at_the_open_question(phone, page))

    for event in ("event-one-1", "event-two-2"):
        await speaks(phone, page, {**fields, "event": event})

    first, second = (each.said for each in talk.heard[-2:])
    assert isinstance(first, Voice)
    assert isinstance(second, Voice)
    assert first.ref != second.ref


async def test_the_same_form_twice_is_one_event(phone: Phone, page: str, talk: FakeTalk) -> None:
    fields = hidden(await at_the_open_question(phone, page))
    before = len(talk.heard)

    for _ in range(2):
        await speaks(phone, page, fields)

    assert len(talk.heard) == before + 1


async def test_with_htmx_what_is_new_comes_back(phone: Phone, page: str) -> None:
    fields = hidden(await at_the_open_question(phone, page))

    answer = await speaks(phone, page, fields, htmx=True)

    assert answer.status_code == 200
    assert 'id="answers"' in answer.text
    assert "<html" not in answer.text


async def test_what_browsers_do_not_play_is_asked_for_again(phone: Phone, page: str, talk: FakeTalk) -> None:
    fields = hidden(await at_the_open_question(phone, page))

    await speaks(phone, page, fields, b"#!AMR\nxxxx")

    heard = talk.heard[-1]
    assert isinstance(heard.said, Voice)
    assert (heard.said.problem, heard.sound) == ("lost", b"")


async def test_a_form_without_a_recording_changes_nothing(phone: Phone, page: str, talk: FakeTalk) -> None:
    fields = hidden(await at_the_open_question(phone, page))
    before = len(talk.heard)

    empty = await speaks(phone, page, fields, b"")
    none = await phone.post(f"{page}/voice", data=fields)

    assert (empty.status_code, none.status_code) == (303, 303)
    assert len(talk.heard) == before


# ── limits ────────────────────────────────────────────────────────────────────────────────────────


async def test_the_biggest_that_is_kept_is_taken_and_never_lies_on_the_disk(
    phone: Phone, page: str, talk: FakeTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = hidden(await at_the_open_question(phone, page))
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", lambda _: pytest.fail("on the disk"))
    sound = OGG + bytes(BIGGEST_VOICE - len(OGG))

    await speaks(phone, page, fields, sound)

    assert talk.heard[-1].sound == sound


@pytest.mark.parametrize("more", [1, 20_000, 6_000_000])
async def test_one_that_is_too_big_is_refused_with_a_sentence(
    phone: Phone, page: str, talk: FakeTalk, more: int
) -> None:
    fields = hidden(await at_the_open_question(phone, page))
    before = len(talk.heard)

    answer = await speaks(phone, page, fields, OGG + bytes(BIGGEST_VOICE - len(OGG) + more))

    assert answer.status_code == 413
    assert TOO_LONG in answer.text
    assert f'href="{page}"' in answer.text
    assert len(talk.heard) == before


async def test_of_what_is_endless_only_so_much_is_read(phone: Phone, page: str) -> None:
    await at_the_open_question(phone, page)
    sent = count()

    async def endless() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="sound"; filename="v"\r\n\r\n'
        while True:
            next(sent)
            yield bytes(2**20)

    answer = await phone.post(f"{page}/voice", content=endless(), headers=MULTIPART)

    assert answer.status_code == 413
    assert next(sent) <= 6 * MAX_BYTES // 2**20 + 2


@pytest.mark.parametrize(("seconds", "status"), [("120", 303), ("121", 413), ("99999", 413), ("soon", 303)])
async def test_one_that_says_it_is_longer_than_two_minutes_is_refused(
    phone: Phone, page: str, seconds: str, status: int
) -> None:
    fields = hidden(await at_the_open_question(phone, page))

    answer = await speaks(phone, page, {**fields, "seconds": seconds})

    assert answer.status_code == status


async def test_without_a_good_code_nothing_is_read(phone: Phone) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"x"

    for code in ("wrong-code-12345678", "x"):
        answer = await phone.post(f"/chat/{code}/voice", content=body())
        assert answer.status_code == 404
    assert read == []


async def test_only_one_at_a_time_is_on_its_way(phone: Phone, page: str) -> None:
    fields = hidden(await at_the_open_question(phone, page))
    going, done = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"--x\r\n"
        going.set()
        await done.wait()

    first = asyncio.create_task(phone.post(f"{page}/voice", content=slow(), headers=MULTIPART))
    await going.wait()
    second = await speaks(phone, page, fields)
    done.set()
    await first

    assert second.status_code == 503
    assert "It is very busy just now." in second.text
    assert (await speaks(phone, page, fields)).status_code == 303


async def test_who_sends_too_much_has_to_wait(talk: FakeTalk, page: str) -> None:
    async with phone_at(talk.take, talk.look, limits=Limits()) as phone:
        answers = [await speaks(phone, page, {}) for _ in range(130)]

    assert answers[-1].status_code == 429
    assert "It is very busy just now." in answers[-1].text


async def test_another_site_cannot_send_one(phone: Phone, page: str, talk: FakeTalk) -> None:
    fields = hidden(await at_the_open_question(phone, page))
    before = len(talk.heard)

    answer = await phone.post(
        f"{page}/voice", data=fields, files={"sound": OGG}, headers={"sec-fetch-site": "cross-site"}
    )

    assert answer.status_code == 403
    assert len(talk.heard) == before


async def test_when_the_database_is_gone_she_is_asked_to_try_again(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    fields = hidden(await at_the_open_question(phone, page))
    talk.broken = True

    answer = await speaks(phone, page, fields)

    assert answer.status_code == 503
    assert "That did not work. Please try again." in answer.text
    assert f'href="{page}"' in answer.text


KINDS = ("multipart/form-data; boundary=", "multipart/form-data;", "text/plain ", "")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=400), boundary=st.text(max_size=80), kind=st.sampled_from(KINDS))
async def test_odd_bodies_are_no_fault(
    phone: Phone, page: str, body: bytes, boundary: str, kind: str
) -> None:
    header = (kind + boundary).encode("utf-8", "replace").replace(b"\n", b" ").replace(b"\r", b" ")
    framed = b"--" + boundary.encode("utf-8", "replace") + b"\r\n" + body

    for content in (body, framed):
        answer = await phone.post(f"{page}/voice", content=content, headers=[(b"content-type", header)])
        assert answer.status_code in (303, 413)


# ── with the whole conversation ───────────────────────────────────────────────────────────────────


class Home:
    """Trede on one database, with one client who chats on the web."""

    def __init__(self, database: Database, talk: Talk, code: str) -> None:
        self.database = database
        self.talk = talk
        self.code = code
        self.events = count(1)
        self.phone = phone_at(talk.take, self.seen, voice_of=self.voice_of)
        self.page = f"/chat/{code}"

    async def seen(self, code: str) -> Transcript | None:
        return await look(self.database, code, NOW)

    async def voice_of(self, code: str, ref: str) -> bytes | None:
        return await voice_for_client(self.database, code, ref, NOW)

    async def does(self, *said: Text | Command) -> Taken:
        taken = Taken("done")
        for each in said:
            taken = await self.talk.take(Incoming("web", f"w{next(self.events)}", each, code=self.code))
        return taken

    async def session(self) -> Session:
        found = await self.seen(self.code)
        assert found is not None
        assert found.session is not None
        return found.session

    async def html(self) -> str:
        return (await self.phone.get(self.page)).text

    async def speaks(self, sound: bytes = OGG, **fields: str) -> httpx.Response:
        return await speaks(self.phone, self.page, {**hidden(await self.html()), **fields}, sound)

    async def players(self) -> list[str]:
        """The addresses of what she spoke, as her page shows them."""
        html = await self.html()
        return re.findall(r'<audio controls preload="none" aria-label="Voice message" src="([^"]+)"', html)


async def invited(database: Database, name: str) -> str:
    """Her code."""
    made = await invite(database, name=name, language="en", manager_email="joke@huis.example", now=NOW)
    return made.code


@pytest.fixture
async def home(fresh_database: Database) -> AsyncIterator[Home]:
    huis = await staff.add_organisation(fresh_database, "Huis", NOW)
    await staff.add_staff(
        fresh_database, email="joke@huis.example", name="Joke", role="manager", now=NOW, organisation=huis
    )
    her = await invited(fresh_database, "Amina")
    library = await open_library(fresh_database, compiled_reflection(), NOW)
    tokens, minutes = count(1), count()
    talk = Talk(
        database=fresh_database,
        library=library,
        catalogue=client_words(),
        languages=offered(ALL),
        now=lambda: NOW + timedelta(minutes=next(minutes)),
        new_token=lambda: f"token-{next(tokens)}",
    )
    home = Home(fresh_database, talk, her)
    await home.does(Command("start"), *(Text(words) for words in ("1", "Nour", "yes", "1", "1")))
    yield home
    await home.phone.aclose()


async def test_she_hears_on_her_page_what_she_spoke(home: Home) -> None:
    await home.speaks(WEBM, seconds="9")

    html = await home.html()
    assert "Thank you. I keep your voice message as you spoke it." in html
    [player] = await home.players()
    heard = await home.phone.get(player)
    assert (heard.status_code, heard.content) == (200, WEBM)
    assert heard.headers["content-type"] == "audio/webm"
    assert heard.headers["cache-control"] == "no-store"
    assert heard.headers["x-content-type-options"] == "nosniff"
    assert "media-src 'self'" in heard.headers["content-security-policy"]
    answer = (await home.session()).answers[Place("good_life")]
    assert (answer.words, answer.seconds, answer.channel) == ("", 9, "web")
    assert player.endswith(answer.voice)


async def test_a_recording_that_is_refused_is_neither_shown_nor_kept(home: Home) -> None:
    await home.speaks(token="an-old-one")

    assert await home.players() == []
    assert await counted(home.database, voices) == {"voices": 0}


@pytest.mark.parametrize("away", ["pause", "leave"])
async def test_while_she_is_away_nobody_hears_it(home: Home, away: str) -> None:
    await home.speaks()
    [player] = await home.players()

    await home.does(Command(away))  # type: ignore[arg-type]

    assert await home.players() == []
    assert (await home.phone.get(player)).status_code == 404


async def test_a_later_visit_shows_it_no_more(home: Home) -> None:
    await home.speaks()
    [player] = await home.players()

    await home.does(Command("pause"), Command("again"))

    assert (await home.phone.get(player)).status_code == 404


async def test_after_deleting_everything_it_is_gone(home: Home) -> None:
    await home.speaks()
    [player] = await home.players()

    await home.does(Command("delete"), Text("yes"))

    assert (await home.phone.get(player)).status_code == 404
    assert await counted(home.database, voices) == {"voices": 0}


async def test_somebody_elses_code_hears_nothing(home: Home) -> None:
    await home.speaks()
    [player] = await home.players()
    other = await invited(home.database, "Leyla")

    assert (await home.phone.get(player.replace(home.code, other))).status_code == 404
    assert (await home.phone.get(f"{home.page}/voice/unknown")).status_code == 404


async def test_a_spoken_answer_leads_on(home: Home) -> None:
    await home.speaks()

    assert (await home.session()).at == Place("learn")


# ── pieces, as players ask for them ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "status", "got", "told"),
    [
        ("bytes=0-1", 206, OGG[:2], f"bytes 0-1/{len(OGG)}"),
        ("bytes=0-", 206, OGG, f"bytes 0-{len(OGG) - 1}/{len(OGG)}"),
        ("bytes=10-19", 206, OGG[10:20], f"bytes 10-19/{len(OGG)}"),
        ("bytes=250-9999", 206, OGG[250:], f"bytes 250-{len(OGG) - 1}/{len(OGG)}"),
        ("bytes=-4", 206, OGG[-4:], f"bytes {len(OGG) - 4}-{len(OGG) - 1}/{len(OGG)}"),
        ("bytes=-9999", 206, OGG, f"bytes 0-{len(OGG) - 1}/{len(OGG)}"),
        (f"bytes={len(OGG)}-", 416, b"", f"bytes */{len(OGG)}"),
        ("bytes=-0", 416, b"", f"bytes */{len(OGG)}"),
        ("bytes=5-2", 200, OGG, None),
        ("bytes=0-1,4-5", 200, OGG, None),
        ("bytes=-", 200, OGG, None),
        ("bytes=٣-٤", 200, OGG, None),
        ("lines=1-2", 200, OGG, None),
        ("bytes=" + "9" * 40 + "-", 200, OGG, None),
        ("", 200, OGG, None),
    ],
)
async def test_a_player_gets_the_piece_that_it_asks_for(
    home: Home, asked: str, status: int, got: bytes, told: str | None
) -> None:
    await home.speaks()
    [player] = await home.players()

    heard = await home.phone.get(player, headers=[(b"range", asked.encode())])

    assert (heard.status_code, heard.content, heard.headers.get("content-range")) == (status, got, told)
    assert heard.headers["accept-ranges"] == "bytes"
    assert heard.headers["content-length"] == str(len(got))


async def test_a_piece_of_a_version_that_nobody_can_name_is_the_whole(home: Home) -> None:
    await home.speaks()
    [player] = await home.players()

    heard = await home.phone.get(player, headers={"range": "bytes=0-1", "if-range": '"x"'})

    assert (heard.status_code, heard.content) == (200, OGG)
