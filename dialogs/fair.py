"""Holds scripts to the gender-sensitive rules of the igma femina handbook: `trede check --fair`."""

from collections.abc import Iterator, Mapping

from dialogs.calls import called_by
from dialogs.errors import Fault
from dialogs.extract import ScriptMessage, messages
from dialogs.fair_rules import FairRule, fair_rules
from dialogs.fair_structure import structure_faults
from dialogs.file_format import (
    BranchForm,
    ChoosingForm,
    ConditionForm,
    LoopForm,
    ScriptForm,
    StepForm,
    YesNoForm,
)
from dialogs.library import Sources
from dialogs.read_file import is_ladder, read_file
from dialogs.script import NEXT

_LABELS = ("choice", "another word for the choice above", "low end of a scale", "high end of a scale")


def fair_faults(sources: Sources) -> list[Fault]:
    """The faults of all scripts for clients, in the order of files and lines.

    What a called script asks is judged where it is called: there it is seen what comes before it.
    """
    read = [read_file(file, content)[0] for file, content in sources.items() if not is_ladder(file)]
    forms = {form.name: form for form in read if form is not None}
    called = {name for form in forms.values() for name in called_by(form, forms)}
    found: list[Fault] = []
    for form in forms.values():
        if not form.for_staff:
            found.extend(_of_words(form))
            found.extend(structure_faults(form, forms) if form.name not in called else ())
    return sorted(set(found))


def _of_words(form: ScriptForm) -> Iterator[Fault]:
    """What must not be said. Each rule speaks once about a text."""
    steps = {step.name: step for step in form.all_steps()}
    named = _Named(form)
    for message in messages(form):
        question = message.context.partition("/")[2]
        for rule in fair_rules().values():
            words = _find(rule, message)
            if words and not (rule.named and named.by_her(rule, steps.get(question))):
                yield Fault(form.file, message.line, question, rule.say(words))
    for step in steps.values():
        if isinstance(step, ChoosingForm):
            for words in _of_most_choices(step):
                yield Fault(form.file, step.line_of("choices"), step.name, words)


def _find(rule: FairRule, message: ScriptMessage) -> str:
    if message.kind in _LABELS:
        return rule.find("choices", message.text)
    return rule.find_forbidden(message.text)


def _of_most_choices(step: ChoosingForm) -> Iterator[str]:
    """One choice of many lets her name it herself. Where half of them speak of it, it is presumed."""
    for rule in fair_rules().values():
        found = [words for words in (rule.find("words", each.label) for each in step.choices) if words]
        if rule.named and len(found) > 1 and 2 * len(found) >= len(step.choices):
            yield rule.say(found[0])


class _Named:
    """Whether she named what a question is about, before it is asked."""

    def __init__(self, form: ScriptForm) -> None:
        self.form = form
        self.steps: Mapping[str, StepForm] = {step.name: step for step in form.all_steps()}
        self.around = dict(_conditions_around(form))

    def by_her(self, rule: FairRule, step: StepForm | None) -> bool:
        """By a condition on the question, on its part or loop, or on the only way that leads to it."""
        if step is None:
            return False
        conditions = (*step.only_if, *self.around[step.name], *self._on_the_way_to(step))
        return any(self._names(rule, condition) for condition in conditions)

    def _names(self, rule: FairRule, condition: ConditionForm) -> bool:
        asked = self.steps.get(condition.answer)
        chosen = {*condition.is_, *condition.includes}
        if isinstance(asked, ChoosingForm):
            return any(
                rule.find("words", f"{each.key.replace('_', ' ')} / {each.label}")
                for each in asked.choices
                if each.key in chosen
            )
        return isinstance(asked, YesNoForm) and chosen == {"yes"} and bool(rule.find("words", asked.ask))

    def _on_the_way_to(self, step: StepForm) -> tuple[ConditionForm, ...]:
        """The conditions of the branch right before a step, if no other way leads there."""
        for part in self.form.parts:
            for before, after in zip(part.steps, part.steps[1:], strict=False):
                if after is step and isinstance(before, BranchForm):
                    ways = [way for way in before.ways if way.go_to == step.name]
                    if len(ways) == 1 and before.otherwise not in (NEXT, step.name):
                        return ways[0].if_
        return ()


def _conditions_around(form: ScriptForm) -> Iterator[tuple[str, tuple[ConditionForm, ...]]]:
    """Each step with the conditions of its part and its loop."""
    for part in form.parts:
        for step in part.steps:
            yield step.name, part.only_if
            if isinstance(step, LoopForm):
                for inner in step.steps:
                    yield inner.name, (*part.only_if, *step.only_if)
