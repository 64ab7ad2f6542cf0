"""Checks `formerly`: a name that is gone can belong to one step, part or choice only. One file at a time."""

from collections.abc import Iterator, Sequence

from dialogs.errors import Fault
from dialogs.file_format import ChoiceForm, ChoosingForm, LoopForm, PartForm, ScriptForm, StepForm

Renamed = StepForm | PartForm | ChoiceForm


def check_formerly(form: ScriptForm) -> Iterator[Fault]:
    """Names that are still there, and names that two of them claim."""
    steps = list(form.all_steps())
    closing = [step.again for step in steps if isinstance(step, LoopForm)]
    yield from _check(form.file, steps, {*(step.name for step in steps), *closing}, "question")
    yield from _check(form.file, form.parts, {part.name for part in form.parts}, "part")
    for step in steps:
        if isinstance(step, ChoosingForm):
            keys = {choice.key for choice in step.choices}
            yield from _check(form.file, step.choices, keys, "choice", step.name)


def _check(
    file: str, renamed: Sequence[Renamed], here: set[str], what: str, question: str = ""
) -> Iterator[Fault]:
    claimed: dict[str, str] = {}
    for form in renamed:
        name = form.key if isinstance(form, ChoiceForm) else form.name
        for former in form.formerly:
            other = claimed.setdefault(former, name)
            if former in here:
                words = (
                    f"There still is a {what} '{former}'. Take it out of `formerly`, or rename that {what}."
                )
            elif other != name:
                words = (
                    f"Both '{other}' and '{name}' were formerly '{former}'. Her answer can go to one only."
                )
            else:
                continue
            yield Fault(file, form.line_of("formerly"), question or name, words)
