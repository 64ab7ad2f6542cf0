"""All faults of scripts and catalogues, each with its file, its line, and what to do."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from bot import i18n, i18n_stale
from bot.glossary import check_glossary
from casework.packaged import packaged_sources
from dialogs.check_catalogue import Entry, check_catalogue, short, wrong_with
from dialogs.errors import Fault
from dialogs.extract import ScriptMessage, messages_of
from dialogs.library import read_scripts
from locales.catalogue import HERE, SOURCE, digits, forms_of_one_number, plural_forms, po_file
from locales.messages import forms, key, texts
from locales.po import BrokenPo, counted, same_forms

_CODE = "code"

_HEADER_LINE = 1

_NAMES = re.compile(r"CC BY-SA [\d.]+")
"""What is written alike in every language."""

_NO_NAME = "FULL NAME <EMAIL@ADDRESS>"
"""What gettext's programs write for a translator who gave no name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a catalogue must hold, and nothing else. `many`: the plural text of each message that has one."""

    messages: tuple[ScriptMessage, ...]
    many: Mapping[Entry, str]


def check_files(files: Mapping[str, str | bytes]) -> list[Fault]:
    """Faults of script files alone, which may call the packaged scripts."""
    names = {Path(file).name for file in files}
    beside = {name: text for name, text in packaged_sources().items() if name not in names}
    _, faults = read_scripts({**beside, **files})
    return [fault for fault in faults if fault.file in files]


def check_all(folder: Path = HERE) -> list[Fault]:
    """Faults of the packaged scripts and of every catalogue."""
    _, faults = read_scripts(packaged_sources())
    return [*faults, *(fault for found in _catalogues(folder) for fault in found)]


def _catalogues(folder: Path) -> Iterator[list[Fault]]:
    for domain, language in i18n.catalogues():
        file = po_file(domain, language, folder)
        if not file.exists():
            how = "Run `trede i18n update`, then translate it."
            yield [Fault(str(file), 1, "", f"This catalogue is missing. {how}")]
            continue
        yield sorted(_check(domain, language, folder))


def _check(domain: str, language: str, folder: Path) -> Iterator[Fault]:
    file = po_file(domain, language, folder)
    shown = str(file.relative_to(folder.parent)) if file.is_relative_to(folder.parent) else str(file)
    try:
        catalogue = i18n.read(domain, language, folder)
    except BrokenPo as error:
        yield Fault(shown, error.line, "", error.message)
        return
    yield from check_words(catalogue, wanted_in(domain), language, shown)
    if domain == "client" and language != SOURCE:
        yield from check_glossary(i18n.messages(catalogue), language, shown, folder)


def check_words(catalogue: Catalog, wanted: Wanted, language: str, file: str) -> Iterator[Fault]:
    """Faults of a catalogue that could be read."""
    keys = {(message.context, message.text) for message in wanted.messages}
    known = {key(message): message for message in i18n.messages(catalogue)}
    stale = {entry for entry, message in known.items() if message.fuzzy and language != SOURCE}
    yield from _header(catalogue, language, file)
    yield from check_catalogue(
        [each for each in wanted.messages if (each.context, each.text) not in stale | wanted.many.keys()],
        {entry: _words(known[entry]) for entry in keys & known.keys() - stale - wanted.many.keys()},
        language,
        file,
        {entry: message.lineno or 1 for entry, message in known.items()},
    )
    for entry, message in known.items():
        if entry not in keys:
            words = f"'{short(entry[1])}' is in no script and no code any more. Run `trede i18n update`."
            yield Fault(file, message.lineno or 1, short(entry[0]), words)
        elif entry in stale:
            yield Fault(file, message.lineno or 1, entry[0], _stale(message, language))
    for entry in known.keys() - stale:
        if other := other_digits(known[entry], language):
            wanted_digits = "".join(digits(language).values()) or "0123456789"
            words = f"'{other}' is no digit of {language}. Write numbers with {wanted_digits}."
            yield Fault(file, known[entry].lineno or 1, short(entry[0]), words)
    for entry, many in wanted.many.items():
        if entry not in stale:
            line = (known[entry].lineno or 1) if entry in known else 1
            for words in _of_plural(known.get(entry), (entry[1], many), language):
                yield Fault(file, line, entry[0], words)


def _header(catalogue: Catalog, language: str, file: str) -> Iterator[Fault]:
    forms_wanted = plural_forms(language)
    if not same_forms(catalogue.plural_forms, forms_wanted):
        words = f"The Plural-Forms of the header are not those of {language}. Write: {forms_wanted}"
        yield Fault(file, _HEADER_LINE, "", words)
    translator = (catalogue.last_translator or "").strip()
    is_begun = any(i18n.is_translated(message) for message in i18n.messages(catalogue))
    if is_begun and translator in ("", i18n.UNSAID, _NO_NAME):
        words = "The header does not say who wrote this. Write there: Last-Translator: your name or team."
        yield Fault(file, _HEADER_LINE, "", words)


def _stale(message: Message, language: str) -> str:
    """gettext leaves fuzzy messages out, so she would read English."""
    how = "Translate it anew, then remove the mark “fuzzy”."
    old = i18n_stale.was(message)
    if old:
        return f"The {language} of '{short(old)}' is stale: the English is another now. {how}"
    return f"The {language} of '{short(texts(message)[0])}' is marked fuzzy, so women read English. {how}"


def _of_plural(message: Message | None, english: tuple[str, ...], language: str) -> Iterator[str]:
    if message is None or not i18n.is_translated(message):
        yield f"'{short(english[0])}' is not translated into {language}. Translate all its plural forms."
        return
    if texts(message) != english:
        yield f"'{short(english[0])}' has lost its plural, or that has changed. Run `trede i18n update`."
        return
    for index, words in enumerate(forms(message)):
        may_lack = counted(message) if index in forms_of_one_number(language) else set()
        for wrong in wrong_with(english[-1], words, may_lack):
            yield f"msgstr[{index}]: {wrong}"


def other_digits(message: Message, language: str) -> str:
    """Digits in a translation that women see nowhere else in their language; "" for none."""
    own = set(digits(language).values()) or set("0123456789")
    said = _NAMES.sub("", "".join(forms(message)))
    return "".join(dict.fromkeys(sign for sign in said if sign.isdecimal() and sign not in own))


@cache
def wanted_in(domain: str) -> Wanted:
    """The words of the packaged scripts and of the code."""
    found = {key(message): texts(message) for message in i18n.messages(i18n.template(domain))}
    many = {entry: both[1] for entry, both in found.items() if len(both) > 1}
    return Wanted((*_of_scripts(domain), *_of_code(found)), many)


def _words(message: Message) -> str:
    return forms(message)[0] if i18n.is_translated(message) else ""


def _of_scripts(domain: str) -> Iterator[ScriptMessage]:
    for file, text in i18n.scripts_for(domain).items():
        yield from messages_of(file, text)


def _of_code(found: Iterable[Entry]) -> Iterator[ScriptMessage]:
    """The words of the code as if they were a script's, so that one check serves both."""
    for context, text in found:
        if "/" not in context:
            yield ScriptMessage(context, text, 1, "", _CODE)
