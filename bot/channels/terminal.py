"""The terminal: a whole conversation without a database, for whoever writes scripts.

The clock, the tokens and the order of shuffled choices are fixed, so that two runs with the same answers are
the same.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.words import write, write_message
from casework.sharing import after_turn
from casework.summary import Summary
from dialogs.engine import Here, reply
from dialogs.message import Message, WrittenButton
from dialogs.moves import Moves
from dialogs.said import Command, Rang, Said, Text
from dialogs.session import Session
from dialogs.turn import Deleted
from locales.catalogue import Catalogue

BEGINNING = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
SKIP = "-"
WAIT = "+"  # time goes by: to her next reminder, or a week


@dataclass
class Play:
    """One conversation. `summary` is what would lie in the case manager's queue."""

    moves: Moves
    catalogue: Catalogue
    languages: Sequence[tuple[str, str]]
    language: str
    summary: Summary | None = None
    turns: int = 0
    waited: timedelta = timedelta()
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        facts = {"name": "Amina", "case_manager": "Joke Bakker", "organisation": "Demo"}
        version = self.moves.script.version
        self.session = Session(id="play", script=version, language=self.language, facts=facts)

    @property
    def is_over(self) -> bool:
        """Whether the conversation came to its end, or was erased."""
        return self.turns > 0 and self.session.mode in ("ended", "new")

    def begin(self) -> tuple[Message, ...]:
        """The first words."""
        return self.say(Command("start"))

    def type(self, line: str) -> tuple[Message, ...]:
        """One typed line; "-" skips, "+" lets time go by."""
        if line.strip() == WAIT:
            return self.wait()
        return self.say(Command("skip") if line.strip() == SKIP else Text(line))

    def wait(self) -> tuple[Message, ...]:
        """Until she is reminded, if she wants to be; else a week goes by in silence."""
        due = min(self.session.timers, key=lambda timer: timer.due, default=None)
        if due is None:
            self.waited += timedelta(days=7)
            return ()
        self.waited += due.due - self.now
        return self.say(Rang(due.kind, due.token))

    @property
    def now(self) -> datetime:
        """A minute goes by each turn."""
        return BEGINNING + timedelta(minutes=self.turns) + self.waited

    def say(self, said: Said) -> tuple[Message, ...]:
        """What comes back."""
        self.turns += 1
        here = Here(
            now=self.now,
            token=f"t{self.turns}",
            translate=lambda phrase: write(self.catalogue, self.session.language, phrase),
            languages=self.languages,
            channel="terminal",
            reachable=True,
        )
        turn = reply(self.moves, self.session, said, here)
        self.summary = after_turn(self.moves, turn, "play", here.now, self.summary)
        self.session = turn.session
        if any(isinstance(event, Deleted) for event in turn.events):
            self.session = replace(turn.session, mode="new", answers={})
        return tuple(write_message(self.catalogue, self.session.language, say) for say in turn.says)


def transcript(play: Play, lines: Iterable[str], echo: bool = True) -> Iterator[str]:
    """The conversation as text, piece by piece. With `echo`, her lines too, each after "> ".

    Lines of a list are said to the last, also beyond the end; from a person, none is asked for then.
    """
    yield from _shown(play.begin())
    for line in lines:
        if echo:
            yield f"> {line}\n"
        yield from _shown(play.type(line))
        if play.is_over and not isinstance(lines, list):
            return


def _shown(messages: Iterable[Message]) -> Iterator[str]:
    for message in messages:
        yield "\n".join([*message.paragraphs, *_choices(message.buttons)]) + "\n"


def _choices(buttons: Sequence[WrittenButton]) -> list[str]:
    choices = [
        f"  {'✓ ' if button.ticked else ''}{button.picture + ' ' if button.picture else ''}{button.label}"
        for button in buttons
        if button.kind == "choice"
    ]
    controls = [button.label for button in buttons if button.kind == "control"]
    if all(label.strip().isdigit() for label in choices) and choices:
        choices = ["  " + " ".join(label.strip() for label in choices)]
    return [*choices, f"  [{' | '.join(controls)}]"] if controls else choices


def summary_json(summary: Summary | None) -> str:
    """The summary as JSON text, `null` if she shared nothing."""
    return json.dumps(asdict(summary) if summary else None, ensure_ascii=False, indent=2, default=_iso)


def _iso(value: Any) -> str:
    return str(value.isoformat())


Ask = Callable[[], str]


def typed(ask: Ask) -> Iterator[str]:
    """Lines as a person types them, until the end of input."""
    while True:
        try:
            yield ask()
        except EOFError:
            return
