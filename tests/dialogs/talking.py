"""Somebody to talk with in tests: Amina types, taps and hears, and the clock stands where we put it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from textwrap import dedent

from bot.words import write, write_message
from casework.packaged import packaged_sources
from dialogs.asking import Languages
from dialogs.engine import Here, reply
from dialogs.library import load
from dialogs.message import Message, WrittenButton
from dialogs.moves import Moves
from dialogs.said import Command, CommandName, Rang, Said, Tap, Text
from dialogs.script import SILENT
from dialogs.session import Answer, Place, Session
from dialogs.turn import Event, HelpCard, Turn
from locales.catalogue import CLIENT_LANGUAGES, Catalogue, autonym, read_catalogue

NINE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LONGEST_WAY = 100
LANGUAGES: Languages = tuple((code, autonym(code)) for code in CLIENT_LANGUAGES)
FACTS = {"name": "Amina", "case_manager": "Joke Bakker", "organisation": "Huis"}

_MARKS = str.maketrans("", "", "\u2068\u2069")


@cache
def moves_of(script: str) -> Moves:
    """A packaged script by its name, or a script in YAML named "demo"."""
    if "\n" in script:
        return Moves(load("demo", {"demo.yaml": dedent(script)}))
    return Moves(load(script, packaged_sources()))


@cache
def words_of_clients() -> Catalogue:
    """What the conversation says, in all languages."""
    return read_catalogue("client", CLIENT_LANGUAGES)


def talk_through(
    script: str = "reflection", part: str | None = None, language: str = "en", seed: int = 0
) -> "Amina":
    """A conversation just begun; with `part`, at its first question, all that could be skipped skipped."""
    moves = moves_of(script)
    amina = Amina(moves, Session("1", moves.script.version, language, seed, facts=FACTS))
    amina.does("start")
    if part is not None:
        amina.skips_to(next(s.name for s in moves.script.steps if s.part == part and s.kind not in SILENT))
    return amina


def with_twenty_minutes(part: str, language: str = "en") -> "Amina":
    """At the first question of that part, with 20 minutes, all that could be skipped skipped."""
    amina = talk_through(language=language)
    amina.skips_to("minutes")
    amina.says("3")
    amina.skips_to(next(s.name for s in amina.moves.script.steps if s.part == part and s.kind not in SILENT))
    return amina


@dataclass
class Amina:
    """One side of a conversation. `turn` is what came of the last thing she did, `events` of everything."""

    moves: Moves
    session: Session
    turns: int = 0
    reachable: bool = False
    has_sound: tuple[str, ...] = ()  # languages
    help_card: HelpCard = ()
    zone: tzinfo = UTC
    waited: timedelta = timedelta()
    turn: Turn = field(init=False)
    events: list[Event] = field(default_factory=list)

    # ── what she does ─────────────────────────────────────────────────────────────────────────────

    def says(self, *lines: str) -> None:
        """She types each of these, one after the other."""
        for line in lines:
            self.sends(Text(line))

    def taps(self, *labels: str) -> None:
        """She taps the button with each of these labels, one after the other."""
        for label in labels:
            self.sends(self.tap(label))

    def does(self, *commands: CommandName) -> None:
        """She uses what is always at hand."""
        for command in commands:
            self.sends(Command(command))

    def skips_to(self, question: str) -> None:
        """She skips all questions before that one; those that need an answer get "1"."""
        for _ in range(LONGEST_WAY):
            if self.at.step == question:
                return
            if self.moves.script.step(self.at.step).skippable:
                self.does("skip")
            else:
                self.says("1")
        raise AssertionError(f"Skipping did not lead to '{question}'")

    def sends(self, said: Said) -> Turn:
        """Any one thing; a minute goes by."""
        self.turns += 1
        self.turn = reply(self.moves, self.session, said, self.here)
        self.session = self.turn.session
        self.events.extend(self.turn.events)
        return self.turn

    def waits(self, until: datetime) -> None:
        """Time goes by until then; the next thing happens at that moment."""
        self.waited += until - self.now - MINUTE

    def is_rung(self) -> Turn:
        """Her first timer falls due, and rings."""
        first = min(self.session.timers, key=lambda timer: timer.due)
        self.waits(first.due)
        return self.sends(Rang(first.kind, first.token))

    def tap(self, label: str) -> Tap:
        """The tap on that button of the newest message, to be sent now, later or twice."""
        message = self.messages[-1]
        found = [button for button in message.buttons if label in (_bare(button), button.label)]
        assert len(found) == 1, f"No single button '{label}' among {self.buttons}"
        return Tap(message.token, found[0].value)

    # ── what she sees and hears ───────────────────────────────────────────────────────────────────

    def hears(self, words: str) -> bool:
        """Whether the newest messages have these words."""
        return words in "\n".join(self.heard)

    @property
    def heard(self) -> list[str]:
        """The paragraphs of the newest messages, without marks for writing direction."""
        return [text.translate(_MARKS) for message in self.messages for text in message.paragraphs]

    @property
    def messages(self) -> list[Message]:
        """The newest messages."""
        return [write_message(words_of_clients(), self.session.language, say) for say in self.turn.says]

    @property
    def buttons(self) -> list[str]:
        """Labels of the newest message's buttons, without numbers."""
        return [_bare(button) for button in self.messages[-1].buttons]

    # ── what is remembered ────────────────────────────────────────────────────────────────────────

    @property
    def at(self) -> Place:
        """The question where she is."""
        return self.session.at

    @property
    def part(self) -> str:
        """The part where she is, "" at the end."""
        step = self.moves.script.by_name.get(self.at.step)
        return step.part if step else ""

    def answer(self, question: str, round_: int = 1) -> Answer | None:
        """What she answered there last."""
        return self.session.answers.get(Place(question, round_))

    def words(self, question: str, round_: int = 1) -> str:
        """The words of that answer, which must be there."""
        return self.session.answers[Place(question, round_)].words

    def has_events(self, *kinds: type[Event]) -> bool:
        """Whether the last turn made events of all these kinds."""
        return all(any(isinstance(event, kind) for event in self.turn.events) for kind in kinds)

    # ── the world around her ──────────────────────────────────────────────────────────────────────

    @property
    def here(self) -> Here:
        """Clock, chance and words of the turn at hand: one minute and one token a turn."""
        return Here(
            now=self.now,
            token=f"t{self.turns}",
            translate=lambda phrase: write(words_of_clients(), self.session.language, phrase),
            languages=LANGUAGES,
            channel="test",
            zone=self.zone,
            reachable=self.reachable,
            reads_aloud=frozenset(self.has_sound),
            help_card=self.help_card,
        )

    @property
    def now(self) -> datetime:
        """The time of the last turn."""
        return NINE + self.turns * MINUTE + self.waited

    def turned(self, **changes: object) -> "Amina":
        """The same conversation with something about her session otherwise."""
        self.session = replace(self.session, **changes)  # type: ignore[arg-type]
        return self


def _bare(button: WrittenButton) -> str:
    label = button.label.translate(_MARKS)
    return label.removeprefix(f"{button.value}. ")
