"""The web chat in a phone's browser: quick, announced, private, and readable in her language."""

import asyncio

import pytest
from fastapi import FastAPI
from playwright.async_api import Page, Route, expect

from bot.channels.web import web_chat
from tests.browser.conftest import OpenPage, Serve, axe_violations, overflows, shoot, small_targets
from tests.fakes.talk import FakeTalk, words


def chat(serve: Serve, talk: FakeTalk) -> str:
    """Serves `talk`, and answers with the address of her page."""
    app = FastAPI()
    app.include_router(web_chat(talk.take, talk.look, words, ("en", "ar", "uk"), "http://127.0.0.1"))
    return f"{serve(app)}/chat/{talk.code}"


async def begin(page: Page, address: str, start: str = "Start") -> None:
    await page.goto(address)
    await page.get_by_role("button", name=start).click()
    await expect(page.get_by_role("log")).to_be_visible()


async def begin_with_htmx(page: Page, address: str, start: str = "Start") -> None:
    """Until the scripts are at work as well."""
    await begin(page, address, start)
    await expect(page.locator("form[data-htmx-powered]").first).to_be_visible()


async def check(page: Page, shot: str) -> None:
    """What holds for every page: no fault that axe-core knows, big enough buttons, no scrolling sideways."""
    await shoot(page, shot)
    assert await axe_violations(page) == []
    assert await small_targets(page) == []
    assert not await overflows(page)


async def test_a_conversation_in_arabic_on_a_phone(serve: Serve, open_page: OpenPage) -> None:
    talk = FakeTalk("ar")
    address = chat(serve, talk)
    page = await open_page(locale="ar")

    await page.goto(address)
    await check(page, "chat-ar-1-start")
    await begin_with_htmx(page, address, "ابدئي")
    await check(page, "chat-ar-2-choice")
    await page.get_by_role("button", name="نعم").click()
    await page.get_by_label("الطبخ").check()
    await page.get_by_label("مساعدة الناس").check()
    await check(page, "chat-ar-3-several")
    await page.locator(".taps").get_by_role("button", name="إرسال").click()
    await page.locator("textarea").fill("أريد أن أتعلّم القيادة\nby car")
    await check(page, "chat-ar-4-text")
    await page.get_by_role("button", name="إرسال").click()
    await expect(page.locator(".scale")).to_be_visible()
    await check(page, "chat-ar-5-scale")
    await page.get_by_role("button", name="8", exact=True).click()
    await expect(page.get_by_role("log")).to_contain_text("هذا كل شيء")
    await check(page, "chat-ar-6-end")

    assert talk.answers == ["1", "=1,3", "أريد أن أتعلّم القيادة\nby car", "8"]
    assert await page.evaluate("document.documentElement.dir") == "rtl"


@pytest.mark.parametrize(("language", "start"), [("uk", "Почати"), ("en", "Start")])
async def test_other_languages_look_right(
    serve: Serve, open_page: OpenPage, language: str, start: str
) -> None:
    talk = FakeTalk(language)
    page = await open_page()

    await begin_with_htmx(page, chat(serve, talk), start)
    await page.locator("#text").fill("2")
    await page.locator(".typed button").click()
    await expect(page.locator(".hers")).to_be_visible()

    await check(page, f"chat-{language}-choice")
    assert await page.evaluate("document.documentElement.dir") == "ltr"


async def test_answers_come_without_loading_the_page_and_are_announced(
    serve: Serve, open_page: OpenPage
) -> None:
    page = await open_page()
    await begin_with_htmx(page, chat(serve, FakeTalk()))
    await page.evaluate("window.stayed = true; window.log = document.getElementById('log')")

    await page.get_by_role("button", name="Yes").click()
    await expect(page.get_by_role("log")).to_contain_text("What do you like?")

    assert await page.evaluate("window.stayed === true")
    assert await page.evaluate("window.log === document.querySelector('[role=log][aria-live=polite]')")
    assert await page.locator("#log .message").count() == 2


async def test_the_newest_question_is_in_view_and_the_focus_waits_at_its_answers(
    serve: Serve, open_page: OpenPage
) -> None:
    page = await open_page(viewport={"width": 360, "height": 420})
    await begin_with_htmx(page, chat(serve, FakeTalk()))

    await page.get_by_role("button", name="Yes").press("Enter")
    await expect(page.locator("#answers")).to_be_focused()
    await expect(page.get_by_text("What do you like?")).to_be_in_viewport()

    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.name") == "pick"


async def test_enter_in_the_text_field_sends_the_text_not_a_choice(serve: Serve, open_page: OpenPage) -> None:
    talk = FakeTalk()
    page = await open_page()
    await begin_with_htmx(page, chat(serve, talk))

    await page.get_by_label("Or write your answer").fill("later perhaps")
    await page.get_by_label("Or write your answer").press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("Please choose one of these.")

    assert talk.answers == []
    assert await page.get_by_label("Or write your answer").input_value() == "later perhaps"


async def test_a_double_tap_counts_once(serve: Serve, open_page: OpenPage) -> None:
    talk = FakeTalk()
    page = await open_page()
    await begin_with_htmx(page, chat(serve, talk))

    await page.get_by_role("button", name="Yes").dblclick()
    await expect(page.get_by_role("log")).to_contain_text("What do you like?")

    assert talk.answers == ["1"]


async def test_on_a_slow_network_she_sees_that_it_is_sending_and_cannot_press_again(
    serve: Serve, open_page: OpenPage
) -> None:
    page = await open_page()
    await begin_with_htmx(page, chat(serve, FakeTalk()))
    go_on = asyncio.Event()

    async def slowly(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await page.route("**/chat/*", slowly)
    await page.get_by_role("button", name="Yes").click()
    await expect(page.get_by_role("status")).to_have_text("Sending…")
    await expect(page.get_by_role("button", name="Yes")).to_be_disabled()
    await expect(page.get_by_role("button", name="Leave now")).to_be_enabled()
    go_on.set()

    await expect(page.get_by_role("log")).to_contain_text("What do you like?")
    await expect(page.get_by_role("status")).to_have_text("")


async def test_when_it_is_very_busy_her_words_stay_and_she_is_asked_to_wait(
    serve: Serve, open_page: OpenPage
) -> None:
    talk = FakeTalk()
    page = await open_page()
    await begin_with_htmx(page, chat(serve, talk))
    await page.get_by_label("Or write your answer").fill("1")

    async def busy(route: Route) -> None:
        await route.fulfill(status=429, headers={"Retry-After": "1"})

    await page.route("**/chat/*", busy)
    await page.locator(".typed button").click()
    await expect(page.get_by_role("status")).to_contain_text("It is very busy just now.")
    await expect(page.get_by_label("Or write your answer")).to_have_value("1")
    await page.unroute("**/chat/*")
    await page.get_by_role("button", name="Try again").click()

    await expect(page.get_by_role("log")).to_contain_text("What do you like?")
    assert talk.answers == ["1"]


@pytest.mark.parametrize("network", [True, False], ids=["network gone", "server broken"])
async def test_when_sending_fails_her_words_stay_and_trying_again_works(
    serve: Serve, open_page: OpenPage, network: bool
) -> None:
    talk = FakeTalk()
    page = await open_page()
    await begin_with_htmx(page, chat(serve, talk))
    await page.get_by_label("Or write your answer").fill("1")
    if network:
        await page.context.set_offline(True)
    talk.broken = not network

    await page.locator(".typed button").click()
    await expect(page.get_by_role("status")).to_have_text("That did not work. Please try again.")
    await check(page, "chat-en-failed")
    kept = await page.get_by_label("Or write your answer").input_value()
    await page.context.set_offline(False)
    talk.broken = False
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("log")).to_contain_text("What do you like?")

    assert kept == "1"
    assert talk.answers == ["1"]
    await expect(page.get_by_role("button", name="Try again")).to_be_hidden()


async def test_without_javascript_the_chat_works_to_the_end(serve: Serve, open_page: OpenPage) -> None:
    talk = FakeTalk("ar")
    page = await open_page(java_script_enabled=False)

    await page.goto(chat(serve, talk))
    await page.get_by_role("button", name="ابدئي").click()
    await page.get_by_role("button", name="نعم").click()
    await page.get_by_label("الخياطة").check()
    await page.locator(".taps").get_by_role("button", name="إرسال").click()
    await page.locator("textarea").fill("القيادة")
    await page.get_by_role("button", name="إرسال").click()
    await shoot(page, "chat-ar-no-javascript")
    await page.get_by_role("button", name="5", exact=True).click()

    await expect(page.get_by_role("log")).to_contain_text("هذا كل شيء")
    assert talk.answers == ["1", "=2", "القيادة", "5"]


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
async def test_leaving_takes_one_tap_and_back_shows_nothing(
    serve: Serve, open_page: OpenPage, javascript: bool
) -> None:
    talk = FakeTalk()
    page = await open_page(java_script_enabled=javascript)
    address = chat(serve, talk)
    await page.goto("about:blank")
    await (begin_with_htmx if javascript else begin)(page, address)
    await page.locator("#text").fill("something secret")
    await page.locator(".typed button").click()
    await expect(page.get_by_role("log")).to_contain_text("something secret")

    await page.get_by_role("button", name="Leave now").click()
    await page.wait_for_url("**/bye")
    await shoot(page, f"chat-en-bye-{javascript}")
    landed = await page.content()
    await page.go_back()

    assert talk.session is not None
    assert talk.session.mode == "left"
    for html in (landed, await page.content()):
        assert "secret" not in html
        assert "Do you have time now?" not in html


async def test_escape_pressed_three_times_leaves(serve: Serve, open_page: OpenPage) -> None:
    page = await open_page()
    await begin_with_htmx(page, chat(serve, FakeTalk()))
    await expect(page.get_by_text("To leave quickly, press Esc three times.")).to_be_visible()
    await page.locator("#text").focus()

    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    assert "/chat/" in page.url
    await page.keyboard.press("Escape")

    await page.wait_for_url("**/bye")


async def test_she_gets_away_at_once_even_when_the_server_does_not_answer(
    serve: Serve, open_page: OpenPage
) -> None:
    page = await open_page()
    await begin_with_htmx(page, chat(serve, FakeTalk()))
    never = asyncio.Event()

    async def hang(route: Route) -> None:
        await never.wait()

    await page.route("**/leave", hang)
    await page.get_by_role("button", name="Leave now").click()

    await page.wait_for_url("**/bye")
    never.set()


async def test_at_twice_the_size_nothing_has_to_be_scrolled_sideways(
    serve: Serve, open_page: OpenPage
) -> None:
    # A zoom of 200 % halves the pixels that a page has: 360 become 180.
    page = await open_page(viewport={"width": 180, "height": 370}, device_scale_factor=2)
    talk = FakeTalk("uk")

    await begin_with_htmx(page, chat(serve, talk), "Почати")
    wide = [await overflows(page)]
    await page.get_by_role("button", name="Так").click()
    await expect(page.get_by_role("checkbox").first).to_be_visible()
    wide.append(await overflows(page))
    await shoot(page, "chat-uk-200-percent")
    await page.locator("#text").fill("w" * 300)
    await page.locator(".typed button").click()
    await page.locator("textarea").fill("x")
    wide.append(await overflows(page))
    await page.locator(".typed button").click()
    await expect(page.locator(".scale")).to_be_visible()
    wide.append(await overflows(page))

    assert wide == [False] * 4


@pytest.mark.parametrize(("wish", "way"), [("reduce", "auto"), ("no-preference", "smooth")])
async def test_the_page_moves_only_for_those_who_do_not_mind(
    serve: Serve, open_page: OpenPage, wish: str, way: str
) -> None:
    page = await open_page(reduced_motion=wish)
    await begin_with_htmx(page, chat(serve, FakeTalk()))
    await page.evaluate(
        "Element.prototype.scrollIntoView = how => { window.how = how?.behavior ?? window.how }"
    )

    await page.get_by_role("button", name="Yes").click()
    await expect(page.get_by_role("log")).to_contain_text("What do you like?")

    assert await page.evaluate("window.how") == way


@pytest.mark.parametrize("path", ["/bye", "/chat/no-such-code-here"])
async def test_the_neutral_pages_are_readable(serve: Serve, open_page: OpenPage, path: str) -> None:
    page = await open_page(locale="ar")
    site = chat(serve, FakeTalk()).partition("/chat")[0]

    await page.goto(f"{site}{path}")

    await check(page, f"chat-ar{path.replace('/', '-')}")
