"""What must hold of one woman's conversation: a small model that knows the script below, and no engine.

`Woman.after` says what one message of hers, or one timer, comes to. It is told anew here, so that a fault
would have to be made twice to go unseen. tests/bot/test_state_machine.py holds Trede against it.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from babel.lists import format_list

from dialogs.said import Command, Rang, Said, Tap, Text, Unreadable

SCRIPT = """\
script: small
title: A small talk
parts:
  - part: start
    title: Before we begin
    minutes: 1
    private: true
    steps:
      - text: call_me
        ask: What may I call you?
        summary: client.name
      - choice: consent
        ask: May I keep your answers?
        required: true
        consent: "2026-11"
        choices:
          - agree: Yes, you may
            then: hope
          - refuse: No, you may not
      - say: refused
        text: All right. I keep nothing. Goodbye.
        then: forget
  - part: hopes
    title: My hopes
    minutes: 2
    steps:
      - text: hope
        ask: What do you hope for?
        summary: ambition
      - choice: whose
        ask: Whose wish is it?
        summary: own_wish
        only_if: {answer: hope, answered: true}
        choices:
          - mine: My own wish
          - others: A wish of other people
      - several: likes
        ask: What do you like?
        choices:
          - job: A job
          - farm: Work on a farm
          - study: A course
      - scale: sure
        ask: How sure are you?
  - part: my_step
    title: My step
    minutes: 2
    steps:
      - text: step
        ask: What is your small step?
        summary: step.what
  - part: coming_back
    title: Coming back
    minutes: 2
    follow_up: true
    steps:
      - choice: went
        ask: How did your step go?
        summary: step.status
        choices:
          - partly: I did a part of it
          - not_done: I did not do it
  - part: sharing
    title: Read back and share
    minutes: 1
    private: true
    steps:
      - read_back: right
        ask: This is what you told me about %(part)s.
      - share: share
        ask: May your case manager see what you said about %(part)s?
        which: Which of these about %(part)s may your case manager see?
      - hand_over: shared
        text: Thank you. Your case manager sees what you shared.
        if_nothing: Thank you. You keep everything to yourself.
"""

ANOTHER_SCRIPT = (
    SCRIPT.replace("text: hope\n", "text: wish\n        formerly: hope\n")
    .replace("answer: hope", "answer: wish")
    .replace("then: hope", "then: wish")
    .replace("What do you hope for?", "What do you wish for?")
)
"""The same in another version: the question `hope` has another name there, and other words."""

PARTS = {"hopes": "My hopes", "my_step": "My step", "coming_back": "Coming back"}
PART = dict.fromkeys(("hope", "whose", "likes", "sure"), "hopes") | {"step": "my_step", "went": "coming_back"}
TEXTS = ("call_me", "hope", "step")
CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "consent": (("agree", "Yes, you may"), ("refuse", "No, you may not")),
    "whose": (("mine", "My own wish"), ("others", "A wish of other people")),
    "likes": (("job", "A job"), ("farm", "Work on a farm"), ("study", "A course")),
    "went": (("partly", "I did a part of it"), ("not_done", "I did not do it")),
    **{f"right.{part}": (("right", ""), ("change", "")) for part in PARTS},
    **{f"share.{part}": (("yes", ""), ("some", ""), ("no", ""), ("later", "")) for part in PARTS},
}
"""Keys with their words; "" for words that are not the script's."""
SHARING = (
    *(f"right.{part}" for part in PARTS),
    *(f"share.{part}{which}" for part in PARTS for which in ("", ".which")),
)
ORDER = ("call_me", "consent", "hope", "whose", "likes", "sure", "step", "went", *SHARING, "shared")
CAME_BACK = "coming_back:came_back"
END = "end"
AWAY = ("paused", "left")
REMINDING = ("remind_day", "remind_date", "remind_hour")
DAYS = ("none", "tomorrow", "3_days", "week", "day")
DAYS_ON = {"tomorrow": 1, "3_days": 3, "week": 7}
HOURS = (9, 14, 19)
BUTTONS = (
    *("skip", "back", "pause", "language", "person", "leave", "menu", "delete", "stop"),
    *("read", "silent"),
)
LANGUAGES = ("en", "nl")
DAY = 24 * 60 * 60
NEVER = datetime.min.replace(tzinfo=UTC)


class Answer(NamedTuple):
    """What she answered. `words` are "" where they are not the script's."""

    state: str
    words: str = ""
    value: tuple[str, ...] = ()
    language: str = ""
    at: datetime = NEVER


class Row(NamedTuple):
    """One answer as it must be stored, for ever, under the name that the question has in her version."""

    question: str
    state: str
    words: str
    value: tuple[str, ...]


class Shared(NamedTuple):
    """What her case manager must see: (question, state, words, language) for each answer.

    `about`: her step, where she tells how it went. `changing`: she took something back, and is not done.
    """

    answers: tuple[tuple[str, str, str, str], ...] = ()
    help: bool = False
    name: str = ""
    version: int = 1
    about: str = ""
    changing: bool = False


class Moment(NamedTuple):
    """What varies. `token` is the one in the newest message of this turn, "" if there is none.

    `version`: the script that new conversations begin with. `labels`: by language, what a text means that is
    the label of a button.
    """

    now: datetime
    token: str
    reachable: bool
    version: int
    labels: Mapping[str, Mapping[str, str]]


@dataclass
class Woman:
    """How far she is, and all that must be remembered of her. `screen`: what the newest message asks."""

    name: str
    mode: str = "new"
    at: str = ""
    screen: str = ""
    token: str = ""
    is_fresh: bool = False  # this turn gave a new token
    language: str = "en"
    version: int = 1
    turns: int = 0
    asked_at: datetime = NEVER
    lag: float | None = None
    last: str = ""
    draft: tuple[str, ...] = ()
    live: dict[str, Answer] = field(default_factory=dict)
    rows: list[Row | frozenset[Row]] = field(default_factory=list)  # a set: stored in any order
    consents: int = 0
    timers: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    wish: tuple[str, date | None] | None = None
    follow_up: str = ""
    moved: bool = False
    heard: bool = False
    handed: bool = False
    help: bool = False
    summary: Shared | None = None
    case: str = ""
    is_erased: bool = False
    failing: dict[str, datetime] = field(default_factory=dict)  # updates of hers that were set aside, when

    def after(self, said: Said, moment: Moment) -> "Woman":
        """She after one more turn."""
        woman = copy.deepcopy(self)
        _Turn(woman, said, moment).take()
        return woman

    def moved_to(self, version: int) -> "Woman":
        """She after her conversation was moved to the other version of the script."""
        woman = copy.deepcopy(self)
        woman._move(version)
        return woman

    @property
    def is_away(self) -> bool:
        """Somebody else may hold the phone."""
        return self.mode in AWAY or (
            self.mode in REMINDING and self.wish is not None and self.wish[0] == "resume"
        )

    def is_stored_as(self, rows: Sequence[Row]) -> bool:
        """Whether these rows are all that she answered, in order, and nothing else."""
        left = list(rows)
        for each in self.rows:
            some = each if isinstance(each, frozenset) else {each}
            if {*left[: len(some)]} != some:
                return False
            del left[: len(some)]
        return not left

    @property
    def said(self) -> set[str]:
        """All that she ever answered in her own words."""
        sets = [each if isinstance(each, frozenset) else {each} for each in self.rows]
        return {row.words for some in sets for row in some if "~" in row.words}

    def stored(self, question: str, version: int | None = None) -> str:
        """The name of a question in her version of the script."""
        return "wish" if question == "hope" and (version or self.version) == 2 else question

    # ── what follows from what she answered ───────────────────────────────────────────────────────

    def is_asked(self, question: str) -> bool:
        """Whether the question is one for her, as far as she answered."""
        kind, _, rest = question.partition(".")
        part, _, which = rest.partition(".")
        if which:
            return self._said(f"share.{part}") == ("some",)
        if kind in ("right", "share"):
            return any(self.live[q].state == "answered" for q in self.told(part))
        if question == "whose":
            return self._is_answered("hope")
        return question != "went" or CAME_BACK in self.live

    def told(self, part: str) -> list[str]:
        """The questions of a part that she answered or skipped."""
        return [q for q in ORDER if PART.get(q) == part and q in self.live and self.is_asked(q)]

    def items(self, part: str) -> list[str]:
        """What she can share of a part, one by one."""
        return [q for q in self.told(part) if self.live[q].state == "answered"]

    def is_shared(self, part: str) -> bool:
        """Whether she chose to share something of it."""
        all_of_it = self._said(f"share.{part}") == ("yes",) and self.is_asked(f"share.{part}")
        which = f"share.{part}.which"
        return all_of_it or (self._is_answered(which) and self.is_asked(which))

    def shared(self) -> Shared | None:
        """What her case manager may see from now on."""
        answers = tuple(self._entry(q) for part in PARTS for q in self._of(part))
        if not answers and not self.help:
            return None
        called = self.live["call_me"].words if self._is_answered("call_me") else self.name
        told_of = ("went", "answered") in [entry[:2] for entry in answers]
        return Shared(answers, self.help, called, self.version, self.live[CAME_BACK].words if told_of else "")

    def _of(self, part: str) -> list[str]:
        match self._said(f"share.{part}"):
            case ("yes",):
                return self.told(part)
            case ("some",):
                return [q for q in self.items(part) if q in self._said(f"share.{part}.which")]
        return []

    def _entry(self, question: str) -> tuple[str, str, str, str]:
        answer = self.live[question]
        return (self.stored(question), answer.state, answer.words, answer.language)

    def _said(self, question: str) -> tuple[str, ...]:
        return self.live[question].value if self._is_answered(question) else ()

    def _is_answered(self, question: str) -> bool:
        return question in self.live and self.live[question].state == "answered"

    # ── another version of the script ─────────────────────────────────────────────────────────────

    def _move(self, version: int) -> None:
        """The answer to the renamed question comes along; what was said before stays as it was."""
        self.turns += 1
        self.version = version
        renamed = [q for q in self.live if q == "hope" or "hope" in self.live[q].value]
        self.rows.append(frozenset(self.row(q) for q in renamed))
        if self.at == "hope" or self.at.startswith("right.") or self.at.endswith(".which"):
            self.moved, self.draft, self.last = True, (), ""

    def row(self, question: str) -> Row:
        """The answer to a question, as it is to be stored."""
        answer = self.live[question]
        return Row(
            self.stored(question), answer.state, answer.words, tuple(self.stored(v) for v in answer.value)
        )


class _Turn:
    """One message of hers, or one timer."""

    def __init__(self, woman: Woman, said: Said, moment: Moment) -> None:
        self.her = woman
        self.said = said
        self.moment = moment
        self.now = moment.now
        self.summary = woman.summary
        self.is_handed = False
        self.asks_for_help = False

    def take(self) -> None:
        her = self.her
        her.is_fresh = False
        if her.case == "done":
            her.help = False
        self._take()
        if her.mode != "new":
            her.turns += 1
            self._lay_down()

    def _take(self) -> None:
        her, said = self.her, self.said
        if isinstance(said, Rang):
            self._ring(said)
        elif her.mode == "new" and self._wants_help():
            her.screen = "away"
        elif her.mode == "new":
            self._begin()
        elif her.is_away and self._wants_help():
            self._still_away()
        elif her.is_away:
            self._while_away()
        elif self._wants_help():
            self._open("help")
        elif (command := self._command()) is not None:
            self._obey(command)
        elif her.moved and her.mode in ("talking", "change", "ended"):
            self._arrive()
        elif self._is_stale() or isinstance(said, Unreadable | Command):
            self._same_again()
        elif her.mode == "talking":
            self._answer()
        else:
            self._aside()

    def _lay_down(self) -> None:
        """What lies in the queue: replaced when there is something new to see, and then it is new."""
        her = self.her
        if not (self.is_handed or self.asks_for_help):
            return
        if self.summary is None:
            her.summary, her.case = None, ""
        elif self.summary != her.summary or self.asks_for_help:
            her.summary, her.case = self.summary, "new"

    # ── what she means ────────────────────────────────────────────────────────────────────────────

    def _is_stale(self) -> bool:
        """A button of an earlier question, or words on a page that is no longer hers."""
        return isinstance(self.said, Tap | Text) and self.said.token not in (None, self.her.token)

    def _wants_help(self) -> bool:
        """By the button, however old it is; by the command; by the words."""
        said = self.said
        taps = isinstance(said, Tap) and said.value == "helpnow"
        return taps or said == Command("helpnow") or self._label() == "helpnow"

    def _command(self) -> str | None:
        said = self.said
        if isinstance(said, Command):
            return said.name
        if isinstance(said, Tap):
            return said.value if not self._is_stale() and said.value in BUTTONS else None
        label = self._label()
        return label if label in BUTTONS else None

    def _label(self) -> str:
        labels = self.moment.labels[self.her.language]
        return labels.get(self.said.words, "") if isinstance(self.said, Text) else ""

    def _number(self, most: int) -> int | None:
        """The choice meant, from 0."""
        found = self.said.words if isinstance(self.said, Text) else self.said.value  # type: ignore[union-attr]
        return int(found) - 1 if found.isdecimal() and 1 <= int(found) <= most else None

    # ── beginning, leaving, coming back ───────────────────────────────────────────────────────────

    def _begin(self) -> None:
        her, said = self.her, self.said
        is_old_tap = isinstance(said, Tap) and said.value != "go_on"
        if is_old_tap or said == Command("leave"):
            her.screen = "away"
            return
        her.mode, her.version = "talking", self.moment.version
        self._go_on("")

    def _while_away(self) -> None:
        said = self.said
        taps = isinstance(said, Tap) and said.value == "go_on" and not self._is_stale()
        if taps or self._label() == "go_on" or said == Command("again"):
            self._resume()
        elif said == Command("leave"):
            self._go_away("left")
        elif self._command() == "stop":
            self.her.timers.clear()
            self._settled()
        elif self._answers_about_reminders():
            self._aside()
        else:
            self._still_away()

    def _answers_about_reminders(self) -> bool:
        is_open = self.her.mode in REMINDING and not self._is_stale()
        if not is_open or not isinstance(self.said, Tap | Text):
            return False
        return self.her.mode != "remind_day" or self._number(len(DAYS)) is not None

    def _still_away(self) -> None:
        if self.her.mode in REMINDING:
            self.her.mode = "paused"
        self.her.wish = None
        self.her.screen = "away"

    def _go_away(self, mode: str) -> None:
        self.her.mode, self.her.wish, self.her.screen = mode, None, "away"
        self._fresh()

    def _resume(self) -> None:
        her = self.her
        her.mode, her.wish = "talking", None
        her.timers.pop("resume", None)
        if her.moved:
            self._arrive()
        elif her.at != END:
            self._ask_anew()
        elif self._step() and self._is_another_day():
            self._come_back()
        else:
            self._end()

    # ── what is always at hand ────────────────────────────────────────────────────────────────────

    def _obey(self, command: str) -> None:
        her = self.her
        if command in ("start", "again", "skip", "back") and her.moved:
            self._arrive()
        elif command in ("start", "again", "skip", "back") and her.mode != "talking":
            self._return()
        elif command == "skip":
            self._skip()
        elif command == "back":
            self._back()
        elif command in ("start", "again"):
            self._same_again()
        elif command == "pause":
            self._pause()
        elif command == "leave":
            self._go_away("left")
        elif command == "stop":
            her.timers.clear()
            self._return()
        elif command in ("read", "silent"):  # there is no sound in this house
            self._return()
        else:
            self._open(command)

    def _skip(self) -> None:
        if self.her.at == "consent":
            self._same_again()
        else:
            self._keep(Answer("declined"))
            self._go_on(self.her.at)

    def _back(self) -> None:
        her = self.her
        asked = [q for q in ORDER[: ORDER.index(her.at)] if her.is_asked(q)]
        if asked:
            self._ask(asked[-1], last="")
        else:
            self._same_again()

    def _pause(self) -> None:
        if self.moment.reachable and self.her.at != END:
            self._offer("resume")
        else:
            self._go_away("paused")

    # ── answering ─────────────────────────────────────────────────────────────────────────────────

    def _answer(self) -> None:
        her = self.her
        if self._is_late():
            self._add_to_last()
        elif self._value() == "keep" and her._is_answered(her.at):
            self._go_on(her.at)
        elif self._ticks():
            self._fresh()
            self._same_again()
        elif (answer := self._read()) is None:
            self._same_again()
        elif answer.value == ("change",):
            her.live.pop(her.at, None)
            self._open("change")
        else:
            self._keep(answer)
            self._go_on(her.at)

    def _value(self) -> str:
        return self.said.value if isinstance(self.said, Tap) else self._label()

    def _is_late(self) -> bool:
        """She sent it before the question was asked, as far as two clocks can tell."""
        sent = self.said.sent_at if isinstance(self.said, Text) else None
        if sent is None:
            return False
        took = (self.now - sent).total_seconds()
        self.her.lag = took if self.her.lag is None else min(took, self.her.lag)
        early = (self.her.asked_at - sent).total_seconds()
        return early < DAY and early - self.her.lag >= 1

    def _add_to_last(self) -> None:
        her = self.her
        if her.last in TEXTS and her._is_answered(her.last):
            assert isinstance(self.said, Text)
            old = her.live[her.last]
            longer = f"{old.words}\n{self.said.words}"
            her.live[her.last] = old._replace(words=longer, value=(longer,), at=self.now)
            her.rows.append(her.row(her.last))
        self._same_again()

    def _ticks(self) -> bool:
        keys = self._several()
        number = self._number(len(keys)) if isinstance(self.said, Tap) and keys else None
        if number is not None:
            ticked = {*self.her.draft} ^ {keys[number]}
            self.her.draft = tuple(key for key in keys if key in ticked)
        return number is not None

    def _several(self) -> list[str]:
        """The keys, where more than one can be chosen."""
        if self.her.at == "likes":
            return [key for key, _ in CHOICES["likes"]]
        return self.her.items(self.her.at.split(".")[1]) if self.her.at.endswith(".which") else []

    def _read(self) -> Answer | None:
        at = self.her.at
        if at in TEXTS:
            is_text = isinstance(self.said, Text) and self.said.words.strip()
            return Answer("answered", self.said.words, (self.said.words,)) if is_text else None  # type: ignore[union-attr]
        if at == "sure":
            return self._scale()
        if keys := self._several():
            return self._chosen(keys)
        return self._choice(CHOICES[at])

    def _typed(self) -> str:
        return self.said.words if isinstance(self.said, Text) else self.said.value  # type: ignore[union-attr]

    def _scale(self) -> Answer | None:
        typed = self._typed()
        is_on_it = typed.isdecimal() and int(typed) <= 10
        return Answer("answered", typed, (str(int(typed)),)) if is_on_it else None

    def _chosen(self, keys: list[str]) -> Answer | None:
        if isinstance(self.said, Tap) or self._value() == "done":
            chosen = list(self.her.draft) if self._value() == "done" else []
        else:
            numbers = self._typed().split()
            is_read = all(n.isdecimal() and 1 <= int(n) <= len(keys) for n in numbers)
            chosen = [key for n, key in enumerate(keys, 1) if str(n) in numbers] if is_read else []
        words = dict(CHOICES["likes"])
        label = (
            format_list([words[key] for key in chosen], locale=self.her.language) if keys[0] in words else ""
        )
        return Answer("answered", label, tuple(chosen)) if chosen else None

    def _choice(self, choices: tuple[tuple[str, str], ...]) -> Answer | None:
        number = self._number(len(choices))
        words = [label for _, label in choices]
        if number is None and isinstance(self.said, Text) and self.said.words in words:
            number = words.index(self.said.words)
        if number is None:
            return None
        key, label = choices[number]
        return Answer("answered", label, (key,))

    def _keep(self, answer: Answer) -> None:
        her = self.her
        her.live[her.at] = answer._replace(language=her.language, at=self.now)
        her.rows.append(her.row(her.at))
        her.consents += answer.value == ("agree",)
        kind, _, part = her.at.partition(".")
        if kind == "share" and part in PARTS and her.handed and answer.value != ("yes",):
            self._withdraw(part)

    # ── moving on ─────────────────────────────────────────────────────────────────────────────────

    def _go_on(self, after: str) -> None:
        her = self.her
        if after == "consent" and her._said("consent") == ("refuse",):
            self._forget()
            return
        for question in ORDER[ORDER.index(after) + 1 if after in ORDER else 0 :]:
            if question == "shared":
                self._hand_over()
            elif her.is_asked(question) and question not in her.live:
                self._ask(question, last=after)
                return
        her.at, her.last = END, after
        self._arrive_at_the_end()

    def _ask(self, question: str, last: str) -> None:
        her = self.her
        her.mode, her.at, her.last, her.draft, her.screen = "talking", question, last, (), question
        self._fresh()

    def _ask_anew(self) -> None:
        self.her.mode, self.her.screen = "talking", self.her.at
        self._fresh()

    def _fresh(self) -> None:
        """A question is put: her buttons before it are of the past."""
        self.her.token, self.her.asked_at, self.her.is_fresh = self.moment.token, self.now, True

    def _same_again(self) -> None:
        """Nothing is changed; she is shown where she is."""
        her = self.her
        her.screen = her.at if her.mode == "talking" else "away" if her.mode in AWAY else her.mode

    def _arrive(self) -> None:
        self.her.moved = False
        self.her.wish = None
        self._go_on("")

    def _arrive_at_the_end(self) -> None:
        her = self.her
        if self._step() and her.follow_up == "due":
            self._come_back()
        elif self._step() and self.moment.reachable and not her.follow_up and "follow_up" not in her.timers:
            her.follow_up = "offered"
            self._offer("follow_up")
        else:
            self._end()

    def _end(self) -> None:
        self.her.mode = self.her.screen = "ended"
        self._fresh()

    def _forget(self) -> None:
        """She said no: nothing is kept, her invite and her chat stay good."""
        self.her.__init__(self.her.name, screen="goodbye")  # type: ignore[misc]

    # ── sharing ───────────────────────────────────────────────────────────────────────────────────

    def _hand_over(self) -> None:
        her = self.her
        if her.heard:
            return
        her.heard = True
        shares = any(her.is_shared(part) for part in PARTS)
        if shares or her.handed:
            self.is_handed, self.summary = True, her.shared()
        her.handed = shares

    def _withdraw(self, part: str) -> None:
        """At once, not only when she is at the end."""
        self.is_handed = True
        if self.summary is None:
            return
        kept = tuple(entry for entry in self.summary.answers if _part(entry[0]) != part)
        if kept != self.summary.answers:
            nothing = not kept and not self.summary.help
            about = self.summary.about if part != "coming_back" else ""
            left = self.summary._replace(answers=kept, about=about, changing=True)
            self.summary = None if nothing else left

    def _revise(self) -> None:
        """Read back and share anew."""
        for question in SHARING:
            self.her.live.pop(question, None)
        self.her.heard = False
        self._go_on("")

    # ── coming back to her step ───────────────────────────────────────────────────────────────────

    def _step(self) -> Answer | None:
        found = [self.her.live[q] for q in (CAME_BACK, "step") if self.her._is_answered(q)]
        return max(found, key=lambda answer: answer.at, default=None)

    def _is_another_day(self) -> bool:
        step = self._step()
        return self.her.follow_up == "due" or (step is not None and step.at.date() < self.now.date())

    def _come_back(self) -> None:
        """How it went, and what of that she shares, is asked anew; so is what she put off."""
        her, step = self.her, self._step()
        assert step is not None
        her.timers.pop("follow_up", None)
        for question in ("went", "right.coming_back", "share.coming_back", "share.coming_back.which"):
            her.live.pop(question, None)
        for part in PARTS:
            if her._said(f"share.{part}") == ("later",):
                her.live.pop(f"share.{part}")
        her.live[CAME_BACK] = Answer("answered", step.words, (step.words,), her.language, self.now)
        her.rows.append(her.row(CAME_BACK))
        her.heard, her.follow_up = False, ""
        self._go_on("")

    # ── reminders ─────────────────────────────────────────────────────────────────────────────────

    def _offer(self, kind: str) -> None:
        self.her.wish = (kind, None)
        self._open("remind_day")

    def _day(self, key: str) -> None:
        her = self.her
        assert her.wish is not None
        if key == "none":
            self._settled()
        elif key == "day":
            self._open("remind_date")
        else:
            her.wish = (her.wish[0], self.now.date() + timedelta(days=DAYS_ON[key]))
            self._open("remind_hour")

    def _hour(self, hour: int) -> None:
        assert self.her.wish is not None
        kind, day = self.her.wish
        assert day is not None
        self.her.timers[kind] = (datetime.combine(day, time(hour), UTC), self.moment.token)
        self._settled()

    def _settled(self) -> None:
        if self.her.is_away:
            self._go_away("paused" if self.her.mode in REMINDING else self.her.mode)
        else:
            self._return()

    def _ring(self, rang: Rang) -> None:
        """Once, in her hours, and only if she has not moved on since."""
        her = self.her
        her.screen = "silent"
        due, token = her.timers.get(rang.kind, (self.now, ""))
        if token == "" or token != rang.token:
            return
        del her.timers[rang.kind]
        is_talking = not her.is_away and abs(self.now - her.asked_at) < timedelta(hours=1)
        if is_talking or not 8 <= self.now.hour < 21:
            later = datetime.combine(self.now.date(), due.time(), UTC)
            her.timers[rang.kind] = (later if later > self.now else later + timedelta(days=1), token)
            return
        if rang.kind == "follow_up":
            her.follow_up = "due"
        if her.mode in AWAY:
            her.screen = "reminder"
        else:
            self._go_away("paused")
            her.screen = "reminder"

    # ── asides ────────────────────────────────────────────────────────────────────────────────────

    def _open(self, aside: str) -> None:
        self.her.mode = self.her.screen = aside
        self._fresh()

    def _return(self) -> None:
        her = self.her
        her.wish = None
        if her.moved:
            self._arrive()
        elif her.at != END:
            self._ask_anew()
        else:
            self._end()

    def _aside(self) -> None:
        her, value = self.her, self._value()
        if value == "return":
            self._return()
        elif her.mode == "ended" and value == "revise":
            self._revise()
        elif her.mode == "ended" and value == "follow_up" and self._step():
            self._come_back()
        elif value == "go_on" and isinstance(self.said, Text):
            self._return()
        else:
            self._choose()

    def _choose(self) -> None:
        her = self.her
        match her.mode:
            case "language":
                number = self._number(len(LANGUAGES))
            case "person" | "delete" | "help":
                number = self._number(2)
            case "change":
                number = self._number(len(her.told(her.at.split(".")[1])))
            case "remind_day":
                number = self._number(len(DAYS))
            case "remind_hour":
                number = self._number(len(HOURS))
            case _:
                number = None
        if number is None:
            self._same_again()
        else:
            self._choose_that(number)

    def _choose_that(self, number: int) -> None:
        her = self.her
        match her.mode:
            case "language":
                her.language = LANGUAGES[number]
                self._return()
            case "person" | "help":
                if number == 0:
                    self._ask_for_help()
                self._return()
            case "delete" if number == 0:
                her.__init__(her.name, screen="deleted", is_erased=True)  # type: ignore[misc]
            case "delete":
                self._return()
            case "change":
                self._ask(her.told(her.at.split(".")[1])[number], last=her.last)
            case "remind_day":
                self._day(DAYS[number])
            case _:
                self._hour(HOURS[number])

    def _ask_for_help(self) -> None:
        her = self.her
        her.help = self.asks_for_help = True
        if self.summary is None:
            called = her.live["call_me"].words if her._is_answered("call_me") else her.name
            self.summary = Shared((), True, called, her.version)
        else:
            self.summary = self.summary._replace(help=True)


def _part(question: str) -> str:
    return PART["hope" if question == "wish" else question]
