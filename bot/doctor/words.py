"""Looks at the words: the packaged scripts and every catalogue."""

from collections.abc import Callable, Iterator
from datetime import datetime

from bot import i18n
from bot.check import check_all
from bot.doctor.finding import Finding
from bot.settings import Settings
from locales.catalogue import compile_po, po_file

REPAIR = "Install Trede again; if you changed words, `trede check` tells every fault."


def look(_: Settings, __: Callable[[], datetime]) -> Iterator[Finding]:
    """Whether each is complete and can be used."""
    faults = check_all()
    if faults:
        yield Finding("words", "fault", f"{len(faults)} faults in scripts and catalogues.", REPAIR)
        return
    catalogues = list(i18n.catalogues())
    for domain, language in catalogues:
        compile_po(po_file(domain, language), language)
    yield Finding("words", "ok", f"Scripts and {len(catalogues)} catalogues are complete.")
