"""Twenty thousand made-up inputs: no 5xx, nothing unescaped, no refused send, no word of them in the logs."""

import asyncio
import copy
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from tests.bot.test_on_postgresql import begins, invited, shares_all, tells
from tests.chatting import Chatting
from tests.fakes.telegram_person import Person
from tests.fakes.telegram_rules import Refused
from tests.fakes.telegram_server import TelegramServer
from tests.running import Running, free_port, running

pytestmark = pytest.mark.xdist_group("hostile inputs")  # one server for all of them

SECRET = "s" * 40
PASSWORD = "een lang wachtwoord"
MARK = "kanarie9x7"
"""Part of all words that are typed here."""

SHARES = {"forms": 6_000, "codes": 2_000, "webhook": 6_500, "staff": 2_500, "api": 3_000}
"""How many inputs each way gets in the long run."""

FEW = 70
WOMEN = 12


def amounts(way: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("inputs", [FEW, pytest.param(SHARES[way], marks=pytest.mark.long)])


# ── the house ────────────────────────────────────────────────────────────────────────────────────


class Strict(TelegramServer):
    """Remembers the sends that it refused, but for those to people that it does not know."""

    def __init__(self) -> None:
        super().__init__(chat_burst=100_000)
        self.refused: list[str] = []
        self.loop = asyncio.new_event_loop()

    async def _result(self, request: web.Request) -> Any:
        try:
            return await super()._result(request)
        except Refused as refusal:
            if request.match_info["method"].casefold() == "sendmessage" and refusal.code == 400:
                self.refused += [refusal.description] * ("chat not found" not in refusal.description)
            raise

    def do(self, work: Callable[[], Any]) -> Any:
        """In the loop in which it lives."""

        async def done() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(done(), self.loop).result(30)


@contextmanager
def strict_telegram() -> Iterator[Strict]:
    """In a thread of its own, so that it answers while tests wait."""
    server = Strict()
    thread = threading.Thread(target=server.loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), server.loop).result(30)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), server.loop).result(30)
        server.loop.call_soon_threadsafe(server.loop.stop)
        thread.join()


@dataclass
class House:
    """Trede, its Telegram, one browser, women on both channels, and one case in the queue."""

    trede: Running
    telegram: Strict
    browser: httpx.Client
    women: list[Person]
    links: list[str]
    numbers: Iterator[int]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    port = free_port()
    with (
        strict_telegram() as telegram,
        running(
            tmp_path_factory.mktemp("inputs"),
            TREDE_PORT=str(port),
            TREDE_LIMITS="false",
            TREDE_LOG_LEVEL="debug",
            TREDE_TELEGRAM_TOKEN=telegram.token,
            TREDE_TELEGRAM_API=telegram.url,
            TREDE_TELEGRAM_WEBHOOK_URL=f"http://127.0.0.1:{port}/telegram",
            TREDE_TELEGRAM_WEBHOOK_SECRET=SECRET,
        ) as trede,
        httpx.Client(
            base_url=trede.address, timeout=60, headers={"sec-fetch-site": "same-origin"}
        ) as browser,
    ):
        with Chatting(trede.chat) as amina:
            begins(amina)
            tells(amina)
            shares_all(amina)
        women = [telegram.person(7_000 + n) for n in range(2)]
        for woman in women:
            code = invited(trede).rsplit("/", 1)[1]
            telegram.do(partial(woman.writes, f"/start {code}"))
        links = [urlsplit(invited(trede)).path for _ in range(2)]
        yield House(trede, telegram, browser, women, links, itertools.count(1))


@pytest.fixture(autouse=True)
def _calm(house: House) -> Iterator[None]:
    """After each test: nothing was refused, nothing failed, no word of theirs was logged."""
    before = house.trede.logs.stat().st_size
    yield
    wrote = house.trede.logs.read_bytes()[before:].decode("utf-8", "replace")
    assert MARK not in wrote
    assert "Traceback" not in wrote
    assert [line for line in wrote.splitlines() if '"level": "error"' in line] == []
    assert house.telegram.refused == []


# ── what is thrown ───────────────────────────────────────────────────────────────────────────────

ODD = (
    "<script>alert(1)</script>",
    "<x-bird onclick=alert(1)>",
    "\"'><img src=x onerror=alert(1)>",
    "</textarea></title><iframe src=//evil.example>",
    "\x00",
    "\ud800",
    "\udfff\ud83d",
    "\u202e\u2066\u2069\u202c",
    "می\u200cخواهم \u0915\u094d\u200d\u0937",
    "שלום مرحبا 123",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "%(name)s {0.__class__} {{ 7*7 }}",
    "z\u0361\u0489" * 200,
    "\U0001f33f" * 2_100,
    "x" * 4_097,
    "9" * 5_000,
    "1e999",
    "\r\n\r\nSet-Cookie: a=b",
    "/start",
    "/language",
    "/back",
    "/skip",
    "1",
    "7",
    "",
    " \u3000\t",
    "&lt;script&gt;&#60;b&#62;",
)
ANY_TEXT = st.text(st.characters(codec=None), max_size=60)
WORDS = st.one_of(st.sampled_from(ODD), ANY_TEXT, st.tuples(ANY_TEXT, st.sampled_from(ODD)).map("".join)).map(
    lambda words: f"{words}{MARK}" if len(words) > 3 else words
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        WORDS,
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from((10**40, -(2**63), 2**31, 1e308, 0, -1, float("nan"), float("inf"))),
        st.floats(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


def deep(value: Any, times: int) -> Any:
    for _ in range(times):
        value = [value] if times % 2 else {"a": value}
    return value


def many(inputs: int, **strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], None]:
    """Runs the function that often with made-up arguments, and fails if it was less."""

    def run(function: Callable[..., None]) -> None:
        count = 0

        @settings(
            max_examples=inputs,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.fixed_dictionaries(strategies))
        def each(made: dict[str, Any]) -> None:
            nonlocal count
            count += 1
            function(**made)

        each()
        assert count >= inputs

    return run


class Tags(HTMLParser):
    """Finds markup that is none of ours."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.foreign: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        is_ours = tag not in ("iframe", "x-bird", "svg", "object") and not any(
            name.startswith("on") for name in names
        )
        if not is_ours or (tag in ("script", "img") and "/static/" not in (names.get("src") or "")):
            self.foreign.append(tag)


def assert_calm(answered: httpx.Response) -> None:
    assert answered.status_code < 500
    assert answered.headers.get("set-cookie", "").partition("=")[0] != "a"
    if answered.headers.get("content-type", "").startswith("text/html"):
        assert Tags(answered.text).foreign == []
        assert "\x00" not in answered.text


def encoded(fields: dict[str, str]) -> bytes:
    return "&".join(
        f"{quote(name.encode('utf-8', 'surrogatepass'))}={quote(value.encode('utf-8', 'surrogatepass'))}"
        for name, value in fields.items()
    ).encode()


FORM = {"content-type": "application/x-www-form-urlencoded"}


def fields_of(page: str) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in reversed(found)}


# ── each way in ──────────────────────────────────────────────────────────────────────────────────


def test_the_long_run_has_twenty_thousand_inputs() -> None:
    assert sum(SHARES.values()) == 20_000


@amounts("forms")
def test_the_web_chat_takes_whatever_a_form_holds(house: House, inputs: int) -> None:
    for link in house.links:
        house.browser.post(link, data={"command": "start"})
    names = ("text", "tap", "pick", "picks", "command", "event", "token", "after", "language")

    @many(
        inputs,
        link=st.sampled_from(house.links),
        fields=st.dictionaries(st.sampled_from(names), WORDS, max_size=3),
        tap=st.one_of(st.none(), st.none(), st.integers(0, 3)),
        htmx=st.sampled_from(("true", "false")),
        fresh=st.booleans(),
    )
    def _(link: str, fields: dict[str, str], tap: int | None, htmx: str, fresh: bool) -> None:
        page = house.browser.get(link)
        assert_calm(page)
        choices = re.findall(r'name="tap" value="([^"]*)" class="choice"', page.text)
        tapped = {"tap": choices[tap % len(choices)]} if tap is not None and choices else {}
        form = {**(fields_of(page.text) if fresh else {}), "text": MARK, **fields, **tapped}
        assert_calm(house.browser.post(link, content=encoded(form), headers=FORM | {"hx-request": htmx}))


@amounts("codes")
def test_no_code_of_a_chat_or_a_sign_in_is_too_odd(house: House, inputs: int) -> None:
    @many(
        inputs,
        before=st.sampled_from(("/chat/", "/staff/enter/", "/staff/cases/", "/chat/static/")),
        code=WORDS,
        end=st.sampled_from(("", "/", "/leave", "?a=b")),
        method=st.sampled_from(("GET", "POST", "HEAD", "PUT", "DELETE")),
    )
    def _(before: str, code: str, end: str, method: str) -> None:
        path = before + quote(code.encode("utf-8", "surrogatepass"), safe="")[:8_000] + end
        assert_calm(house.browser.request(method, path))


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else []
    for name, each in inner:
        yield (*at, name)
        yield from places(each, (*at, name))


def put(update: dict[str, Any], place: tuple[Any, ...], value: Any) -> None:
    inner: Any = update
    for name in place[:-1]:
        inner = inner[name] if isinstance(inner, dict) and name in inner else {}
    if isinstance(inner, dict):
        inner[place[-1]] = value


def real_update(house: House, woman: Person, words: str, tap: int | None) -> dict[str, Any]:
    user = {"id": woman.chat_id, "is_bot": False, "first_name": MARK, "language_code": "ar"}
    chat = {"id": woman.chat_id, "type": "private"}
    number = next(house.numbers)
    message = {"message_id": number, "date": 1_790_000_000, "chat": chat, "from": user, "text": words}
    buttons = [data for seen in woman.chat[-3:] for row in seen.keyboard for _, data in row]
    if tap is None or not buttons:
        return {"update_id": number, "message": message}
    data = buttons[tap % len(buttons)]
    query = {"id": str(number), "from": user, "message": message, "chat_instance": "1", "data": data}
    return {"update_id": number, "callback_query": query}


@amounts("webhook")
def test_the_webhook_takes_whatever_becomes_of_an_update(house: House, inputs: int) -> None:
    changes = st.lists(st.tuples(st.integers(0, 30), VALUES), max_size=2)

    @many(
        inputs,
        woman=st.sampled_from(house.women),
        words=WORDS,
        tap=st.one_of(st.none(), st.integers(0, 5)),
        changes=changes,
        depth=st.sampled_from((0, 0, 0, 0, 0, 50, 5_000)),
    )
    def _(woman: Person, words: str, tap: int | None, changes: list[Any], depth: int) -> None:
        update = copy.deepcopy(real_update(house, woman, words, tap))
        for place, value in changes:
            all_places = list(places(update))
            put(update, all_places[place % len(all_places)], value)
        body = json.dumps(update)
        if depth:
            body = body[:-1] + ', "more": ' + "[" * depth + "]" * depth + "}"
        answered = house.browser.post(
            "/telegram", content=body.encode(), headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}
        )
        assert answered.status_code == 200

    assert house.telegram.called("sendMessage")


@amounts("staff")
def test_the_staffs_forms_take_whatever_they_hold(house: House, inputs: int) -> None:
    with httpx.Client(
        base_url=house.trede.address, timeout=60, headers={"sec-fetch-site": "same-origin"}
    ) as desk:
        entered = desk.post(house.trede.enter, data={"password": PASSWORD})
        if entered.status_code != 303 or "/staff/sign-in" in entered.headers["location"]:
            email = {"email": "demo@example.org", "password": PASSWORD}
            assert desk.post("/staff/sign-in", data=email).status_code == 303
        csrf = fields_of(desk.get("/staff").text)["csrf"]
        case = re.findall(r"/staff/cases/[\w-]+", desk.get("/staff").text)[0]

        @many(
            inputs,
            path=st.sampled_from(
                ("/staff/language", f"{case}/state", "/staff/sign-in", "/staff/cases/x/state")
            ),
            fields=st.dictionaries(
                st.sampled_from(("language", "back", "state", "email", "csrf", "x")), WORDS, max_size=3
            ),
            query=WORDS,
        )
        def _(path: str, fields: dict[str, str], query: str) -> None:
            form = {"csrf": csrf, **fields}
            assert_calm(desk.post(path, content=encoded(form), headers=FORM))
            looked = quote(query.encode("utf-8", "surrogatepass"), safe="")[:2_000]
            assert_calm(desk.get(f"{case}?language={looked}&print={looked}"))


@amounts("api")
def test_the_api_keeps_to_its_description(house: House, inputs: int) -> None:
    token = house.trede.trede("user", "token", "demo@example.org").strip()
    described = house.browser.get("/api/openapi.json").json() | {"servers": [{"url": house.trede.address}]}
    schema = schemathesis.openapi.from_dict(described)
    hers = house.browser.get("/api/queue", headers={"authorization": f"Bearer {token}"}).json()[0]
    cases = st.one_of(
        *(
            found.ok().as_strategy(generation_mode=mode)  # type: ignore[union-attr]
            for found in schema.get_all_operations()
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        )
    )
    checks: list[Any] = schemathesis.checks.CHECKS.get_by_names(
        ["status_code_conformance", "content_type_conformance", "response_schema_conformance"]
    )

    def ask(case: Case[Any], authorised: str) -> int:
        answered = case.call(
            base_url=house.trede.address, headers={"Authorization": f"Bearer {authorised}"}, timeout=60
        )
        assert answered.status_code < 500
        if answered.status_code != 405:
            case.validate_response(answered, checks=checks)
        assert authorised == token or answered.status_code in (401, 404, 405)
        return answered.status_code

    summary = schema["/api/summaries/{id}"]["GET"]
    right, wrong, nobodys = (
        summary.Case(path_parameters={"id": id}, query={"language": language})
        for id, language in ((hers["summary"], "nl"), (hers["summary"], "xx"), ("0" * 16, "nl"))
    )
    assert [ask(each, token) for each in (right, wrong, nobodys)] == [200, 422, 404]
    assert ask(right, "") == 401

    statuses: set[int] = set()

    @many(
        inputs,
        case=cases,
        authorised=st.sampled_from((token, token, "", "x" * 40)),
        real=st.booleans(),
    )
    def _(case: Case[Any], authorised: str, real: bool) -> None:
        if real and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = hers["summary"]
        statuses.add(ask(case, authorised))

    if inputs > FEW:  # so many that each kind of answer turns up by itself
        assert {200, 401, 404, 422} <= statuses
