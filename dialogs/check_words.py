"""Checks what people will read: length, signs, placeholders, choices. One file at a time."""

import re
import unicodedata
from collections.abc import Iterator

from dialogs.errors import Fault
from dialogs.extract import ScriptMessage, messages
from dialogs.file_format import (
    SUMMARY_KEYS,
    AskedForm,
    CardsForm,
    ChoiceStepForm,
    ChoosingForm,
    NumberForm,
    ScriptForm,
)
from dialogs.read_file import did_you_mean
from dialogs.script import AGREES

MAX_TEXT = 300
MAX_CHOICES = 7

_PLACEHOLDER = re.compile(r"%\(([^)]*)\)s")
_LOOKS_LIKE_ONE = re.compile(r"%\([^)]*\)?|%[sdr]\b|\{\w+\}")

_INVISIBLE = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they turn text around


def check_words(form: ScriptForm) -> Iterator[Fault]:
    """The faults of all texts and choices of a file."""
    for message in messages(form):
        question = message.context.partition("/")[2]
        for words in _of_text(message):
            yield Fault(form.file, message.line, question, words)
    for step in form.all_steps():
        if isinstance(step, AskedForm):
            for line, words in _of_question(step):
                yield Fault(form.file, line, step.name, words)


def forbidden_sign(text: str) -> str:
    """What `text` must not hold ("a tab", …), or "" if it is fine."""
    for sign in text:
        if sign == "\t":
            return "a tab"
        if sign in _INVISIBLE:
            return f"an invisible sign that turns text around (U+{ord(sign):04X})"
        if unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n":
            return f"a control character (U+{ord(sign):04X})"
    return ""


def _of_text(message: ScriptMessage) -> Iterator[str]:
    if len(message.text) > MAX_TEXT:
        words = f"This {message.kind} has {len(message.text)} characters; at most {MAX_TEXT} fit a phone."
        yield f"{words} Shorten it, or put a `say` before it."
    sign = forbidden_sign(message.text)
    if sign:
        yield f"This {message.kind} holds {sign}. Delete it."
    for name in _PLACEHOLDER.findall(message.text):
        if name not in message.placeholders:
            near = did_you_mean(name, message.placeholders)
            yield f"The placeholder %({name})s is not known here.{near} {_known(message)}"
    for wrong in _LOOKS_LIKE_ONE.findall(_PLACEHOLDER.sub("", message.text)):
        yield f"'{wrong}' is not a placeholder. Write it as %(name)s: with %, brackets and an s."


def _known(message: ScriptMessage) -> str:
    if not message.placeholders:
        return f"A {message.kind} can hold none; write the words out."
    return f"Known here: {', '.join(f'%({name})s' for name in message.placeholders)}."


def _of_question(step: AskedForm) -> Iterator[tuple[int, str]]:
    if step.summary and step.summary not in SUMMARY_KEYS:
        near = did_you_mean(step.summary, SUMMARY_KEYS)
        yield step.line_of("summary"), f"The summary has no '{step.summary}'.{near} See docs/scripts.md."
    if step.required is not None and step.required == step.optional:
        yield step.line_of("required"), "'required' and 'optional' contradict each other. Delete one of them."
    if isinstance(step, NumberForm) and None not in (step.least, step.most) and step.least > step.most:  # type: ignore[operator]
        words = f"'least' ({step.least:g}) is more than 'most' ({step.most:g}). Swap them."
        yield step.line_of("least"), words
    if isinstance(step, ChoosingForm):
        yield from _of_choices(step)
    if isinstance(step, ChoiceStepForm) and step.consent and AGREES[0] not in {c.key for c in step.choices}:
        words = f"No choice has the key '{AGREES[0]}', so no consent is recorded."
        yield step.line_of("consent"), f"{words} Give it to the choice that says yes."


def _of_choices(step: ChoosingForm) -> Iterator[tuple[int, str]]:
    if len(step.choices) > MAX_CHOICES and not step.pages:
        words = f"There are {len(step.choices)} choices; more than {MAX_CHOICES} do not fit a phone. "
        yield step.line_of("choices"), words + "Add `pages: true`, or take some out."
    keys: set[str] = set()
    words_seen: dict[str, str] = {}
    for choice in step.choices:
        if choice.broken:
            continue
        if choice.key in keys:
            yield choice.line, f"The choice '{choice.key}' is here twice. Rename one of them."
        keys.add(choice.key)
        if isinstance(step, CardsForm) and not choice.picture:
            yield choice.line, f"The card '{choice.key}' has no picture. Add a line such as `picture: 🌱`."
        for word in {choice.label.casefold(), *(each.casefold() for each in choice.accepts)}:
            other = words_seen.setdefault(word, choice.key)
            if other != choice.key:
                words = f"'{word}' means both '{other}' and '{choice.key}' here. Change one of them."
                yield choice.line, words
