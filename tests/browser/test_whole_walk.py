"""From the invite to the case manager's desk, in a phone's browser and on a desk's, against a real server."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, expect

from locales.catalogue import CLIENT_LANGUAGES
from tests.browser.conftest import OpenPage, axe_violations, overflows, shoot, small_targets
from tests.chatting import Chatting
from tests.running import Running, running

DESK = {"viewport": {"width": 1200, "height": 800}, "has_touch": False, "locale": "en-GB"}
PASSWORD = "een lang wachtwoord"


@dataclass(frozen=True, slots=True)
class Tap:
    """Press the choice with this number."""

    number: int


@dataclass(frozen=True, slots=True)
class Ticks:
    """Tick the boxes with these numbers, and send."""

    numbers: tuple[int, ...]


Walk = tuple[Tap | Ticks | str, ...]
"""What she does at each question; text is typed."""

IN_LANGUAGE = {"ar": CLIENT_LANGUAGES.index("ar") + 1, "uk": CLIENT_LANGUAGES.index("uk") + 1}

WORDS = {
    "ar": ("أمينة", "بيت هادئ ومخبز صغير", "أن أتعلم السياقة", "كنت أبيع الخبز في السوق", "الاتصال بالمدرسة"),
    "uk": (
        "Оксана",
        "Тихий дім і <b>майстерня</b>",
        "водити авто",
        "Я шила одяг на продаж",
        "=1+1 подзвонити",
    ),
}


def walk(language: str) -> Walk:
    """Ten minutes: hopes, one story, a step that is too big at first, all shared but some."""
    name, hope, learn, story, step = WORDS[language]
    start: Walk = (Tap(IN_LANGUAGE[language]), name, Tap(1), Tap(1), Tap(2))
    hopes: Walk = (hope, "…", learn, Tap(1))
    stories: Walk = (story, "b", "c", "e", Ticks((1, 3)))
    small_step: Walk = (step, "done", "when", Tap(5), "smaller", "obstacle", "then", "who")
    read_back: Walk = (Tap(1), Tap(1), Tap(1))
    share: Walk = (Tap(1), Tap(3), Tap(1), Tap(1), "tomorrow", Tap(2))
    return (*start, *hopes, *stories, *small_step, *read_back, *share)


@pytest.fixture(scope="module")
def trede(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("whole")) as found:
        yield found


async def do(page: Page, action: Tap | Ticks | str) -> None:
    token = await page.locator("input[name=token]").first.get_attribute("value")
    if isinstance(action, Tap):
        await page.locator("button.choice").nth(action.number - 1).click()
    elif isinstance(action, Ticks):
        for number in action.numbers:
            await page.locator("label.choice input").nth(number - 1).check()
        await page.locator("button[name=picks]").click()
    else:
        await page.locator("#text").fill(action)
        await page.locator(".typed button.send").click()
    await expect(page.locator(f"input[name=token][value='{token}']")).to_have_count(0)


async def check(page: Page, shot: str) -> None:
    await shoot(page, shot)
    assert await axe_violations(page) == []
    assert not await overflows(page)


def invite(trede: Running, language: str) -> str:
    made = trede.trede(
        "invite",
        "--name",
        WORDS[language][0],
        "--language",
        language,
        "--manager",
        "demo@example.org",
        "--json",
    )
    return str(json.loads(made)["web"])


@pytest.mark.parametrize(
    ("language", "javascript"),
    [
        pytest.param("ar", True, id="ar-htmx"),
        pytest.param("uk", False, id="uk-no javascript"),
        pytest.param("ar", False, id="ar-no javascript", marks=pytest.mark.long),
        pytest.param("uk", True, id="uk-htmx", marks=pytest.mark.long),
    ],
)
async def test_she_talks_to_the_end_and_her_case_manager_finds_the_summary(
    trede: Running, open_page: OpenPage, language: str, javascript: bool
) -> None:
    page = await open_page(locale=language, java_script_enabled=javascript)
    await page.goto(invite(trede, language))
    await page.locator("main button").click()

    for number, action in enumerate(walk(language), start=1):
        if javascript:
            await shoot(page, f"walk-{language}-{number:02}")
            if number in (5, 6, 14, 20, 24, 28):
                assert await axe_violations(page) == []
                assert await small_targets(page) == []
                assert not await overflows(page)
        await do(page, action)
    await expect(page.locator("button[value=revise]")).to_be_visible()

    queue = json.loads(trede.trede("queue", "--json"))
    mine = [case for case in queue if case["language"] == language]
    assert [case["client"] for case in mine] == [WORDS[language][0]] * len(mine)
    summary = json.loads(trede.trede("summary", mine[-1]["summary"], "--json", "--language", "nl"))
    told = {answer["question"]: answer["verbatim"] for answer in summary["answers"]}
    assert told["good_life"] == WORDS[language][1]
    assert told["step"] == WORDS[language][4]
    assert "story" not in told, "she kept that part to herself"
    assert summary["flags"]["wants_call"]


def told(trede: Running, language: str) -> dict[str, str]:
    """The same walk by plain HTTP; her line in the queue."""
    with Chatting(invite(trede, language)) as client:
        client.starts()
        for action in walk(language):
            if isinstance(action, Tap):
                client.taps(action.number)
            else:
                client.says(action if isinstance(action, str) else " ".join(map(str, action.numbers)))
    queue: list[dict[str, str]] = json.loads(trede.trede("queue", "--json"))
    return next(case for case in reversed(queue) if case["language"] == language)


async def test_the_case_manager_reads_it_in_a_minute(trede: Running, open_page: OpenPage) -> None:
    case, ukrainian = told(trede, "ar"), told(trede, "uk")
    desk = await open_page(**DESK)

    await desk.goto(trede.enter)
    await check(desk, "desk-1-enter")
    await desk.locator("input[type=password]").first.fill(PASSWORD)
    for field in (await desk.locator("input[type=password]").all())[1:]:
        await field.fill(PASSWORD)
    await desk.locator("main button").first.click()
    await expect(desk.get_by_role("table")).to_be_visible()
    await check(desk, "desk-2-queue")
    await desk.goto(f"{trede.address}/staff/cases/{case['summary']}")
    await check(desk, "desk-3-summary")
    await expect(desk.locator("[lang=ar]", has_text=WORDS["ar"][1]).first).to_be_visible()
    await expect(desk.locator("main")).not_to_contain_text(WORDS["ar"][3])
    await desk.emulate_media(media="print")
    await shoot(desk, "desk-4-print")
    await desk.emulate_media(media="screen")
    await desk.goto(f"{trede.address}/staff/cases/{ukrainian['summary']}")
    await expect(desk.locator("main")).to_contain_text("<b>майстерня</b>")

    phone = await open_page(storage_state=await desk.context.storage_state())
    await phone.goto(f"{trede.address}/staff/cases/{case['summary']}")
    await check(phone, "desk-5-phone")
