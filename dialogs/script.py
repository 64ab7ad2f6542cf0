"""A compiled script: the parts, steps and ways on that a conversation can take. Frozen values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dialogs.errors import UnknownQuestion

StepKind = Literal[
    "say",  # speaks, waits for nothing
    "choice",  # one of several
    "several",  # any number of several
    "cards",  # one or several, each with a pictogram
    "yes_no",
    "text",
    "number",
    "date",
    "scale",  # 0 to 10
    "language",  # one of the languages on offer, each written in itself
    "read_back",  # one part's answers read back; change or go on
    "share",  # one part: share it? yes, only some, no, later
    "share_which",  # which answers of that part, when "only some"
    "hand_over",  # speaks, and lays the summary in the queue
    "offer",  # which part she wants to talk about, of those that are left
    "evidence",  # one card she chose: in which of her stories did she do this?
    "branch",  # no words: only decides the way on
]

SILENT: frozenset[StepKind] = frozenset({"say", "hand_over", "branch"})
"""Kinds that wait for no answer."""

END = "end"
FORGET = "forget"
NEXT = "next"

Words = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Translations: language → context → text → words."""

AGREES = ("agree", "yes")
"""Keys of choices that say yes to a consent text."""


@dataclass(frozen=True, slots=True)
class Test:
    """One thing a condition looks at. `question` is a step's full name, or a part's for `part_answered`."""

    question: str
    op: Literal[
        "is",
        "is_not",
        "includes",
        "at_least",
        "at_most",
        "answered",
        "part_answered",
        "anything_shared",
        "came_back",  # she came back to talk about her step; `question` is `came_back(part)`
        "chosen",  # she chose to talk about that part
        "time_for",  # she has so many minutes, or chose that part
        "on_offer",  # a part is left that she can choose
        "anything_told",  # she answered something that can be shared
        "chose_several",  # she made more than one choice there
    ]
    value: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be chosen. `then` is a step's name, END, FORGET or None (just go on)."""

    key: str
    label: str
    then: str | None = None
    picture: str = ""
    accepts: tuple[str, ...] = ()  # other words that mean this choice, in the source language
    formerly: tuple[str, ...] = ()  # keys it had in earlier versions
    shows: str = ""  # the key competence that a card speaks of, or what staff call a rung
    context: str = ""  # what its words are filed under, if not under its question


@dataclass(frozen=True, slots=True)
class Way:
    """One way on from a branch: taken if all its tests hold."""

    tests: tuple[Test, ...]
    to: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `name` is unique in the script; `context` is what its translations are filed under."""

    name: str
    kind: StepKind
    part: str
    context: str  # "<script>/<question>", the msgctxt of all its words
    text: str = ""
    hint: str = ""
    loop: str | None = None
    choices: tuple[Choice, ...] = ()
    only_if: tuple[Test, ...] = ()  # all must hold, else the step is passed over
    then: str | None = None  # a jump after this step, whatever the answer
    ways: tuple[Way, ...] = ()  # of a branch
    skippable: bool = True
    shuffle: bool = False
    pages: bool = False  # show six choices at a time
    many: bool = False  # cards: more than one may be chosen
    least: float | None = None  # number, scale
    most: float | None = None  # of several choices: how many at most
    from_today: bool = False  # date: a day that has passed is not taken
    low: str = ""  # words at the ends of a scale
    high: str = ""
    feeds: str = ""  # where the answer goes in the summary, e.g. "step.what"
    consent: str = ""  # version of the consent text a "yes" here agrees to
    if_nothing: str = ""  # hand_over: what to say when nothing is shared
    about: str = ""  # read_back, share, share_which: the part it is about
    again: bool = False  # the yes/no question that closes a loop
    among: str = ""  # choice: only what she chose there can be chosen; evidence: the cards
    card: Choice | None = None  # evidence: the card it asks about
    ladder: str = ""  # of a choice of rungs: the ladder and its version, "newcastle 2026-11"
    formerly: tuple[str, ...] = ()  # full names it had in earlier versions
    line: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A short piece of the conversation, with a title and its length in minutes."""

    name: str
    title: str
    minutes: int
    context: str
    private: bool = False  # never read back or shared (start, sharing)
    only_if: tuple[Test, ...] = ()
    formerly: tuple[str, ...] = ()  # names it had in earlier versions
    follow_up: bool = False  # entered when she comes back to her small step, not on the first visit


def came_back(part: str) -> str:
    """The step under which it is kept that she came back to a part with `follow_up`. No question has it."""
    return f"{part}:came_back"


def chosen_part(part: str) -> str:
    """The step under which it is kept that she chose to talk about a part. No question has it."""
    return f"{part}:chosen"


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps that can be gone through up to `at_most` times."""

    name: str
    part: str
    at_most: int
    title: str
    context: str
    steps: tuple[str, ...]  # body, in order, without `again`
    again: str
    formerly: tuple[str, ...] = ()  # full names it had in earlier versions


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """One compiled script version. `version` names its content: equal content, equal name.

    A published version has its translations with it, and is named by both (`dialogs.versions`).
    """

    name: str
    title: str
    version: str
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    loops: Mapping[str, Loop] = field(default_factory=dict)
    by_name: Mapping[str, Step] = field(default_factory=dict)
    words: Words = field(default_factory=dict)

    def step(self, name: str) -> Step:
        """The step of that name; `UnknownQuestion` if the script has none."""
        found = self.by_name.get(name)
        if found is None:
            raise UnknownQuestion(self.name, name)
        return found

    def part(self, name: str) -> Part:
        """The part of that name."""
        return next(part for part in self.parts if part.name == name)
