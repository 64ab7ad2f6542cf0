"""Whole turns on a real database: from her link to the queue, taken once, and nothing left behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from gettext import NullTranslations
from itertools import count
from typing import NoReturn

import pytest
from sqlalchemy import Connection, Table, func, select

from bot.incoming import Incoming, Taken
from bot.languages import ALL, offered
from bot.opening import client_words
from bot.scripts import Library, compiled_reflection, open_library, texts
from bot.turn import Talk
from casework.packaged import packaged_sources
from casework.person import EVERYTHING
from casework.summary import Case, Summary
from dialogs.library import load, sources_of
from dialogs.message import Message
from dialogs.moves import Moves
from dialogs.said import Command, Said, Tap, Text
from dialogs.session import Place, Session
from locales.catalogue import Catalogue
from storage import cases, scripts, staff
from storage.database import Database
from storage.invites import invite
from storage.pages import NEWEST, look
from storage.tables import (
    chats,
    consents,
    outbox,
    received,
    sessions,
    summaries,
    turns,
)
from tests.told import only_one

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

HERS: tuple[Table, ...] = (sessions, turns, consents, summaries)
SHORT = (
    *("1", "Nour", "yes", "1", "1"),
    *("A small shop", "To swim", "1"),
    *("Call the school", "Monday", "8"),
    *("1", "1", "yes", "no", "yes", "Tuesday"),
)
THE_SAME_AGAIN = ("1", "1", "yes", "no", "no", "1", "yes", "Tuesday", "/skip", "no")
"""Read back and shared once more, with time for all that can be asked about it."""


class House:
    """Trede on one database, with one client invited. Every message has a new event name unless told."""

    def __init__(self, database: Database, library: Library, code: str) -> None:
        self.database = database
        self.code = code
        self.minutes = count()
        self.events = count(1)
        tokens = count(1)
        self.talk = Talk(
            database=database,
            library=library,
            catalogue=client_words(),
            languages=offered(ALL),
            now=lambda: NOW + timedelta(minutes=next(self.minutes)),
            new_token=lambda: f"token-{next(tokens)}",
        )

    async def web(self, said: Said, event: str | None = None) -> Taken:
        return await self.talk.take(Incoming("web", event or f"w{next(self.events)}", said, code=self.code))

    async def telegram(self, said: Said, event: str | None = None, code: str | None = None) -> Taken:
        name = event or f"t{next(self.events)}"
        return await self.talk.take(Incoming("telegram", name, said, code=code, address="42"))

    async def types(self, *lines: str) -> Taken:
        taken = Taken("done")
        for line in lines:
            taken = await self.web(Text(line))
        return taken

    async def session(self) -> Session:
        found = await look(self.database, self.code, NOW)
        assert found is not None
        assert found.session is not None
        return found.session

    async def counts(self, *tables: Table) -> dict[str, int]:
        def work(connection: Connection) -> dict[str, int]:
            return {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in tables}

        return await self.database.read(work)

    async def queue(self) -> list[Case]:
        return await cases.cases(self.database, EVERYTHING, NOW)

    async def summary(self) -> Summary:
        (case,) = await self.queue()
        found = await cases.find(self.database, EVERYTHING, case.summary, NOW)
        assert found is not None
        return found.summary


def said_by_us(taken: Taken) -> list[Message]:
    return [message for _, message in taken.messages if not message.hers]


def words(taken: Taken) -> str:
    return "\n".join(text for message in said_by_us(taken) for text in message.paragraphs)


def question(taken: Taken) -> Message:
    return said_by_us(taken)[-1]


@pytest.fixture
async def house(fresh_database: Database) -> House:
    huis = await staff.add_organisation(fresh_database, "Huis", NOW)
    await staff.add_staff(
        fresh_database, email="joke@huis.example", name="Joke", role="manager", now=NOW, organisation=huis
    )
    made = await invite(
        fresh_database, name="Amina", language="en", manager_email="joke@huis.example", now=NOW
    )
    return House(fresh_database, await open_library(fresh_database, compiled_reflection(), NOW), made.code)


# ── from her link to the queue ───────────────────────────────────────────────────────────────────


async def test_from_her_link_to_the_queue(house: House) -> None:
    started = await house.web(Command("start"))
    assert "Which language would you like?" in words(started)

    ended = await house.types(*SHORT)

    assert "From now on, \u2068Joke\u2069 can see what you chose to share" in words(ended)
    (case,) = await house.queue()
    assert (case.client, case.state, case.language, case.wants_call) == ("Nour", "new", "en", True)
    summary = await house.summary()
    assert [answer.verbatim for answer in summary.answers] == ["A small shop", "To swim", "My own wish"]
    assert "Call the school" not in repr(summary)


async def test_what_is_remembered_is_what_she_said(house: House) -> None:
    await house.web(Command("start"))
    await house.types(*SHORT[:6])

    session = await house.session()

    assert session.at == Place("learn")
    assert session.answers[Place("good_life")].words == "A small shop"
    assert session.answers[Place("good_life")].channel == "web"
    assert (await house.counts(consents))["consents"] == 1


@pytest.mark.parametrize(
    "typed",
    ["🙂", "a\x00b", "\ud83d", "<b>bold</b>", "\u202eevil", "=1+1", "%(name)s", "x" * 4000, "\r\n \n."],
)
async def test_her_words_come_back_exactly_from_the_database(house: House, typed: str) -> None:
    await house.web(Command("start"))
    await house.types(*SHORT[:5], typed)

    assert (await house.session()).answers[Place("good_life")].words == typed


async def test_asking_for_a_person_is_in_the_queue_at_once_without_her_words(house: House) -> None:
    await house.web(Command("start"))
    await house.types(*SHORT[:6])

    await house.web(Command("person"))
    await house.types("yes")

    (case,) = await house.queue()
    assert (case.client, case.asked_for_help) == ("Nour", True)
    assert "A small shop" not in repr(await house.summary())


async def test_taking_it_all_back_empties_the_queue(house: House) -> None:
    await house.web(Command("start"))
    await house.types(*SHORT)
    assert len(await house.queue()) == 1

    await house.types("change what I said or share", "1", "1", "no", "no", "no", "no")

    assert await house.queue() == []


async def test_a_part_she_takes_back_is_gone_before_she_is_at_the_end(house: House) -> None:
    await house.web(Command("start"))
    await house.types(*SHORT[:-5], "1", "yes", "yes", "yes", "Tuesday")
    before = await house.summary()

    await house.types("change what I said or share", "1", "1", "no")

    after = await house.summary()
    assert {answer.part for answer in before.answers} == {"hopes", "my_step"}
    assert {answer.part for answer in after.answers} == {"my_step"}
    assert (after.ambitions, after.step) == ((), before.step)
    assert {change.what for change in after.changes} == {"withdrawn"}

    await house.web(Command("person"))
    await house.types("yes")

    assert (await house.summary()).changes == after.changes


async def test_help_that_was_given_is_not_asked_for_again(house: House) -> None:
    await house.web(Command("start"))
    await house.types(*SHORT[:6])
    await house.web(Command("person"))
    await house.types("yes")
    (case,) = await house.queue()
    await cases.move(house.database, EVERYTHING, None, case.summary, "done", NOW)

    await house.types(*SHORT[6:])

    (case,) = await house.queue()
    assert (case.state, case.asked_for_help) == ("new", False)


async def test_sharing_the_same_again_is_nothing_new_for_her_case_manager(house: House) -> None:
    await house.web(Command("start"))
    await house.types(*SHORT)
    (case,) = await house.queue()
    await cases.move(house.database, EVERYTHING, None, case.summary, "seen", NOW)

    await house.types("change what I said or share", *THE_SAME_AGAIN)

    (after,) = await house.queue()
    assert (await house.session()).mode == "ended"
    assert after.state == "seen"


async def test_asking_for_a_person_again_is_new_though_it_was_dealt_with(house: House) -> None:
    await house.web(Command("start"))
    await house.types(*SHORT[:6])
    await house.web(Command("person"))
    await house.types("yes")
    (case,) = await house.queue()
    await cases.move(house.database, EVERYTHING, None, case.summary, "done", NOW)

    await house.web(Command("person"))
    await house.types("yes")

    (after,) = await house.queue()
    assert (after.state, after.asked_for_help) == ("new", True)


async def test_sharing_anew_replaces_the_summary_and_lists_what_changed(house: House) -> None:
    await house.web(Command("start"))
    await house.types(*SHORT)

    await house.types("change what I said or share", "1", "1", "no", "yes", "no", "1", "no", "no")

    summary = await house.summary()
    assert {answer.part for answer in summary.answers} == {"my_step"}
    assert {change.what for change in summary.changes} == {"added", "withdrawn"}


# ── once ─────────────────────────────────────────────────────────────────────────────────────────


async def test_the_same_event_twice_changes_nothing(house: House) -> None:
    await house.web(Command("start"))
    await house.web(Text("1"), event="again")
    before, rows = await house.session(), await house.counts(*HERS, received)

    taken = await house.web(Text("1"), event="again")

    assert taken == Taken("duplicate")
    assert await house.session() == before
    assert await house.counts(*HERS, received) == rows


async def test_the_same_tap_under_another_event_changes_nothing(house: House) -> None:
    asked = question(await house.web(Command("start")))
    tap = Tap(asked.token, "1")
    await house.web(tap)
    before = await house.session()

    taken = await house.web(tap)

    assert await house.session() == before
    assert "That button belongs to an earlier question" in words(taken)
    assert "What may I call you?" in words(taken)


async def test_the_same_tap_from_two_devices_counts_once(house: House) -> None:
    asked = question(await house.web(Command("start")))
    await house.telegram(Command("start"), code=house.code)
    tap = Tap(asked.token, "1")

    await house.web(tap)
    await house.telegram(tap)

    assert len((await only_one(house.database)).answers) == 1


# ── one conversation, two channels ───────────────────────────────────────────────────────────────


async def test_web_and_telegram_are_one_conversation(house: House) -> None:
    await house.web(Command("start"))
    await house.types("1")

    await house.telegram(Command("start"), code=house.code)
    taken = await house.telegram(Text("Nour"))

    assert "Can you write in private now" in words(taken)
    taken = await house.types("yes")
    assert "Hello \u2068Nour\u2069." in words(taken)
    session = await house.session()
    assert session.answers[Place("call_me")].channel == "telegram"
    assert session.answers[Place("private_now")].channel == "web"
    assert (await house.counts(sessions, chats)) == {"sessions": 1, "chats": 1}


async def test_messages_to_a_chat_wait_in_the_outbox_and_those_to_a_page_do_not(house: House) -> None:
    await house.web(Command("start"))
    assert (await house.counts(outbox))["outbox"] == 0

    taken = await house.telegram(Command("start"), code=house.code)

    assert (await house.counts(outbox))["outbox"] == len(said_by_us(taken)) > 0


async def test_a_code_or_chat_that_is_nobodys_is_told_nothing(house: House) -> None:
    rows = await house.counts(*HERS, chats, outbox)

    one = await house.talk.take(Incoming("web", "1", Command("start"), code="wrong"))
    other = await house.talk.take(Incoming("telegram", "1", Text("hello"), address="666"))

    assert one == other == Taken("unknown")
    assert await house.counts(*HERS, chats, outbox) == rows


# ── all or nothing ───────────────────────────────────────────────────────────────────────────────


async def test_a_failing_turn_saves_nothing_and_may_be_sent_again(house: House) -> None:
    await house.web(Command("start"))
    before, rows = await house.session(), await house.counts(*HERS, received)

    talk = replace(house.talk, catalogue=Catalogue(_NoWords()))
    with pytest.raises(RuntimeError):
        await talk.take(Incoming("web", "failing", Text("1"), code=house.code))

    assert await house.session() == before
    assert await house.counts(*HERS, received) == rows
    assert (await house.web(Text("1"), event="failing")).status == "done"


class _NoWords(dict[str, NullTranslations]):
    """Languages that cannot be read."""

    def get(self, *_: object) -> NoReturn:
        raise RuntimeError("no words today")


# ── versions ─────────────────────────────────────────────────────────────────────────────────────


async def newer(database: Database) -> Library:
    """A library whose current version asks for her name in other words."""
    sources = texts(sources_of("reflection", packaged_sources()))
    sources = {name: text.replace("What may I call you?", "Your name?") for name, text in sources.items()}
    moves = Moves(load("reflection", sources))
    await scripts.publish(database, moves.script.version, "reflection", sources, NOW)
    await scripts.make_current(database, moves.script.version, "published", "0", NOW)
    return Library(database, moves)


async def test_a_session_stays_on_the_version_it_began_with(house: House) -> None:
    await house.web(Command("start"))
    old = (await house.session()).script
    house.talk = replace(house.talk, library=await newer(house.database))

    taken = await house.types("1")

    assert "What may I call you?" in words(taken)
    session = await house.session()
    assert session.script == old != house.talk.library.current.script.version


async def test_a_new_session_begins_with_the_newest_version(house: House) -> None:
    house.talk = replace(house.talk, library=await newer(house.database))
    await house.web(Command("start"))

    taken = await house.types("1")

    assert "Your name?" in words(taken)


# ── forgetting and deleting ──────────────────────────────────────────────────────────────────────


async def test_who_cannot_write_in_private_leaves_nothing_but_a_good_invite(house: House) -> None:
    await house.telegram(Command("start"), code=house.code)
    asked = question(await house.types("1", "Nour"))
    no = Tap(asked.token, "2")

    goodbye = await house.web(no)

    assert "I keep nothing of this" in words(goodbye)
    assert set((await house.counts(*HERS)).values()) == {0}
    again = await house.web(no)
    assert words(again) == "Hello. Press “Go on” if you want to continue."
    assert set((await house.counts(*HERS)).values()) == {0}
    assert "Which language would you like?" in words(await house.web(Command("start")))


async def test_without_consent_nothing_is_left(house: House) -> None:
    await house.web(Command("start"))

    await house.types("1", "Nour", "yes", "no")

    assert set((await house.counts(*HERS)).values()) == {0}


async def test_leaving_before_the_first_word_leaves_nothing(house: House) -> None:
    await house.web(Command("leave"))

    assert set((await house.counts(*HERS)).values()) == {0}


async def test_deleting_leaves_nothing_and_uses_the_invite_up(house: House) -> None:
    await house.telegram(Command("start"), code=house.code)
    await house.types(*SHORT)
    await house.web(Command("delete"))

    goodbye = await house.types("yes")

    assert "Everything is deleted." in words(goodbye)
    assert set((await house.counts(*HERS, chats, outbox)).values()) == {0}
    assert await house.queue() == []
    assert await house.web(Command("start")) == Taken("unknown")
    assert await house.telegram(Text("hello")) == Taken("unknown")


async def test_deleting_in_telegram_still_says_goodbye_there(house: House) -> None:
    await house.telegram(Command("start"), code=house.code)
    await house.telegram(Command("delete"))

    await house.telegram(Text("yes"))

    assert (await house.counts(outbox))["outbox"] == 1


# ── what her page shows ──────────────────────────────────────────────────────────────────────────


async def test_her_page_shows_what_she_said_and_what_she_chose(house: House) -> None:
    asked = question(await house.web(Command("start")))
    await house.web(Tap(asked.token, "1"))
    await house.types("Nour")

    found = await look(house.database, house.code, NOW)

    assert found is not None
    assert [m.paragraphs[0] for _, m in found.messages if m.hers] == ["English", "Nour"]


async def test_of_a_very_long_visit_her_page_shows_the_newest_messages(house: House) -> None:
    await house.web(Command("start"))
    await house.types("1", *(f"word {n}" for n in range(NEWEST)))

    found = await look(house.database, house.code, NOW)

    assert found is not None
    numbers = [n for n, _ in found.messages]
    assert len(numbers) == NEWEST
    assert numbers == list(range(numbers[-1] - NEWEST + 1, numbers[-1] + 1))
    assert [m.paragraphs[0] for _, m in found.messages if m.hers][-1] == f"word {NEWEST - 1}"
    assert found.session is not None
    assert found.messages[-1][1].token == found.session.token


async def test_after_leaving_in_a_hurry_her_page_shows_nothing_of_it(house: House) -> None:
    await house.web(Command("start"))
    await house.types("1", "Nour")

    await house.web(Command("leave"))

    found = await look(house.database, house.code, NOW)
    assert found is not None
    assert [m.paragraphs for _, m in found.messages] == [("Goodbye. Take care.",)]
