"""Checks the ways through a script: what can be reached, and which answers exist when a condition looks."""

from collections.abc import Iterator, Mapping

from dialogs.compile import Compiled, Guarded
from dialogs.errors import Fault
from dialogs.read_file import did_you_mean
from dialogs.script import END, FORGET, NEXT, SILENT, Script, Step, Test


def check_flow(compiled: Compiled, file: str) -> Iterator[Fault]:
    """The faults of all ways and conditions. `file` is the script's own."""
    ways = _ways(compiled.script)
    reached = _reached(ways)
    yield from _unreachable(compiled, reached, file)
    always = _always_asked(ways)
    for guarded in compiled.conditions:
        for test, line in guarded.tests:
            words = _wrong(test, guarded, compiled, always)
            if words:
                yield Fault(file, line, guarded.question, words)
        words = _contradiction(guarded)
        if words:
            yield Fault(file, guarded.tests[0][1], guarded.question, words)


# ── the graph: steps by their index; the end is the index after the last ─────────────────────────


def _ways(script: Script) -> list[set[int]]:
    """For each step, the steps that may come next."""
    places = {step.name: index for index, step in enumerate(script.steps)} | {END: len(script.steps)}
    places[FORGET] = places[END]
    return [_ways_from(index, step, script, places) for index, step in enumerate(script.steps)]


def _ways_from(index: int, step: Step, script: Script, places: Mapping[str, int]) -> set[int]:
    after = places[step.then] if step.then else index + 1
    ways = {places[way.to] if way.to != NEXT else index + 1 for way in step.ways}
    ways |= {places[choice.then] if choice.then else after for choice in step.choices}
    if step.skippable or not step.choices:
        ways.add(after)
    if step.only_if or step.again:  # passed over
        ways.add(index + 1)
    if step.again and step.loop and script.loops[step.loop].steps:
        ways.add(places[script.loops[step.loop].steps[0]])
    return ways


def _reached(ways: list[set[int]]) -> set[int]:
    found: set[int] = set()
    waiting = [0]
    while waiting:
        index = waiting.pop()
        if index not in found and index < len(ways):
            found.add(index)
            waiting.extend(ways[index])
    return found


def _unreachable(compiled: Compiled, reached: set[int], file: str) -> Iterator[Fault]:
    """One fault for each run of steps that nothing leads to: its first step, the others follow from it."""
    steps = compiled.script.steps
    for index, step in enumerate(steps):
        if index not in reached and (index == 0 or index - 1 in reached):
            words = f"It is never reached: nothing leads past '{steps[index - 1].name}' to here. "
            form = compiled.forms[step.name]
            yield Fault(file, form.line, step.name, words + "Change a jump before it, or delete it.")


def _always_asked(ways: list[set[int]]) -> dict[int, int]:
    """For each step, those that every way to it has come by: asked, or passed over for their conditions.

    A set of steps is a number with one bit a step: a script can have thousands, and each needs its set.
    """
    before: dict[int, int] = {0: 0}
    waiting = [0] if ways else []
    while waiting:
        index = waiting.pop()
        after = before[index] | 1 << index
        for following in ways[index]:
            known = before.get(following)
            narrowed = after if known is None else known & after
            if following < len(ways) and narrowed != known:
                before[following] = narrowed
                waiting.append(following)
    return before


# ── conditions ────────────────────────────────────────────────────────────────────────────────────


def _wrong(test: Test, guarded: Guarded, compiled: Compiled, always: Mapping[int, int]) -> str:
    """What is wrong with one condition, or ""."""
    script = compiled.script
    if test.question in compiled.broken:
        return ""
    if test.op in ("chosen", "time_for", "on_offer"):
        return _wrong_time(test, script)
    if test.op == "anything_told":
        return ""
    if test.op == "anything_shared":
        return _wrong_sharing(guarded, script)
    if test.op == "part_answered":
        return _wrong_part(test, guarded, script)
    step = script.by_name.get(test.question)
    if step is None:
        near = did_you_mean(test.question, [each.name for each in script.steps if each.kind not in SILENT])
        return f"There is no question '{test.question}'.{near} Use the name of an earlier question."
    return _no_answer(step) or _too_early(test, step, guarded, script, always) or _wrong_value(test, step)


def _wrong_sharing(guarded: Guarded, script: Script) -> str:
    if any(step.kind == "share" for step in script.steps[: guarded.index]):
        return ""
    return "`anything_shared` stands before anything can be shared. Move it behind a `share`."


def _wrong_time(test: Test, script: Script) -> str:
    """She chooses a part where it is offered, and says how much time she has where she is asked."""
    if test.op == "chosen" and all(step.kind != "offer" for step in script.steps):
        return "Nothing offers this to her, so it never holds. Add a step such as `offer: what_else`."
    minutes = next((step for step in script.steps if step.feeds == "minutes"), None)
    if test.op == "time_for" and minutes is None:
        return "No question asks how much time she has. Add a `choice` with `summary: minutes`."
    if minutes is not None and not all(choice.key.isdecimal() for choice in minutes.choices):
        return f"The keys of the choices of '{minutes.name}' are not all minutes. Write them as numbers."
    return ""


def _wrong_part(test: Test, guarded: Guarded, script: Script) -> str:
    names = [part.name for part in script.parts]
    if test.question not in names:
        near = did_you_mean(test.question, names)
        return f"There is no part '{test.question}'.{near} Use the name of an earlier part."
    if names.index(test.question) >= names.index(guarded.part):
        return f"The part '{test.question}' does not come before this. Use an earlier part."
    if not any(step.part == test.question and step.kind not in SILENT for step in script.steps):
        return f"The part '{test.question}' has no questions, so this never holds. Use another part."
    return ""


def _no_answer(step: Step) -> str:
    if step.kind == "share" or step.kind == "share_which":
        return "What she shares is not an answer. Use `anything_shared: true`."
    if step.kind in SILENT or step.kind == "read_back":
        return f"'{step.name}' is a {step.kind}: it has no answer. Use the name of a question."
    return ""


def _too_early(test: Test, step: Step, guarded: Guarded, script: Script, always: Mapping[int, int]) -> str:
    place = next(index for index, each in enumerate(script.steps) if each.name == step.name)
    if step.loop is not None and step.loop != guarded.loop:
        return f"'{step.name}' is asked inside the loop '{step.loop}'. Use its answer in there only."
    if place >= guarded.index:
        return f"'{step.name}' is asked later, so there is no answer yet. Use an earlier question."
    others = set(guarded.all_tests) - {test}
    if test.op == "answered" or Test(step.name, "answered") in others or guarded.index not in always:
        return ""
    if always[guarded.index] >> place & 1 and set(step.only_if) <= others:
        return ""
    return (
        f"'{step.name}' is not asked on every way to here, so there may be no answer. "
        f"Add the condition {{answer: {step.name}, answered: true}} as well."
    )


def _wrong_value(test: Test, step: Step) -> str:
    """A condition that can never hold (or always does) for answers of this kind."""
    if test.op == "answered":
        return ""
    fitting = _fitting_ops(step)
    if test.op not in fitting:
        wanted = " or ".join(f"`{op}`" for op in fitting)
        return f"`{test.op}` does not fit '{step.name}' ({step.kind}). Use {wanted}."
    if step.choices:
        keys = [choice.key for choice in step.choices]
        wrong = [value for value in test.value if value not in keys]
        if wrong:
            near = did_you_mean(wrong[0], keys) or f" It has: {', '.join(keys)}."
            return f"'{step.name}' has no choice '{wrong[0]}', so this can never be.{near}"
    if step.kind in ("number", "scale"):
        return _wrong_number(test, step)
    return ""


def _fitting_ops(step: Step) -> tuple[str, ...]:
    if step.kind == "several" or (step.kind == "cards" and step.many):
        return ("includes", "is_not", "answered")
    if step.kind in ("number", "scale"):
        return ("at_least", "at_most", "is", "is_not", "answered")
    if step.kind in ("choice", "cards", "yes_no", "language"):
        return ("is", "is_not", "answered")
    return ("answered",)


def _wrong_number(test: Test, step: Step) -> str:
    for value in test.value:
        try:
            number = float(value)
        except ValueError:
            return f"'{value}' is not a number, so this can never be. '{step.name}' is a {step.kind}."
        least = float("-inf") if step.least is None else step.least
        most = float("inf") if step.most is None else step.most
        if not least <= number <= most:
            return f"'{step.name}' goes from {least:g} to {most:g}, so {value} makes no sense. Change it."
    return ""


def _contradiction(guarded: Guarded) -> str:
    for question in {test.question for test, _ in guarded.tests}:
        tests = [test for test in guarded.all_tests if test.question == question]
        allowed: set[str] | None = None
        for test in tests:
            if test.op == "is":
                allowed = set(test.value) if allowed is None else allowed & set(test.value)
        forbidden = {value for test in tests if test.op == "is_not" for value in test.value}
        if allowed is not None and not allowed - forbidden:
            return f"The conditions on '{question}' contradict each other, so they never hold. Change one."
        if _bounds_cross(tests):
            return f"The limits on '{question}' contradict each other, so they never hold. Change one."
    return ""


def _bounds_cross(tests: list[Test]) -> bool:
    least = [float(test.value[0]) for test in tests if test.op == "at_least"]
    most = [float(test.value[0]) for test in tests if test.op == "at_most"]
    return bool(least and most) and max(least) > min(most)
