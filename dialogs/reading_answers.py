"""Turns a tap or typed words into an answer to the question at hand, or says kindly what is unclear."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from dialogs import phrases
from dialogs.asking import Option, is_several
from dialogs.said import Tap, Text
from dialogs.script import Step
from dialogs.session import Answer
from dialogs.turn import Label, Phrase
from dialogs.understand import read_choice, read_choices, read_date, read_number, read_whole_number

Translate = Callable[[Phrase], str]


@dataclass(frozen=True, slots=True)
class Unclear:
    """Not an answer to this question. `note` says so kindly; `why` is a key without her words."""

    why: str
    note: Phrase


def read_answer(
    step: Step,
    said: Tap | Text,
    found: Sequence[Option],
    draft: Sequence[str],
    translate: Translate,
    today: date,
) -> Answer | Unclear:
    """The answer meant. Language, time and channel are filled in by the caller."""
    typed = said.words if isinstance(said, Text) else said.value
    if is_several(step):
        return _read_several(step, said, typed, found, draft, translate)
    if found:
        return _read_one(said, typed, found, translate)
    if step.kind == "text":
        return _read_words(said)
    if step.kind == "number":
        return _read_number(step, typed)
    if step.kind == "scale":
        return _read_scale(typed)
    return _read_date(step, typed, today)


def _read_words(said: Tap | Text) -> Answer | Unclear:
    if not isinstance(said, Text) or not said.words.strip():
        return Unclear("words", phrases.NEED_WORDS)
    return Answer("answered", said.words, (said.words,))


def _read_one(
    said: Tap | Text, typed: str, found: Sequence[Option], translate: Translate
) -> Answer | Unclear:
    if isinstance(said, Tap):
        index = tapped_number(typed, found)
    else:
        index = read_choice(typed, [accepted(option, translate) for option in found])
    if index is None:
        return Unclear("choice", phrases.CHOOSE)
    return Answer("answered", _label(found[index], translate), (found[index].key,))


def _read_several(
    step: Step,
    said: Tap | Text,
    typed: str,
    found: Sequence[Option],
    draft: Sequence[str],
    translate: Translate,
) -> Answer | Unclear:
    if isinstance(said, Tap):
        chosen = _ticked(typed, found, draft)
    else:
        chosen = read_choices(typed, [accepted(option, translate) for option in found])
    if not chosen:
        return Unclear("several", phrases.CHOOSE_SEVERAL)
    if step.most is not None and len(chosen) > step.most:
        most = int(step.most)
        many = phrases.TOO_MANY
        return Unclear("too_many", Phrase(many.context, many.text, {"most": most}, many.many, most))
    labels = tuple(_as_phrase(found[index].label) for index in chosen)
    words = translate(Phrase("", "%(choices)s", {"choices": labels}))
    return Answer("answered", words, tuple(found[index].key for index in chosen))


def _as_phrase(label: Label) -> Phrase:
    return label if isinstance(label, Phrase) else Phrase("", "%(words)s", {"words": label})


def _ticked(value: str, found: Sequence[Option], draft: Sequence[str]) -> tuple[int, ...] | None:
    """Indexes of what is ticked, once she says "done", or sends a form with boxes, "=1,4"."""
    if value != "done" and not value.startswith("="):
        return None
    return tuple(index for index, option in enumerate(found) if option.key in draft)


def tapped_number(value: str, found: Sequence[Option]) -> int | None:
    """The index of the choice whose button was tapped; None if the value is none of theirs."""
    numbers = {str(number): number - 1 for number in range(1, len(found) + 1)}
    return numbers.get(value)


def accepted(option: Option, translate: Translate) -> tuple[str, ...]:
    """Words that mean an option: its label as she reads it (first), its key, others its author named."""
    return (_label(option, translate), option.key, *(translate(word) for word in option.accepts))


def _label(option: Option, translate: Translate) -> str:
    return translate(option.label) if isinstance(option.label, Phrase) else option.label


def _read_number(step: Step, typed: str) -> Answer | Unclear:
    number = read_number(typed)
    if number is None:
        return Unclear("number", phrases.NEED_NUMBER)
    least, most = step.least, step.most
    if (least is not None and number < least) or (most is not None and number > most):
        if least is None or most is None:
            return Unclear("number", phrases.NEED_NUMBER)
        limits = {"least": f"{least:g}", "most": f"{most:g}"}
        return Unclear("number", Phrase(phrases.NUMBER_RANGE.context, phrases.NUMBER_RANGE.text, limits))
    return Answer("answered", typed, (f"{number:.15g}",))


def _read_scale(typed: str) -> Answer | Unclear:
    number = read_whole_number(typed)
    if number is None or number > 10:
        return Unclear("scale", phrases.NEED_SCALE)
    return Answer("answered", typed, (str(number),))


def _read_date(step: Step, typed: str, today: date) -> Answer | Unclear:
    day = read_date(typed)
    if day is None:
        return Unclear("date", phrases.NEED_DATE)
    if step.from_today and day < today:
        return Unclear("date", phrases.DAY_PASSED)
    return Answer("answered", typed, (day.isoformat(),))
