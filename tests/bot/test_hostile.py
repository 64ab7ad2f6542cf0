"""Whatever is thrown at any address, nobody gets a 5xx, a stack trace or somebody else's words."""

import itertools
import json
import re
import socket
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import quote, quote_from_bytes, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.telegram_server import TOKEN
from tests.running import Running, free_port, running

pytestmark = pytest.mark.xdist_group("hostile")  # one server for all of them

SECRET = "s" * 40
PASSWORD = "een lang wachtwoord"

SAME_SITE = {"sec-fetch-site": "same-origin"}
EACH_ALONE = {"connection": "close"}

CANARY = "kanarie-9x7"
"""Part of all that is typed here, so that it can be looked for where it must not be."""

HOSTILE_WORDS = (
    f"{CANARY}\x00nul",
    f"{CANARY} \ud800 half a character",
    f"{CANARY} \U0001f469\u200d\U0001f469\u200d\U0001f467",
    f"<b>{CANARY}</b><script>alert(1)</script>",
    f"\"'><img src=x onerror=alert('{CANARY}')>",
    f"=cmd|'/c calc'!A1 {CANARY}",
    f"\u202e{CANARY}\u2066",
    f"{{{{ 7*7 }}}} {{% raw %}} %(name)s {{0.__class__}} {CANARY}",
    f"../../../../etc/passwd {CANARY}",
    f"' OR 1=1; DROP TABLE clients; -- {CANARY}",
    f"{CANARY}\r\nSet-Cookie: a=b",
    f"{CANARY}\x1b[2J\x07\x7f\x85\u2028",
    f"{CANARY} " + "z\u0361\u0489" * 300,
    "x" * 4000,
    "x" * 4001,
    CANARY + "x" * 100_000,
    "9" * 5000,
    "٩" * 3999,
    "-" * 30 + "1e999",
    "1e999",
    "nan",
    "  \u3000\t ",
    "",
    "/start",
    "/delete@other_bot",
    "\ufeff\ufffe\uffff",
)
BODIES = (
    b"",
    b"\x00",
    b"\xff\xfe\xfd",
    b"text=%ff%fe%00",
    b"text=%ED%A0%80",
    b"text=%",
    b"&&&===&&;;",
    b"text=a&text=b&text=c&event=x&event=y&csrf=1&csrf=2",
    b"a=1&" * 5_000,
    b"pick=1&" * 150,
    b"tap=" + b"9" * 5_000,
    b"tap==1,2,\xd9\xa1,-1,1e9",
    b"picks=&pick=%00&pick=../..&tap=",
    b"command=delete%00&command=__class__",
    b"after=99999999999999999999&after=-1&text=x",
    b"token=%00%ed%a0%80&text=x",
    b"language=%2e%2e%2f&language=xx-%00&text=x",
    b'{"text": "json"}',
    b"[" * 100_000,
    b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nhello\r\n--x--\r\n',
    b"text=" + b"x" * 300_000,
)
KINDS = (
    None,
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-7",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/json",
    "text/html; charset=\xff",
    "x" * 5_000,
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get")
ENDS = (
    "",
    "/",
    "//",
    "/..",
    "/%2e%2e/%2e%2e/etc/passwd",
    "%2F..%2F..%2Fetc%2Fpasswd",
    "%00",
    "%ff%fe",
    "%ED%A0%80",
    "%E2%80%AE",
    "%0d%0aSet-Cookie:%20a=b",
    ";a=b",
    "?" + "a=1&" * 3_000,
    "?print=1&print=%00&show=%ff&language=en&language=%ed%a0%80&language=xx",
    "?%",
    "%25%32%46",
    "\\..\\..\\secret",
    "'\"<script>alert(1)</script>",
    "x" * 20_000,
    "#fragment",
)
HEADERS = (
    "Host: [",
    "Host: [::1",
    "Host: a b",
    "Host: evil.example/path?query#x",
    "Host:",
    "Host: a\r\nHost: b",
    "Origin: http://[",
    "Origin: http://x:port",
    "Origin: \xff\xfe",
    "Origin: null",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: \xff",
    "Accept-Language: " + "x-" * 20_000,
    "Accept-Language: ../../etc,\xff;q=x,en_US.utf8@euro,ar-u-nu-latn,*;q=-1",
    "Accept-Encoding: gzip;q=nan,\xff",
    "Cookie: trede_staff=\xff\xfe\x01; trede_staff=; =; ;;;",
    "Cookie: " + "a=b; " * 5_000,
    "Authorization: Bearer",
    "Authorization: Bearer \xff\xfe",
    "Authorization: Basic " + "x" * 30_000,
    "X-Forwarded-For: " + "1.2.3.4, " * 2_000 + "\xff",
    "X-Forwarded-For: [::1, %00, unknown",
    "X-Forwarded-Proto: javascript",
    "HX-Request: true",
    "Range: bytes=-1--1,0-99999999999999999999",
    "If-None-Match: \xff",
    "Expect: 100-continue",
    "Upgrade: websocket\r\nConnection: Upgrade",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    "Content-Length: -1",
    "Content-Length: 5\r\nContent-Length: 6",
    "Transfer-Encoding: gzip, chunked",
    "X-Telegram-Bot-Api-Secret-Token: \xff\xfe",
    "X: " + "y" * 200_000,
    "\r\n".join(f"X-{n}: y" for n in range(2_000)),
)


@pytest.fixture(scope="module")
def trede(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with a webhook; Telegram itself is away, which keeps nothing from coming in."""
    with running(
        tmp_path_factory.mktemp("hostile"),
        TREDE_LIMITS="false",  # what is thrown is to arrive, however fast
        TREDE_TELEGRAM_TOKEN=TOKEN,
        TREDE_TELEGRAM_API=f"http://127.0.0.1:{free_port()}",
        TREDE_TELEGRAM_WEBHOOK_URL="https://trede.example/telegram",
        TREDE_TELEGRAM_WEBHOOK_SECRET=SECRET,
    ) as found:
        yield found


@pytest.fixture(scope="module")
def desk(trede: Running) -> Iterator[httpx.Client]:
    """A case manager's browser, signed in."""
    with httpx.Client(base_url=trede.address, headers=SAME_SITE | EACH_ALONE, timeout=30) as desk:
        assert desk.post(trede.enter, data={"password": PASSWORD}).status_code == 303
        yield desk


@pytest.fixture(scope="module")
def phone(trede: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=trede.address, headers=EACH_ALONE, timeout=30) as phone:
        yield phone


@pytest.fixture
def hers(trede: Running) -> str:
    """The path of the demo client's chat."""
    return urlsplit(trede.chat).path


@pytest.fixture(autouse=True)
def _quiet(trede: Running) -> Iterator[None]:
    """Odd input is nobody's fault: no test here may leave an error in the logs, nor anybody's words."""
    before = trede.logs.stat().st_size
    yield
    wrote = trede.logs.read_bytes()[before:].decode("utf-8", "replace")
    assert CANARY not in wrote
    assert "Traceback" not in wrote
    assert [line for line in wrote.splitlines() if '"level": "error"' in line] == []


def addresses(trede: Running) -> tuple[str, ...]:
    """Every address there is, each once."""
    hers = urlsplit(trede.chat).path
    return (
        "/",
        "/healthz",
        "/bye",
        "/telegram",
        hers,
        f"{hers}/leave",
        "/chat/no-such-code-here",
        "/chat/static/x/chat.css",
        "/staff",
        "/staff/sign-in",
        "/staff/sign-out",
        "/staff/language",
        "/staff/enter/no-such-code",
        "/staff/cases/nobody",
        "/staff/cases/nobody/state",
        "/staff/static/console.css",
        "/api/queue",
        "/api/summaries/nobody",
        "/api/openapi.json",
    )


def spoken(trede: Running, request: bytes, is_whole: bool = True) -> bytes:
    """What the server answers to these bytes; b"" if it just hangs up."""
    where = urlsplit(trede.address)
    answer = bytearray()
    with socket.create_connection((where.hostname, where.port), timeout=10) as line:
        try:
            line.sendall(request)
            if not is_whole:
                line.shutdown(socket.SHUT_WR)  # else it waits for the rest, as it should
            while piece := line.recv(65536):
                answer += piece
        except ConnectionError:  # it need not read to the end what it refuses
            pass
    return bytes(answer)


def request(method: str, target: str, header: str = "", body: bytes = b"") -> bytes:
    host = "" if header.startswith("Host") else "Host: trede.example\r\n"
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {target} HTTP/1.1\r\n{host}{header}{chr(13) + chr(10) if header else ''}{length}"
    return f"{head}Connection: close\r\n\r\n".encode("latin-1", "replace") + body


def is_calm(answer: bytes, request: bytes = b"") -> bool:
    """No 5xx, no stack trace, no header of the sender's own; silence only where far too much was sent."""
    if not answer:
        return len(request) > 60_000
    head, _, _ = answer.partition(b"\r\n\r\n")
    is_fine = answer.startswith(b"HTTP/1.1 ") and not answer.startswith(b"HTTP/1.1 5")
    return is_fine and b"Traceback" not in answer and b"\r\nset-cookie: a=b" not in head.lower()


def upset(trede: Running, requests: Iterable[bytes]) -> list[bytes]:
    """The beginnings of those requests that got anything but a calm answer."""
    return [each[:150] for each in requests if not is_calm(spoken(trede, each), each)]


def test_every_address_withstands_every_method(trede: Running) -> None:
    asked = (request(method, address) for address, method in itertools.product(addresses(trede), METHODS))

    assert upset(trede, asked) == []


def test_every_address_withstands_odd_ends(trede: Running) -> None:
    asked = [
        request(method, address.rstrip("/") + end)
        for address, end, method in itertools.product(addresses(trede), ENDS, ("GET", "POST"))
    ]

    assert upset(trede, asked) == []


def test_every_address_withstands_odd_headers(trede: Running) -> None:
    asked = [
        request(method, address, header)
        for address, header, method in itertools.product(addresses(trede), HEADERS, ("GET", "POST"))
        if method == "GET" or address not in ("/", "/healthz", "/bye")
    ]

    assert upset(trede, asked) == []


def test_every_form_withstands_odd_bodies(trede: Running) -> None:
    kinds = [f"Content-Type: {kind}" if kind else "" for kind in KINDS]
    forms = [address for address in addresses(trede)[3:] if "static" not in address]
    asked = [
        request("POST", address, kind, body)
        for address in forms
        for number, body in enumerate(BODIES)
        for kind in (kinds[1], kinds[number % len(kinds)])
    ]

    assert upset(trede, asked) == []


@pytest.mark.parametrize(
    "body",
    [
        b"5\r\ntext=\r\n0\r\n\r\n",
        b"zz\r\ntext=\r\n0\r\n\r\n",
        b"-5\r\n",
        b"FFFFFFFFFFFFFFFF\r\nx",
        b"5;" + b"x" * 70_000 + b"\r\ntext=\r\n0\r\n\r\n",
        b"5\r\ntext=\r\n0\r\nX-Trailer: \xff\r\n\r\n",
        b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n",
    ],
    ids=["good", "no number", "negative", "enormous", "extended", "trailer", "tiny"],
)
def test_bodies_in_chunks_are_read_or_refused(trede: Running, hers: str, body: bytes) -> None:
    head = request("POST", hers, "Transfer-Encoding: chunked").removesuffix(b"\r\n\r\n")

    assert is_calm(spoken(trede, head + b"\r\n\r\n" + body, is_whole=False), b"x" * 70_000)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\r\n\r\n",
        b"GET",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://evil.example/chat/x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(trede: Running, line: bytes) -> None:
    assert is_calm(spoken(trede, line, is_whole=False), b"x" * 70_000)


def test_only_its_own_files_are_served(trede: Running) -> None:
    names = ("../web.py", "..%2fweb.py", "%2e%2e/%2e%2e/web.py", "chat.css%00.py", "/etc/passwd", "README.md")

    answers = [spoken(trede, request("GET", f"/chat/static/x/{name}")) for name in names]
    answers += [spoken(trede, request("GET", f"/staff/static/{name}")) for name in names]

    assert [answer[9:12] for answer in answers] == [b"404"] * len(answers)


# ── her words ─────────────────────────────────────────────────────────────────────────────────────


def asked(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of the form she is to answer with."""
    form = page.text[page.text.index('id="answers"') :]
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in reversed(found)}


def encoded(fields: dict[str, str]) -> bytes:
    return "&".join(
        f"{name}={quote_from_bytes(value.encode('utf-8', 'surrogatepass'))}" for name, value in fields.items()
    ).encode()


def answer(phone: httpx.Client, page: httpx.Response, hers: str, **pressed: str) -> httpx.Response:
    """The next page."""
    fields = asked(page) | pressed
    return phone.post(
        hers,
        content=encoded(fields),
        headers={"content-type": "application/x-www-form-urlencoded"},
        follow_redirects=True,
    )


def new_chat(trede: Running) -> str:
    """The path of a new client's chat."""
    # Without the token, so that it need not ask Telegram for the bot's name.
    made = replace(trede, env={**trede.env, "TREDE_TELEGRAM_TOKEN": ""}).trede(
        "invite", "--name", f"<i>{CANARY}</i>", "--language", "en", "--json"
    )
    return str(urlsplit(json.loads(made)["web"]).path)


def test_whatever_she_types_is_taken_or_kindly_refused_and_shown_as_text(
    trede: Running, phone: httpx.Client
) -> None:
    hers = new_chat(trede)
    page = phone.post(hers, data={"command": "start"}, follow_redirects=True)

    for words in HOSTILE_WORDS:
        page = answer(phone, page, hers, text=words)
        assert page.status_code == 200, ascii(words[:40])
        for forbidden in ("<script>", "<b>", "<i>", "<img", "\x00", "49 "):
            assert forbidden not in page.text, ascii(words[:40])


@pytest.mark.parametrize("how", ["tap", "pick", "command", "event", "token", "after", "language"])
def test_whatever_a_field_of_the_chat_holds_is_no_fault(
    trede: Running, phone: httpx.Client, hers: str, how: str
) -> None:
    phone.post(hers, data={"command": "start"})

    for words, htmx in zip(HOSTILE_WORDS, itertools.cycle(("true", "false")), strict=False):
        fields = {"token": "", "text": "x", how: words}
        page = phone.post(hers, content=encoded(fields), headers={"hx-request": htmx})
        assert page.status_code in (200, 303), ascii(words[:40])


def test_the_staffs_forms_take_hostile_words(desk: httpx.Client, trede: Running) -> None:
    csrf = re.search(r'name="csrf" value="([^"]+)"', desk.get("/staff").text)
    assert csrf is not None

    for words in HOSTILE_WORDS:
        for address, fields in (
            ("/staff/language", {"language": words, "back": words}),
            ("/staff/language", {"language": "en", "back": f"/staff/{words}"}),
            (
                f"/staff/cases/{quote(words[:300].encode('utf-8', 'replace'), safe='')}/state",
                {"state": "seen"},
            ),
            ("/staff/cases/nobody/state", {"state": words}),
        ):
            answered = desk.post(
                address,
                content=encoded({"csrf": csrf[1], **fields}),
                headers={"content-type": "application/x-www-form-urlencoded"},
            )
            assert answered.status_code in (303, 404, 413), (address, ascii(words[:40]))
            assert answered.headers.get("location", "/staff").startswith("/staff")


def test_signing_in_with_hostile_words_is_only_refused(trede: Running) -> None:
    with httpx.Client(base_url=trede.address, headers=SAME_SITE) as stranger:
        for words in HOSTILE_WORDS:
            page = stranger.post(
                "/staff/sign-in",
                content=encoded({"email": f"{words}@x.example", "password": words[:50]}),
                headers={"content-type": "application/x-www-form-urlencoded"},
            )
            assert page.status_code in (401, 413, 429), ascii(words[:40])
            assert "<script>" not in page.text


# ── the webhook ───────────────────────────────────────────────────────────────────────────────────


def update(number: int, **parts: object) -> dict[str, object]:
    person = {"id": 7, "is_bot": False, "first_name": CANARY, "language_code": "ar"}
    message = {"message_id": 1, "date": 1_790_000_000, "chat": {"id": 7, "type": "private"}, "from": person}
    return {"update_id": number, "message": {**message, **parts}}


def posted(phone: httpx.Client, body: bytes, secret: str | None = SECRET) -> int:
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    return phone.post("/telegram", content=body, headers=headers).status_code


def test_without_the_secret_the_webhook_takes_nothing(phone: httpx.Client) -> None:
    body = json.dumps(update(1, text="hello")).encode()

    assert [posted(phone, body, secret) for secret in (None, "", "x" * 40, SECRET[:-1], SECRET + "s")] == [
        401
    ] * 5


def test_an_update_with_hostile_words_is_taken(trede: Running, phone: httpx.Client) -> None:
    code = new_chat(trede).rsplit("/", 1)[1]
    numbers = itertools.count(10)
    assert posted(phone, json.dumps(update(next(numbers), text=f"/start {code}")).encode()) == 200

    statuses = [
        posted(phone, json.dumps(update(next(numbers), text=words), ensure_ascii=True).encode())
        for words in HOSTILE_WORDS
    ]
    statuses += [
        posted(phone, json.dumps(update(next(numbers), text=f"/start {words}")).encode())
        for words in HOSTILE_WORDS[::4]
    ]

    assert set(statuses) == {200}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b'{"update_id": 1e400}',
        b'{"update_id": ' + b"9" * 5_000 + b"}",
        b'{"update_id": NaN}',
        b'{"update_id": 1, "update_id": 2}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"update_id": 3, "message": {"text": "\\ud800\\u0000"}}',
        json.dumps(update(4, text="x", date=10**30)).encode(),
        json.dumps(update(5, text="x", date=-(10**12))).encode(),
        json.dumps(update(6, text="x", chat={"id": 10**40, "type": "private"})).encode(),
        json.dumps(update(7, text="x", chat={"id": 7, "type": "\ud800"})).encode(),
        json.dumps(update(8, sticker={"file_id": "\x00"})).encode(),
        json.dumps(update(9, text={"a": "b"})).encode(),
    ],
    ids=str,
)
def test_an_update_that_is_none_is_acknowledged_once_and_for_all(phone: httpx.Client, body: bytes) -> None:
    assert posted(phone, body) == 200


def test_an_endless_update_is_cut_off(phone: httpx.Client) -> None:
    assert posted(phone, b" " * 1_000_001) == 413


# ── the API ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def token(trede: Running) -> str:
    return trede.trede("user", "token", "demo@example.org").strip()


@pytest.mark.parametrize("examples", [100, pytest.param(3_000, marks=pytest.mark.long)])
def test_the_api_answers_as_it_says(phone: httpx.Client, token: str, examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(
        method=st.sampled_from(("GET", "HEAD", "POST", "DELETE", "OPTIONS")),
        path=st.sampled_from(("/api/queue", "/api/summaries/{}", "/api/openapi.json", "/api/{}")),
        piece=st.text(max_size=40) | st.sampled_from(HOSTILE_WORDS).map(lambda words: words[:200]),
        query=st.dictionaries(
            st.sampled_from(("language", "page", "id")) | st.text(max_size=8),
            st.text(max_size=20),
            max_size=3,
        ),
        headers=st.sampled_from(({}, {"authorization": f"Bearer {token}"})),
    )
    def ask(method: str, path: str, piece: str, query: dict[str, str], headers: dict[str, str]) -> None:
        asked = path.format(safe(piece))
        if query:
            asked += "?" + "&".join(f"{safe(name)}={safe(value)}" for name, value in query.items())

        answered = phone.request(method, asked, headers=headers)

        assert answered.status_code in (200, 401, 404, 405, 422)
        assert answered.headers["cache-control"] == "no-store"
        assert answered.headers["x-content-type-options"] == "nosniff"
        if answered.status_code == 200 and method == "GET":
            assert answered.json() is not None
            assert headers or asked.startswith("/api/openapi.json")

    ask()


def safe(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def test_the_database_holds_none_of_her_words_in_the_clear(trede: Running) -> None:
    folder = Path(trede.env["TREDE_DATA_DIR"])
    kept = b"".join(file.read_bytes() for file in folder.iterdir())
    spellings = (
        CANARY.encode(),
        CANARY.encode("utf-16-le"),
        CANARY.encode("utf-16-be"),
        CANARY.encode().hex().encode(),
    )

    assert [spelling for spelling in spellings if spelling in kept] == []
