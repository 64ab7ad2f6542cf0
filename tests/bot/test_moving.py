"""A thousand people, at every question of a script, are moved to another version of it."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from sqlalchemy import text

from bot.incoming import Incoming
from bot.languages import offered
from bot.moving import carry_out, foresee
from bot.opening import client_words
from bot.script_words import installed, words_of
from bot.scripts import Library, texts
from bot.turn import Talk
from casework.packaged import packaged_sources
from casework.sharing import after_turn
from casework.summary import Summary
from dialogs import phrases
from dialogs.library import load, sources_of
from dialogs.move_over import MoveOver
from dialogs.moves import Moves
from dialogs.said import Command, Text
from dialogs.script import END, SILENT
from dialogs.session import Place, Session
from dialogs.turn import Answered, Event
from dialogs.versions import with_words
from storage import moving, scripts, staff
from storage.database import Database, open_database
from storage.invites import invite
from storage.turns import Change, Knock, Loaded, take
from tests.dialogs.talking import FACTS, Amina, words_of_clients

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LANGUAGES = ("en", "nl", "ar", "uk")
SOME = 320
ALL = pytest.param(1000, marks=pytest.mark.long)
REFLECTION = texts(sources_of("reflection", packaged_sources()))

CHANGES = (
    # gone
    ("      - text: dream\n", "      - text: dream\n", "      - text: admire\n"),
    ("          - text: important\n", "          - text: important\n", "          - text: solved\n"),
    ("      - text: when_where\n", "      - text: when_where\n", "      - scale: sure\n"),
    ("      - text: assumed_what\n", "      - text: assumed_what\n", "      - hand_over: shared\n"),
)
RENAMED = (
    ("- text: learn\n", "- text: want_to_learn\n        formerly: learn\n"),
    ("- text: story\n", "- text: deed\n            formerly: story\n"),
    ("{answer: story, answered: true}", "{answer: deed, answered: true}"),
    ("- loop: story_loop\n", "- loop: deeds\n        formerly: story_loop\n"),
    ("again: another_story\n", "again: another_deed\n"),
    ("- part: my_step\n", "- part: small_step\n    formerly: my_step\n"),
    ("- farm: Work on a farm\n", "- land: Work on a farm\n                formerly: farm\n"),
)
ADDED = (
    (
        "      - text: not_judged\n",
        "      - say: nearly\n        text: You are nearly halfway.\n"
        "      - text: strength\n        ask: What are you good at?\n      - text: not_judged\n",
    ),
    (
        "  - part: sharing\n",
        "  - part: my_people\n    title: My people\n    minutes: 1\n    steps:\n"
        "      - text: supporter\n        ask: Who is there for you?\n  - part: sharing\n",
    ),
    (
        "      - text: obstacle\n",
        "      - yes_no: agree_again\n        ask: May I keep this as well?\n        required: true\n"
        "      - text: obstacle\n",
    ),
)


def version(source: dict[str, str]) -> Moves:
    """A version with the installed translations, as `trede script publish` makes it."""
    return Moves(with_words(load("reflection", source), words_of(source, installed())))


@cache
def old() -> Moves:
    """The packaged reflection."""
    return version(REFLECTION)


def new_source() -> dict[str, str]:
    """The reflection with questions, a loop, a part and a choice removed, renamed and added."""
    source = REFLECTION["reflection.yaml"]
    for begin, _, behind in CHANGES:
        first, last = source.index(begin), source.index(behind)
        source = source[:first] + source[last:]
    for before, after in (*RENAMED, *ADDED):
        assert before in source
        source = source.replace(before, after)
    return {**REFLECTION, "reflection.yaml": source}


@cache
def new() -> Moves:
    """The version with all those changes."""
    return version(new_source())


# ── a thousand conversations, each really talked so far ──────────────────────────────────────────


@dataclass(frozen=True)
class Talked:
    """How far one conversation came. `session` is before it has an id of its own."""

    session: Session
    events: tuple[Event, ...]
    summary: Summary | None


def talk(seed: int) -> list[Talked]:
    """One conversation, as it stood after each turn."""
    chance = random.Random(seed)
    amina = Amina(old(), Session("1", old().script.version, LANGUAGES[seed % 4], seed, facts=FACTS))
    amina.does("start")
    found: list[Talked] = []
    summary: Summary | None = None
    days = iter([2])  # she comes back once, and tells how her step went
    more = iter(range(4))  # and talks about something else
    for _ in range(220):
        summary = after_turn(old(), amina.turn, f"summary-{seed}", NOW, summary)
        if amina.session.mode == "new":
            break
        found.append(Talked(amina.session, tuple(amina.events), named(summary, f"{seed}-{len(found)}")))
        if amina.session.mode != "ended":
            say_something(amina, chance)
        elif any(old().parts_on_offer(amina.session.answers)) and next(more, None) is not None:
            amina.says(in_hers(amina))
        elif (passed := next(days, None)) is not None:
            amina.does("pause")
            amina.waits(amina.now + timedelta(days=passed))
            amina.does("again")
        else:
            break
    return found


def in_hers(amina: Amina) -> str:
    """The label of the button, in her language."""
    more = phrases.TALK_MORE
    return words_of_clients().look_up(amina.session.language, more.context, more.text)


def named(summary: Summary | None, id: str) -> Summary | None:
    """Each of these people has a summary of her own."""
    return summary and replace(summary, summary=replace(summary.summary, id=f"summary-{id}"))


def say_something(amina: Amina, chance: random.Random) -> None:
    """What fits the question; now and then a skip, a step back or a pause."""
    step = amina.moves.script.step(amina.at.step)
    dice = chance.random()
    if amina.session.mode in ("paused", "left"):
        amina.does("again")
    elif dice < 0.04:
        amina.does(chance.choice(("pause", "leave", "back", "menu", "person")))
    elif amina.session.mode != "talking":
        amina.does("again")
    elif (dice < 0.12 and step.skippable) or (step.name == "step" and dice < 0.4):
        amina.does("skip")
    elif step.kind == "several":
        amina.says(" ".join(str(chance.randint(1, len(step.choices))) for _ in range(2)))
    elif step.kind == "date":
        amina.says("31-12-2027")
    elif step.kind == "language":
        amina.says(str(LANGUAGES.index(amina.session.language) + 1))
    elif step.name in ("private_now", "consent_full"):
        amina.says("1")
    elif step.name in ("consent", "consent_short"):
        amina.says(chance.choice("12"))
    elif step.kind in ("text", "number"):
        amina.says(f"{step.name} {chance.random()}")
    else:
        amina.says(str(chance.randint(1, len(step.choices) or (2 if step.kind == "read_back" else 3))))


@cache
def people(number: int) -> tuple[Talked, ...]:
    """So many, spread over all questions as evenly as can be."""
    by_question: dict[tuple[str, str], list[Talked]] = {}
    for seed in range(60 if number <= SOME else 90):
        for one in talk(seed):
            by_question.setdefault((one.session.at.step, one.session.mode), []).append(one)
    spread = itertools.chain.from_iterable(itertools.zip_longest(*by_question.values()))
    return tuple(itertools.islice((one for one in spread if one is not None), number))


def _asked(question: str) -> str:
    """Of the 24 questions about a card she has at most three, so they count as one."""
    return "can_when" if question.startswith("can_when.") else question


@pytest.mark.parametrize("number", [SOME, ALL])
def test_these_people_are_at_every_question(number: int) -> None:
    questions = {_asked(step.name) for step in old().script.steps if step.kind not in SILENT}
    modes = {one.session.mode for one in people(number)}

    assert len(people(number)) == number
    assert {_asked(one.session.at.step) for one in people(number)} == questions | {END}
    assert modes >= {"talking", "paused", "left", "menu", "ended"}
    assert sum(one.summary is not None for one in people(number)) > 1


# ── a database full of them ──────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database: SQLite, then PostgreSQL."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """Both versions are kept, and there is an organisation."""
    database = open_database(url)
    await staff.add_organisation(database, "Huis", NOW)
    for moves, source in ((old(), REFLECTION), (new(), new_source())):
        script = moves.script
        await scripts.publish(database, script.version, script.name, source, NOW, script.words)
    yield database
    await database.close()


async def lay_down(database: Database, them: Sequence[Talked]) -> list[str]:
    """Store all these conversations; the codes of their invites."""

    async def one(talked: Talked, number: int) -> str:
        made = await invite(database, name=f"Amina {number}", language="en", now=NOW)
        session = replace(talked.session, id=f"session-{number}")

        def decide(_: Loaded) -> Change:
            return Change(session, talked.events, (), talked.summary)

        await take(database, Knock("web", f"{number}", NOW, code=made.code), decide)
        return made.code

    numbered = list(enumerate(them))
    codes: list[str] = []
    for first in range(0, len(numbered), 100):
        some = numbered[first : first + 100]
        codes += await asyncio.gather(*(one(talked, number) for number, talked in some))
    return codes


async def rows(database: Database, table: str, order: str) -> list[tuple[Any, ...]]:
    """All of a table, as it lies on the disk."""
    statement = text(f"SELECT * FROM {table} ORDER BY {order}")
    return [tuple(row) for row in await database.read(lambda c: c.execute(statement).all())]


async def sessions_in(database: Database, moves: Moves) -> dict[str, Session]:
    """By their ids."""
    version = moves.script.version
    found = [
        await moving.look_at(database, client, version)
        for client in await moving.clients_in(database, version)
    ]
    return {session.id: session for session in found if session is not None}


@pytest.mark.parametrize("number", [SOME, ALL])
async def test_all_are_moved_and_nobody_is_stranded_and_no_answer_is_lost(
    database: Database, number: int
) -> None:
    await lay_down(database, people(number))
    answers, summaries = (
        await rows(database, "turns", "session, n"),
        await rows(database, "summaries", "id"),
    )
    before = await sessions_in(database, old())

    foreseen = await foresee(database, MoveOver(old(), new()), NOW)
    assert await rows(database, "turns", "session, n") == answers
    assert sum(foreseen.values()) == number
    done = await carry_out(database, MoveOver(old(), new()), NOW)

    after = await sessions_in(database, new())
    assert done == foreseen
    assert after.keys() == before.keys()
    now = set(await rows(database, "turns", "session, n"))
    assert now >= set(answers), "an answer row was changed or is gone"
    assert await rows(database, "summaries", "id") == summaries
    assert await rows(database, "outbox", "id") == []
    for id, session in after.items():
        answers_of(before[id], session)
        goes_on_to_the_end(session)


def answers_of(before: Session, after: Session) -> None:
    """Each answer counts under its name in the new version."""
    names = {"learn": "want_to_learn", "story": "deed", "another_story": "another_deed"}
    for place, given in before.answers.items():
        if place.step.endswith("my_step") or place.step.endswith("my_step.which"):
            name = place.step.replace("my_step", "small_step")
        else:
            name = names.get(place.step, place.step)
        counts = after.answers[Place(name, place.round)]
        assert (counts.words, counts.state, counts.at) == (given.words, given.state, given.at)
        if place.step == "kinds":
            assert counts.value == tuple("land" if key == "farm" else key for key in given.value)


def goes_on_to_the_end(session: Session) -> None:
    """She comes back, is where she should be, and can answer until the end."""
    given = {place for place, answer in session.answers.items() if answer.state in ("answered", "declined")}
    is_answered_before = session.at in given
    amina = Amina(new(), session)
    amina.does("again")
    if amina.session.mode == "talking":
        assert amina.at in set(new().walk(amina.session.answers))
        assert amina.at not in given or is_answered_before
    for _ in range(60):
        if amina.session.mode == "ended":
            return
        step = new().script.step(amina.at.step)
        amina.does("skip") if step.skippable and step.kind != "read_back" else amina.says("1")
    raise AssertionError(f"She did not come to the end from {session.at}")


async def test_moving_them_back_gives_them_their_answers_as_they_were(database: Database) -> None:
    await lay_down(database, people(SOME)[:60])
    before = await sessions_in(database, old())

    await carry_out(database, MoveOver(old(), new()), NOW)
    await carry_out(database, MoveOver(new(), old()), NOW)

    after = await sessions_in(database, old())
    assert after.keys() == before.keys()
    for id, session in before.items():
        for place, given in session.answers.items():
            assert after[id].answers[place] == given


async def test_cut_off_in_the_middle_it_goes_on_where_it_was(database: Database) -> None:
    await lay_down(database, people(SOME)[:30])

    class Killed(MoveOver):
        """Somebody pulls the plug while the eleventh is moved."""

        def move(self, session: Session, now: datetime) -> Any:
            count[0] += 1
            if count[0] == 11:
                raise KeyboardInterrupt
            return super().move(session, now)

    count = [0]
    with pytest.raises(KeyboardInterrupt):
        await carry_out(database, Killed(old(), new()), NOW)
    assert len(await sessions_in(database, new())) == 10

    rest = await carry_out(database, MoveOver(old(), new()), NOW)

    assert sum(rest.values()) == 20
    assert len(await sessions_in(database, new())) == 30
    versions = [row[0] for row in await _versions(database)]
    assert versions == [2] * 30, "each was moved once"
    assert sum((await carry_out(database, MoveOver(old(), new()), NOW)).values()) == 0


async def _versions(database: Database) -> list[tuple[int]]:
    statement = text("SELECT version FROM sessions")
    return [tuple(row) for row in await database.read(lambda c: c.execute(statement).all())]


async def test_people_can_talk_while_they_are_moved(database: Database) -> None:
    talked = (one for seed in range(8) for one in talk(seed))
    at_hope = [one for one in talked if one.session.at.step == "good_life" and one.session.mode == "talking"][
        :6
    ]
    codes = await lay_down(database, at_hope)
    way_in = Talk(database, Library(database, old()), client_words(), offered("all"), lambda: NOW)

    async def says(code: str, n: int) -> None:
        await way_in.take(Incoming("web", f"a{code}{n}", Text("A house"), code=code))
        await way_in.take(Incoming("web", f"b{code}{n}", Command("skip"), code=code))

    await asyncio.gather(
        carry_out(database, MoveOver(old(), new()), NOW), *(says(code, n) for n, code in enumerate(codes))
    )

    moved = await sessions_in(database, new())
    assert len(moved) == len(codes) > 1
    for session in moved.values():
        assert session.answers[Place("good_life")].words == "A house"


async def test_a_session_that_has_gone_elsewhere_is_left_alone(database: Database) -> None:
    await lay_down(database, people(SOME)[:1])
    [client] = await moving.clients_in(database, old().script.version)

    def decide(_: Session) -> Change:
        raise AssertionError("it is not there")

    assert not await moving.move(database, client, new().script.version, decide, NOW)
    assert await moving.look_at(database, client, new().script.version) is None


def test_the_events_of_a_move_are_answers_only() -> None:
    over = MoveOver(old(), new())

    kinds = Counter(type(event) for one in people(SOME)[:200] for event in over.move(one.session, NOW).events)

    assert set(kinds) == {Answered}
