"""The pages beside the cases: feedback on the questions, languages, codes, and three questions to oneself."""

import re
from html import unescape

import pytest
from sqlalchemy import Connection, insert

from bot.scripts import compiled_for_staff
from casework.occupations import occupations
from locales.catalogue import STAFF_LANGUAGES, read_catalogue
from storage.sealed import Words, key_of
from storage.tables import clients, feedback
from tests.console.conftest import Desk
from tests.fakes.desk import NOW, lay_case, long_summary


async def _told(desk: Desk, words: str) -> None:
    """A client of Mara's said this was wrong."""
    await lay_case(
        desk.database, long_summary("s1", desk.script.version), desk.staff.mara.organisation, desk.staff.mara
    )

    def work(connection: Connection) -> None:
        key = key_of("client-s1", connection.scalar(clients.select().with_only_columns(clients.c.key)))
        connection.execute(
            insert(feedback).values(
                id="f1",
                session="session-s1",
                client="client-s1",
                organisation=desk.staff.mara.organisation,
                script="reflection",
                version="v1",
                language="ar",
                body=Words(words, key, "f1"),
                day=NOW,
            )
        )

    await desk.database.write(work)


# ── feedback ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_coordinator_reads_feedback_without_a_name(desk: Desk) -> None:
    await _told(desk, "ظننتِ أن لي زوجًا")
    browser = await desk.signed_in(desk.staff.cor)

    page = (await browser.get("/staff/feedback")).text

    assert '<blockquote lang="ar" dir="auto">ظننتِ أن لي زوجًا</blockquote>' in page
    assert "أمينة" not in page
    assert "client-s1" not in page


async def test_for_a_case_manager_there_is_no_such_page(desk: Desk) -> None:
    await _told(desk, "ظننتِ أن لي زوجًا")
    browser = await desk.signed_in(desk.staff.mara)

    assert (await browser.get("/staff/feedback")).status_code == 404
    assert "/staff/feedback" not in (await browser.get("/staff")).text


async def test_without_feedback_the_page_says_so(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.els)

    assert "No feedback yet." in (await browser.get("/staff/feedback")).text


# ── to oneself ───────────────────────────────────────────────────────────────────────────────────


async def test_what_is_kept_for_oneself_is_there_the_next_time(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.mara)

    kept = await browser.submit("/staff/for-yourself", "/staff/for-yourself", me="I expected <b>a mother</b>")

    assert kept.status_code == 303
    page = (await browser.get("/staff/for-yourself")).text
    assert "I expected &lt;b&gt;a mother&lt;/b&gt;" in page


async def test_nobody_else_reads_it_not_even_an_admin(desk: Desk) -> None:
    mara = await desk.signed_in(desk.staff.mara)
    await mara.submit("/staff/for-yourself", "/staff/for-yourself", me="I expected a mother")

    for other in (desk.staff.els, desk.staff.joris, desk.staff.cor):
        assert "I expected" not in (await (await desk.signed_in(other)).get("/staff/for-yourself")).text


async def test_it_can_be_deleted(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.mara)
    await browser.submit("/staff/for-yourself", "/staff/for-yourself", approach="I asked about children")
    page = (await browser.get("/staff/for-yourself")).text
    [path] = re.findall(r'action="(/staff/for-yourself/\w+/delete)"', page)

    await browser.submit("/staff/for-yourself", path)

    assert "I asked about children" not in (await browser.get("/staff/for-yourself")).text


async def test_empty_fields_keep_nothing(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.mara)

    await browser.submit("/staff/for-yourself", "/staff/for-yourself", me="  ")

    assert "What you wrote before" not in (await browser.get("/staff/for-yourself")).text


async def test_all_three_questions_of_the_handbook_are_asked(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.mara)

    page = (await browser.get("/staff/for-yourself")).text

    assert page.count("<textarea") == 3
    for start in ("Me:", "My organisation:", "My way of working:"):
        assert start in page


WALKS = {
    "short": {"me": "Ik dacht aan een moeder"},
    "long": {
        "me": "Ik dacht aan een moeder",
        "organisation": "Wie belt, wint",
        "approach": "Ik vraag naar kinderen",
    },
    "skipped": {},
}


@pytest.mark.parametrize("language", STAFF_LANGUAGES)
@pytest.mark.parametrize("walk", WALKS)
async def test_it_is_walked_three_ways_in_every_language(desk: Desk, language: str, walk: str) -> None:
    browser = await desk.signed_in(desk.staff.mara)
    await browser.submit("/staff", "/staff/language", language=language)
    words, script = read_catalogue("staff", STAFF_LANGUAGES), compiled_for_staff()

    await browser.submit("/staff/for-yourself", "/staff/for-yourself", **WALKS[walk])

    page = unescape((await browser.get("/staff/for-yourself")).text)
    for step in script.steps:
        asked = words.look_up(language, step.context, step.text)
        assert (asked == step.text) == (language == "en")
        assert page.count(asked) == 1 + (step.name in WALKS[walk])
        assert words.look_up(language, step.context, step.hint) in page
    assert [said for said in WALKS["long"].values() if said in page] == list(WALKS[walk].values())


# ── languages and codes ──────────────────────────────────────────────────────────────────────────


async def test_each_language_says_how_much_was_read_and_by_whom_it_was_written(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.cor)

    page = (await browser.get("/staff/languages")).text

    rows = re.findall(r"<tr role=\"row\">(.*?)</tr>", page, flags=re.DOTALL)
    arabic = next(row for row in rows if ">Arabic<" in row)
    assert "0 of" in arabic
    assert "machine draft, not yet read by a native speaker" in arabic
    assert ">Yes<" in arabic, "it is switched on here"
    somali = next(row for row in rows if ">Somali<" in row)
    assert ">No<" in somali


async def test_codes_stand_in_the_order_of_the_readers_words(desk: Desk) -> None:
    browser = await desk.signed_in(desk.staff.mara)
    await browser.submit("/staff", "/staff/language", language="nl")

    page = (await browser.get("/staff/occupations")).text

    labels = re.findall(r'<th scope="row" role="rowheader">(.*?)</th>', page)
    assert labels == sorted(labels, key=str.casefold)
    assert len(labels) == len(occupations())
    assert "http://data.europa.eu/esco/isco/C5120" in page


async def test_without_signing_in_there_is_nothing(desk: Desk) -> None:
    browser = desk.browser()

    for path in ("feedback", "languages", "occupations", "for-yourself"):
        answer = await browser.get(f"/staff/{path}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in")
