"""Puts a summary into its reader's words: questions, choices and titles. What she wrote stays as it is."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from casework.summary import Competence, LadderPlace, SharedAnswer, Summary
from dialogs.phrases import NO, YES
from dialogs.script import Script, Step
from dialogs.turn import Phrase

LookUp = Callable[[str, str], str]
"""Context and English text in, the reader's words out."""

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def for_reader(summary: Summary, script: Script | None, look_up: LookUp) -> Summary:
    """The summary with `asked` and `chosen` filled. A question the script does not have keeps its key."""
    answers = tuple(_read(answer, script, look_up, summary.summary.client) for answer in summary.answers)
    return replace(summary, answers=answers)


def asked(question: str, script: Script | None, look_up: LookUp, client: str = "") -> str:
    """The question as the reader would have been asked it; its key if it is unknown."""
    step = script.by_name.get(question) if script else None
    if step is None or not step.text:
        return question
    known = {"name": client, "card": look_up(step.card.context, step.card.label) if step.card else ""}
    # Names of other people are not known here; three dots read better than a placeholder.
    return _PLACEHOLDER.sub(lambda found: known.get(found[1]) or "…", look_up(step.context, step.text))


def part_title(part: str, script: Script | None, look_up: LookUp) -> str:
    """The title of a part; its key if it is unknown."""
    for known in script.parts if script else ():
        if known.name == part:
            return look_up(known.context, known.title)
    return part


def chosen_for(feeds: str, keys: Iterable[str], script: Script | None, look_up: LookUp) -> tuple[str, ...]:
    """Labels of choices by where they go in the summary, e.g. "story.kind"; unknown keys stay."""
    steps = [step for step in script.steps if step.feeds == feeds] if script else []
    labels = {key: label for step in steps for key, label in _labels(step, look_up).items()}
    return tuple(labels.get(key, key) for key in keys)


def card(competence: Competence, script: Script | None, look_up: LookUp) -> str:
    """The sentence of a card; its key if it is unknown."""
    step = script.by_name.get(competence.question) if script else None
    return _labels(step, look_up).get(competence.card, competence.card) if step else competence.card


def rung(place: LadderPlace, script: Script | None, look_up: LookUp) -> tuple[str, str]:
    """The sentence of a rung as a client reads it, and what staff call the rung (English); "" if unknown."""
    for step in script.steps if script else ():
        if step.feeds == "ladder.rung" and step.ladder == place.ladder:
            for choice in step.choices:
                if choice.key == f"rung_{place.rung}":
                    return look_up(choice.context, choice.label), choice.shows
    return "", ""


def _read(answer: SharedAnswer, script: Script | None, look_up: LookUp, client: str) -> SharedAnswer:
    return replace(
        answer,
        asked=asked(answer.question, script, look_up, client),
        chosen=_chosen(answer, script, look_up),
    )


def _chosen(answer: SharedAnswer, script: Script | None, look_up: LookUp) -> tuple[str, ...]:
    step = script.by_name.get(answer.question) if script else None
    if step is None:
        return answer.value
    if step.kind == "text":
        return ()
    labels = _labels(step, look_up)
    if labels and not set(answer.value) <= set(labels):
        return ()  # she chose it in an earlier version of the script: her words stand alone
    return tuple(labels.get(key, key) for key in answer.value)


def _labels(step: Step, look_up: LookUp) -> dict[str, str]:
    """By key. Numbers and dates have no labels: they stay as they are."""
    if step.kind == "yes_no":
        return {"yes": _say(YES, look_up), "no": _say(NO, look_up)}
    return {choice.key: look_up(choice.context or step.context, choice.label) for choice in step.choices}


def _say(phrase: Phrase, look_up: LookUp) -> str:
    return look_up(phrase.context, phrase.text)
