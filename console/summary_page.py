"""Lays a case file out for a page: the most important first, everything in the reader's words."""

from dataclasses import dataclass
from datetime import date

from casework import reading
from casework.case_file import CaseFile
from casework.summary import (
    CaseState,
    Competence,
    Experience,
    LadderPlace,
    OwnWish,
    SharedAnswer,
    Spoken,
    Summary,
)
from console.reader import Reader
from dialogs.script import Script

SHOWN_APART = ("ambition", "own_wish", "story.", "step.", "competence.", "ladder.", "do_not_contact")
"""What goes into a section of its own; the beginning of a step's `feeds`."""


@dataclass(frozen=True, slots=True)
class Aloud:
    """One answer that she spoke. `round` is more than 1 where the question came before."""

    asked: str
    round: int
    voice: Spoken


@dataclass(frozen=True, slots=True)
class Hope:
    """One hope with the question it answers. `verbatim` is "" if she spoke it."""

    asked: str
    verbatim: str
    language: str
    own_wish: OwnWish


@dataclass(frozen=True, slots=True)
class Story:
    """One story; `kinds` in the reader's words."""

    told: Experience
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One card she chose; `says` is its sentence in the reader's words."""

    shown: Competence
    says: str


@dataclass(frozen=True, slots=True)
class Rung:
    """Where she sees herself: what she read, and what staff call it (English, "" if it is not known)."""

    place: LadderPlace
    says: str
    name: str


@dataclass(frozen=True, slots=True)
class PartAnswers:
    """What else she shared of one part."""

    title: str
    answers: tuple[SharedAnswer, ...]


@dataclass(frozen=True, slots=True)
class Sharing:
    """What may be read until when, and by whom. `until` None: until she says stop."""

    parts: tuple[str, ...]
    people: tuple[str, ...]
    until: date | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A question, in the reader's words, and what happened to it since her last summary."""

    asked: str
    what: str


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """Everything the template shows besides the case file itself."""

    file: CaseFile
    aloud: tuple[Aloud, ...]
    hopes: tuple[Hope, ...]
    stories: tuple[Story, ...]
    cards: tuple[Card, ...]
    rung: Rung | None
    step_idea: tuple[str, ...]  # what she wants to do next, where she chose a card instead of writing
    rest: tuple[PartAnswers, ...]
    call_how: tuple[str, ...]
    sharing: tuple[Sharing, ...]
    differences: tuple[Difference, ...]
    next_states: tuple[CaseState, ...]


def lay_out(
    file: CaseFile, script: Script | None, reader: Reader, next_states: tuple[CaseState, ...]
) -> SummaryPage:
    """Without the script everything is still there, with the questions' keys."""
    reader = reader.of(script)
    summary = reading.for_reader(file.summary, script, reader.look_up)
    asked = {answer.question: answer.asked for answer in summary.answers}
    return SummaryPage(
        file=file,
        aloud=_aloud(summary),
        hopes=tuple(
            Hope(asked.get(hope.answer, ""), hope.verbatim, hope.language, hope.own_wish)
            for hope in summary.ambitions
        ),
        stories=tuple(
            Story(told, reading.chosen_for("story.kind", told.kind, script, reader.look_up))
            for told in summary.experiences
        ),
        cards=tuple(
            Card(shown, reading.card(shown, script, reader.look_up)) for shown in summary.competences
        ),
        rung=Rung(summary.ladder, *reading.rung(summary.ladder, script, reader.look_up))
        if summary.ladder
        else None,
        step_idea=_step_idea(summary, script),
        rest=_rest(summary, script, reader),
        call_how=reading.chosen_for("call.how", summary.flags.call_how, script, reader.look_up),
        sharing=_sharing(summary, script, reader),
        differences=tuple(
            Difference(reading.asked(change.question, script, reader.look_up), change.what)
            for change in summary.changes
        ),
        next_states=next_states,
    )


def _aloud(summary: Summary) -> tuple[Aloud, ...]:
    """In the order of the questions; whom not to talk to stands on top of the page already."""
    on_top = {told.voice for told in summary.do_not_contact}
    return tuple(
        Aloud(answer.asked, answer.round, answer.voice)
        for answer in summary.answers
        if answer.voice is not None and answer.voice not in on_top
    )


def _step_idea(summary: Summary, script: Script | None) -> tuple[str, ...]:
    return next(
        (
            answer.chosen
            for answer in summary.answers
            if answer.chosen
            and _feeds(answer.question, script) == "step.what"
            and summary.step is not None
            and answer.verbatim == summary.step.what  # else she has come back to another step since
        ),
        (),
    )


def _rest(summary: Summary, script: Script | None, reader: Reader) -> tuple[PartAnswers, ...]:
    left = [a for a in summary.answers if a.voice is None and not _is_shown_apart(a, script)]
    parts = dict.fromkeys(answer.part for answer in left)
    return tuple(
        PartAnswers(
            reading.part_title(part, script, reader.look_up), tuple(a for a in left if a.part == part)
        )
        for part in parts
    )


def _sharing(summary: Summary, script: Script | None, reader: Reader) -> tuple[Sharing, ...]:
    """Parts shared alike stand together."""
    alike: dict[tuple[tuple[str, ...], date | None], dict[str, None]] = {}
    for answer in summary.answers:
        alike.setdefault((answer.share.people, answer.share.until), {})[answer.part] = None
    return tuple(
        Sharing(tuple(reading.part_title(part, script, reader.look_up) for part in parts), people, until)
        for (people, until), parts in alike.items()
    )


def _is_shown_apart(answer: SharedAnswer, script: Script | None) -> bool:
    step = script.by_name.get(answer.question) if script else None
    return step is not None and (step.kind == "evidence" or step.feeds.startswith(SHOWN_APART))


def _feeds(question: str, script: Script | None) -> str:
    step = script.by_name.get(question) if script else None
    return step.feeds if step else ""
