"""What the gender-sensitive rules say of a script's structure: its order, its choices, its sharing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dialogs.errors import Fault
from dialogs.fair_rules import FairRule, fair_rules
from dialogs.file_format import (
    AskedForm,
    CallForm,
    ChoiceForm,
    ChoosingForm,
    HandOverForm,
    LoopForm,
    PartForm,
    ScriptForm,
    ShareForm,
    StepForm,
    YesNoForm,
)

_AND_SO_ON = ("other", "others", "nothing", "none", "nobody", "undecided")
"""Keys of choices that name nothing by themselves."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A step where it is asked. `line` and `question` are in the file at hand, also for a step of another."""

    step: StepForm
    part: PartForm
    line: int
    question: str


def structure_faults(form: ScriptForm, forms: Mapping[str, ScriptForm]) -> Iterator[Fault]:
    """The faults of one script. `forms` holds those that it may call."""
    for step in form.all_steps():
        for line, words in (*_of_future(step), *_of_kinds(step), *_of_occupations(step), *_of_sharing(step)):
            yield Fault(form.file, line, step.name, words)
    placed = list(_in_order(form, forms))
    for found, words in (*_of_order(placed), *_of_own_wish(placed), *_of_hand_over(placed)):
        yield Fault(form.file, found.line, found.question, words)


def _in_order(form: ScriptForm, forms: Mapping[str, ScriptForm], depth: int = 0) -> Iterator[_Placed]:
    """All steps, those of called scripts at the place where they are called."""
    for part in form.parts:
        for step in part.steps:
            yield from _with_called(step, part, forms, depth)


def _with_called(
    step: StepForm, part: PartForm, forms: Mapping[str, ScriptForm], depth: int
) -> Iterator[_Placed]:
    if isinstance(step, CallForm) and step.name in forms and depth < len(forms):
        for called in _in_order(forms[step.name], forms, depth + 1):
            yield _Placed(called.step, called.part, step.line, step.name)
    elif isinstance(step, LoopForm):
        for inner in step.steps:
            yield from _with_called(inner, part, forms, depth)
    else:
        yield _Placed(step, part, step.line, step.name)


# ── one question ──────────────────────────────────────────────────────────────────────────────────


def _of_future(step: StepForm) -> Iterator[tuple[int, str]]:
    """A question about the future, with choices, has one for who has not decided."""
    rule = fair_rules()["undecided"]
    if not isinstance(step, ChoosingForm | YesNoForm):
        return
    asks = step.summary == "perspective" or (
        rule.find("asks", step.ask) and not rule.find("unless", step.ask)
    )
    choices = step.choices if isinstance(step, ChoosingForm) else ()
    if asks and not any(each.key in rule.keys or rule.find("open", each.label) for each in choices):
        yield step.line_of("ask"), rule.say()


def _of_kinds(step: StepForm) -> Iterator[tuple[int, str]]:
    """A list of kinds of work holds paid and unpaid ones, and none of them is always first."""
    rule = fair_rules()["paid_unpaid"]
    if not isinstance(step, ChoosingForm) or step.summary != "story.kind":
        return
    words = " / ".join(f"{each.key.replace('_', ' ')} {each.label}" for each in step.choices)
    if not (rule.find("paid", words) and rule.find("unpaid", words)):
        yield step.line_of("choices"), rule.say("choices of one sort")
    elif not step.shuffle:
        yield step.line_of("choices"), rule.say("always in the same order, without `shuffle`")


def _of_occupations(step: StepForm) -> Iterator[tuple[int, str]]:
    """No question offers only the work that women are steered to."""
    rule = fair_rules()["any_occupation"]
    if isinstance(step, ChoosingForm):
        choices = [each for each in step.choices if each.key not in _AND_SO_ON]
        if len(choices) > 1 and all(rule.find("expected", each.label) for each in choices):
            yield step.line_of("choices"), rule.say(_listed(choices))
    if isinstance(step, AskedForm):
        for key in ("ask", "hint"):
            named = _only_expected(rule, getattr(step, key))
            if named:
                yield step.line_of(key), rule.say(named)


def _only_expected(rule: FairRule, text: str) -> str:
    named = [found.group() for found in rule.lists["expected"].finditer(text)]
    return ", ".join(named) if len(named) > 1 and not rule.find("others", text) else ""


def _listed(choices: list[ChoiceForm]) -> str:
    return ", ".join(each.label for each in choices)


def _of_sharing(step: StepForm) -> Iterator[tuple[int, str]]:
    """Sharing says what, and with whom."""
    rule = fair_rules()["power_named"]
    if isinstance(step, ShareForm):
        for key, wanted in (("ask", ("whom", "what")), ("which", ("whom",))):
            if not all(rule.find(each, getattr(step, key)) for each in wanted):
                yield step.line_of(key), rule.say()
    if isinstance(step, HandOverForm) and not rule.find("whom", step.text):
        yield step.line_of("text"), rule.say()
    if isinstance(step, AskedForm) and step.summary == "share.partners" and not rule.find("whom", step.ask):
        yield step.line_of("ask"), rule.say()


# ── the whole script ──────────────────────────────────────────────────────────────────────────────


def _of_order(placed: list[_Placed]) -> Iterator[tuple[_Placed, str]]:
    """The first question about an obstacle or her family comes after one about her hopes."""
    rule = fair_rules()["hopes_first"]
    for each in placed:
        if isinstance(each.step, AskedForm) and _asks_hopes(each.step, rule, ("ambition", "step.what")):
            return
        if _asks_obstacles(each, rule):
            yield each, rule.say()
            return


def _asks_hopes(step: AskedForm, rule: FairRule, places: tuple[str, ...] = ("ambition",)) -> bool:
    return step.summary in places or bool(rule.find("hopes", step.ask))


def _asks_obstacles(placed: _Placed, rule: FairRule) -> bool:
    step = placed.step
    if not isinstance(step, AskedForm) or placed.part.follow_up or step.summary.startswith("step."):
        return False  # what stands in the way of her own step comes with the step
    if step.summary.startswith("barrier"):
        return True
    asked = rule.find("obstacles", step.ask) or rule.find("family", step.ask)
    return bool(asked) and not rule.find("unless", step.ask)


def _of_own_wish(placed: list[_Placed]) -> Iterator[tuple[_Placed, str]]:
    """Who asks for hopes asks whose they are."""
    rule, order = fair_rules()["own_wish"], fair_rules()["hopes_first"]
    asked = [(each, each.step) for each in placed if isinstance(each.step, AskedForm)]
    hopes = [each for each, step in asked if _asks_hopes(step, order)]
    is_own_asked = any(step.summary == "own_wish" or rule.find("asks", step.ask) for _, step in asked)
    if hopes and not is_own_asked:
        yield hopes[0], rule.say()


def _of_hand_over(placed: list[_Placed]) -> Iterator[tuple[_Placed, str]]:
    """Nothing is handed over that she was not asked about."""
    rule, has_asked = fair_rules()["power_named"], False
    for each in placed:
        has_asked = has_asked or isinstance(each.step, ShareForm)
        if isinstance(each.step, HandOverForm) and not has_asked:
            yield each, rule.say("hand_over without a `share` before it")
