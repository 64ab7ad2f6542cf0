"""The queue page."""

import re
from datetime import timedelta

from casework.summary import Flags
from tests.console.conftest import Desk
from tests.fakes.desk import NOW, lay_case, short_summary


def _names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*><a href="[^"]+"><bdi>(.*?)</bdi>', page)


async def test_asked_for_help_comes_first_then_wants_a_call_then_the_oldest(desk: Desk) -> None:
    huis = desk.staff.mara.organisation
    day = timedelta(days=1)
    await lay_case(desk.database, short_summary("a", "Young"), huis)
    await lay_case(desk.database, short_summary("b", "Old", created=NOW - day), huis)
    await lay_case(desk.database, short_summary("c", "Call", flags=Flags(wants_call=True)), huis)
    await lay_case(desk.database, short_summary("d", "Help", flags=Flags(asked_for_help=True)), huis)
    await lay_case(
        desk.database,
        short_summary("e", "Both", flags=Flags(asked_for_help=True, wants_call=True)),
        huis,
    )
    browser = await desk.signed_in(desk.staff.mara)

    page = (await browser.get("/staff")).text

    assert _names(page) == ["Both", "Help", "Call", "Old", "Young"]


async def test_what_she_asks_is_in_words(desk: Desk) -> None:
    flags = Flags(asked_for_help=True, wants_call=True)
    summary = short_summary("s1", flags=flags)
    await lay_case(desk.database, summary, desk.staff.mara.organisation, unreachable=True)
    browser = await desk.signed_in(desk.staff.mara)

    page = (await browser.get("/staff")).text

    for words in (
        "Asked for help",
        "Wants a call",
        "Cannot be reached by chat",
        "New",
        "Arabic",
        "22 Nov 2026",
    ):
        assert f">{words}<" in page
    assert ">Nobody yet<" in page


async def test_open_and_done_cases_are_apart(desk: Desk) -> None:
    huis = desk.staff.mara.organisation
    await lay_case(desk.database, short_summary("a", "Open one"), huis, state="acting")
    await lay_case(desk.database, short_summary("b", "Done one"), huis, state="done")
    browser = await desk.signed_in(desk.staff.mara)

    open_page = (await browser.get("/staff")).text
    done_page = (await browser.get("/staff?show=done")).text

    assert _names(open_page) == ["Open one"]
    assert _names(done_page) == ["Done one"]
    assert "Open (1)" in open_page
    assert "Done (1)" in open_page


async def test_an_empty_queue_says_so(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.cor)

    assert "No open cases." in (await browser.get("/staff")).text
    assert "No case is done yet." in (await browser.get("/staff?show=done")).text


async def test_a_case_of_another_organisation_is_not_there(desk: Desk) -> None:
    await lay_case(desk.database, short_summary("s1", "Amina"), desk.staff.tess.organisation)

    for person in (desk.staff.mara, desk.staff.els, desk.staff.cor):
        assert "Amina" not in (await (await desk.signed_in(person)).get("/staff")).text


async def test_her_name_can_do_no_harm(desk: Desk) -> None:
    names = ("<b>bold</b>", "\u202ename", "half \ud83d", "nul \0")
    for n, name in enumerate(names):
        await lay_case(desk.database, short_summary(f"s{n}", name), desk.staff.mara.organisation)
    browser = await desk.signed_in(desk.staff.mara)

    page = (await browser.get("/staff")).text

    assert set(_names(page)) == {
        "&lt;b&gt;bold&lt;/b&gt;",
        "\u202ename",  # cannot turn what is outside its <bdi>
        "half \ufffd",
        "nul \ufffd",
    }


async def test_the_queue_speaks_the_language_its_reader_chose(desk: Desk) -> None:
    await lay_case(desk.database, short_summary("s1"), desk.staff.mara.organisation)
    browser = await desk.signed_in(desk.staff.mara)

    switched = await browser.submit("/staff", "/staff/language", language="nl", back="/staff/cases/s1")

    assert switched.headers["location"] == "/staff/cases/s1"
    page = (await browser.get("/staff")).text
    assert 'lang="nl"' in page
    for words in ("Dossiers", "Nieuw", "Arabisch", "22 nov 2026"):
        assert words in page
    assert 'lang="nl"' in (await (await desk.signed_in(desk.staff.mara)).get("/staff")).text


async def test_odd_languages_and_ways_back_are_passed_over(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.mara)

    for language, back in (
        ("xx", "https://evil.example"),
        ("", "//evil.example"),
        ("<b>", "/staff/../x\r\n"),
    ):
        answer = await browser.submit("/staff", "/staff/language", language=language, back=back)
        assert answer.headers["location"] == "/staff"

    assert 'lang="en"' in (await browser.get("/staff")).text


async def test_a_stranger_is_greeted_in_the_browsers_language(desk: Desk) -> None:
    page = await desk.browser().get("/staff/sign-in", **{"accept-language": "fr, nl-BE;q=0.8, en;q=0.5"})

    assert "Inloggen" in page.text
