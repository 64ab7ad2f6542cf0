"""Whatever she does, in whatever order: the engine knows where she is, and no answer is lost."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.words import write, write_message
from dialogs.engine import Here, reply
from dialogs.message import Message
from dialogs.moves import Moves
from dialogs.said import Command, CommandName, Rang, Said, Tap, Text, Unreadable
from dialogs.script import END, SILENT
from dialogs.session import REMINDING, Answer, Mode, Place, Session, Timer
from dialogs.turn import Answered, Deleted, Forgotten, Phrase, Say, Turn
from locales.catalogue import CLIENT_LANGUAGES
from tests.dialogs.talking import FACTS, LANGUAGES, MINUTE, NINE, moves_of, words_of_clients
from tests.dialogs.test_engine import ALL_KINDS

LONGEST_MESSAGE = 4096
LONGEST_VALUE = 40

_ODD = (
    *("", " ", "\x00", "\ud83d", "<b>", "\u202e", "=1+1", "🙂", "٣", "۳", "1 2", "31-12-2027"),
    *("x" * 4000, "x" * 4001, "/menu", "/back", "Yes", "No", "Skip", "Back", "Done", "Go on"),
    *("العربية", "nl", "7", "%(name)s", "-1"),
)
odd = st.sampled_from(_ODD)
taps = st.one_of(
    # A button that is on the screen now, by its place; "fresh" for taps that no button has.
    st.tuples(st.just("button"), st.integers(0, 11)),
    st.tuples(st.just("button"), st.integers(0, 11)),
    st.tuples(st.just("old button"), st.integers(0, 40)),
    st.tuples(
        st.just("fresh"),
        st.sampled_from(
            ["keep", "=", "=1,9", "page=1", "page", "done", "revise", "follow_up", "stop", "go_on", "99"]
        ),
    ),
    st.tuples(st.just("fresh"), st.text(max_size=5)),
    st.tuples(st.just("strange"), st.text(max_size=5)),
)
words = st.one_of(odd, st.text(max_size=20), st.integers(0, 12).map(str))
quick = st.tuples(st.just("quick"), words)
typed = st.tuples(st.just("typed"), words)
answers = st.tuples(st.just("answer"), st.integers(0, 7))
commands = st.tuples(st.just("command"), st.sampled_from(get_args(CommandName)))
unreadable = st.tuples(st.just("picture"), st.just(""))
# Most of what she does leads on, or no conversation would come far.
pauses = st.tuples(st.just("pause"), st.integers(1, 3))  # her answers to "when may I write to you?"
rings = st.tuples(st.just("ring"), st.integers(0, 2))
waits = st.tuples(st.just("wait"), st.integers(1, 200))  # hours
one_thing = st.one_of(
    answers,
    answers,
    answers,
    answers,
    answers,
    taps,
    typed,
    quick,
    commands,
    unreadable,
    pauses,
    rings,
    waits,
)

Doings = list[tuple[str, str | int]]

# She gets some way first, and then does as she likes.
what_she_does: st.SearchStrategy[Doings] = st.builds(
    lambda way, then: [*way, *then],
    st.integers(0, 70).map(lambda length: [("answer", (n * 5 + length) % 8) for n in range(length)]),
    st.lists(one_thing, min_size=10, max_size=40),
)


class Walk:
    """One conversation. `model` is what an answer book kept beside it says."""

    def __init__(self, moves: Moves, language: str, seed: int) -> None:
        self.moves = moves
        self.session = Session("1", moves.script.version, language, seed, facts=FACTS)
        self.model: dict[Place, Answer] = {}
        self.turns = 0
        self.waited = timedelta()
        self.rung = Timer("resume", NINE, "of the past")
        self.shown: list[Message] = []
        self.is_deleted = False

    def here(self) -> Here:
        return Here(
            now=NINE + self.turns * MINUTE + self.waited,
            token=f"token-{self.turns}",
            translate=lambda phrase: write(words_of_clients(), self.session.language, phrase),
            languages=LANGUAGES,
            channel="test",
            zone=ZoneInfo("Europe/Amsterdam"),
            reachable=self.session.seed % 2 == 0,
        )

    def does(self, kind: str, what: str | int) -> None:
        if kind == "wait":
            self.waited += timedelta(hours=int(what))
            return
        if kind == "pause":
            self.does("command", "pause")
            for answer in ("2", "1")[: int(what)]:
                if not self.is_deleted:
                    self.does("typed", answer)
            return
        said = self.meant(kind, what)
        self.turns += 1
        before, here = self.session, self.here()

        turn = reply(self.moves, before, said, here)

        assert turn == reply(self.moves, before, said, here)
        self.keep_book(turn)
        self.session = turn.session
        self.check_state()
        self.check_timers()
        if turn.says or not isinstance(said, Rang):
            self.check_says(turn)
        else:
            assert replace(turn.session, timers=()) == replace(before, timers=())
        self.shown = [*self.shown, *self.written(turn, turn.session.language)][-8:]

    def meant(self, kind: str, what: str | int) -> Said:
        """The message that her doing comes to, as things stand."""
        if kind == "answer":
            return self.answer(int(what))
        if kind in ("button", "old button"):
            found = [
                Tap(message.token, button.value)
                for message in (self.shown[-1:] if kind == "button" else self.shown)
                for button in message.buttons
            ]
            return found[int(what) % len(found)] if found else Tap("", "1")
        if kind == "fresh":
            return Tap(self.session.token, str(what))
        if kind == "strange":
            return Tap(str(what), str(what))
        if kind == "command":
            return Command(what)  # type: ignore[arg-type]
        if kind == "ring":
            self.rung = next(iter(self.session.timers), self.rung) if what else self.rung
            return Rang(self.rung.kind, self.rung.token)
        if kind == "picture":
            return Unreadable("photo")
        early = NINE + (self.turns - 3) * MINUTE
        return Text(str(what), sent_at=early if kind == "quick" else None)

    def answer(self, number: int) -> Said:
        """Something that fits the question, so that the conversation goes on."""
        step = self.moves.script.by_name.get(self.session.at.step)
        if self.session.mode in REMINDING and number:
            return Text(str(number % 4 + 1))
        if self.session.mode != "talking" or step is None:
            return Text("Go on")
        if step.name in ("private_now", "consent"):
            return Text("1")
        if number == 0 and step.skippable:
            return Command("skip")
        if step.kind == "date":
            return Text("31-12-2027")
        return Text(str(number % 4 + 1))

    def keep_book(self, turn: Turn) -> None:
        for event in turn.events:
            if isinstance(event, Answered):
                self.model[event.place] = event.answer
            elif isinstance(event, Forgotten):
                self.model = {}
            elif isinstance(event, Deleted):
                self.is_deleted = True

    def check_state(self) -> None:
        session = self.session
        assert session.mode in get_args(Mode)
        assert dict(session.answers) == self.model
        if session.mode == "new":
            assert not session.answers
            return
        if session.mode == "talking":
            step = self.moves.script.step(session.at.step)
            assert step.kind not in SILENT
            assert session.at in set(self.moves.walk(session.answers)), "she is where no way leads"
        assert session.token
        assert session.asked_at is not None

    def check_timers(self) -> None:
        session = self.session
        kinds = [timer.kind for timer in session.timers]
        assert len(kinds) == len(set(kinds))
        assert "resume" not in kinds or session.is_away
        assert (session.wish is not None) == (session.mode in REMINDING)
        assert not kinds or session.seed % 2 == 0, "she cannot be written to"

    def check_says(self, turn: Turn) -> None:
        assert turn.says, "she is left without a word"
        awaits = [say for say in turn.says if say.expects != "nothing"]
        assert len(awaits) <= 1
        if not self.is_deleted and self.session.mode != "new":
            assert turn.says[-1] in awaits
            assert turn.says[-1].token == self.session.token
        for language in CLIENT_LANGUAGES:
            for say, message in zip(turn.says, self.written(turn, language), strict=True):
                assert all(
                    text.strip()
                    for text, line in zip(message.paragraphs, say.lines, strict=True)
                    if isinstance(line, Phrase)
                )
                assert not any(
                    "%(" in text and "%(name)s" not in repr(self.model) for text in message.paragraphs
                )
                self.check_sizes(message, has_her_words=_reads_back(say))

    def check_sizes(self, message: Message, has_her_words: bool) -> None:
        for button in message.buttons:
            assert button.value.isascii()
            assert 0 < len(button.value) <= LONGEST_VALUE
            assert button.label.strip()
        whole = "\n".join([*message.paragraphs, *(button.label for button in message.buttons)])
        assert has_her_words or len(whole.encode("utf-16-le", "surrogatepass")) <= 2 * LONGEST_MESSAGE

    def written(self, turn: Turn, language: str) -> list[Message]:
        return [write_message(words_of_clients(), language, say) for say in turn.says]


def _reads_back(say: Say) -> bool:
    return any(isinstance(line, Phrase) and line.text.startswith("»") for line in say.lines)


def walked(script: str, language: str, seed: int, doings: Doings) -> Walk:
    walk = Walk(moves_of(script), language, seed)
    walk.does("command", "start")
    for kind, what in doings:
        walk.does(kind, what)
        if walk.is_deleted:
            break
    return walk


_conversations = given(st.sampled_from(CLIENT_LANGUAGES), st.integers(0, 9), what_she_does)
_slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
_tried = settings(max_examples=100, deadline=None, suppress_health_check=_slow, derandomize=True)
_tried_often = settings(max_examples=3000, deadline=None, suppress_health_check=_slow)


@_tried
@_conversations
def test_any_reflection_ends_in_a_known_state(language: str, seed: int, doings: Doings) -> None:
    walked("reflection", language, seed, doings)


@_tried
@_conversations
def test_any_conversation_of_all_kinds_ends_in_a_known_state(
    language: str, seed: int, doings: Doings
) -> None:
    walked(ALL_KINDS, language, seed, doings)


@pytest.mark.long
@_tried_often
@_conversations
def test_any_of_many_reflections_ends_in_a_known_state(language: str, seed: int, doings: Doings) -> None:
    walked("reflection", language, seed, doings)


@_tried
@_conversations
def test_whatever_she_did_pausing_and_going_on_leads_her_back(
    language: str, seed: int, doings: Doings
) -> None:
    walk = walked("reflection", language, seed, doings)
    if walk.is_deleted or walk.session.mode == "new":
        return
    place = walk.session.at

    walk.does("command", "pause")
    walk.does("command", "again")

    assert walk.session.mode in ("talking", "ended")
    # At the end, on another day than that of her step, she is asked how it went.
    assert walk.session.at == place or (place.step == END and walk.session.at.step == "step_status")


def test_a_read_back_of_the_longest_answers_still_holds_them_all() -> None:
    walk = walked(
        "reflection",
        "en",
        0,
        [("typed", "1"), ("typed", "x"), ("typed", "1"), ("typed", "1"), ("typed", "3")],
    )
    for _ in range(5):
        walk.does("typed", "x" * 4000)
    walk.does("typed", "1")
    while not walk.session.at.step.startswith("your_words"):
        walk.does("command", "skip")

    assert sum("x" * 4000 in text for text in walk.shown[-1].paragraphs) == 5


def test_the_book_would_notice_a_lost_answer() -> None:
    walk = walked("reflection", "en", 0, [("typed", "1"), ("typed", "Amina")])
    walk.session = replace(walk.session, answers={})

    with pytest.raises(AssertionError):
        walk.check_state()
