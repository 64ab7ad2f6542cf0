"""Turns one form of a script file into a step, with every name in full. Its jumps are not known yet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import cast

from dialogs.file_format import (
    AskedForm,
    CardsForm,
    ChoiceForm,
    ChoiceStepForm,
    ChoosingForm,
    ConditionForm,
    DateForm,
    EvidenceForm,
    Form,
    HandOverForm,
    LadderForm,
    NumberForm,
    OneOfForm,
    ReadBackForm,
    SayForm,
    ScaleForm,
    ScriptForm,
    SeveralForm,
    ShareForm,
    StepForm,
    YesNoForm,
)
from dialogs.script import Choice, Part, Step, StepKind, Test

YES_NO = (Choice("yes", "Yes"), Choice("no", "No"))


@dataclass(frozen=True, slots=True)
class Scope:
    """Where in the script a step stands."""

    script: ScriptForm  # whose words they are
    prefix: str  # "" or "script."
    part: str
    guards: tuple[Test, ...] = ()  # of the part, the loop and the call around it
    loop: str | None = None
    calls: tuple[str, ...] = ()  # this script, then those being taken in, outermost first
    prefixes: tuple[str, ...] = ("",)  # `prefix`, then those it had in earlier versions
    site: Form | None = None  # the call in this script's own file, for steps that are taken in

    def full(self, name: str) -> str:
        """The name of a step in the whole script."""
        return self.prefix + name

    def formerly(self, name: str, formerly: Iterable[str]) -> tuple[str, ...]:
        """All full names that a step may have had in earlier versions."""
        found = (prefix + each for prefix in self.prefixes for each in (name, *formerly))
        return tuple(each for each in dict.fromkeys(found) if each != self.full(name))

    def context(self, name: str) -> str:
        """Where its words stand in the catalogues."""
        return f"{self.script.name}/{name}"


def step_of(form: StepForm, scope: Scope) -> Step:
    """A step without its jumps."""
    step = _blank(form, scope, cast(StepKind, form.kind))
    if isinstance(form, SayForm):
        return replace(step, text=form.text)
    if isinstance(form, HandOverForm):
        return replace(step, text=form.text, if_nothing=form.if_nothing)
    if isinstance(form, AskedForm):
        return _asked(form, step)
    return step


def _blank(form: StepForm, scope: Scope, kind: StepKind) -> Step:
    return Step(
        name=scope.full(form.name),
        kind=kind,
        part=scope.part,
        context=scope.context(form.name),
        loop=scope.loop,
        only_if=scope.guards,
        formerly=scope.formerly(form.name, form.formerly),
        line=form.line,
    )


def _asked(form: AskedForm, step: Step) -> Step:
    skippable = not form.required and form.optional is not False
    step = replace(step, text=form.ask, hint=form.hint, feeds=form.summary, skippable=skippable)
    if isinstance(form, ChoosingForm):
        choices = tuple(_choice(each) for each in form.choices)
        step = replace(step, choices=choices, shuffle=form.shuffle, pages=form.pages)
    if isinstance(form, YesNoForm):
        step = replace(step, choices=YES_NO)
    if isinstance(form, YesNoForm | ChoiceStepForm):
        step = replace(step, consent=form.consent)
    if isinstance(form, CardsForm):
        step = replace(step, many=form.many)
    if isinstance(form, CardsForm | SeveralForm):
        step = replace(step, most=form.at_most)
    if isinstance(form, NumberForm):
        step = replace(step, least=form.least, most=form.most)
    if isinstance(form, DateForm):
        step = replace(step, from_today=form.from_today)
    if isinstance(form, ScaleForm):
        step = replace(step, least=0, most=10, low=form.low, high=form.high)
    return step


def _choice(form: ChoiceForm) -> Choice:
    return Choice(
        form.key,
        form.label,
        picture=form.picture,
        accepts=form.accepts,
        formerly=form.formerly,
        shows=form.shows,
    )


def one_of(form: OneOfForm, scope: Scope, asked: Step) -> Step:
    """A choice among what she chose at the question `asked`."""
    step = _asked(form, _blank(form, scope, "choice"))
    several = Test(asked.name, "chose_several")
    choices = tuple(replace(choice, then=None, context=asked.context) for choice in asked.choices)
    return replace(
        step,
        among=asked.name,
        choices=choices,
        shuffle=asked.shuffle,
        pages=asked.pages,
        only_if=(several, *step.only_if),
    )


def rungs(form: AskedForm, scope: Scope, ladder: LadderForm) -> Step:
    """A choice of the rungs of a ladder, six at a time."""
    choices = tuple(
        Choice(rung.key, rung.says, shows=rung.name, context=ladder.context) for rung in ladder.rungs
    )
    step = _asked(form, _blank(form, scope, "choice"))
    return replace(step, choices=choices, pages=True, ladder=f"{ladder.name} {ladder.version}")


def offer(form: AskedForm, scope: Scope) -> Step:
    """Which part she wants to talk about, while there is one to choose."""
    step = _asked(form, _blank(form, scope, "offer"))
    return replace(step, only_if=(Test("", "on_offer"), *step.only_if))


def evidence(form: EvidenceForm, scope: Scope, cards: Step) -> Iterator[Step]:
    """For each card a question that is asked if she chose it."""
    context = scope.context(form.name)
    others = (
        Choice("elsewhere", form.elsewhere, context=context),
        Choice("learning", form.learning, context=context),
    )
    for card in cards.choices:
        former = (
            f"{name}.{key}" for name in (form.name, *form.formerly) for key in (card.key, *card.formerly)
        )
        yield replace(
            _blank(form, scope, "evidence"),
            name=scope.full(f"{form.name}.{card.key}"),
            text=form.ask,
            choices=others,
            among=cards.name,
            card=replace(card, then=None, context=cards.context),
            only_if=(Test(cards.name, "includes", (card.key,)), *scope.guards),
            formerly=scope.formerly(f"{form.name}.{card.key}", former),
        )


def steps_about(form: ReadBackForm | ShareForm, scope: Scope, part: Part) -> Iterator[Step]:
    """The steps that read back that part, or ask whether it may be shared."""
    return _read_back(form, scope, part) if isinstance(form, ReadBackForm) else _share(form, scope, part)


def _read_back(form: ReadBackForm, scope: Scope, part: Part) -> Iterator[Step]:
    yield _about(form, scope, part, "read_back", (Test(part.name, "part_answered"),))


def _share(form: ShareForm, scope: Scope, part: Part) -> Iterator[Step]:
    share = _about(form, scope, part, "share", (Test(part.name, "part_answered"),))
    yield share
    which = _about(form, scope, part, "share_which", (Test(share.name, "is", ("some",)),))
    yield replace(
        which,
        name=f"{share.name}.which",
        formerly=tuple(f"{name}.which" for name in share.formerly),
        text=form.which,
        hint="",
        line=form.line_of("which"),
    )


def _about(
    form: ReadBackForm | ShareForm, scope: Scope, part: Part, kind: StepKind, own: tuple[Test, ...]
) -> Step:
    former = (
        f"{name}.{each}" for name in (form.name, *form.formerly) for each in (part.name, *part.formerly)
    )
    return Step(
        name=scope.full(f"{form.name}.{part.name}"),
        kind=kind,
        part=scope.part,
        context=scope.context(form.name),
        text=form.ask,
        hint=form.hint,
        only_if=(*own, *scope.guards),
        about=part.name,
        formerly=scope.formerly(f"{form.name}.{part.name}", former),
        line=form.line,
    )


def test_of(form: ConditionForm, prefix: str, part: str) -> Test:
    """What a condition tests. `prefix`: of the questions of its script; `part`: where it stands."""
    if form.anything_shared:
        return Test("", "anything_shared")
    if form.anything_told:
        return Test("", "anything_told")
    if form.chosen:
        return Test(part, "chosen")
    if form.time_for is not None:
        return Test(part, "time_for", (str(form.time_for),))
    if form.part_answered:
        return Test(form.part_answered, "part_answered")
    question = prefix + form.answer
    if form.answered:
        return Test(question, "answered")
    if form.at_least is not None:
        return Test(question, "at_least", (f"{form.at_least:g}",))
    if form.at_most is not None:
        return Test(question, "at_most", (f"{form.at_most:g}",))
    if form.includes:
        return Test(question, "includes", form.includes)
    if form.is_not:
        return Test(question, "is_not", form.is_not)
    return Test(question, "is", form.is_)
