"""Looks up words: one gettext catalogue a language and domain, read from its .po file (or a fresh .mo)."""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

HERE = Path(__file__).parent
CLIENT_LANGUAGES = ("en", "nl", "ar", "uk")
STAFF_LANGUAGES = ("en", "nl")
SOURCE = "en"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "ps", "ckb", "he", "ur"})


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
    source = po_file(domain, language, folder)
    compiled = source.with_suffix(".mo")
    if not source.exists():
        return gettext.NullTranslations()
    if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
        return gettext.GNUTranslations(io.BytesIO(compiled.read_bytes()))
    return gettext.GNUTranslations(io.BytesIO(compile_po(source, language)))


def compile_po(source: Path, language: str) -> bytes:
    """A .po file as the bytes of a .mo file."""
    with source.open("rb") as lines:
        catalogue = read_po(lines, locale=language)
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def po_file(domain: str, language: str, folder: Path = HERE) -> Path:
    """Where a language's words of a domain are."""
    return folder / language / "LC_MESSAGES" / f"{domain}.po"


def autonym(language: str) -> str:
    """A language's name in itself, such as "العربية"."""
    name = Locale.parse(language).get_language_name(language) or language
    return name[0].upper() + name[1:]


def direction(language: str) -> str:
    """ "rtl" or "ltr"."""
    return "rtl" if language.split("_")[0].split("-")[0] in RIGHT_TO_LEFT else "ltr"
