"""Moves a conversation to another version of its script. Pure: where she is then, and what still counts.

A question that is still there keeps its answer, also under a new name (`formerly`). What is gone stays in
the history. Nobody is taken back to a question she answered; a question that the new version has before
the place she reached is passed over, unless it needs an answer. Where it stands on her screen has changed,
her next message shows her where she is (`Session.moved`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from dialogs.moves import Moves
from dialogs.script import END, FORGET, SILENT, Loop, Script, Step, came_back, chosen_part
from dialogs.session import NOWHERE, Answer, Place, Session
from dialogs.turn import Answered

Fate = Literal[
    "same",  # the question on her screen is as it was
    "changed",  # it is still there, but looks different
    "gone",  # it is not there any more: she goes on to the next
    "elsewhere",  # another question comes first
    "left",  # she stays in the old version: the new one would erase her answers
]

Spot = tuple[float, ...]
"""Where a place stands in a script; later places are greater."""

_AT_THE_END: Spot = (float("inf"),)
_BEFORE_ALL: Spot = (-1,)
_UNASKED = Answer("not_asked")
_OF_OTHERS = ("read_back", "share_which")
"""Kinds that show other answers, so that they look different when those change."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What comes of one session. `session` is None for "left". `to`: the question she is at, or END."""

    fate: Fate
    to: str
    session: Session | None = None
    events: tuple[Answered, ...] = ()  # answers under their new names; the old ones stay in the history


class MoveOver:
    """The way from one version to another, worked out once for all sessions. Works back as well."""

    def __init__(self, old: Moves, new: Moves) -> None:
        self.old = old.script
        self.new = new.script
        self._moves = new
        self._steps = _steps(self.old, self.new)
        self._loops = _pairs(_formerly(self.old.loops), _formerly(self.new.loops))
        self._parts = _pairs(
            {part.name: part.formerly for part in self.old.parts},
            {part.name: part.formerly for part in self.new.parts},
        )
        self._marks = {
            mark(before): mark(name)
            for before, name in self._parts.items()
            for mark in (came_back, chosen_part)
        }
        self._back = {name: before for before, name in self._steps.items()}
        self._choices = {before: self._keys(before) for before in self._steps}
        self._spots = {script: _spots(script) for script in (self.old, self.new)}

    def move(self, session: Session, now: datetime) -> Moved:
        """`session` must stand in the old version. Nothing she said is changed or left out."""
        answers = self._carried(session, now)
        wanted = self._place(session.at)
        passed, heard, at = self._way(session, dict(answers), wanted, now)
        if at.step == FORGET:
            return Moved("left", session.at.step)
        fate = self._fate(session, wanted, at)
        answers = {**answers, **passed}
        events = tuple(
            Answered(place, answer)
            for place, answer in answers.items()
            if session.answers.get(place) != answer
        )
        moved = replace(
            session,
            script=self.new.version,
            at=at,
            part=self._parts.get(session.part, ""),
            heard=heard,
            answers=answers,
            moved=session.moved or fate != "same",
        )
        return Moved(fate, at.step, self._on_screen(moved, session, fate), events)

    # ── names ─────────────────────────────────────────────────────────────────────────────────────

    def _place(self, place: Place) -> Place | None:
        """The place in the new version; None if it is gone."""
        if place.step in self._marks:
            return Place(self._marks[place.step])
        if place.step not in self.old.by_name:
            return place if place.step == END else None
        name = self._steps.get(place.step)
        if name is None or (self.new.by_name[name].loop is None and place.round != 1):
            return None
        return Place(name, place.round)

    def _keys(self, name: str) -> dict[str, str]:
        """Keys of a question's choices: before → now."""
        return _pairs(
            {choice.key: choice.formerly for choice in self.old.by_name[name].choices},
            {choice.key: choice.formerly for choice in self.new.by_name[self._steps[name]].choices},
        )

    # ── answers ───────────────────────────────────────────────────────────────────────────────────

    def _carried(self, session: Session, now: datetime) -> dict[Place, Answer]:
        """Her answers with those that count in the new version under its names."""
        found: dict[Place, Answer] = {}
        for place, answer in session.answers.items():
            target = self._place(place)
            kept = None if target is None else self._answer(place, target, answer)
            if target is not None and kept is not None:
                found[target] = kept
        return {**self._rest(session, found, now), **found}

    def _rest(self, session: Session, found: Mapping[Place, Answer], now: datetime) -> dict[Place, Answer]:
        """All others: as they were, but cleared where the name is free again or means another question."""
        rest = {}
        for place, answer in session.answers.items():
            counts = answer.state != "not_asked" and place not in found
            rest[place] = _cleared(session, now) if counts and self._means_another(place) else answer
        return rest

    def _means_another(self, place: Place) -> bool:
        """Whether an answer there would be taken for one to a question that she was never asked."""
        if place.step not in self.old.by_name:  # of a version before, or that she came back
            return place.step in self._back or place.step in (*self._marks, *self._marks.values())
        if place.step in self._steps:
            return self._place(place) is not None
        step = self.new.by_name.get(place.step)
        return step is not None and step.kind not in SILENT

    def _answer(self, before: Place, place: Place, answer: Answer) -> Answer | None:
        """The answer as the new question would have it; None where it cannot be one."""
        if answer.state != "answered" or before.step in self._marks:
            return answer
        old, new = self.old.by_name[before.step], self.new.by_name[place.step]
        if new.kind == "offer":
            return replace(answer, value=tuple(self._parts.get(part, part) for part in answer.value))
        if new.kind in ("share_which", "evidence"):
            return replace(answer, value=tuple(self._item(item) for item in answer.value))
        keys = self._choices[before.step]
        kept = replace(answer, value=tuple(keys.get(key, key) for key in answer.value))
        return kept if _can_be(kept, old, new) else None

    def _item(self, item: str) -> str:
        """What is shared as one: a question, or a round of a loop."""
        name, mark, round_ = item.partition("#")
        return (self._loops if mark else self._steps).get(name, name) + mark + round_

    # ── the way to where she is ───────────────────────────────────────────────────────────────────

    def _way(
        self, session: Session, answers: dict[Place, Answer], wanted: Place | None, now: datetime
    ) -> tuple[dict[Place, Answer], frozenset[Place], Place]:
        """What is passed over, what counts as heard, and where she is then."""
        reached = self._reached(session.at, wanted)
        passed: dict[Place, Answer] = {}
        heard = {target for place in session.heard if (target := self._place(place)) is not None}
        place, first = NOWHERE, None
        while True:
            place = self._moves.onward(place, answers)
            if place == wanted or place.step in (END, FORGET):
                break
            is_silent = self.new.by_name[place.step].kind in SILENT
            is_open = not is_silent and answers.get(place, _UNASKED).state == "not_asked"
            is_behind = self._spot(self.new, place) < reached
            if is_open and not is_behind:
                break
            if is_silent and is_behind:
                heard.add(place)
            if is_open:
                answers[place] = replace(_cleared(session, now), state="passed_over")
                if not self._must_be_asked(session, place):
                    passed[place] = answers[place]
                elif first is None:
                    first = place
        at = place if first is None or place.step == FORGET else first
        return passed, frozenset(heard | session.heard), at

    def _must_be_asked(self, session: Session, place: Place) -> bool:
        """A question behind her that is still to be asked."""
        step = self.new.by_name[place.step]
        if not step.skippable:
            return True
        if session.at.step == END:
            return False
        before = Place(self._back.get(place.step, ""), place.round)
        was_ahead = before.step != "" and self._spot(self.old, before) > self._spot(self.old, session.at)
        return was_ahead or step.kind in ("share", "share_which")

    def _reached(self, at: Place, wanted: Place | None) -> Spot:
        """How far she has come, as a spot in the new version."""
        if wanted is not None:
            return _AT_THE_END if wanted.step == END else self._spot(self.new, wanted)
        for place in self._before(at):
            target = self._place(place)
            if target is not None:
                return (*self._spot(self.new, target), 1)  # right behind it
        return _BEFORE_ALL

    def _before(self, at: Place) -> Iterator[Place]:
        """The places before hers in the old version, the nearest first."""
        step = self.old.by_name.get(at.step)
        if step is None:
            return
        for other in reversed(self.old.steps[: self.old.steps.index(step)]):
            if step.loop is not None and other.loop == step.loop:
                yield Place(other.name, at.round)
                continue
            if step.loop is not None and at.round > 1:
                yield Place(self.old.loops[step.loop].again, at.round - 1)
            yield Place(other.name, self.old.loops[other.loop].at_most if other.loop else 1)

    def _spot(self, script: Script, place: Place) -> Spot:
        if place.step not in script.by_name:
            return _AT_THE_END if place.step == END else _BEFORE_ALL
        start, index = self._spots[script][place.step]
        return (start, place.round, index)

    # ── what she sees ─────────────────────────────────────────────────────────────────────────────

    def _fate(self, session: Session, wanted: Place | None, at: Place) -> Fate:
        if wanted is None:
            return "gone"
        if at != wanted:
            return "elsewhere"
        if at.step == END:
            return "same"
        old, new = self.old.by_name[session.at.step], self.new.by_name[at.step]
        is_same = _looks(old) == _looks(new) and (old.name == new.name or not new.shuffle)
        return "same" if is_same and new.kind not in _OF_OTHERS else "changed"

    def _on_screen(self, moved: Session, before: Session, fate: Fate) -> Session:
        """With what she ticked so far, if the question is as it was."""
        if fate != "same":
            return replace(moved, draft=(), page=0, last=NOWHERE)
        keys = self._choices.get(before.at.step, {})
        draft = tuple(keys.get(key, key) for key in before.draft)
        return replace(moved, draft=draft, last=self._place(before.last) or NOWHERE)


def _steps(old: Script, new: Script) -> dict[str, str]:
    """Steps before → now. The closing question of a loop goes with its loop."""
    found = _pairs(_formerly(old.by_name), _formerly(new.by_name))
    for before, name in _pairs(_formerly(old.loops), _formerly(new.loops)).items():
        found.pop(old.loops[before].again, None)
        found = {key: value for key, value in found.items() if value != new.loops[name].again}
        found[old.loops[before].again] = new.loops[name].again
    return {b: n for b, n in found.items() if _is_like(old.by_name[b], new.by_name[n])}


def _formerly(named: Mapping[str, "Step | Loop"]) -> dict[str, tuple[str, ...]]:
    return {name: each.formerly for name, each in named.items()}


def _pairs(old: Mapping[str, tuple[str, ...]], new: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Names before → now; each has its former names. What still has its name is the same.

    The way back is found by the former names of the old ones.
    """
    found = {name: name for name in old if name in new}
    for name, formerly in new.items():
        before = next((each for each in formerly if each in old and each not in found), None)
        if name not in old and before is not None:
            found[before] = name
    for name, formerly in old.items():
        now = next((each for each in formerly if each in new and each not in found.values()), None)
        if name not in found and now is not None:
            found[name] = now
    return found


def _is_like(old: Step, new: Step) -> bool:
    """Whether one can stand for the other at all."""
    apart = (*SILENT, "language", "read_back", "share", "share_which", "offer", "evidence")
    return old.kind == new.kind or not {old.kind, new.kind} & set(apart)


def _can_be(answer: Answer, old: Step, new: Step) -> bool:
    """Whether what she said can be read as an answer of that kind. Keys that are gone do no harm."""
    try:
        if new.kind in ("number", "scale"):
            float(answer.value[0])
        elif new.kind == "date":
            date.fromisoformat(answer.value[0])
    except (ValueError, IndexError):
        return False
    return True


def _cleared(session: Session, now: datetime) -> Answer:
    return Answer("not_asked", language=session.language, at=now)


def _looks(step: Step) -> tuple[object, ...]:
    """All of a question that shows on her screen, or decides how it is answered there."""
    choices = tuple((choice.label, choice.picture) for choice in step.choices)
    words = (step.kind, step.text, step.hint, step.low, step.high, choices)
    return (*words, step.shuffle, step.pages, step.many, step.least, step.most, step.skippable)


def _spots(script: Script) -> dict[str, tuple[int, int]]:
    """For each step: where its loop (or itself) begins, and its own place."""
    index = {step.name: number for number, step in enumerate(script.steps)}
    starts = {name: index[loop.steps[0]] for name, loop in script.loops.items() if loop.steps}
    return {
        step.name: (starts.get(step.loop, number) if step.loop else number, number)
        for number, step in enumerate(script.steps)
    }
