"""Finds the words of a script file, for translators: each with its context, its line and a note."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import IO, Any

from dialogs.file_format import (
    AskedForm,
    ChoosingForm,
    EvidenceForm,
    HandOverForm,
    LadderForm,
    LoopForm,
    PartForm,
    ReadBackForm,
    SayForm,
    ScriptForm,
    ShareForm,
    StepForm,
)
from dialogs.read_file import is_ladder, read_file, read_ladder

ALWAYS_KNOWN = ("name", "case_manager", "organisation")
"""What any spoken text may name: what she wants to be called, her case manager, their organisation."""


@dataclass(frozen=True, slots=True)
class ScriptMessage:
    """Words to translate. `kind` says in a word or two what they are; `note` is the author's, or ""."""

    context: str  # "<script>/<question>", the msgctxt
    text: str
    line: int
    note: str
    kind: str
    placeholders: tuple[str, ...] = ()  # those that the text may hold


def messages_of(file: str, content: str | bytes) -> list[ScriptMessage]:
    """All words of a file, in its order. What is faulty is left out: `trede check` tells of it."""
    if is_ladder(file):
        ladder, _ = read_ladder(file, content)
        return list(_rungs(ladder)) if ladder is not None else []
    form, _ = read_file(file, content)
    return messages(form) if form is not None else []


def is_for_staff(file: str, content: str | bytes) -> bool:
    """Whether a file is a script that staff answer, not clients."""
    form, _ = (None, ()) if is_ladder(file) else read_file(file, content)
    return form is not None and form.for_staff


def messages(form: ScriptForm) -> list[ScriptMessage]:
    """All words of a script, in the order of its file."""
    title = ScriptMessage(f"{form.name}/title", form.title, form.line_of("title"), form.note, "script title")
    found = [title, *(each for part in form.parts for each in _of_part(form.name, part))]
    return sorted((each for each in found if each.text != "…"), key=lambda each: each.line)


def extract(
    fileobj: IO[bytes], keywords: Collection[str], comment_tags: Collection[str], options: dict[str, Any]
) -> Iterator[tuple[int, str, tuple[str, str], list[str]]]:
    """The extraction method that pybabel calls; entry point `dialogs.extract:extract`."""
    file = PurePath(getattr(fileobj, "name", "script.yaml")).name
    for message in messages_of(file, fileobj.read()):
        comments = [f"({message.kind})", *message.note.splitlines()]
        yield message.line, "pgettext", (message.context, message.text), comments


def _rungs(ladder: LadderForm) -> Iterator[ScriptMessage]:
    """What clients read of a ladder. The rungs' names are for staff."""
    note = "A rung of the ladder, in the first person; she chooses the sentence that fits her today."
    for rung in ladder.rungs:
        if not rung.broken:
            yield ScriptMessage(ladder.context, rung.says, rung.line_of("says"), rung.note or note, "choice")


def _of_part(script: str, part: PartForm) -> Iterator[ScriptMessage]:
    title_line = part.line_of("title")
    yield ScriptMessage(f"{script}/{part.name}", part.title, title_line, part.note, "part title")
    known = (*ALWAYS_KNOWN, "step") if part.follow_up else ALWAYS_KNOWN
    for step in part.steps:
        yield from _of_step(script, step, known)


def _of_step(script: str, step: StepForm, known: tuple[str, ...]) -> Iterator[ScriptMessage]:
    blank = ScriptMessage(f"{script}/{step.name}", "", step.line, step.note, "", known)
    if isinstance(step, LoopForm):
        yield from _of_loop(script, step, replace(blank, placeholders=(*known, "round")))
    elif isinstance(step, ReadBackForm | ShareForm):
        yield from _texts(step, replace(blank, placeholders=(*known, "part")))
    elif isinstance(step, EvidenceForm):
        yield from _texts(step, replace(blank, placeholders=(*known, "card")))
    else:
        yield from _texts(step, blank)
    if isinstance(step, ChoosingForm):
        yield from _of_choices(step, blank)


def _of_loop(script: str, loop: LoopForm, blank: ScriptMessage) -> Iterator[ScriptMessage]:
    yield replace(blank, text=loop.title, line=loop.line_of("title"), kind="loop title", placeholders=())
    for step in loop.steps:
        yield from _of_step(script, step, blank.placeholders)
    yield ScriptMessage(
        f"{script}/{loop.again}",
        loop.ask_again,
        loop.line_of("ask_again"),
        loop.note,
        "question, yes or no",
        blank.placeholders,
    )


_KINDS = {
    "text": "message",
    "if_nothing": "message when nothing is shared",
    "ask": "question",
    "which": "question",
    "hint": "hint under a question",
    "elsewhere": "choice",
    "learning": "choice",
    "low": "low end of a scale",
    "high": "high end of a scale",
}


def _texts(step: StepForm, blank: ScriptMessage) -> Iterator[ScriptMessage]:
    if not isinstance(step, SayForm | HandOverForm | AskedForm | ReadBackForm | ShareForm | EvidenceForm):
        return
    for key, kind in _KINDS.items():
        text = getattr(step, key, "")
        if text:
            is_label = key in ("low", "high", "elsewhere", "learning")
            known = () if is_label else blank.placeholders
            yield replace(blank, text=text, line=step.line_of(key), kind=kind, placeholders=known)


def _of_choices(step: ChoosingForm, blank: ScriptMessage) -> Iterator[ScriptMessage]:
    for choice in step.choices:
        if choice.broken:
            continue
        found = replace(blank, note=choice.note, placeholders=())
        yield replace(found, text=choice.label, line=choice.line_of("@label"), kind="choice")
        for word in choice.accepts:
            kind = "another word for the choice above"
            yield replace(found, text=word, line=choice.line_of("accepts"), kind=kind)
