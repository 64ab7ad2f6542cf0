"""Holds translations to the glossary of their language: one thing has one word wherever she meets it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.messages.catalog import Message

from dialogs import yaml_nodes
from dialogs.errors import Fault
from dialogs.yaml_nodes import Node, Scalar
from locales.catalogue import SOURCE
from locales.messages import forms, is_translated, texts

FOLDER = "glossary"
"""Where the glossaries lie, in the folder of the catalogues."""

_ZWNJ = "\u200c"
_KEYS = ("term", "message", "english", "why")


@dataclass(frozen=True, slots=True)
class Term:
    """`english`: how the source says it, in whole words. `not_in`: contexts that use them otherwise."""

    name: str
    english: tuple[str, ...]
    not_in: tuple[str, ...]

    def is_in(self, message: Message) -> bool:
        """Whether the English of a message speaks of it."""
        if message.context in self.not_in:
            return False
        words = "|".join(re.escape(each) for each in self.english)
        return any(re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) for text in texts(message))


@dataclass(frozen=True, slots=True)
class Exempt:
    """A message that says a term in another way on purpose. `english` is how its text begins."""

    term: str
    context: str
    english: str
    line: int

    def is_of(self, message: Message) -> bool:
        """Whether that is the message meant."""
        return message.context == self.context and texts(message)[0].startswith(self.english)


@dataclass(frozen=True, slots=True)
class Glossary:
    """`stems`: by term, what the translation must hold one of."""

    stems: Mapping[str, tuple[str, ...]]
    exempt: tuple[Exempt, ...] = ()
    faults: tuple[Fault, ...] = field(default=())


def check_glossary(messages: Iterable[Message], language: str, file: str, folder: Path) -> Iterator[Fault]:
    """Faults of a language's glossary in `folder`, and of the messages of the catalogue `file` beside it."""
    terms, source_faults = read_terms(folder)
    glossary = read_glossary(language, tuple(term.name for term in terms), folder)
    found = list(messages)
    yield from (*source_faults, *glossary.faults)
    for message in found:
        if is_translated(message) and not message.fuzzy:
            for term in terms:
                yield from _of_term(message, term, glossary, language, file)
    for each in glossary.exempt:
        if not any(each.is_of(message) for message in found):
            words = f"No message of '{each.context}' begins with '{each.english}'. Delete this exception."
            yield Fault(_shown(language, folder), each.line, each.term, words)


def _of_term(message: Message, term: Term, glossary: Glossary, language: str, file: str) -> Iterator[Fault]:
    stems = glossary.stems.get(term.name, ())
    if not stems or not term.is_in(message):
        return
    if any(each.term == term.name and each.is_of(message) for each in glossary.exempt):
        return
    if all(_has_one(words, stems) for words in forms(message)):
        return
    words = f"The English speaks of “{term.name}”, and none of its words is here: {', '.join(stems)}."
    cure = f"Use one, or list this message as an exception in {FOLDER}/{language}.yaml."
    yield Fault(file, message.lineno or 1, message.context or "", f"{words} {cure}")


def _has_one(words: str, stems: Iterable[str]) -> bool:
    folded = fold(words)
    return any(fold(stem) in folded for stem in stems)


def fold(text: str) -> str:
    """`text` without what two spellings of a word may differ in: case, forms of Unicode, ZWNJ, İ and ı."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return folded.replace(_ZWNJ, "").replace("i\u0307", "i").replace("ı", "i")


# ── reading ───────────────────────────────────────────────────────────────────────────────────────


@cache
def read_terms(folder: Path) -> tuple[tuple[Term, ...], tuple[Fault, ...]]:
    """What all glossaries have a word for, from the one of the source language."""
    root, faults = _read(SOURCE, folder)
    terms = tuple(
        Term(name, _texts(_get(node, "english")), _texts(_get(node, "not_in")))
        for name, node in _items(_get(root, "terms"))
    )
    return terms, tuple(faults)


@cache
def read_glossary(language: str, terms: tuple[str, ...], folder: Path) -> Glossary:
    """A language's own. Its faults are in it."""
    root, faults = _read(language, folder)
    if root is None:
        return Glossary({}, (), tuple(faults))
    stems = {name: _texts(node) for name, node in _items(_get(root, "terms"))}
    exempt: list[Exempt] = []
    for each in getattr(_get(root, "exceptions"), "items", ()):
        given = {key: _texts(_get(each, key)) for key in _KEYS}
        if all(given.values()) and given["term"][0] in terms:
            exempt.append(Exempt(given["term"][0], given["message"][0], given["english"][0], each.line))
        else:
            words = f"An exception needs {', '.join(_KEYS)}; the term is one of: {', '.join(terms)}."
            faults.append(Fault(_shown(language, folder), each.line, "", words))
    for name in terms:
        if not stems.get(name):
            words = f"There is no word for “{name}”. Write, under `terms`: {name}: [how its words begin]."
            faults.append(Fault(_shown(language, folder), 1, name, words))
    for name in sorted(stems.keys() - set(terms)):
        words = f"“{name}” is in no other glossary. Delete it, or add it to {FOLDER}/{SOURCE}.yaml."
        faults.append(Fault(_shown(language, folder), 1, name, words))
    return Glossary(stems, tuple(exempt), tuple(faults))


def _read(language: str, folder: Path) -> tuple[Node | None, list[Fault]]:
    file = folder / FOLDER / f"{language}.yaml"
    content = file.read_bytes() if file.exists() else b""
    if not content.strip():
        words = "This glossary is missing or empty. Write it like that of another language."
        return None, [Fault(_shown(language, folder), 1, "", words)]
    return yaml_nodes.read_yaml(_shown(language, folder), content)


def _shown(language: str, folder: Path) -> str:
    return str(Path(folder.name) / FOLDER / f"{language}.yaml")


def _get(node: Node | None, key: str) -> Node | None:
    return node.get(key) if isinstance(node, yaml_nodes.Mapping) else None


def _items(node: Node | None) -> Iterator[tuple[str, Node]]:
    if isinstance(node, yaml_nodes.Mapping):
        yield from ((key.value, value) for key, value in node.items)


def _texts(node: Node | None) -> tuple[str, ...]:
    """One text, or a list of them."""
    if isinstance(node, Scalar):
        return () if node.is_empty else (node.value,)
    found = node.items if isinstance(node, yaml_nodes.Sequence) else ()
    return tuple(each.value for each in found if isinstance(each, Scalar) and not each.is_empty)
