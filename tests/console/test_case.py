"""The page of one case."""

import re
from dataclasses import replace

import pytest

from casework.summary import NEXT_STATES, CaseState, StepStatus
from tests.console.conftest import Desk
from tests.fakes.desk import lay_case, long_summary, short_summary


async def _lay_long(desk: Desk) -> None:
    summary = long_summary("s1", desk.script.version)
    await lay_case(desk.database, summary, desk.staff.mara.organisation, desk.staff.mara)


async def test_the_most_important_comes_first(desk: Desk) -> None:
    await _lay_long(desk)
    browser = await desk.signed_in(desk.staff.mara)

    page = (await browser.get("/staff/cases/s1")).text

    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings == [
        "What she asks",
        "Her small step",
        "What she hopes for",
        "What she has done",
        "What changed since her last summary",
        "Who may see this",
    ]
    assert page.count("<h1") == 1


async def test_labels_are_the_readers_and_her_words_are_hers(desk: Desk) -> None:
    await _lay_long(desk)
    browser = await desk.signed_in(desk.staff.mara)
    await browser.submit("/staff", "/staff/language", language="nl")

    page = (await browser.get("/staff/cases/s1")).text

    for label in ("Haar kleine stap", "6 van de 10", "Vraagt om hulp", "Tot en met 1 feb 2027"):
        assert label in page
    assert '<blockquote lang="ar" dir="auto">سأتصل بالمدرسة</blockquote>' in page
    assert '<blockquote lang="ar" dir="auto">صباحًا</blockquote>' in page


async def test_choices_are_in_the_readers_words_from_the_script(desk: Desk) -> None:
    await _lay_long(desk)
    browser = await desk.signed_in(desk.staff.mara)

    page = (await browser.get("/staff/cases/s1")).text

    for words in (
        "My own business",
        "Helping people",
        "By phone",
        "What would you like your life to look like",
    ):
        assert words in page
    assert "own_business" not in page


async def test_without_its_script_a_summary_still_shows_everything(desk: Desk) -> None:
    await lay_case(desk.database, long_summary("s1", "gone"), desk.staff.mara.organisation)
    browser = await desk.signed_in(desk.staff.mara)

    page = await browser.get("/staff/cases/s1")

    assert page.status_code == 200
    assert "خبزت الخبز لكل الحي" in page.text


async def test_what_she_kept_to_herself_is_not_hinted_at(desk: Desk) -> None:
    await lay_case(desk.database, short_summary("s1"), desk.staff.mara.organisation)
    browser = await desk.signed_in(desk.staff.mara)

    page = (await browser.get("/staff/cases/s1")).text

    for other in ("my_step", "My small step", "Her small step", "What she has done", "What changed"):
        assert other not in page


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ("</blockquote><script>", "&lt;/blockquote&gt;&lt;script&gt;"),
        ("\u202eturned", "\u202eturned"),
        ("{{ 7 * 7 }} %(name)s", "{{ 7 * 7 }} %(name)s"),
        ("half \ud83d nul \0", "half \ufffd nul \ufffd"),
        ("می‌خواهم", "می‌خواهم"),
        ("one\ntwo", "one\ntwo"),
    ],
)
async def test_her_words_can_do_no_harm_and_lose_nothing(desk: Desk, words: str, shown: str) -> None:
    await lay_case(desk.database, short_summary("s1", words=words), desk.staff.mara.organisation)
    browser = await desk.signed_in(desk.staff.mara)

    page = (await browser.get("/staff/cases/s1")).text

    assert f'<blockquote lang="ar" dir="auto">{shown}</blockquote>' in page


async def test_opening_a_case_changes_nothing(desk: Desk) -> None:
    await lay_case(desk.database, short_summary("s1"), desk.staff.mara.organisation)
    browser = await desk.signed_in(desk.staff.mara)

    first = await browser.get("/staff/cases/s1")
    second = await browser.get("/staff/cases/s1")

    assert "<dd>New</dd>" in second.text
    assert first.text == second.text


@pytest.mark.parametrize("before", NEXT_STATES)
async def test_buttons_offer_the_states_that_may_follow(desk: Desk, before: CaseState) -> None:
    await lay_case(desk.database, short_summary("s1"), desk.staff.mara.organisation, state=before)
    browser = await desk.signed_in(desk.staff.mara)

    page = (await browser.get("/staff/cases/s1")).text

    assert tuple(re.findall(r'name="state" value="(\w+)"', page)) == NEXT_STATES[before]


async def test_a_case_moves_from_new_to_done_and_tells_who_did_it(desk: Desk) -> None:
    await lay_case(desk.database, short_summary("s1"), desk.staff.mara.organisation)
    browser = await desk.signed_in(desk.staff.mara)

    for state, name in (("seen", "Seen"), ("acting", "Acting"), ("done", "Done")):
        moved = await browser.submit("/staff/cases/s1", "/staff/cases/s1/state", state=state)
        assert moved.headers["location"] == "/staff/cases/s1"
        page = (await browser.get("/staff/cases/s1")).text
        assert f"<dd>{name}</dd>" in page
        assert f": {name} (<bdi>Mara</bdi>)" in page


async def test_a_button_pressed_twice_changes_nothing_more(desk: Desk) -> None:
    await lay_case(desk.database, short_summary("s1"), desk.staff.mara.organisation)
    browser = await desk.signed_in(desk.staff.mara)

    for _ in range(2):
        moved = await browser.submit("/staff/cases/s1", "/staff/cases/s1/state", state="seen")
        assert moved.status_code == 303

    assert (await browser.get("/staff/cases/s1")).text.count("<bdi>Mara</bdi>)") == 1


@pytest.mark.parametrize("state", ["", "opened", "\0", "new; DROP TABLE"])
async def test_a_state_that_does_not_exist_is_not_found(desk: Desk, state: str) -> None:
    await lay_case(desk.database, short_summary("s1"), desk.staff.mara.organisation)
    browser = await desk.signed_in(desk.staff.mara)

    answer = await browser.submit("/staff/cases/s1", "/staff/cases/s1/state", state=state)

    assert answer.status_code == 404


async def test_unknown_and_somebody_elses_get_the_same_bytes(desk: Desk) -> None:
    staff = desk.staff
    await lay_case(desk.database, short_summary("elsewhere"), staff.tess.organisation, staff.tess)
    await lay_case(desk.database, short_summary("joris-case"), staff.mara.organisation, staff.joris)
    browser = await desk.signed_in(staff.mara)
    ids = ("elsewhere", "joris-case", "unknown-case", "%00", "%F0%9F", "x" * 5000)

    read = [await browser.get(f"/staff/cases/{id}") for id in ids]
    moved = [await browser.submit("/staff", f"/staff/cases/{id}/state", state="seen") for id in ids]

    assert {answer.status_code for answer in read + moved} == {404}
    assert len({answer.content for answer in read + moved}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in read}) == 1


async def test_paper_has_no_menu_and_no_buttons(desk: Desk) -> None:
    await _lay_long(desk)
    browser = await desk.signed_in(desk.staff.mara)

    page = await browser.get("/staff/cases/s1?print=1")

    assert page.status_code == 200
    for screen_only in ("<button", "<nav", "<form"):
        assert screen_only not in page.text
    assert "سأتصل بالمدرسة" in page.text
    assert 'href="?print=1"' in (await browser.get("/staff/cases/s1")).text


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("done", "Ze heeft het gedaan"),
        ("partly", "Ze heeft een deel gedaan"),
        ("not_done", "Ze heeft het niet gedaan"),
        ("changed", "Haar plan is veranderd"),
    ],
)
async def test_how_her_step_went_is_said_beside_it(desk: Desk, status: StepStatus, words: str) -> None:
    summary = long_summary("s1", desk.script.version)
    assert summary.step is not None
    step = replace(summary.step, status=status, learned="أستطيع", next="أسأل جارتي", next_when="الجمعة")
    await lay_case(desk.database, replace(summary, step=step), desk.staff.mara.organisation, desk.staff.mara)
    browser = await desk.signed_in(desk.staff.mara)
    await browser.submit("/staff", "/staff/language", language="nl")

    page = (await browser.get("/staff/cases/s1")).text

    assert f"<dt>Hoe het ging</dt><dd>{words}</dd>" in page
    for hers in ("أستطيع", "أسأل جارتي", "الجمعة"):
        assert f'<blockquote lang="ar" dir="auto">{hers}</blockquote>' in page


async def test_of_a_step_she_did_not_come_back_to_nothing_is_said(desk: Desk) -> None:
    await _lay_long(desk)
    browser = await desk.signed_in(desk.staff.mara)

    assert "How it went" not in (await browser.get("/staff/cases/s1")).text
