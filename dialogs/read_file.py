"""Turns the YAML of a script file into forms, and every mismatch into plain words with its line."""

import difflib
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dialogs.errors import Fault
from dialogs.file_format import (
    KINDS,
    ChoiceForm,
    ConditionForm,
    Form,
    LadderForm,
    LoopForm,
    PartForm,
    RungForm,
    ScriptForm,
    StepForm,
    TextForm,
    WayForm,
)
from dialogs.script import NEXT
from dialogs.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml

F = TypeVar("F", bound=Form)

LADDER = ".ladder.yaml"
"""How the name of a ladder's file ends."""

_LISTS = ("is", "is_not", "includes", "accepts", "formerly")  # one value or a list of them
_SUBJECTS = ("answer", "part_answered", "anything_shared", "anything_told", "chosen", "time_for")
_OPS = ("is", "is_not", "includes", "at_least", "at_most", "answered")

_STAND_INS: dict[str, Any] = {
    "script": "nameless",
    "ladder": "nameless",
    "version": "…",
    "network": "…",
    "name": "…",
    "says": "…",
    "elsewhere": "…",
    "learning": "…",
    "rung": 1,
    "of": "nameless",
    "among": "nameless",
    "title": "…",
    "text": "…",
    "ask": "…",
    "which": "…",
    "if_nothing": "…",
    "ask_again": "…",
    "@label": "…",
    "minutes": 1,
    "at_most": 2,
    "otherwise": NEXT,
    "go_to": NEXT,
    "parts": (),
    "rungs": (),
    "steps": (),
    "choices": (),
    "ways": (),
    "if": (),
}
"""What stands in for a faulty required key, so that the rest can still be checked."""

_STAND_IN_NAMES = ("@name", "@key", "part", "again")


def read_file(file: str, content: str | bytes) -> tuple[ScriptForm | None, list[Fault]]:
    """The script in a file, as far as it can be read, and all faults of its form."""
    root, faults = read_yaml(file, content)
    if root is None or isinstance(root, Scalar):
        if not faults:
            faults.append(Fault(file, 1, "", "This file holds no script. Begin with `script:` and its name."))
        return None, faults
    reader = _FormReader(file, faults)
    if isinstance(root, Sequence):
        reader.fault(root.line, "The file is a list. Begin with `script:`, without '-'.")
        return None, faults
    return reader.script(root), faults


def read_ladder(file: str, content: str | bytes) -> tuple[LadderForm | None, list[Fault]]:
    """The ladder in a file, as far as it can be read, and all faults of its form."""
    root, faults = read_yaml(file, content)
    if not isinstance(root, Mapping):
        if not faults:
            faults.append(Fault(file, 1, "", "This file holds no ladder. Begin with `ladder:` and its name."))
        return None, faults
    return _FormReader(file, faults).ladder(root), faults


def is_ladder(file: str) -> bool:
    """Whether a file holds a ladder, by its name."""
    return file.endswith(LADDER)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """ " Did you mean 'x'?", or nothing if no known word is near."""
    near = difflib.get_close_matches(wrong, list(known), n=1)
    return f" Did you mean '{near[0]}'?" if near else ""


class _FormReader:
    """Reads one file. `question` is the step (or part) at hand, for the faults."""

    def __init__(self, file: str, faults: list[Fault]) -> None:
        self.file = file
        self.faults = faults
        self.question = ""
        self.lost: list[str] = []  # names of steps that could not be read

    def fault(self, line: int, message: str) -> None:
        self.faults.append(Fault(self.file, line, self.question, message))

    def ladder(self, root: Mapping) -> LadderForm:
        rungs = tuple(
            self._form(RungForm, node, {}, renamed={"rung": "rung"})
            for node in self._list(root, "rungs", "a rung")
        )
        form = self._form(LadderForm, root, {"rungs": rungs})
        if f"{form.name}{LADDER}" != PurePath(self.file).name and form.name != _STAND_INS["script"]:
            words = f"The ladder is named '{form.name}', but its file '{PurePath(self.file).name}'. "
            self.fault(form.line_of("ladder"), words + f"Name the file '{form.name}{LADDER}'.")
        seen: set[int] = set()
        for rung in rungs:
            if rung.number in seen and not rung.broken:
                self.fault(
                    rung.line, f"The rung {rung.number} is here twice. Give one of them another number."
                )
            seen.add(rung.number)
        return form.come_from(self.file)

    # ── the levels of a file ──────────────────────────────────────────────────────────────────────

    def script(self, root: Mapping) -> ScriptForm:
        parts = tuple(self._part(node) for node in self._list(root, "parts", "a part"))
        self.question = ""
        form = self._form(ScriptForm, root, {"parts": parts})
        stem = PurePath(self.file).stem
        if form.name not in (stem, _STAND_INS["script"]):
            words = f"The script is named '{form.name}', but its file '{stem}'. Rename one of them."
            self.fault(form.line_of("script"), words)
        return form.come_from(self.file, self.lost)

    def _part(self, node: Mapping) -> PartForm:
        self.question = name = _word(node.get("part"))
        steps = self._steps(node)
        self.question = name
        return self._form(PartForm, node, {"steps": steps, "only_if": self._conditions(node, "only_if")})

    def _steps(self, node: Mapping) -> tuple[StepForm, ...]:
        found = (self._step(item) for item in self._list(node, "steps", "a step"))
        return tuple(step for step in found if step is not None)

    def _step(self, node: Mapping) -> StepForm | None:
        keys = [key.value for key, _ in node.items]
        kinds = [key for key in keys if key in KINDS]
        if "text" in kinds and len(kinds) > 1:
            kinds.remove("text")  # the words of a say or hand_over
        if kinds == ["text"] and keys[0] not in (*TextForm.model_fields, "text"):
            kinds = []  # the first word is a kind misspelt: "sya: hello", "text: Hello."
        self.question = _word(node.get(kinds[0])) if kinds else ""
        if not kinds:
            near = did_you_mean(keys[0], KINDS) if keys else ""
            self.question = _word(node.items[0][1]) if node.items else ""
            self.lost.append(self.question)
            self.fault(node.line, f"This step is of no kind.{near} Begin it with one of: {', '.join(KINDS)}.")
            return None
        if len(kinds) > 1:
            self.lost += [_word(node.get(kind)) for kind in kinds]
            self.fault(node.line, f"This step is '{kinds[0]}' and '{kinds[1]}' at once. Make it two steps.")
            return None
        return self._step_of(kinds[0], node)

    def _step_of(self, kind: str, node: Mapping) -> StepForm:
        model, name = KINDS[kind], self.question
        given: dict[str, Any] = {"only_if": self._conditions(node, "only_if")}
        if "choices" in model.model_fields:
            given["choices"] = tuple(self._choice(item) for item in self._list(node, "choices", "a choice"))
        if "ways" in model.model_fields:
            given["ways"] = tuple(self._way(item) for item in self._list(node, "ways", "a way"))
        if model is LoopForm:
            given["steps"] = self._steps(node)
            given["again_if"] = self._conditions(node, "again_if")
        self.question = name
        return self._form(model, node, given, renamed={kind: "@name"})

    def _choice(self, node: Mapping) -> ChoiceForm:
        known = {field.alias or name for name, field in ChoiceForm.model_fields.items()}
        keys = [key for key, _ in node.items if key.value not in known]
        if not keys:
            self.fault(node.line, "This choice has no key and label. Write them as `- key: Label`.")
            return self._form(
                ChoiceForm, Mapping((), node.line), {"@key": f"line_{node.line}", "@label": "…"}
            )
        if keys[0].is_bool:
            self.fault(keys[0].line, _quote(keys[0].value))
        return self._form(ChoiceForm, node, {"@key": keys[0].value}, renamed={keys[0].value: "@label"})

    def _way(self, node: Mapping) -> WayForm:
        return self._form(WayForm, node, {"if": self._conditions(node, "if")})

    def _conditions(self, node: Mapping, key: str) -> tuple[ConditionForm, ...]:
        held = node.get(key)
        if isinstance(held, Mapping):
            return tuple(filter(None, [self._condition(held)]))
        return tuple(filter(None, (self._condition(item) for item in self._list(node, key, "a condition"))))

    def _condition(self, node: Mapping) -> ConditionForm | None:
        form = self._form(ConditionForm, node, {})
        if form.broken:
            return None
        keys = {key.value for key, _ in node.items} - {"note"}
        subjects = [key for key in _SUBJECTS if key in keys]
        ops = [key for key in _OPS if key in keys]
        if len(subjects) != 1:
            words = f"A condition looks at one thing. Begin it with one of: {', '.join(_SUBJECTS)}."
        elif subjects == ["answer"] and len(ops) != 1:
            words = f"A condition on an answer needs exactly one of: {', '.join(_OPS)}."
        elif subjects != ["answer"] and ops:
            words = f"'{subjects[0]}' stands alone. Delete '{ops[0]}'."
        elif ops and getattr(form, {"is": "is_"}.get(ops[0], ops[0])) == ():
            words = f"The list '{ops[0]}' is empty. Write what the answer should be."
        else:
            return form
        self.fault(node.line, words)
        return None

    def _list(self, node: Mapping, key: str, what: str) -> list[Mapping]:
        """The mappings listed under `key`; anything else there is a fault."""
        held = node.get(key)
        if held is None:
            return []
        if not isinstance(held, Sequence):
            self.fault(node.line_of(key), f"'{key}' wants a list: begin each line under it with '- '.")
            return []
        if not held.items:
            self.fault(node.line_of(key), f"A dead end: the list '{key}' is empty. Add {what}.")
        for item in held.items:
            if not isinstance(item, Mapping):
                self.fault(item.line, f"'{key}' wants {what} here: a key, ':' and a value.")
        return [item for item in held.items if isinstance(item, Mapping)]

    # ── one form ──────────────────────────────────────────────────────────────────────────────────

    def _form(
        self, model: type[F], node: Mapping, given: dict[str, Any], renamed: dict[str, str] | None = None
    ) -> F:
        """`node` as `model`. Faulty keys are reported, and left out or replaced by a stand-in."""
        names = {key.value: f"@{key.value}" for key, _ in node.items if key.value[:1] == "@"}  # @ is ours
        names |= renamed or {}
        data = {names.get(key.value, key.value): _plain_value(key.value, value) for key, value in node.items}
        data.update({key: value for key, value in given.items() if key in data or key.startswith("@")})
        lines = {"": node.line} | {names.get(key.value, key.value): key.line for key, _ in node.items}
        try:
            form, broken = model.model_validate(data), False
        except ValidationError as error:
            self._report(error.errors(), model, node, names)
            _leave_out(data, error.errors(), node.line)
            form, broken = model.model_validate(data), True
        form.place(lines, broken)
        return form

    def _report(
        self, errors: list[ErrorDetails], model: type[Form], node: Mapping, names: dict[str, str]
    ) -> None:
        written = {alias: key for key, alias in names.items()}
        for error in errors:
            key = written.get(str(error["loc"][0]), str(error["loc"][0]))
            index = error["loc"][1] if len(error["loc"]) > 1 else None
            line = node.line if error["type"] == "missing" else node.line_of(key)
            self.fault(line, _in_words(error, key, _raw(node.get(key), index), model, written))


def _leave_out(data: dict[str, Any], errors: list[ErrorDetails], line: int) -> None:
    for error in errors:
        key = str(error["loc"][0])
        data.pop(key, None)
        if error["type"] == "extra_forbidden":
            continue
        if key in _STAND_IN_NAMES:
            data[key] = f"line_{line}_{key.strip('@')}"
        elif key in _STAND_INS:
            data[key] = _STAND_INS[key]


def _in_words(error: ErrorDetails, key: str, raw: str, model: type[Form], written: dict[str, str]) -> str:
    kind, given = error["type"], error["input"]
    if kind == "missing":
        return _MISSING.get(key, f"The key '{key}' is missing. Add a line `{key}: …`.")
    if kind == "extra_forbidden":
        fields = {field.alias or name for name, field in model.model_fields.items()}
        known = sorted(written.get(field, field) for field in fields if field[0] != "@" or field in written)
        return f"Unknown key '{key}'.{did_you_mean(key, known)} Allowed here: {', '.join(known)}."
    if given is None:
        return f"'{key}' is empty. Write something after the ':', or delete this line."
    if kind == "string_type" and isinstance(given, bool):
        return _quote(raw)
    if kind == "string_type":
        return f"'{key}' wants one text here, not a list or keys. If the text has a ':', put it in quotes."
    if kind.startswith("bool"):
        return f"'{key}' is either true or false, not '{raw}'."
    if kind.startswith(("int", "float", "finite")):
        return f"'{key}' wants a number, not '{raw}'."
    if kind in ("greater_than_equal", "less_than_equal"):
        side = "at least" if kind == "greater_than_equal" else "at most"
        limit = (error.get("ctx") or {}).get("ge", (error.get("ctx") or {}).get("le"))
        return f"'{key}' is {raw}; it must be {side} {limit}."
    if kind in ("blank", "only_true"):
        return f"'{key}' {error['msg']}"
    if kind in ("name", "key"):
        return f"'{given}' {error['msg']}"
    return f"'{key}' cannot be read. Compare it with the examples in docs/scripts.md."


_MISSING = {
    "at_most": "A loop without end: 'at_most' is missing. Add a line such as `at_most: 3`.",
    "otherwise": "A dead end: 'otherwise' is missing, so the branch may lead nowhere. Add `otherwise: next`.",
    "choices": "A dead end: 'choices' is missing, so nothing can be answered. Add a list of choices.",
    "@label": "A choice has no label. Write it as `- key: Label`.",
}


def _quote(raw: str) -> str:
    return f"'{raw}' is read as true or false here. Put it in quotes: \"{raw}\"."


def _plain_value(key: str, node: Node) -> Any:
    """A node as pydantic can take it: bools and empty values as such, other scalars as the text written."""
    if isinstance(node, Scalar):
        value = _scalar_value(node)
        return (value,) if key in _LISTS else value
    if isinstance(node, Sequence) and key in _LISTS:
        return tuple(_plain_value("", item) for item in node.items)
    return node


def _scalar_value(node: Scalar) -> str | bool | None:
    if node.is_empty:
        return None
    if node.is_bool:
        return node.value.lower() in ("yes", "true", "on")
    return node.value


def _raw(node: Node | None, index: int | str | None) -> str:
    if isinstance(node, Sequence) and isinstance(index, int):
        node = node.items[index]
    return _word(node)


def _word(node: Node | None) -> str:
    return node.value if isinstance(node, Scalar) else ""
