"""A turn while it is made: her session moves on, and what happens and what is said is gathered."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from dialogs.asking import Languages, Option, ask
from dialogs.frozen import replace
from dialogs.moves import Moves, change_mode
from dialogs.said import Said, Tap, Text
from dialogs.session import REMINDING, Answer, Place, Session, TimerKind
from dialogs.turn import Answered, Event, HelpCard, Label, Phrase, Say, Turn
from dialogs.understand import plain, plain_label, read_choice

_LONGEST_LABEL = 60
"""Characters of a text that can be the label of a button."""


@dataclass(frozen=True, slots=True)
class Here:
    """What varies from turn to turn, passed in: the clock, chance, words, the channel.

    `token`: a fresh random one, for the next question. `translate`: a phrase in the session's language.
    `zone`: hers. `reachable`: whether we can write to her by ourselves, so that reminders can be offered.
    `help_card`: whom she can call in danger, as her organisation set it. `reads_aloud`: languages in
    which sound can be sent with questions.
    """

    now: datetime
    token: str
    translate: Callable[[Phrase], str]
    languages: Languages
    channel: str = ""
    zone: tzinfo = UTC
    reachable: bool = False
    help_card: HelpCard = ()
    reads_aloud: frozenset[str] = frozenset()


class OpenTurn:
    """What the steps of a turn hand on to each other, changed in place, and dropped after.

    `typed`: a short text of hers made plain, to compare with the labels of buttons; else "".
    """

    __slots__ = ("events", "here", "moves", "says", "script", "session", "typed")

    def __init__(self, moves: Moves, session: Session, said: Said, here: Here) -> None:
        self.moves = moves
        self.script = moves.script
        self.session = session
        self.here = here
        self.events: list[Event] = []
        self.says: list[Say] = []
        self.typed = ""
        if isinstance(said, Text) and len(said.words) <= _LONGEST_LABEL:
            self.typed = plain(said.words)

    def close(self) -> Turn:
        """The whole turn."""
        return Turn(self.session, tuple(self.events), tuple(self.says))

    # ── where she is ──────────────────────────────────────────────────────────────────────────────

    @property
    def is_at_a_question(self) -> bool:
        """Whether a question of the script is open; not before the first, nor at the end."""
        return self.session.at.step in self.script.by_name

    def change_mode(self, trigger: str) -> None:
        """By the moves between modes; an illegal one is a mistake of ours, and raises.

        Whoever turns to something else while choosing a reminder has chosen none.
        """
        mode = change_mode(self.session.mode, trigger)
        self.session = replace(self.session, mode=mode, wish=self.session.wish if mode in REMINDING else None)

    def new_token(self) -> None:
        """Something is asked anew: what is on her screen by now is stale."""
        self.session = replace(self.session, token=self.here.token, asked_at=self.here.now)

    def fresh_question(self, at: Place, last: Place) -> None:
        """She comes to the question `at` from `last`."""
        token, now = self.here.token, self.here.now
        self.session = replace(self.session, at=at, last=last, draft=(), page=0, token=token, asked_at=now)

    def next_visit(self) -> None:
        """From here on her screen shows nothing of before."""
        self.session = replace(self.session, visit=self.session.visit + 1)

    def drop_timer(self, kind: TimerKind) -> None:
        """We do not write to her for that any more."""
        left = tuple(timer for timer in self.session.timers if timer.kind != kind)
        self.session = replace(self.session, timers=left)

    # ── what she said ─────────────────────────────────────────────────────────────────────────────

    def is_typed(self, label: Phrase) -> bool:
        """Whether what she typed is this button's label."""
        if self.typed == "":
            return False
        compared = plain if label.params else plain_label  # "Keep: …" holds words of hers
        return self.typed == compared(self.here.translate(label))

    def chosen(self, said: Tap | Text, found: Sequence[Option]) -> int | None:
        """The index of the option meant, tapped or typed; None if it is none."""
        labels = [(self._written(option.label), option.key) for option in found]
        return read_choice(said.value if isinstance(said, Tap) else said.words, labels)

    def _written(self, label: Label) -> str:
        return self.here.translate(label) if isinstance(label, Phrase) else label

    def keep(self, place: Place, answer: Answer) -> None:
        """As her newest answer there, with language, time and channel of now."""
        answer = replace(answer, language=self.session.language, at=self.here.now, channel=self.here.channel)
        self.session = replace(self.session, answers={**self.session.answers, place: answer})
        self.events.append(Answered(place, answer))

    def clear(self, place: Place) -> None:
        """To be asked anew. What she said before stays in the history."""
        self.keep(place, Answer("not_asked"))

    # ── what is said ──────────────────────────────────────────────────────────────────────────────

    def say_first(self, lines: Sequence[Label]) -> None:
        """A note before what is asked, if there is anything to say."""
        if lines:
            self.says.append(Say(tuple(lines), quiet=True))

    @property
    def can_be_read(self) -> bool:
        """Whether there is sound in her language that we can send her."""
        return self.session.language in self.here.reads_aloud

    def ask(self, before: Sequence[Label] = (), *, again: bool = False) -> None:
        """The question where she is. `before`: lines said first, in the same message.

        `again`: she has just heard it, so it is not read to her once more.
        """
        say = ask(self.moves, self.session, self.here.languages, before, reads=self.can_be_read)
        self.says.append(dataclasses.replace(say, aloud=False) if again else say)
