"""How each translation stands, read out of its catalogue: for the command line and for the console."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog

from locales.catalogue import HERE, READ_BY_STAFF, STAFF_LANGUAGES, plural_forms, po_file
from locales.messages import is_translated, messages
from locales.po import read_po_file

REVIEW = "needs-native-review"
"""The flag of a translation that no native speaker has read yet."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One catalogue, in numbers of messages. `translator`: who wrote it, as its header says.

    `stale`: the English has changed since; clients read English there until it is translated anew.
    """

    domain: str
    language: str
    messages: int
    translated: int
    stale: int
    unreviewed: int
    translator: str

    @property
    def reviewed(self) -> int:
        """Translated, and read by a native speaker."""
        return self.translated - self.unreviewed


@cache
def standings(folder: Path = HERE) -> tuple[Standing, ...]:
    """Of every catalogue that is there. Read once: they do not change while we run."""
    return tuple(
        standing(read_po_file(file, language, plural_forms(language)), domain, language)
        for domain, languages in (("client", READ_BY_STAFF), ("staff", STAFF_LANGUAGES))
        for language in languages
        if (file := po_file(domain, language, folder)).exists()
    )


def standing(catalogue: Catalog, domain: str, language: str) -> Standing:
    """How that catalogue stands."""
    found = list(messages(catalogue))
    translated = [message for message in found if is_translated(message) and not message.fuzzy]
    return Standing(
        domain=domain,
        language=language,
        messages=len(found),
        translated=len(translated),
        stale=sum(message.fuzzy for message in found),
        unreviewed=sum(REVIEW in message.flags for message in translated),
        translator=catalogue.last_translator or "",
    )
