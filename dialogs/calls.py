"""Which scripts a script calls, and what names the content of all of them."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from dialogs.file_format import (
    CallForm,
    ConditionForm,
    HandOverForm,
    LadderForm,
    LoopForm,
    OfferForm,
    ReadBackForm,
    RungStepForm,
    ScriptForm,
    ShareForm,
)


def called_by(form: ScriptForm, library: Mapping[str, ScriptForm]) -> list[str]:
    """The names of all scripts that `form` calls, directly or not, sorted."""
    found: set[str] = set()
    waiting = list(_calls(form))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_calls(library[name]) if name in library else ())
    return sorted(found)


def _calls(form: ScriptForm) -> Iterator[str]:
    return (step.name for step in form.all_steps() if isinstance(step, CallForm))


def cannot_be_called(called: ScriptForm, in_loop: bool) -> str:
    """What a called script may not have, as it is about the parts or the rounds of the script that calls."""
    for step in called.all_steps():
        if isinstance(step, ReadBackForm | ShareForm | HandOverForm | OfferForm):
            return f"the {step.kind} '{step.name}'"
        if isinstance(step, LoopForm) and in_loop:
            return f"the loop '{step.name}', and loops cannot stand inside loops"
    if any(part.follow_up for part in called.parts):
        return "a part with follow_up"
    if any(_is_about_the_whole(condition) for condition in called.all_conditions()):
        return "a condition on more than an answer"
    return ""


def _is_about_the_whole(condition: ConditionForm) -> bool:
    return not condition.answer


def ladders_of(form: ScriptForm, library: Mapping[str, ScriptForm]) -> list[str]:
    """The names of all ladders that a script asks about, or one that it calls, sorted."""
    forms = [form, *(library[name] for name in called_by(form, library) if name in library)]
    return sorted({s.of for each in forms for s in each.all_steps() if isinstance(s, RungStepForm)})


def version_of(form: ScriptForm, library: Mapping[str, ScriptForm], ladders: Mapping[str, LadderForm]) -> str:
    """16 hex digits that name the content of a script, of all it calls, and of the ladders they ask about."""
    forms = [form, *(library[name] for name in called_by(form, library) if name in library)]
    found = [ladders[name] for name in ladders_of(form, library) if name in ladders]
    held = [*(each.content() for each in forms), *(each.content() for each in found)]
    content = json.dumps(held, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
