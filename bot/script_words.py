"""Finds the translations of a script: in .po files, the installed catalogues, earlier versions."""

import io
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo

from bot import i18n
from dialogs.extract import ScriptMessage, messages_of
from dialogs.library import Sources
from dialogs.script import Words
from locales.catalogue import READ_BY_STAFF, SOURCE, compiled, plural_forms
from locales.po import BrokenPo, read_po_file

Entry = tuple[str, str]
"""Context and text."""

Found = Mapping[str, Mapping[Entry, str]]
"""Language → entry → words."""


class UnreadablePo(Exception):
    """A .po file, or the folder given for them, cannot be used."""


def words_of(sources: Sources, *places: Found) -> Words:
    """All translations of these scripts' words: each from the first place that has it."""
    wanted = list(entries_of(sources))
    return {
        language: found
        for language in READ_BY_STAFF
        if (found := _in_language(wanted, [place.get(language, {}) for place in places]))
    }


def entries_of(sources: Sources) -> Iterator[Entry]:
    """Every word of these scripts once."""
    messages = (message for file, text in sources.items() for message in messages_of(file, text))
    yield from dict.fromkeys((message.context, message.text) for message in messages)


def translated(words: Words, sources: Sources) -> dict[str, tuple[int, int]]:
    """By language, the source left out: how many of the words are translated, and how many there are."""
    wanted = list(entries_of(sources))
    return {
        language: (
            sum(text in words.get(language, {}).get(context, {}) for context, text in wanted),
            len(wanted),
        )
        for language in READ_BY_STAFF
        if language != SOURCE
    }


@cache
def installed() -> Found:
    """What the installed catalogues hold. Read once: they do not change while we run."""
    found = {language: compiled("client", language) for language in READ_BY_STAFF}
    return {
        language: dict(_entries(read_mo(io.BytesIO(words)))) if words else {}
        for language, words in found.items()
    }


def in_folder(folder: Path) -> Found:
    """What `folder` holds: "ar.po" and its like. Raises UnreadablePo."""
    files = {language: folder / f"{language}.po" for language in READ_BY_STAFF}
    found = {
        language: dict(_entries(_catalogue(file, language)))
        for language, file in files.items()
        if file.exists()
    }
    if not found:
        raise UnreadablePo(
            f"There is no {', '.join(f'{each}.po' for each in files)} in {folder}. Check --po."
        )
    return found


def write_po(sources: Sources, folder: Path) -> list[Path]:
    """For translators: a file a language, with what is there or installed; the rest is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    messages = [message for file, text in sources.items() for message in messages_of(file, text)]
    return [_write(messages, folder, language) for language in READ_BY_STAFF if language != SOURCE]


def _write(messages: Iterable[ScriptMessage], folder: Path, language: str) -> Path:
    file = folder / f"{language}.po"
    places = [*([_catalogue(file, language)] if file.exists() else []), i18n.read("client", language)]
    made = i18n.empty(language)
    for message in messages:
        found = (place.get(message.text, message.context) for place in places)
        known = next((each for each in found if each is not None and i18n.is_translated(each)), None)
        notes = [f"({message.kind})", *message.note.splitlines()]
        words, flags = (known.string, known.flags) if known else ("", {i18n.REVIEW})
        made.add(message.text, words, auto_comments=notes, context=message.context, flags=flags)
    file.write_bytes(i18n.written(made))
    return file


def in_words(words: Words) -> Found:
    """What an earlier version holds."""
    return {
        language: {(context, text): said for context, found in held.items() for text, said in found.items()}
        for language, held in words.items()
    }


def _in_language(wanted: Iterable[Entry], places: list[Mapping[Entry, str]]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for entry in wanted:
        words = next((place[entry] for place in places if entry in place), None)
        if words is not None:
            found.setdefault(entry[0], {})[entry[1]] = words
    return found


def _catalogue(file: Path, language: str) -> Catalog:
    try:
        return read_po_file(file, language, plural_forms(language))
    except BrokenPo as error:
        raise UnreadablePo(str(error)) from None


def _entries(catalogue: Catalog) -> Iterator[tuple[Entry, str]]:
    for message in i18n.messages(catalogue):
        if i18n.is_translated(message) and not message.fuzzy and isinstance(message.id, str):
            yield (_context(message), message.id), str(message.string)


def _context(message: Message) -> str:
    context: str | bytes = message.context or ""  # Babel gives that of a .mo file in bytes
    return context.decode() if isinstance(context, bytes) else context
