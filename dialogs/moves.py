"""Which moves are legal. The one home of the `transitions` library: it decides each move, and draws them.

One synchronous machine per compiled script, built once and shared; per move only a light model is made, never
registered with the machine. What hangs on nothing needs no decision, for which the library takes 8 µs.
Moves between steps go forward or round a bounded loop, so every walk ends.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Literal

from transitions import Machine

from dialogs.errors import DeadEnd
from dialogs.script import END, FORGET, NEXT, SILENT, Loop, Part, Script, Step, Test, chosen_part
from dialogs.session import NOWHERE, REMINDING, Answer, Mode, Place

UNSAID_MINUTES = 10
"""The time we count on where she did not say how much she has."""

Answers = Mapping[Place, Answer]
Condition = Callable[["_Traveller"], bool]


class _Traveller:
    """The light model: where somebody stands, and what her answers are."""

    __slots__ = ("answers", "round", "state")

    def __init__(self, state: str, round_: int, answers: Answers) -> None:
        self.state = state
        self.round = round_
        self.answers = answers


class Moves:
    """The legal moves of one script."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._machine = Machine(
            model=None,
            states=["", *(step.name for step in script.steps), END, FORGET],
            initial="",
            auto_transitions=False,
        )
        self._ways: dict[str, list[tuple[str, tuple[Condition, ...]]]] = {}
        for source, dest, conditions in self._edges():
            self._machine.add_transition("onward", source, dest, conditions=list(conditions))
            self._ways.setdefault(source, []).append((dest, conditions))
        self._onward = self._machine.events["onward"]
        self._sure = {source: ways[0][0] for source, ways in self._ways.items() if not ways[0][1]}
        self._always_first = self._found_first()
        self._minutes = next((step.name for step in script.steps if step.feeds == "minutes"), "")
        self._timed = {part.name: self._timed_tests(part) for part in script.parts}

    def onward(self, place: Place, answers: Answers) -> Place:
        """The next place: one legal move from `place`, whatever stands there."""
        dest = self._sure.get(place.step) or self._moved(place, answers)
        return Place(dest, self._round(place, dest))

    def _moved(self, place: Place, answers: Answers) -> str:
        traveller = _Traveller(place.step, place.round, answers)
        if not self._onward.trigger(traveller, traveller):
            raise DeadEnd(self.script.name, place.step)
        return traveller.state

    def walk(self, answers: Answers, start: Place = NOWHERE) -> Iterator[Place]:
        """All places passed from `start` on, the first one without an answer included (or END, FORGET).

        It looks on and makes no move, so it needs no trigger.
        """
        place = self._ahead(start, answers)
        while place.step not in (END, FORGET):
            yield place
            if not self._is_done(place, answers):
                return
            place = self._ahead(place, answers)
        yield place

    def first_asked(self, answers: Answers) -> Place | None:
        """The question that the walk asks first; None if there is none."""
        if self._always_first is not None:
            return self._always_first
        asked = (place for place in self.walk(answers) if place.step not in (END, FORGET))
        return next((place for place in asked if self.script.by_name[place.step].kind not in SILENT), None)

    def _found_first(self) -> Place | None:
        """The same for everybody, where the way to it hangs on nothing; else None."""
        state = ""
        while state := self._sure.get(state, ""):
            step = self.script.by_name.get(state)
            if step is None or step.loop:
                return None
            if step.kind not in SILENT:
                return Place(state)
        return None

    def _ahead(self, place: Place, answers: Answers) -> Place:
        """Where `onward` would lead, by the edges that the machine was built from."""
        traveller = _Traveller(place.step, place.round, answers)
        for dest, conditions in self._ways.get(place.step, ()):
            if all(condition(traveller) for condition in conditions):
                return Place(dest, self._round(place, dest))
        raise DeadEnd(self.script.name, place.step)

    def holds(self, test: Test, answers: Answers, round_: int = 1) -> bool:
        """Whether one test holds; `round_` is used for questions in a loop."""
        if test.op == "came_back":
            return _test(replace(test, op="answered"), answers.get(Place(test.question)))
        if test.op in ("chosen", "time_for"):
            return self._chose(test.question, answers) or (
                test.op == "time_for" and self._has_time(int(test.value[0]), answers)
            )
        if test.op == "on_offer":
            return any(self.parts_on_offer(answers))
        if test.op == "anything_told":
            return any(self._is_told(place, answers) for place in answers)
        if test.op == "anything_shared":
            return any(self.is_shared(place, answers) for place in answers)
        if test.op == "part_answered":
            return any(
                answer.state == "answered"
                and self.script.by_name[place.step].part == test.question
                and self._applies(place, answers)
                for place, answer in answers.items()
                if place.step in self.script.by_name
            )
        asked = self.script.by_name[test.question]
        return _test(test, answers.get(Place(test.question, round_ if asked.loop else 1)))

    def parts_on_offer(self, answers: Answers) -> Iterator[Part]:
        """Parts with something she was not asked for lack of time, or that she chose and did not begin."""
        for part in self.script.parts:
            tests = self._timed[part.name]
            is_left = not all(self.holds(test, answers) for test in tests)
            if is_left or (
                tests and self._chose(part.name, answers) and not self.has_begun(part.name, answers)
            ):
                yield part

    def has_begun(self, part: str, answers: Answers) -> bool:
        """Whether she was asked anything of that part."""
        return any(
            answer.state != "not_asked" and self.script.by_name[place.step].part == part
            for place, answer in answers.items()
            if place.step in self.script.by_name
        )

    def hangs_on_time(self, part: str) -> bool:
        """Whether something in that part is asked only of those who have time for it, or chose it."""
        steps = (step for step in self.script.steps if step.part == part)
        return any(test.op in ("chosen", "time_for") for step in steps for test in step.only_if)

    def _timed_tests(self, part: Part) -> tuple[Test, ...]:
        """What makes a part one that she can choose. What is private is never on offer."""
        tests = (test for step in self.script.steps if step.part == part.name for test in step.only_if)
        timed = (test for test in tests if test.op in ("chosen", "time_for"))
        return () if part.private else tuple(dict.fromkeys(timed))

    def _chose(self, part: str, answers: Answers) -> bool:
        chose = answers.get(Place(chosen_part(part)))
        return chose is not None and chose.state == "answered"

    def _has_time(self, minutes: int, answers: Answers) -> bool:
        said = answers.get(Place(self._minutes))
        has_said = said is not None and said.state == "answered" and said.value[0].isdecimal()
        return (int(said.value[0]) if said is not None and has_said else UNSAID_MINUTES) >= minutes

    def _is_told(self, place: Place, answers: Answers) -> bool:
        step = self.script.by_name.get(place.step)
        if step is None or answers[place].state != "answered" or self.script.part(step.part).private:
            return False
        return self._applies(place, answers)

    def is_shared(self, place: Place, answers: Answers) -> bool:
        """Whether `place` is her decision to share a part, or some of it, and still holds."""
        step = self.script.by_name.get(place.step)
        answer = answers[place]
        if step is None or answer.state != "answered":
            return False
        shares = (step.kind == "share" and answer.value == ("yes",)) or step.kind == "share_which"
        return shares and self._applies(place, answers)

    def _applies(self, place: Place, answers: Answers) -> bool:
        """Whether the question is still one for her: an answer before it may have changed since.

        Only what its conditions say of single answers and parts; that way none can ask about itself.
        """
        tests = self.script.by_name[place.step].only_if
        return all(
            self.holds(test, answers, place.round)
            for test in tests
            if test.op not in ("anything_shared", "anything_told")
            and not (test.op == "part_answered" and test.question == self.script.by_name[place.step].part)
        )

    def drawing(self) -> str:
        """The moves as a Mermaid state diagram."""
        lines = ["stateDiagram-v2"]
        names = {"": "[*]", END: "[*]", FORGET: "[*]"}
        for step in self.script.steps:
            names[step.name] = step.name.replace(".", "_")
            lines.append(f'    state "{step.name}" as {names[step.name]}')
        drawn: dict[tuple[str, str], bool] = {
            (source, str(transition.dest)): bool(transition.conditions)
            for source, found in self._onward.transitions.items()
            for transition in found
        }
        for (source, dest), conditional in drawn.items():
            label = " : erase" if dest == FORGET else " : if" if conditional else ""
            lines.append(f"    {names[source]} --> {names[dest]}{label}")
        return "\n".join(lines) + "\n"

    def _is_done(self, place: Place, answers: Answers) -> bool:
        if self.script.by_name[place.step].kind in SILENT:
            return True
        answer = answers.get(place)
        return answer is not None and answer.state != "not_asked"

    def _round(self, source: Place, dest: str) -> int:
        before, after = self.script.by_name.get(source.step), self.script.by_name.get(dest)
        if before is None or after is None or before.loop is None or before.loop != after.loop:
            return 1
        return source.round + 1 if before.again else source.round

    # ── building ──────────────────────────────────────────────────────────────────────────────────

    def _edges(self) -> Iterator[tuple[str, str, tuple[Condition, ...]]]:
        yield from self._flow("", 0)
        for index, step in enumerate(self.script.steps):
            yield from self._ways_on(index, step)

    def _ways_on(self, index: int, step: Step) -> Iterator[tuple[str, str, tuple[Condition, ...]]]:
        if step.again and step.loop:
            body = self.script.loops[step.loop].steps
            yield from self._flow(step.name, self._index(body[0]), (_chose(step.name, "yes"),), body, 1)
        for way in step.ways:
            condition = tuple(self._condition(test, step) for test in way.tests)
            yield from self._jump(step.name, index, way.to, condition)
        for choice in step.choices:
            if choice.then is not None and choice.then != NEXT:
                yield from self._jump(step.name, index, choice.then, (_chose(step.name, choice.key),))
        yield from self._jump(step.name, index, step.then or NEXT, ())

    def _jump(
        self, source: str, index: int, to: str, conditions: tuple[Condition, ...]
    ) -> Iterator[tuple[str, str, tuple[Condition, ...]]]:
        if to in (END, FORGET):
            yield source, to, conditions
        else:
            yield from self._flow(source, index + 1 if to == NEXT else self._index(to), conditions)

    def _flow(
        self,
        source: str,
        start: int,
        conditions: tuple[Condition, ...] = (),
        within: tuple[str, ...] = (),
        shift: int = 0,
    ) -> Iterator[tuple[str, str, tuple[Condition, ...]]]:
        """Moves to each step from `start` on that may be next, up to the first that is never passed over."""
        for step in self.script.steps[start:]:
            if within and step.name not in within:
                break
            guards = self._guards(step, shift)
            yield source, step.name, (*conditions, *guards)
            if not guards:
                return
        else:
            yield source, END, conditions

    def _guards(self, step: Step, shift: int) -> tuple[Condition, ...]:
        guards = tuple(self._condition(test, step, shift) for test in step.only_if)
        if step.again and step.loop:
            return (*guards, _rounds_left(self.script.loops[step.loop]))
        return guards

    def _condition(self, test: Test, step: Step, shift: int = 0) -> Condition:
        """`test` as seen from `step`: in the same loop, the same round is meant.

        `shift` is 1 on the way from a loop's closing question into its next round.
        """
        asked = self.script.by_name.get(test.question)
        if asked is not None and asked.loop is not None and asked.loop == step.loop:
            return _same_round(test, shift)
        return lambda traveller: self.holds(test, traveller.answers)

    def _index(self, name: str) -> int:
        return self.script.steps.index(self.script.by_name[name])


def _rounds_left(loop: Loop) -> Condition:
    return lambda traveller: traveller.round < loop.at_most


def _same_round(test: Test, shift: int) -> Condition:
    return lambda traveller: _test(test, traveller.answers.get(Place(test.question, traveller.round + shift)))


def _chose(question: str, key: str) -> Condition:
    def chose(traveller: _Traveller) -> bool:
        answer = traveller.answers.get(Place(question, traveller.round))
        return answer is not None and answer.state == "answered" and key in answer.value

    return chose


def _test(test: Test, answer: Answer | None) -> bool:
    if answer is None or answer.state != "answered":
        return test.op == "is_not"
    if test.op == "answered":
        return True
    if test.op == "chose_several":
        return len(answer.value) > 1
    if test.op == "is":
        return any(value in test.value for value in answer.value)
    if test.op == "is_not":
        return not any(value in test.value for value in answer.value)
    if test.op == "includes":
        return set(test.value) <= set(answer.value)
    number = float(answer.value[0])
    return number >= float(test.value[0]) if test.op == "at_least" else number <= float(test.value[0])


# ── modes: what she is doing just now, beside or inside the script ───────────────────────────────

Trigger = Literal[
    "begin",
    "menu",
    "language",
    "person",
    "delete",
    "help",
    "help_sure",
    "change",
    "remind_day",
    "remind_date",
    "remind_hour",
    "pause",
    "leave",
    "resume",
    "return_",
    "finish",
    "forget",
]

_REMINDING: list[str] = sorted(REMINDING)
_ASIDES: list[str] = ["menu", "language", "person", "delete", "help", "help_sure", "change", *_REMINDING]
_OPEN = ["talking", "ended", *_ASIDES]  # where she can do anything

_modes = Machine(
    model=None,
    states=["new", "talking", *_ASIDES, "paused", "left", "ended"],
    initial="new",
    auto_transitions=False,
    transitions=[
        ["begin", "new", "talking"],
        *([name, _OPEN, name] for name in _ASIDES),
        ["pause", _OPEN, "paused"],
        ["leave", "*", "left"],
        ["resume", ["paused", "left", *_REMINDING], "talking"],
        ["return_", _OPEN, "talking"],
        ["finish", _OPEN, "ended"],
        ["forget", "*", "new"],
    ],
)


@cache
def change_mode(mode: Mode, trigger: Trigger) -> Mode:
    """The mode after `trigger`; an illegal one raises `transitions.MachineError`, a mistake of ours."""
    traveller = _Traveller(mode, 1, {})
    _modes.events[trigger].trigger(traveller, traveller)
    return traveller.state  # type: ignore[return-value]
