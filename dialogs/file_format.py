"""The format of a script file: what each kind of step may hold. `read_file.py` fills these from YAML."""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr
from pydantic_core import PydanticCustomError

from dialogs.script import END, FORGET, NEXT, StepKind

RESERVED = (END, FORGET, NEXT)

SUMMARY_KEYS = (
    "ambition",
    "own_wish",
    "story.title",
    "story.kind",
    "story.for_whom",
    "story.period",
    "story.day",
    "story.tasks",
    "story.decided",
    "story.not_her_tasks",
    "story.proud_of",
    "step.what",
    "step.done_when",
    "step.when_where",
    "step.confidence",
    "step.smaller",
    "step.obstacle",
    "step.if_then",
    "step.who_knows",
    "step.status",
    "step.learned",
    "step.next",
    "step.next_when",
    "call.wanted",
    "call.when",
    "call.how",
    "competence.card",
    "language",
    "education",
    "learning.way",
    "learning.wish",
    "perspective",
    "barrier",
    "barrier.heaviest",
    "barrier.note",
    "barrier.tried",
    "supporter",
    "help.kind",
    "do_not_contact",
    "ladder.rung",
    "ladder.reason",
    "ladder.next",
    "ladder.enough",
    "share.partners",
    "share.which_partners",
    "share.until",
    "share.until_date",
    "share.changed",
    "client.name",
    "minutes",
    "bias",
    "bias.what",
)
"""Where an answer can go in the summary: all that `summary:` may say."""


KEY_COMPETENCES = (
    "literacy",
    "multilingual",
    "stem",
    "digital",
    "learning",
    "citizenship",
    "entrepreneurship",
    "culture",
)
"""The European key competences for lifelong learning, 2018: all that `shows:` on a card may say."""


def _not_blank(words: str) -> str:
    if not words.strip():
        raise PydanticCustomError("blank", "is empty. Write a text, or delete this line.")
    return words


def _a_name(name: str) -> str:
    if name in RESERVED:
        raise PydanticCustomError("name", "has a meaning of its own and cannot be a name. Rename it.")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        words = (
            "is not a valid name. Use a lowercase letter first, then lowercase letters, digits "
            "and _, at most 40 in all."
        )
        raise PydanticCustomError("name", words)
    return name


def _a_script_name(name: str) -> str:
    return "-".join(_a_name(piece) for piece in name.split("-"))


def _a_key(key: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_]{0,39}", key):
        words = "is not a valid key. Use lowercase letters, digits and _, at most 40, in front of the ':'."
        raise PydanticCustomError("key", words)
    return key


def _only_true(value: bool) -> bool:
    if not value:
        raise PydanticCustomError("only_true", "can only be true. Turn the question around, or use a branch.")
    return value


Words = Annotated[str, AfterValidator(_not_blank)]
Name = Annotated[str, AfterValidator(_a_name)]
ScriptName = Annotated[str, AfterValidator(_a_script_name)]
ChoiceKey = Annotated[str, AfterValidator(_a_key)]
Yes = Annotated[bool, AfterValidator(_only_true)]
Jump = str


class Form(BaseModel):
    """Something in a script file that knows its lines. `broken`: read with faults, not all is as written."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    note: str = ""
    _lines: dict[str, int] = PrivateAttr(default_factory=dict)
    _broken: bool = PrivateAttr(default=False)

    @property
    def line(self) -> int:
        """Where it starts."""
        return self._lines.get("", 1)

    @property
    def broken(self) -> bool:
        """Whether it was read with faults."""
        return self._broken

    def line_of(self, key: str) -> int:
        """The line of one of its keys."""
        return self._lines.get(key, self.line)

    def place(self, lines: dict[str, int], broken: bool) -> None:
        """Say where it stands in its file, right after reading."""
        self._lines, self._broken = lines, broken


class ConditionForm(Form):
    """One condition: a question (or part) and what is asked of its answer."""

    answer: str = ""
    part_answered: str = ""
    anything_shared: Yes | None = None
    anything_told: Yes | None = None
    chosen: Yes | None = None
    time_for: Annotated[int, Field(ge=1, le=120)] | None = None
    is_: tuple[str, ...] = Field((), alias="is")
    is_not: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    answered: Yes | None = None


class StepForm(Form):
    """What every step has."""

    kind: ClassVar[StepKind | str] = ""

    name: Name = Field(alias="@name")
    formerly: tuple[Name, ...] = ()
    only_if: tuple[ConditionForm, ...] = ()


class SayForm(StepForm):
    """Speaks, waits for nothing."""

    kind = "say"
    text: Words
    then: Jump = NEXT


class AskedForm(StepForm):
    """What every question has."""

    ask: Words
    hint: Words = ""
    summary: Words = ""
    optional: bool | None = None
    required: bool | None = None
    then: Jump = NEXT


class TextForm(AskedForm):
    """Her own words."""

    kind = "text"


class DateForm(AskedForm):
    """A day. `from_today`: one that has passed is not taken."""

    kind = "date"
    from_today: bool = False


class LanguageForm(AskedForm):
    """One of the languages on offer."""

    kind = "language"


class NumberForm(AskedForm):
    """A number."""

    kind = "number"
    least: float | None = None
    most: float | None = None


class ScaleForm(AskedForm):
    """0 to 10."""

    kind = "scale"
    low: Words = ""
    high: Words = ""


class YesNoForm(AskedForm):
    """Yes or no. `yes` and `no` are jumps."""

    kind = "yes_no"
    yes: Jump = NEXT
    no: Jump = NEXT
    consent: Words = ""


class ChoiceForm(Form):
    """One answer that can be chosen."""

    key: ChoiceKey = Field(alias="@key")
    label: Words = Field(alias="@label")
    then: Jump = NEXT
    picture: Words = ""
    accepts: tuple[Words, ...] = ()
    shows: Words = ""
    formerly: tuple[ChoiceKey, ...] = ()


class ChoosingForm(AskedForm):
    """What questions with choices have."""

    choices: tuple[ChoiceForm, ...]
    shuffle: bool = False
    pages: bool = False


class ChoiceStepForm(ChoosingForm):
    """One of several."""

    kind = "choice"
    consent: Words = ""


class SeveralForm(ChoosingForm):
    """Any number of several."""

    kind = "several"
    at_most: Annotated[int, Field(ge=2)] | None = None


class CardsForm(ChoosingForm):
    """Choices with a pictogram."""

    kind = "cards"
    many: bool = False
    at_most: Annotated[int, Field(ge=2)] | None = None


class OneOfForm(AskedForm):
    """One of the choices that she made at an earlier question."""

    kind = "one_of"
    among: Name


class RungStepForm(AskedForm):
    """One rung of a ladder. `of`: its name."""

    kind = "ladder"
    of: Name


class OfferForm(AskedForm):
    """Which part she wants to talk about, of those that are left."""

    kind = "offer"


class EvidenceForm(StepForm):
    """For each card that she chose: in which of her stories did she do this? `of`: the cards."""

    kind = "evidence"
    of: Name
    ask: Words
    elsewhere: Words
    learning: Words


class LoopForm(StepForm):
    """Steps that can be gone through more than once."""

    kind = "loop"
    title: Words
    at_most: Annotated[int, Field(ge=2, le=10)]
    again: Name
    again_if: tuple[ConditionForm, ...] = ()
    ask_again: Words
    steps: tuple[StepForm, ...]


class WayForm(Form):
    """One way on from a branch."""

    if_: tuple[ConditionForm, ...] = Field(alias="if")
    go_to: Jump


class BranchForm(StepForm):
    """Decides the way on."""

    kind = "branch"
    ways: tuple[WayForm, ...]
    otherwise: Jump


class CallForm(StepForm):
    """Takes in the steps of another script, whose name is its own."""

    kind = "call"


class ReadBackForm(StepForm):
    """Reads each part back."""

    kind = "read_back"
    ask: Words
    hint: Words = ""


class ShareForm(StepForm):
    """Asks for each part whether to share it."""

    kind = "share"
    ask: Words
    which: Words
    hint: Words = ""


class HandOverForm(StepForm):
    """Lays the summary in the queue, and says so."""

    kind = "hand_over"
    text: Words
    if_nothing: Words
    then: Jump = NEXT


class PartForm(Form):
    """A part of the conversation."""

    name: Name = Field(alias="part")
    formerly: tuple[Name, ...] = ()
    title: Words
    minutes: Annotated[int, Field(ge=1, le=60)]
    private: bool = False
    follow_up: bool = False
    only_if: tuple[ConditionForm, ...] = ()
    steps: tuple[StepForm, ...]


class ScriptForm(Form):
    """A whole file."""

    name: ScriptName = Field(alias="script")
    title: Words
    for_staff: bool = False
    version_note: str = ""
    parts: tuple[PartForm, ...]
    _file: str = PrivateAttr(default="")
    _lost: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def file(self) -> str:
        """The file it was read from, as the caller named it."""
        return self._file

    @property
    def lost(self) -> frozenset[str]:
        """Names of steps that could not be read at all."""
        return self._lost

    def come_from(self, file: str, lost: Iterable[str]) -> "ScriptForm":
        """Say which file it was read from, and which steps got lost."""
        self._file, self._lost = file, frozenset(lost)
        return self

    def all_steps(self) -> Iterator[StepForm]:
        """Every step, those in loops included, in the order of the file."""
        for part in self.parts:
            yield from _with_inner(part.steps)

    def all_conditions(self) -> Iterator[ConditionForm]:
        """Every condition, wherever it stands."""
        for part in self.parts:
            yield from part.only_if
        for step in self.all_steps():
            yield from step.only_if
            if isinstance(step, LoopForm):
                yield from step.again_if
            if isinstance(step, BranchForm):
                yield from (condition for way in step.ways for condition in way.if_)

    def content(self) -> dict[str, Any]:
        """All that makes a difference to a conversation: no lines, no notes. Equal content, equal value."""
        return _content(self)


class RungForm(Form):
    """One rung. `name` is what staff call it, `says` what a client reads. `ours`: not the network's own."""

    number: Annotated[int, Field(ge=1)] = Field(alias="rung")
    name: Words
    says: Words
    ours: bool = False

    @property
    def key(self) -> str:
        """Of the choice that it is in a question."""
        return f"rung_{self.number}"


class LadderForm(Form):
    """A ladder: the steps that a network agreed on, from the lowest on."""

    name: Name = Field(alias="ladder")
    version: Words
    network: Words
    rungs: tuple[RungForm, ...]
    _file: str = PrivateAttr(default="")

    @property
    def file(self) -> str:
        """The file it was read from, as the caller named it."""
        return self._file

    @property
    def context(self) -> str:
        """What the words of its rungs are filed under."""
        return f"ladder/{self.name}"

    def come_from(self, file: str) -> "LadderForm":
        """Say which file it was read from."""
        self._file = file
        return self

    def content(self) -> dict[str, Any]:
        """All that makes a difference to a conversation. Equal content, equal value."""
        return _content(self)


KINDS: dict[str, type[StepForm]] = {
    str(form.kind): form
    for form in (
        SayForm,
        ChoiceStepForm,
        SeveralForm,
        CardsForm,
        YesNoForm,
        NumberForm,
        DateForm,
        ScaleForm,
        LanguageForm,
        LoopForm,
        BranchForm,
        CallForm,
        ReadBackForm,
        ShareForm,
        HandOverForm,
        OneOfForm,
        RungStepForm,
        OfferForm,
        EvidenceForm,
        TextForm,  # last: `text` is also a key of say and hand_over
    )
}


def _with_inner(steps: tuple[StepForm, ...]) -> Iterator[StepForm]:
    for step in steps:
        yield step
        if isinstance(step, LoopForm):
            yield from _with_inner(step.steps)


def _content(form: Form) -> dict[str, Any]:
    held: dict[str, Any] = {"kind": getattr(form, "kind", "")}
    for key, field in type(form).model_fields.items():
        value = getattr(form, key)
        if key in ("note", "version_note") or value == field.default:
            continue
        is_forms = isinstance(value, tuple) and any(isinstance(item, Form) for item in value)
        held[key] = [_content(item) for item in value] if is_forms else value
    return held
