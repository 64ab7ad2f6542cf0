"""Finds the words of a script file, for translators: each with its context, its line and a note."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import IO, Any

from dialogs.file_format import (
    AskedForm,
    ChoosingForm,
    HandOverForm,
    LoopForm,
    PartForm,
    ReadBackForm,
    SayForm,
    ScaleForm,
    ScriptForm,
    ShareForm,
    StepForm,
)
from dialogs.read_file import read_file

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
    """All words of a script file, in its order. What is faulty is left out: `trede check` tells of it."""
    form, _ = read_file(file, content)
    return messages(form) if form is not None else []


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
    "low": "low end of a scale",
    "high": "high end of a scale",
}


def _texts(step: StepForm, blank: ScriptMessage) -> Iterator[ScriptMessage]:
    if not isinstance(step, SayForm | HandOverForm | AskedForm | ReadBackForm | ShareForm):
        return
    for key, kind in _KINDS.items():
        text = getattr(step, key, "")
        if text:
            ends = isinstance(step, ScaleForm) and key in ("low", "high")
            known = () if ends else blank.placeholders
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
