"""Web chat under a flood: a kind page with her words kept, a guesser stopped, and leaving always open."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html import unescape

import httpx
import pytest
from fastapi import FastAPI

from bot.channels.web import web_chat
from bot.inbox import InboxFull
from bot.incoming import Incoming, Taken
from bot.limits import ADDRESS, CHAT, WRONG_CODES, Limits
from tests.fakes.talk import FakeTalk, words

URL = "http://chat.example"
BUSY = "It is very busy just now. Please wait a moment, then try again."
HTMX = {"hx-request": "true"}


@dataclass
class House:
    """A chat with limits, a clock that stands still until it is moved, and phones at any address."""

    talk: FakeTalk = field(default_factory=FakeTalk)
    now: float = 1_000.0
    full: bool = False

    def __post_init__(self) -> None:
        limits = Limits(clock=lambda: self.now)
        self.app = FastAPI()
        self.app.include_router(web_chat(self._take, self.talk.look, words, ("en", "ar"), URL, limits=limits))
        self.page = f"/chat/{self.talk.code}"

    async def _take(self, incoming: Incoming) -> Taken:
        if self.full:
            raise InboxFull
        return await self.talk.take(incoming)

    def phone(self, address: str = "203.0.113.7") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url=URL)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def phone(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with house.phone() as phone:
        yield phone


def form_on(html: str) -> dict[str, str]:
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html)
    return {name: unescape(value) for name, value in reversed(fields)}


async def said_too_much(house: House, phone: httpx.AsyncClient) -> None:
    """Her chat has used up its burst."""
    await phone.post(house.page, data={"command": "start"})
    for _ in range(CHAT[0] - 1):
        assert (await phone.post(house.page, data={"text": "x", "token": "old"})).status_code == 303


async def test_a_chat_that_floods_gets_a_kind_page_with_the_words_kept(
    house: House, phone: httpx.AsyncClient
) -> None:
    await said_too_much(house, phone)
    heard = len(house.talk.heard)

    slow = await phone.post(house.page, data={"event": "e" * 20, "text": "my <b>story</b>", "language": "ar"})

    assert (slow.status_code, slow.headers["retry-after"]) == (429, "1")
    assert BUSY in slow.text
    assert '<html lang="ar" dir="rtl">' in slow.text
    assert "my &lt;b&gt;story&lt;/b&gt;</textarea>" in slow.text
    assert len(house.talk.heard) == heard

    house.now += 1.0
    again = await phone.post(house.page, data={**form_on(slow.text), "text": "my <b>story</b>"})
    assert again.status_code == 303
    assert house.talk.messages[-1][1].paragraphs == ("my <b>story</b>",)


async def test_with_htmx_the_page_stays_as_it_is(house: House, phone: httpx.AsyncClient) -> None:
    await said_too_much(house, phone)

    slow = await phone.post(house.page, data={"text": "x"}, headers=HTMX)

    assert slow.status_code == 429
    assert "hx-refresh" not in slow.headers
    assert f'data-busy="{BUSY}"' in (await phone.get(house.page)).text


async def test_an_address_that_floods_is_slowed_for_pages_and_answers_alike(
    house: House, phone: httpx.AsyncClient
) -> None:
    pages = [(await phone.get(house.page)).status_code for _ in range(ADDRESS[0])]
    page = await phone.get(house.page)
    answer = await phone.post(house.page, data={"text": "hello"})
    cut_off = await phone.get("/chat/a/b")

    assert set(pages) == {200}
    assert (page.status_code, answer.status_code, cut_off.status_code) == (429, 429, 429)
    assert page.headers["retry-after"] == "1"
    assert BUSY in page.text
    assert f'href="{house.page}"' in page.text
    assert "hello</textarea>" in answer.text

    async with house.phone("198.51.100.1") as elsewhere:
        assert (await elsewhere.get(house.page)).status_code == 200


async def test_leaving_is_always_open(house: House, phone: httpx.AsyncClient) -> None:
    await said_too_much(house, phone)
    for _ in range(ADDRESS[0]):
        await phone.get(house.page)
    assert (await phone.get(house.page)).status_code == 429

    left = await phone.post(f"{house.page}/leave")
    bye = [(await phone.get("/bye")).status_code for _ in range(200)]

    assert (left.status_code, left.headers["location"]) == (303, "/bye")
    assert set(bye) == {200}
    assert house.talk.session is not None
    assert house.talk.session.mode == "left"


@pytest.mark.parametrize("code", ["wrong-code-{n:08}", "short{n}", "%00%ff{n:08}"])
async def test_codes_cannot_be_guessed_whatever_they_look_like(
    house: House, phone: httpx.AsyncClient, code: str
) -> None:
    tries = [(await phone.get(f"/chat/{code.format(n=n)}")).status_code for n in range(WRONG_CODES[0] + 5)]
    posted = await phone.post(f"/chat/{code.format(n=99)}", data={"text": "x"})
    good = await phone.get(house.page)

    assert tries == [404] * WRONG_CODES[0] + [429] * 5
    assert (posted.status_code, good.status_code) == (429, 429), "it tells nothing about any code"
    assert int(good.headers["retry-after"]) <= WRONG_CODES[1]


async def test_a_guesser_in_the_same_network_stops_nobody_who_talks(
    house: House, phone: httpx.AsyncClient
) -> None:
    await phone.post(house.page, data={"command": "start"})
    for n in range(50):
        await phone.get(f"/chat/wrong-code-{n}")

    answer = await phone.post(house.page, data={"text": "1", "token": "token-0"})

    assert (await phone.get(house.page)).status_code == 200
    assert answer.status_code == 303
    assert house.talk.answers == ["1"]


async def test_while_nothing_can_be_looked_up_trying_again_is_not_guessing(
    house: House, phone: httpx.AsyncClient
) -> None:
    house.talk.broken = True
    tries = [(await phone.post(house.page, data={"text": "x"})).status_code for _ in range(20)]
    house.talk.broken = False

    assert set(tries) == {503}
    assert (await phone.post(house.page, data={"command": "start"})).status_code == 303


async def test_a_full_inbox_is_told_as_busy_and_her_words_are_kept(
    house: House, phone: httpx.AsyncClient
) -> None:
    await phone.post(house.page, data={"command": "start"})
    house.full = True

    full = await phone.post(house.page, data={"event": "e" * 20, "text": "my story"})
    left = await phone.post(f"{house.page}/leave")

    assert full.status_code == 503
    assert int(full.headers["retry-after"]) > 0
    assert BUSY in full.text
    assert "my story</textarea>" in full.text
    assert left.headers["location"] == "/bye"
