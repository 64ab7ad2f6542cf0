"""What she shared aloud is heard by who may read her case, as long as she shares it, and by nobody else."""

from dataclasses import replace
from datetime import date

import pytest
from httpx import Response
from sqlalchemy import Connection, delete, select, update

from casework.summary import Flags, Share, SharedAnswer, Spoken, Summary, Told
from storage.database import Database
from storage.sealed import Words, key_of
from storage.standing import stored_summary
from storage.tables import clients, summaries, voices
from storage.voices import Recording, voice_statement
from tests.console.conftest import Desk
from tests.fakes.desk import NOW, SHARED, lay_case, short_summary

SOUND = b"OggS" + bytes(range(256))
ADDRESS = "/staff/cases/s1/voice/ref-1"
PLAYER = f'<audio controls preload="none" aria-label="Voice message" src="{ADDRESS}"></audio>'
ASKED = "What would you like your life to look like in a few years?"
MARK = "Voice message, not transcribed"


def aloud(
    question: str = "good_life", ref: str = "ref-1", round_: int = 1, seconds: int = 65
) -> SharedAnswer:
    part = "people" if question == "not_talk" else "hopes"
    return SharedAnswer(question, round_, part, "answered", "", "ar", (), SHARED, voice=Spoken(ref, seconds))


def spoken_summary(*answers: SharedAnswer, id: str = "s1") -> Summary:
    """She said these aloud, and wrote nothing."""
    return replace(short_summary(id), answers=answers or (aloud(),), ambitions=())


async def lay(desk: Desk, summary: Summary, *refs: str) -> None:
    """Her case in Mara's queue, and the recordings of her conversation."""
    head = replace(summary.summary, script_version=desk.script.version)
    whole = replace(summary, summary=head)
    await lay_case(desk.database, whole, desk.staff.mara.organisation, desk.staff.mara)
    await record(desk.database, head.id, *(refs or ("ref-1",)))


async def record(database: Database, case: str, *refs: str) -> None:
    def work(connection: Connection) -> None:
        client = f"client-{case}"
        key = key_of(client, connection.scalar(select(clients.c.key).where(clients.c.id == client)))
        for ref in refs:
            sound = Recording(ref, SOUND + ref.encode())
            connection.execute(voice_statement(sound, f"session-{case}", client, key, NOW))

    await database.write(work)


async def page_of(desk: Desk, path: str = "/staff/cases/s1") -> str:
    browser = await desk.signed_in(desk.staff.mara)
    return (await browser.get(path)).text


async def heard(desk: Desk, case: str = "s1", ref: str = "ref-1") -> Response:
    browser = await desk.signed_in(desk.staff.mara)
    return await browser.get(f"/staff/cases/{case}/voice/{ref}")


# ── on the page ───────────────────────────────────────────────────────────────────────────────────


async def test_it_stands_high_with_its_question_its_length_and_that_nobody_wrote_it_down(desk: Desk) -> None:
    await lay(desk, spoken_summary())

    page = await page_of(desk)

    section = page[page.index('id="aloud"') :]
    assert page.index("What she said aloud") < page.index("Who may see this")
    assert ASKED in section
    assert MARK in section
    assert "(<bdi>1:05</bdi>)" in section
    assert PLAYER in section


async def test_without_a_known_length_none_is_shown(desk: Desk) -> None:
    await lay(desk, spoken_summary(aloud(seconds=0)))

    assert "<bdi>0:00</bdi>" not in await page_of(desk)


async def test_where_nothing_was_spoken_there_is_no_such_section(desk: Desk) -> None:
    await lay(desk, short_summary("s1"))

    page = await page_of(desk)

    assert "What she said aloud" not in page
    assert "<audio" not in page


async def test_it_stands_there_once(desk: Desk) -> None:
    await lay(desk, spoken_summary(aloud("not_judged")))

    page = await page_of(desk)

    assert page.count(MARK) == 1
    assert "Her words:" not in page


async def test_a_question_that_came_twice_has_its_number(desk: Desk) -> None:
    await lay(desk, spoken_summary(aloud("story"), aloud("story", "ref-2", 2)), "ref-1", "ref-2")

    assert "</bdi> (2)</dt>" in await page_of(desk)


async def test_whom_not_to_talk_to_is_heard_on_top_and_only_there(desk: Desk) -> None:
    summary = spoken_summary(aloud("not_talk"))
    await lay(desk, replace(summary, do_not_contact=(Told("", "ar", Spoken("ref-1", 65)),)))

    page = await page_of(desk)

    assert (
        page.index("Do not talk to these people about her") < page.index(PLAYER) < page.index("Who may see")
    )
    assert page.count("<audio") == 1
    assert "What she said aloud" not in page


async def test_when_it_is_safe_to_call_is_heard_beside_the_wish(desk: Desk) -> None:
    flags = Flags(wants_call=True, call_aloud=Spoken("ref-1", 5))
    await lay(desk, replace(short_summary("s1"), flags=flags))

    page = await page_of(desk)

    assert PLAYER in page[page.index("When it is safe to call") :]
    assert (await heard(desk)).status_code == 200


async def test_on_paper_it_says_that_she_spoke(desk: Desk) -> None:
    await lay(desk, spoken_summary())

    page = await page_of(desk, "/staff/cases/s1?print=1")

    assert ASKED in page
    assert MARK in page
    assert "<audio" not in page


async def test_without_the_script_it_can_still_be_heard(desk: Desk) -> None:
    await lay_case(desk.database, spoken_summary(), desk.staff.mara.organisation, desk.staff.mara)
    await record(desk.database, "s1", "ref-1")

    page = await page_of(desk)

    assert PLAYER in page
    assert "<bdi>good_life</bdi>" in page


# ── heard ─────────────────────────────────────────────────────────────────────────────────────────


async def test_her_case_manager_hears_it_as_she_spoke_it(desk: Desk) -> None:
    await lay(desk, spoken_summary())

    answer = await heard(desk)

    assert (answer.status_code, answer.content) == (200, SOUND + b"ref-1")
    assert answer.headers["content-type"] == "audio/ogg"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "media-src 'self'" in answer.headers["content-security-policy"]


async def test_a_player_gets_the_piece_that_it_asks_for(desk: Desk) -> None:
    await lay(desk, spoken_summary())
    browser = await desk.signed_in(desk.staff.mara)

    answer = await browser.get(ADDRESS, range="bytes=0-1")

    assert (answer.status_code, answer.content) == (206, SOUND[:2])


async def test_only_what_she_shares_can_be_heard(desk: Desk) -> None:
    await lay(desk, spoken_summary(), "ref-1", "kept")

    assert (await heard(desk, ref="kept")).status_code == 404
    assert (await heard(desk, ref="unknown")).status_code == 404
    assert (await heard(desk, case="unknown")).status_code == 404


async def test_no_recording_is_heard_by_way_of_another_case(desk: Desk) -> None:
    await lay(desk, spoken_summary())
    await lay(desk, spoken_summary(aloud(ref="ref-2"), id="s2"), "ref-2")

    assert (await heard(desk, "s1", "ref-2")).status_code == 404
    assert (await heard(desk, "s2", "ref-1")).status_code == 404


async def test_a_name_that_belongs_to_another_conversation_gives_nothing(desk: Desk) -> None:
    await lay(desk, spoken_summary())
    await lay(desk, spoken_summary(aloud(ref="ref-1"), id="s2"), "ref-2")

    assert (await heard(desk, "s2", "ref-1")).status_code == 404


@pytest.mark.parametrize("who", ["joris", "cor", "tess"])
async def test_who_may_not_read_the_case_gets_what_an_unknown_one_gives(desk: Desk, who: str) -> None:
    await lay(desk, spoken_summary())
    browser = await desk.signed_in(getattr(desk.staff, who))

    answer = await browser.get(ADDRESS)
    unknown = await browser.get("/staff/cases/s9/voice/ref-1")

    assert (answer.status_code, answer.text) == (404, unknown.text.replace("s9", "s1"))


async def test_an_admin_of_the_organisation_hears_it(desk: Desk) -> None:
    await lay(desk, spoken_summary())
    browser = await desk.signed_in(desk.staff.els)

    assert (await browser.get(ADDRESS)).status_code == 200


async def test_nobody_hears_it_without_signing_in(desk: Desk) -> None:
    await lay(desk, spoken_summary())

    answer = await desk.browser().get(ADDRESS)

    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in")


async def test_after_the_last_day_she_chose_it_is_silent(desk: Desk) -> None:
    over = Share(("case_manager",), date(2026, 11, 1), NOW)
    summary = spoken_summary(replace(aloud(), share=over))
    await lay(desk, replace(summary, flags=Flags(asked_for_help=True)))

    assert "<audio" not in await page_of(desk)
    assert (await heard(desk)).status_code == 404


async def test_once_she_takes_it_back_it_is_silent(desk: Desk) -> None:
    await lay(desk, spoken_summary(aloud(), aloud("dream", "ref-2")), "ref-1", "ref-2")

    def work(connection: Connection) -> None:
        row = connection.execute(select(summaries, clients.c.key).join(clients)).one()
        key = key_of(row.client, row.key)
        summary = stored_summary.validate_python(row.body.open(key, "s1"))
        left = stored_summary.dump_python(replace(summary, answers=summary.answers[1:]), mode="json")
        connection.execute(update(summaries).values(body=Words(left, key, "s1")))

    await desk.database.write(work)

    assert (await heard(desk)).status_code == 404
    assert (await heard(desk, ref="ref-2")).status_code == 200


async def test_a_recording_that_is_gone_is_a_page_that_is_gone(desk: Desk) -> None:
    await lay(desk, spoken_summary())
    await desk.database.write(lambda connection: connection.execute(delete(voices)))

    assert (await heard(desk)).status_code == 404


# ── for programs ──────────────────────────────────────────────────────────────────────────────────


async def test_a_program_reads_its_name_and_length_and_no_sound(desk: Desk) -> None:
    await lay(desk, spoken_summary())
    api = await desk.api(desk.staff.mara)

    told = (await api.get("/api/summaries/s1")).json()["answers"][0]

    assert (told["verbatim"], told["voice"]) == ("", {"id": "ref-1", "seconds": 65})
