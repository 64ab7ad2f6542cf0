"""Looks up words: one gettext catalogue a language and domain, read from its .po file (or a fresh .mo)."""

import gettext
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.plural import to_gettext

from locales.messages import is_translated, messages
from locales.po import keeps_placeholders, read_po_file

HERE = Path(__file__).parent
CLIENT_LANGUAGES = (
    *("en", "nl", "ar", "fa", "ps", "ckb", "kmr", "tr", "ti", "so"),
    *("uk", "ru", "es", "fr", "bn"),
)
STAFF_LANGUAGES = ("en", "nl", "sv", "el", "uk")
READ_BY_STAFF = tuple(dict.fromkeys((*CLIENT_LANGUAGES, *STAFF_LANGUAGES)))
"""Languages of the words that clients read: staff read the questions too, in their own."""

SOURCE = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "ps", "ckb", "he", "ur"})

_LOCALES = {"fa": "fa_AF"}
"""Where a language is spoken as we speak it: "fa" has the words of Afghanistan."""

_ZEROS = {"latn": 0x30, "arab": 0x660, "arabext": 0x6F0, "beng": 0x9E6}
"""Babel knows which digits a language has, by their Unicode name, but writes all numbers with 0 to 9."""

_AUTONYMS = {"fa": "دری / فارسی"}
"""Where the name that Babel knows is not the one its speakers look for."""


@dataclass(frozen=True)
class Catalogue:
    """All words of one domain ("client" or "staff"), by language."""

    languages: Mapping[str, gettext.NullTranslations]
    _found: dict[tuple[str, str, str], str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def look_up(self, language: str, context: str, text: str) -> str:
        """The words in that language; the source text where there are none. What was found is remembered."""
        words = self._found.get((language, context, text))
        return self._find(language, context, text) if words is None else words

    def _find(self, language: str, context: str, text: str) -> str:
        found = self.languages.get(language)
        if found is None or not text:
            return text
        words = self._found[language, context, text] = found.pgettext(context, text)
        return words

    def look_up_plural(self, language: str, context: str, one: str, many: str, n: int) -> str:
        """The plural form for `n`, by the language's own rule."""
        found = self.languages.get(language)
        if found is None:
            return one if n == 1 else many
        return found.npgettext(context, one, many, n)


def read_catalogue(domain: str, languages: tuple[str, ...], folder: Path = HERE) -> Catalogue:
    """Read one domain. A language without a file speaks the source language."""
    return Catalogue({language: _read(domain, language, folder) for language in languages})


def _read(domain: str, language: str, folder: Path) -> gettext.NullTranslations:
    words = compiled(domain, language, folder)
    return gettext.NullTranslations() if words is None else gettext.GNUTranslations(io.BytesIO(words))


def compiled(domain: str, language: str, folder: Path = HERE) -> bytes | None:
    """A catalogue as a .mo file: the one beside it, if that is fresh. None where there is no catalogue."""
    source = po_file(domain, language, folder)
    fresh = source.with_suffix(".mo")
    if not source.exists():
        return None
    if fresh.exists() and fresh.stat().st_mtime_ns == source.stat().st_mtime_ns:  # as `compile` left it
        return fresh.read_bytes()
    return compile_po(source, language)


def compile_po(source: Path, language: str) -> bytes:
    """A .po file as the bytes of a .mo file. Raises BrokenPo.

    A translation that is fuzzy or blank, or has lost a placeholder, is left out: she reads English there.
    """
    catalogue = read_po_file(source, language, plural_forms(language))
    catalogue.mime_headers = [("Plural-Forms", plural_forms(language))]
    alone = forms_of_one_number(language)
    for message in list(messages(catalogue)):
        if not is_translated(message) or not keeps_placeholders(message, alone):
            catalogue.delete(message.id, message.context)
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def po_file(domain: str, language: str, folder: Path = HERE) -> Path:
    """Where a language's words of a domain are."""
    return folder / language / "LC_MESSAGES" / f"{domain}.po"


def autonym(language: str) -> str:
    """A language's name in itself, such as "العربية"."""
    if language in _AUTONYMS:
        return _AUTONYMS[language]
    name = Locale.parse(language).get_language_name(language) or language
    return name[0].upper() + name[1:]


def direction(language: str) -> str:
    """ "rtl" or "ltr"."""
    return "rtl" if language.split("_")[0].split("-")[0] in RIGHT_TO_LEFT else "ltr"


def locale_of(language: str) -> Locale:
    """What Babel goes by in a language: its lists, dates, plurals and digits."""
    return Locale.parse(_LOCALES.get(language, language))


@cache
def digits(language: str) -> Mapping[int, str]:
    """For `str.translate`: 0 to 9 as that language writes them, by CLDR. Empty where they are 0 to 9.

    Raises KeyError for a language whose digits we do not know: add their zero.
    """
    zero = _ZEROS[locale_of(language).default_numbering_system]
    return {ord("0") + n: chr(zero + n) for n in range(10) if zero != ord("0")}


def plural_forms(language: str) -> str:
    """The Plural-Forms of a catalogue, by CLDR. `e`, which gettext does not know, is 0 for our numbers."""
    return re.sub(r"\be\b", "0", to_gettext(locale_of(language).plural_form))


@cache
def plural_names(language: str) -> tuple[str, ...]:
    """CLDR's names of a language's plural forms, "one" and "other" for instance, in gettext's order."""
    tags = locale_of(language).plural_form.tags | {"other"}
    return tuple(name for name in ("zero", "one", "two", "few", "many", "other") if name in tags)


@cache
def numbers_of_forms(language: str) -> tuple[tuple[int, ...], ...]:
    """For each plural form the whole numbers below 200 that it stands for."""
    rule = locale_of(language).plural_form
    return tuple(tuple(n for n in range(200) if rule(n) == name) for name in plural_names(language))


@cache
def forms_of_one_number(language: str) -> frozenset[int]:
    """The plural forms that need not name the number, as "one" in English: it can be no other."""
    return frozenset(i for i, numbers in enumerate(numbers_of_forms(language)) if len(numbers) == 1)
