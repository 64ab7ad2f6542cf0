"""Turns the forms of a script file into a Script: flat, ordered, every name in full, calls taken in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from dialogs.calls import called_by, cannot_be_called, version_of
from dialogs.compile_step import (
    YES_NO,
    Scope,
    evidence,
    offer,
    one_of,
    rungs,
    step_of,
    steps_about,
    test_of,
)
from dialogs.errors import Fault
from dialogs.file_format import (
    AskedForm,
    BranchForm,
    CallForm,
    ChoosingForm,
    ConditionForm,
    EvidenceForm,
    Form,
    HandOverForm,
    LadderForm,
    LoopForm,
    OfferForm,
    OneOfForm,
    PartForm,
    ReadBackForm,
    RungStepForm,
    SayForm,
    ScriptForm,
    ShareForm,
    StepForm,
    WayForm,
    YesNoForm,
)
from dialogs.read_file import did_you_mean
from dialogs.script import (
    END,
    FORGET,
    NEXT,
    SILENT,
    Loop,
    Part,
    Script,
    Step,
    Test,
    Way,
    came_back,
)


@dataclass(frozen=True, slots=True)
class Guarded:
    """Conditions as written at one place of the script's own file, and where they are looked at."""

    question: str
    part: str
    loop: str | None
    index: int  # of the step that they decide about
    tests: tuple[tuple[Test, int], ...]  # each with its line
    all_tests: tuple[Test, ...]  # with those of the part and loop around it


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled script with what the checks need to know of its file."""

    script: Script
    forms: Mapping[str, Form]  # step name → what was written for it in the script's own file
    conditions: tuple[Guarded, ...]
    broken: frozenset[str]  # names that were not read whole: faults about them are echoes
    faults: tuple[Fault, ...]


def compile_script(
    form: ScriptForm, library: Mapping[str, ScriptForm], ladders: Mapping[str, LadderForm] | None = None
) -> Compiled:
    """`form` as a Script. `library` holds all scripts that may be called, by name; `ladders` likewise."""
    return _Compiler(form, library, ladders or {}).compile()


@dataclass(slots=True)
class _Draft:
    """A step before its jumps are known: `jumps` says what each was called in which scope."""

    step: Step
    scope: Scope
    form: Form
    ways: tuple[tuple[Test, ...], ...] = ()  # the conditions of each way of a branch


@dataclass(slots=True)
class _Compiler:
    """One compilation."""

    form: ScriptForm
    library: Mapping[str, ScriptForm]
    ladders: Mapping[str, LadderForm]
    parts: list[Part] = field(default_factory=list)
    drafts: list[_Draft] = field(default_factory=list)
    loops: dict[str, Loop] = field(default_factory=dict)
    first_of: dict[str, str] = field(default_factory=dict)  # loop, read_back, share, call → its first step
    names: dict[str, int] = field(default_factory=dict)  # step → its index; the first of two with one name
    first_in: dict[str, str] = field(default_factory=dict)  # part → its first step
    conditions: list[Guarded] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)

    def compile(self) -> Compiled:
        self.broken.update(self.form.lost)
        for form in self.form.parts:
            self._part(form)
        steps = tuple(self._with_jumps(index, draft) for index, draft in enumerate(self.drafts))
        script = Script(
            name=self.form.name,
            title=self.form.title,
            version=version_of(self.form, self.library, self.ladders),
            parts=tuple(self.parts),
            steps=steps,
            loops=self.loops,
            by_name={step.name: step for step in reversed(steps)},
        )
        forms = {draft.step.name: draft.scope.site or draft.form for draft in reversed(self.drafts)}
        broken, faults = frozenset(self.broken), tuple(self.faults)
        return Compiled(script, forms, tuple(self.conditions), broken, faults)

    def fault(self, scope: Scope, line: int, question: str, message: str) -> None:
        """Report it, unless it stands in a called script: that one is compiled by itself as well."""
        if scope.site is None:
            self.faults.append(Fault(self.form.file, line, question, message))

    # ── parts and steps, in order ─────────────────────────────────────────────────────────────────

    def _part(self, form: PartForm) -> None:
        scope = Scope(self.form, "", form.name, calls=(self.form.name,))
        guards = self._guards(form.only_if, scope, form.name)
        if form.follow_up:
            self._follows_up(form, scope)
            guards = (Test(came_back(form.name), "came_back"), *guards)
        if any(part.name == form.name for part in self.parts):
            self.fault(
                scope, form.line, form.name, "There is a part of this name already. Rename one of them."
            )
        part = Part(
            form.name,
            form.title,
            form.minutes,
            scope.context(form.name),
            form.private,
            guards,
            form.formerly,
            form.follow_up,
        )
        self.parts.append(part)
        if form.broken:
            self.broken.add(form.name)
        first = len(self.drafts)
        for step in form.steps:
            self._step(step, replace(scope, guards=guards))
        if len(self.drafts) > first:
            self.first_in.setdefault(form.name, self.drafts[first].step.name)

    def _follows_up(self, form: PartForm, scope: Scope) -> None:
        """It asks about a step that she named before, and there is one such part at most."""
        line = form.line_of("follow_up")
        if any(part.follow_up for part in self.parts):
            words = "There is a part with `follow_up` already. Take it from one of them."
            self.fault(scope, line, form.name, words)
        if all(draft.step.feeds != "step.what" for draft in self.drafts):
            words = "No question before this asks for her step. Put `summary: step.what` on one of them."
            self.fault(scope, line, form.name, words)

    def _step(self, form: StepForm, scope: Scope) -> None:
        if form.broken:
            self.broken.add(scope.full(form.name))
        scope = replace(scope, guards=self._guards(form.only_if, scope, scope.full(form.name)))
        first = len(self.drafts)
        if isinstance(form, LoopForm):
            self._loop(form, scope)
        elif isinstance(form, CallForm):
            self._call(form, scope)
        elif isinstance(form, ReadBackForm | ShareForm):
            self._once_a_part(form, scope)
        elif isinstance(form, EvidenceForm):
            self._once_a_card(form, scope)
        else:
            step = self._one(form, scope)
            if step is not None:
                self._add(step, form, scope)
            return
        if len(self.drafts) > first:
            self._name_group(form, scope, self.drafts[first].step.name)

    def _one(self, form: StepForm, scope: Scope) -> Step | None:
        """One form, one step; None if what it is about is not there."""
        if isinstance(form, OneOfForm):
            asked = self._asked_before(form.among, ("several", "cards"), form, scope)
            return one_of(form, scope, asked) if asked is not None else None
        if isinstance(form, RungStepForm):
            ladder = self.ladders.get(form.of)
            if ladder is None:
                words = f"There is no ladder '{form.of}'.{did_you_mean(form.of, self.ladders)}"
                self.fault(scope, form.line_of("of"), scope.full(form.name), words + " Add its file.")
            return rungs(form, scope, ladder) if ladder is not None else None
        return offer(form, scope) if isinstance(form, OfferForm) else step_of(form, scope)

    def _asked_before(self, name: str, kinds: tuple[str, ...], form: StepForm, scope: Scope) -> Step | None:
        """The question of that name and of one of these kinds, if it comes before, in the same round."""
        step = next((draft.step for draft in self.drafts if draft.step.name == scope.full(name)), None)
        if step is not None and step.kind in kinds and step.loop in (None, scope.loop):
            return step
        if name not in self.broken:
            key = "among" if isinstance(form, OneOfForm) else "of"
            words = f"There is no question '{name}' before this that is a {' or '.join(kinds)}."
            near = did_you_mean(name, [draft.step.name for draft in self.drafts if draft.step.kind in kinds])
            self.fault(scope, form.line_of(key), scope.full(form.name), f"{words}{near}")
        self.broken.add(scope.full(form.name))
        return None

    def _once_a_card(self, form: EvidenceForm, scope: Scope) -> None:
        cards = self._asked_before(form.of, ("cards",), form, scope)
        for step in evidence(form, scope, cards) if cards is not None else ():
            self._add(step, form, scope)

    def _add(self, step: Step, form: Form, scope: Scope) -> None:
        self._taken(step.name, form, scope)
        ways: tuple[tuple[Test, ...], ...] = ()
        if isinstance(form, BranchForm):
            ways = tuple(self._way(way, scope, step.name) for way in form.ways)
        self.names.setdefault(step.name, len(self.drafts))
        self.drafts.append(_Draft(step, scope, form, ways))

    def _name_group(self, form: StepForm, scope: Scope, first: str) -> None:
        name = scope.full(form.name)
        self._taken(name, form, scope)
        self.first_of.setdefault(name, first)

    def _taken(self, name: str, form: Form, scope: Scope) -> None:
        if name in self.names or name in self.first_of:
            words = "There is a question of this name already. Rename one of them."
            self.fault(scope, form.line, name, words)

    def _loop(self, form: LoopForm, scope: Scope) -> None:
        name, again = scope.full(form.name), scope.full(form.again)
        if scope.loop is not None:
            words = "A loop cannot stand inside a loop. Move it out, or ask its questions once."
            self.fault(scope, form.line, name, words)
            return
        first = len(self.drafts)
        inside = replace(scope, loop=name)
        for step in form.steps:
            self._step(step, inside)
        body = tuple(draft.step.name for draft in self.drafts[first:])
        self._never_empty(form, scope, first)
        may_close = self._guards(form.again_if, inside, again)
        closing = Step(
            name=again,
            kind="yes_no",
            part=scope.part,
            context=scope.context(form.again),
            text=form.ask_again,
            loop=name,
            choices=YES_NO,
            only_if=may_close,
            again=True,
            line=form.line_of("ask_again"),
        )
        self._add(closing, form, inside)
        self.loops[name] = Loop(
            name=name,
            part=scope.part,
            at_most=form.at_most,
            title=form.title,
            context=scope.context(form.name),
            steps=body,
            again=again,
            formerly=scope.formerly(form.name, form.formerly),
        )

    def _never_empty(self, form: LoopForm, scope: Scope, first: int) -> None:
        body = self.drafts[first:]
        if body and all(set(draft.step.only_if) - set(scope.guards) for draft in body):
            words = "A dead end: every step of this loop has a condition, so a round may hold nothing. "
            self.fault(scope, form.line, scope.full(form.name), words + "Take `only_if` from one of them.")

    def _call(self, form: CallForm, scope: Scope) -> None:
        called = self.library.get(form.name)
        if called is None:
            words = f"There is no script '{form.name}' to call.{did_you_mean(form.name, self.library)}"
            if not form.broken:
                self.fault(scope, form.line, form.name, words + " Add its file, or delete this step.")
            return
        if form.name in scope.calls or self.form.name in called_by(called, self.library):
            words = "A loop without end: this script calls itself. Use a `loop` with `at_most`."
            self.fault(scope, form.line, form.name, words)
            return
        prefix = scope.full(f"{form.name}.")
        why_not = cannot_be_called(called, scope.loop is not None)
        if why_not:
            words = f"'{form.name}' cannot be called here: it has {why_not}. Move that to this script."
            self.fault(scope, form.line, form.name, words)
            return
        calls, site = (*scope.calls, form.name), scope.site or form
        names = (form.name, *form.formerly)
        prefixes = tuple(f"{before}{each}." for before in scope.prefixes for each in names)
        inside = replace(scope, script=called, prefix=prefix, prefixes=prefixes, calls=calls, site=site)
        for part in called.parts:
            guards = self._guards(part.only_if, inside, part.name)
            for step in part.steps:
                self._step(step, replace(inside, guards=guards))

    def _once_a_part(self, form: ReadBackForm | ShareForm, scope: Scope) -> None:
        parts = [part for part in self.parts if self._can_be_read_back(part, scope)]
        if scope.loop is not None:
            words = f"A {form.kind} cannot stand inside a loop. Move it behind the loop."
            self.fault(scope, form.line, scope.full(form.name), words)
        elif not parts:
            words = (
                "No part before this can be read back or shared. Move it behind a part that is not private."
            )
            self.fault(scope, form.line, scope.full(form.name), words)
        for part in parts:
            for step in steps_about(form, scope, part):
                self._add(step, form, scope)

    def _can_be_read_back(self, part: Part, scope: Scope) -> bool:
        asked = any(d.step.part == part.name and d.step.kind not in SILENT for d in self.drafts)
        return asked and not part.private and part.name != scope.part

    # ── names in full ─────────────────────────────────────────────────────────────────────────────

    def _guards(self, forms: tuple[ConditionForm, ...], scope: Scope, question: str) -> tuple[Test, ...]:
        """Conditions with those around them; noted for the checks if they stand in the script's own file."""
        tests = tuple(test_of(form, scope.prefix, scope.part) for form in forms)
        everything = (*tests, *scope.guards)
        if forms and scope.site is None:
            placed = tuple(zip(tests, (form.line for form in forms), strict=True))
            index = len(self.drafts)
            self.conditions.append(Guarded(question, scope.part, scope.loop, index, placed, everything))
        return everything

    def _way(self, way: WayForm, scope: Scope, question: str) -> tuple[Test, ...]:
        return self._guards(way.if_, scope, question)[: len(way.if_)]

    def _with_jumps(self, index: int, draft: _Draft) -> Step:
        jump = _Jumps(self, index, draft)
        form, step = draft.form, draft.step
        if isinstance(form, BranchForm):
            ways = tuple(
                Way(tests, jump.to(way.go_to, way.line_of("go_to")) or NEXT)
                for tests, way in zip(draft.ways, form.ways, strict=True)
            )
            return replace(step, ways=ways, then=jump.to(form.otherwise, form.line_of("otherwise")))
        if isinstance(form, YesNoForm):
            targets = {
                "yes": jump.to(form.yes, form.line_of("yes")),
                "no": jump.to(form.no, form.line_of("no")),
            }
            choices = tuple(replace(choice, then=targets[choice.key]) for choice in step.choices)
            step = replace(step, choices=choices)
        if isinstance(form, ChoosingForm):
            choices = tuple(
                replace(choice, then=jump.to(each.then, each.line_of("then")))
                for choice, each in zip(step.choices, form.choices, strict=True)
            )
            step = replace(step, choices=choices)
        if isinstance(form, AskedForm | SayForm | HandOverForm):
            step = replace(step, then=jump.to(form.then, form.line_of("then")))
        return step


@dataclass(frozen=True, slots=True)
class _Jumps:
    """Finds where the jumps of one step lead, and faults those that lead nowhere or back."""

    compiler: _Compiler
    index: int
    draft: _Draft

    def to(self, name: str, line: int) -> str | None:
        """The full name of the step meant, END, FORGET, or None to just go on."""
        if name == NEXT:
            return None
        if name in (END, FORGET):
            return name
        found = self._meant(name)
        if not found and name in self.compiler.broken:
            return None
        if not found:
            self._fault(line, f"It jumps to '{name}', which is not in this script.{self._near(name)}")
            return None
        if len(found) > 1:
            self._fault(line, f"'{name}' is both a part and a question, so the jump is unclear. Rename one.")
            return None
        if self.compiler.names[found[0]] <= self.index:
            words = f"A loop without end: it jumps back to '{name}'. Jump forward only, or use a `loop`."
            self._fault(line, words)
            return None
        if not self._may_enter(found[0]):
            self._fault(
                line, f"It jumps into the middle of a loop. Jump to the loop itself, not to '{name}'."
            )
            return None
        return found[0]

    def _meant(self, name: str) -> list[str]:
        full = self.draft.scope.full(name)
        step = full if full in self.compiler.names else self.compiler.first_of.get(full)
        in_part = None if self.draft.scope.prefix else self.compiler.first_in.get(name)
        return list(dict.fromkeys(each for each in (step, in_part) if each))

    def _may_enter(self, name: str) -> bool:
        step = self.compiler.drafts[self.compiler.names[name]].step
        if step.loop is None or step.loop == self.draft.step.loop:
            return True
        return self.compiler.first_of.get(step.loop) == name

    def _near(self, name: str) -> str:
        prefix = self.draft.scope.prefix
        known = [draft.step.name.removeprefix(prefix) for draft in self.compiler.drafts]
        known += [*self.compiler.first_of, *(part.name for part in self.compiler.parts)]
        return did_you_mean(name, known) or " Use the name of a later question, next, end or forget."

    def _fault(self, line: int, message: str) -> None:
        self.compiler.fault(self.draft.scope, line, self.draft.step.name, message)
