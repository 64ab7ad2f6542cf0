"""What a client shared of herself, sorted: competences, languages, future, barriers, people, her rung.

Made out of the shared answers alone, so that what she takes back is gone from here as well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from casework.summary import Barrier, Competence, LadderPlace, Perspective, SharedAnswer, Told
from dialogs.script import Script, Step

STORY = "story"
"""The value of an answer that names one of her stories."""


@dataclass(frozen=True, slots=True)
class _Given:
    """An answer with the question it answers."""

    step: Step
    answer: SharedAnswer


def profile(script: Script, answers: Iterable[SharedAnswer]) -> dict[str, Any]:
    """The fields of a `Summary` that follow from these answers."""
    given = [
        _Given(step, answer)
        for answer in answers
        if (step := script.by_name.get(answer.question)) is not None and answer.state == "answered"
    ]
    return {
        "competences": _competences(given),
        "languages": _told(given, "language"),
        "education": _told(given, "education"),
        "perspective": _perspective(given),
        "barriers": _barriers(given),
        "supporters": _told(given, "supporter"),
        "do_not_contact": _told(given, "do_not_contact"),
        "ladder": _ladder(given),
    }


def _told(given: Iterable[_Given], feeds: str) -> tuple[Told, ...]:
    return tuple(
        Told(one.answer.verbatim, one.answer.language, one.answer.voice)
        for one in given
        if one.step.feeds == feeds
    )


def _competences(given: list[_Given]) -> tuple[Competence, ...]:
    evidence = {
        (one.step.among, one.step.card.key): one.answer
        for one in given
        if one.step.kind == "evidence" and one.step.card is not None
    }
    return tuple(
        _competence(one.step, card, choice.shows, evidence.get((one.step.name, card)))
        for one in given
        if one.step.feeds == "competence.card"
        for card in one.answer.value
        if (choice := _choices(one.step).get(card)) is not None
    )


def _choices(step: Step) -> Mapping[str, Any]:
    return {choice.key: choice for choice in step.choices}


def _competence(step: Step, card: str, shows: str, evidence: SharedAnswer | None) -> Competence:
    if evidence is None:
        return Competence(shows, step.name, card)
    is_story = evidence.value == (STORY,)
    return Competence(
        key=shows,
        question=step.name,
        card=card,
        can="learning" if evidence.value == ("learning",) else "yes",
        evidence=evidence.verbatim if is_story else "",
        language=evidence.language if is_story else "",
    )


def _perspective(given: Iterable[_Given]) -> Perspective:
    said = [one.answer.value[0] for one in given if one.step.feeds == "perspective" and one.answer.value]
    return next((key for key in get_args(Perspective) if key in said), "unsaid")


def _barriers(given: list[_Given]) -> tuple[Barrier, ...]:
    heaviest = {key for one in given if one.step.feeds == "barrier.heaviest" for key in one.answer.value}
    notes = {
        value: one.answer
        for one in given
        if one.step.feeds == "barrier.note"
        for test in one.step.only_if
        if test.op == "includes"
        for value in test.value
    }
    chosen = [key for one in given if one.step.feeds == "barrier" for key in one.answer.value]
    return tuple(
        Barrier(
            code=key,
            heaviest=key in heaviest,
            note=notes[key].verbatim if key in notes else "",
            language=notes[key].language if key in notes else "",
        )
        for key in chosen
        if key != "nothing"
    )


def _ladder(given: list[_Given]) -> LadderPlace | None:
    hers = {one.step.feeds: one for one in given if one.step.feeds.startswith("ladder.")}
    rung = hers.get("ladder.rung")
    if rung is None or not rung.answer.value:
        return None

    def words(key: str) -> str:
        return hers[key].answer.verbatim if key in hers else ""

    return LadderPlace(
        ladder=rung.step.ladder,
        rung=int(rung.answer.value[0].removeprefix("rung_")),
        reason=words("ladder.reason"),
        next=words("ladder.next"),
        enough=words("ladder.enough"),
        language=rung.answer.language,
    )
