"""The web chat over HTTP: what a phone without JavaScript sees, and what odd requests get."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bot.channels import web_form
from bot.channels.web import web_chat
from bot.channels.web_words import NOTES
from bot.incoming import Incoming, Taken
from dialogs.message import Message, WrittenButton
from dialogs.said import Command, Tap, Text
from dialogs.session import Session
from storage.pages import Transcript
from tests.fakes.talk import FakeTalk, words

URL = "http://chat.example"

Phone = httpx.AsyncClient


@pytest.fixture
def talk() -> FakeTalk:
    return FakeTalk()


@pytest.fixture
async def phone(talk: FakeTalk) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    noon = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
    app.include_router(web_chat(talk.take, talk.look, words, ("en", "ar", "uk"), URL, lambda: noon))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        yield client


@pytest.fixture
def page(talk: FakeTalk) -> str:
    return f"/chat/{talk.code}"


def form_on(html: str, **pressed: str) -> dict[str, str]:
    """The hidden fields of the first answer form on a page, and what she presses or types."""
    form = html[html.index('id="answers"') :] if 'id="answers"' in html else html
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {**{name: unescape(value) for name, value in reversed(fields)}, **pressed}


async def started(phone: Phone, page: str) -> str:
    await phone.post(page, data={"command": "start"})
    return (await phone.get(page)).text


# ── opening the link ──────────────────────────────────────────────────────────────────────────────


async def test_fetching_the_link_changes_nothing_so_that_a_preview_starts_no_conversation(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    answers = [await phone.get(page), await phone.get(page), await phone.head(page)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert talk.heard == []
    assert talk.session is None


async def test_before_the_start_the_page_shows_one_big_button_in_the_language_of_the_invite(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    talk.language = "ar"

    html = (await phone.get(page)).text

    assert '<html lang="ar" dir="rtl">' in html
    assert "ابدئي</button>" in html
    assert 'role="log"' not in html


async def test_start_leads_back_to_the_page_at_the_newest_message(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    html = (await phone.get(page)).text

    answer = await phone.post(page, data=form_on(html, command="start"))

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{page}#latest"
    assert 'id="latest"' in (await phone.get(page)).text


# ── a whole conversation without JavaScript ───────────────────────────────────────────────────────


async def test_a_conversation_goes_to_the_end_without_javascript(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    html = await started(phone, page)

    await phone.post(page, data=form_on(html, tap="1"))
    html = (await phone.get(page)).text
    await phone.post(page, data={**form_on(html), "pick": ["1", "3"], "picks": "send"})
    html = (await phone.get(page)).text
    await phone.post(page, data=form_on(html, text="To swim.\r\nAnd to sing."))
    html = (await phone.get(page)).text
    await phone.post(page, data=form_on(html, tap="7"))

    assert talk.answers == ["1", "=1,3", "To swim.\nAnd to sing.", "7"]
    assert "Thank you. That was all." in (await phone.get(page)).text


async def test_an_answer_carries_the_token_of_the_question_and_the_code(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    html = await started(phone, page)

    await phone.post(page, data=form_on(html, tap="2"))
    after = (await phone.get(page)).text
    await phone.post(page, data=form_on(after, text="2"))

    tap, text = talk.heard[-2:]
    assert (tap.channel, tap.code, tap.address) == ("web", talk.code, None)
    assert tap.said == Tap(form_on(html)["token"], "2")
    assert text.said == Text("2", token=form_on(after)["token"])


async def test_boxes_with_nothing_ticked_are_an_answer_that_the_conversation_can_explain(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    html = await started(phone, page)

    await phone.post(page, data=form_on(html, picks="send"))

    assert talk.heard[-1].said == Tap(form_on(html)["token"], "=")


async def test_boxes_show_what_was_ticked_before_and_one_button_to_send(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    await started(phone, page)
    buttons = (
        WrittenButton("1", "Cooking"),
        WrittenButton("2", "Sewing", ticked=True),
        WrittenButton("done", "Done", "control"),
    )
    talk.session = Session("1", "s", "en", mode="talking", token="t9")
    talk.messages.append((9, Message("en", ("Which?",), buttons, "several", "t9")))

    html = (await phone.get(page)).text

    assert 'name="pick" value="2" checked' in html
    assert 'name="pick" value="1">' in html
    assert 'value="done"' not in html


async def test_the_same_form_sent_twice_is_one_event(phone: Phone, page: str, talk: FakeTalk) -> None:
    html = await started(phone, page)
    form = form_on(html, tap="1")

    first, second = await phone.post(page, data=form), await phone.post(page, data=form)

    assert (first.status_code, second.status_code) == (303, 303)
    assert talk.answers == ["1"]
    assert [heard.said for heard in talk.heard].count(Tap(form["token"], "1")) == 1


async def test_each_drawing_of_the_page_makes_a_new_event_and_each_invite_has_its_own(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    await phone.post(page, data={"command": "menu", "event": "the-same-event"})
    await phone.post("/chat/another-good-code", data={"command": "menu", "event": "the-same-event"})
    one, other = form_on(await started(phone, page)), form_on((await phone.get(page)).text)

    assert one["event"] != other["event"]
    assert talk.heard[0].event != "the-same-event"


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["plain", "htmx"])
async def test_a_story_that_was_not_taken_stays_in_the_field(
    phone: Phone, page: str, headers: dict[str, str]
) -> None:
    html = await started(phone, page)

    answer = await phone.post(page, data=form_on(html, text='<i>"later"</i> ' * 10), headers=headers)

    assert answer.status_code == 200
    assert "Please choose one of these." in answer.text
    assert 'value="&lt;i&gt;&#34;later&#34;&lt;/i&gt; &lt;i&gt;' in answer.text


async def test_a_date_is_asked_with_a_date_field_and_a_number_with_a_number_keyboard(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    await started(phone, page)
    talk.session = Session("1", "s", "en", mode="talking", token="t9")

    talk.messages.append((9, Message("en", ("When?",), (), "date", "t9")))
    date = (await phone.get(page)).text
    talk.messages.append((10, Message("en", ("How many?",), (), "number", "t9")))
    number = (await phone.get(page)).text

    assert 'name="text" type="date"' in date
    assert 'inputmode="decimal"' in number


# ── with htmx ─────────────────────────────────────────────────────────────────────────────────────

HTMX = {"HX-Request": "true"}


async def test_htmx_gets_only_what_is_new_and_a_fresh_form(phone: Phone, page: str, talk: FakeTalk) -> None:
    html = await started(phone, page)

    news = (await phone.post(page, data=form_on(html, tap="1"), headers=HTMX)).text

    assert "What do you like?" in news
    assert "Do you have time now?" not in news
    assert 'hx-swap-oob="outerHTML"' in news
    assert form_on(news)["token"] != form_on(html)["token"]
    assert "<html" not in news


async def test_a_repeated_htmx_request_shows_where_she_is(phone: Phone, page: str, talk: FakeTalk) -> None:
    html = await started(phone, page)
    form = form_on(html, tap="1")

    first = (await phone.post(page, data=form, headers=HTMX)).text
    again = (await phone.post(page, data=form, headers=HTMX)).text

    assert talk.answers == ["1"]
    assert "What do you like?" in again
    assert form_on(again)["token"] == form_on(first)["token"]


async def test_a_new_language_draws_the_whole_page_anew(phone: Phone, page: str, talk: FakeTalk) -> None:
    html = await started(phone, page)
    talk.language = "ar"
    talk.session = Session("1", "s", "ar", mode="talking", token="token-0")

    answer = await phone.post(page, data=form_on(html, tap="1"), headers=HTMX)

    assert answer.headers["hx-refresh"] == "true"


async def test_a_page_from_another_visit_is_replaced_not_added_to(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    html = await started(phone, page)

    form = form_on(html, tap="1", after="77")
    answer = await phone.post(page, data=form, headers=HTMX)

    assert answer.headers["hx-reswap"] == "innerHTML"


# ── leaving and coming back ───────────────────────────────────────────────────────────────────────


async def test_leaving_marks_the_session_and_goes_to_a_neutral_page(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    await started(phone, page)

    answer = await phone.post(f"{page}/leave")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/bye"
    assert answer.headers["clear-site-data"] == '"cache"'
    assert talk.heard[-1].said == Command("leave")


async def test_after_leaving_the_page_shows_nothing_of_what_was_said(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    html = await started(phone, page)
    await phone.post(page, data=form_on(html, text="my secret wish"))

    await phone.post(f"{page}/leave")
    html = (await phone.get(page)).text

    assert "secret" not in html
    assert "Do you have time now?" not in html
    assert "See you." in html
    assert "Go on" in html


async def test_going_on_after_leaving_shows_the_question_again(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    await started(phone, page)
    await phone.post(f"{page}/leave")
    html = (await phone.get(page)).text

    await phone.post(page, data=form_on(html, tap="go_on"))

    assert "Do you have time now?" in (await phone.get(page)).text


async def test_leaving_by_a_button_of_the_conversation_leads_away_as_well(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    html = await started(phone, page)

    plain = await phone.post(page, data=form_on(html, command="leave"))
    html = (await phone.get(page)).text
    await phone.post(page, data=form_on(html, tap="go_on"))
    html = (await phone.get(page)).text
    htmx = await phone.post(page, data=form_on(html, command="leave"), headers=HTMX)

    assert plain.headers["location"] == "/bye"
    assert htmx.headers["hx-redirect"] == "/bye"


async def test_she_gets_away_even_when_nothing_works(phone: Phone, page: str, talk: FakeTalk) -> None:
    talk.broken = True

    broken = await phone.post(f"{page}/leave")
    wrong = await phone.post("/chat/no-such-code-at-all/leave")

    assert (broken.status_code, wrong.status_code) == (303, 303)


async def test_she_gets_away_from_a_database_that_hangs_and_has_left_all_the_same(talk: FakeTalk) -> None:
    free = asyncio.Event()

    async def slow(incoming: Incoming) -> Taken:
        await free.wait()
        return await talk.take(incoming)

    app = FastAPI()
    app.include_router(web_chat(slow, talk.look, words, ("en",), URL))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as phone:
        async with asyncio.timeout(5):
            answer = await phone.post(f"/chat/{talk.code}/leave")
        free.set()
        await asyncio.sleep(0.05)

    assert answer.headers["location"] == "/bye"
    assert [incoming.said for incoming in talk.heard] == [Command("leave")]


async def test_the_page_she_leaves_to_speaks_her_browsers_language_and_shows_the_time(
    phone: Phone,
) -> None:
    answer = await phone.get("/bye", headers={"Accept-Language": "ar-EG,ar;q=0.9,en;q=0.8"})

    assert '<html lang="ar" dir="rtl">' in answer.text
    assert "Chat" not in answer.text
    assert "/chat/" not in re.sub(r"/chat/static/", "", answer.text)
    english = (await phone.get("/bye")).text
    assert "Wednesday, March 4, 2026" in english
    assert "1:30" in english


async def test_when_everything_is_deleted_the_last_words_are_shown_once(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    html = await started(phone, page)

    last = await phone.post(page, data=form_on(html, command="delete"))

    assert last.status_code == 200
    assert "Everything is deleted." in last.text
    assert "<button name" not in last.text
    assert (await phone.get(page)).status_code == 404


async def test_when_everything_is_deleted_htmx_empties_the_log(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    html = await started(phone, page)

    last = await phone.post(page, data=form_on(html, command="delete"), headers=HTMX)

    assert last.headers["hx-reswap"] == "innerHTML"
    assert "Everything is deleted." in last.text


# ── codes that are not good ───────────────────────────────────────────────────────────────────────

ODD_CODES = [
    "wrong-code-00000000",
    "x",
    "%00",
    "%00" * 30,
    "a%2Fb",
    "a/b/c",
    "é" * 22,
    "%ED%A0%80",
    "a" * 9000,
    "%3Cb%3E",
]


@pytest.mark.parametrize("code", ODD_CODES, ids=lambda code: code[:12])
async def test_every_bad_code_gets_the_same_neutral_page(
    phone: Phone, talk: FakeTalk, page: str, code: str
) -> None:
    wrong = await phone.get("/chat/some-other-wrong-code")

    got, posted = await phone.get(f"/chat/{code}"), await phone.post(f"/chat/{code}", data={"text": "x"})

    assert (got.status_code, posted.status_code) == (404, 404)
    assert got.text == posted.text == wrong.text
    assert got.headers == posted.headers == wrong.headers
    assert talk.heard == []


@pytest.mark.parametrize("path", ["/chat", "/chat/"])
async def test_a_link_that_was_cut_off_gets_that_page_too(phone: Phone, path: str) -> None:
    wrong = await phone.get("/chat/some-other-wrong-code")

    cut_off = await phone.get(path)

    assert (cut_off.status_code, cut_off.text, cut_off.headers) == (404, wrong.text, wrong.headers)


async def test_a_used_up_code_cannot_be_told_from_a_wrong_one(
    phone: Phone, talk: FakeTalk, page: str
) -> None:
    talk.gone = True

    used_up, wrong = await phone.get(page), await phone.get("/chat/some-other-wrong-code")

    assert (used_up.status_code, used_up.text) == (404, wrong.text)


async def test_with_htmx_a_code_that_is_no_longer_good_reloads_to_the_neutral_page(
    phone: Phone, talk: FakeTalk, page: str
) -> None:
    talk.gone = True

    answer = await phone.post(page, data={"text": "x"}, headers=HTMX)

    assert (answer.status_code, answer.headers["hx-refresh"]) == (404, "true")


# ── odd input ─────────────────────────────────────────────────────────────────────────────────────

ODD_BODIES = [
    b"",
    b"\x00",
    b"text=%00",
    b"text=\xff\xfe",
    b"text=%ED%A0%80",
    b"text=%F0%9F%92%83",
    b"text=%E2%80%AEevil",
    b"text=" + b"a" * 100_000,
    b"tap=" + b"9" * 5000,
    b"tap=%00&token=%00&event=%00&after=%00",
    b"after=999999999999999999999&text=1",
    b"after=%D9%A3&text=1",
    b"command=nonsense",
    b"event=" + b"x" * 5000 + b"&text=1",
    b"&".join(b"f%d=1" % n for n in range(5000)),
    b"text=%3Cscript%3Ealert(1)%3C/script%3E",
    b"=cmd|'/c calc'!A0",
]


@pytest.mark.parametrize("body", ODD_BODIES, ids=lambda body: repr(body[:14]))
async def test_odd_input_never_breaks_a_page(phone: Phone, page: str, body: bytes) -> None:
    await started(phone, page)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}

    posted = await phone.post(page, content=body, headers=kind)
    shown = await phone.get(page)

    assert posted.status_code in (200, 303)
    assert shown.status_code == 200
    assert "<script>alert" not in shown.text


async def test_a_very_long_text_is_passed_on_for_the_conversation_to_answer(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    await started(phone, page)

    await phone.post(page, content=b"text=" + b"a" * 100_000)

    said = talk.heard[-1].said
    assert isinstance(said, Text)
    assert len(said.words) == web_form.MAX_TEXT


async def test_a_body_over_256_kb_gets_a_kind_page(phone: Phone, page: str, talk: FakeTalk) -> None:
    answer = await phone.post(page, content=b"text=" + b"a" * (256 * 1024))

    assert answer.status_code == 413
    assert "That is too long. Please send it in shorter pieces." in answer.text
    assert talk.heard == []


async def test_a_turn_that_fails_keeps_her_words_and_offers_the_same_event_again(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    html = await started(phone, page)
    form = form_on(html, text="a long <b>story</b>")
    talk.broken = True

    failed = await phone.post(page, data=form)
    talk.broken = False
    again = form_on(failed.text, text="1")
    await phone.post(page, data=again)

    assert failed.status_code == 503
    assert "That did not work. Please try again." in failed.text
    assert "a long &lt;b&gt;story&lt;/b&gt;</textarea>" in failed.text
    assert again["event"] == form["event"]
    assert talk.answers == ["1"]


async def test_a_page_that_cannot_be_read_says_kindly_to_try_again(talk: FakeTalk) -> None:
    async def away(code: str) -> Transcript | None:
        raise OSError(f"cannot read {code}")

    app = FastAPI()
    app.include_router(web_chat(talk.take, away, words, ("en",), URL))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as phone:
        page = await phone.get(f"/chat/{talk.code}")

    assert page.status_code == 503
    assert "That did not work. Please try again." in page.text
    assert f'href="/chat/{talk.code}"' in page.text


async def test_signs_that_a_page_cannot_hold_are_shown_as_a_mark(
    phone: Phone, page: str, talk: FakeTalk
) -> None:
    await started(phone, page)
    odd = "a\x00b\x1bc\ud800d\u200de\nf\tg"
    talk.messages.append((50, Message("en", (odd,), hers=True)))

    html = (await phone.get(page)).text

    assert "a\ufffdb\ufffdc\ufffdd\u200de\nf\tg" in html


async def test_an_address_that_is_none_is_another_sites(phone: Phone, page: str, talk: FakeTalk) -> None:
    answer = await phone.post(page, data={"command": "start"}, headers={"Origin": "http://["})

    assert answer.status_code == 403
    assert talk.heard == []


async def test_what_went_wrong_is_logged_without_her_words(
    phone: Phone, page: str, talk: FakeTalk, capsys: pytest.CaptureFixture[str]
) -> None:
    html = await started(phone, page)
    talk.broken = True

    await phone.post(page, data=form_on(html, text="my secret wish"))

    logged = capsys.readouterr().out
    assert "OSError" in logged
    assert "secret" not in logged


@pytest.mark.parametrize(
    "sender",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "nonsense"},
    ],
    ids=str,
)
async def test_another_sites_form_is_refused(
    phone: Phone, page: str, talk: FakeTalk, sender: dict[str, str]
) -> None:
    answer = await phone.post(page, data={"command": "start"}, headers=sender)

    assert answer.status_code == 403
    assert talk.heard == []


@pytest.mark.parametrize(
    "sender",
    [{}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": URL}, {"Origin": "null"}],
    ids=str,
)
async def test_our_own_form_is_taken(phone: Phone, page: str, talk: FakeTalk, sender: dict[str, str]) -> None:
    answer = await phone.post(page, data={"command": "start"}, headers=sender)

    assert answer.status_code == 303


# ── headers, files, words ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["good", "good/leave", "wrong-code-00000000", "a/b"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_every_page_forbids_storing_framing_and_strangers(
    phone: Phone, talk: FakeTalk, path: str, method: str
) -> None:
    answer = await phone.request(method, f"/chat/{path.replace('good', talk.code)}")

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-robots-tag"] == "noindex"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_no_page_holds_inline_script_or_style_or_another_hosts_address(phone: Phone, page: str) -> None:
    pages = [(await phone.get(page)).text, await started(phone, page), (await phone.get("/bye")).text]

    for html in pages:
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html)
        assert not re.search(r"(src|href|action)=\"(https?:)?//", html)


async def test_files_may_be_kept_for_ever_at_their_present_address_only(phone: Phone, page: str) -> None:
    html = await started(phone, page)
    css, script = re.findall(r'(?:href|src)="(/chat/static/[^"]+(?:css|htmx\.min\.js))"', html)

    kept = await phone.get(css)
    old = await phone.get("/chat/static/000000000000/chat.css")

    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.headers["content-type"].startswith("text/css")
    assert old.headers["cache-control"] == "no-cache"
    assert (await phone.get(script)).headers["content-type"].startswith("text/javascript")
    assert (await phone.get("/chat/static/000000000000/../web.py")).status_code == 404


async def test_the_whole_page_weighs_less_than_60_kb_even_unpacked(phone: Phone, page: str) -> None:
    html = await started(phone, page)
    files = [await phone.get(path) for path in re.findall(r'(?:href|src)="(/chat/static/[^"]+)"', html)]

    weight = len(html.encode()) + sum(len(file.content) for file in files)
    packed = len(html.encode()) + sum(int(file.headers["content-length"]) for file in files)

    assert len(files) == 4
    assert weight < 60_000
    assert packed < 25_000


def test_the_templates_say_only_what_translators_see_and_all_of_it() -> None:
    folder = Path(web_form.__file__).parent
    sources = [*(folder / "templates").glob("*.html"), folder / "web.py"]
    text = "".join(path.read_text("utf-8") for path in sources)

    said = set(re.findall(r'word\("([^"]+)"\)', text))
    said |= set(re.findall(r'_notice\(request, "([^"]+)"', text))

    assert said == set(NOTES)
