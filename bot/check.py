"""All faults of scripts and catalogues, each with its file, its line, and what to do."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.catalog import Message

from bot import i18n
from dialogs.check_catalogue import check_catalogue
from dialogs.errors import Fault
from dialogs.extract import ScriptMessage, messages_of
from dialogs.library import Sources, packaged_sources, read_scripts
from locales.catalogue import HERE, SOURCE, po_file

_CODE = "code"


def check_files(files: Mapping[str, str | bytes]) -> list[Fault]:
    """Faults of script files alone, which may call the packaged scripts."""
    names = {Path(file).name for file in files}
    beside = {name: text for name, text in packaged_sources().items() if name not in names}
    _, faults = read_scripts({**beside, **files})
    return [fault for fault in faults if fault.file in files]


def check_all(folder: Path = HERE) -> list[Fault]:
    """Faults of the packaged scripts and of every catalogue."""
    sources = packaged_sources()
    _, faults = read_scripts(sources)
    return [*faults, *(fault for found in _catalogues(sources, folder) for fault in found)]


def _catalogues(sources: Sources, folder: Path) -> Iterator[list[Fault]]:
    scripts = [message for file, text in sources.items() for message in messages_of(file, text)]
    for domain, language in i18n.catalogues():
        wanted = [*(scripts if domain == "client" else ()), *_of_code(domain)]
        file = po_file(domain, language, folder)
        if not file.exists():
            how = "Run `trede i18n update`, then translate it."
            yield [Fault(str(file), 1, "", f"This catalogue is missing. {how}")]
            continue
        yield [*_check(wanted, domain, language, folder)]


def _check(wanted: list[ScriptMessage], domain: str, language: str, folder: Path) -> Iterator[Fault]:
    file = po_file(domain, language, folder)
    shown = str(file.relative_to(folder.parent)) if file.is_relative_to(folder.parent) else str(file)
    catalogue = i18n.read(domain, language, folder)
    entries: dict[tuple[str, str], str] = {}
    lines: dict[tuple[str, str], int] = {}
    for message in i18n.messages(catalogue):
        for form, words in _forms(message):
            entries[(message.context or "", form)] = words
            lines[(message.context or "", form)] = message.lineno or 1
        if language != SOURCE and message.fuzzy:
            # gettext leaves fuzzy entries out, so she would read English.
            yield Fault(
                shown,
                message.lineno or 1,
                message.context or "",
                "Marked fuzzy. Check it and remove the mark.",
            )
    yield from check_catalogue(wanted, entries, language, shown, lines)


def _forms(message: Message) -> Iterator[tuple[str, str]]:
    """Each source text with its translation. Of a plural, the first and the last form stand for all."""
    forms = list(message.string) if isinstance(message.string, list | tuple) else [message.string or ""]
    texts = [message.id] if isinstance(message.id, str) else list(message.id)
    for text, words in zip(texts, (forms[0], forms[-1]), strict=False):
        yield text, words if i18n.is_translated(message) else ""


def _of_code(domain: str) -> Iterator[ScriptMessage]:
    """The words of the code as if they were a script's, so that one check serves both."""
    for message in i18n.messages(i18n.template(domain)):
        if "/" not in (message.context or ""):
            text = message.id if isinstance(message.id, str) else message.id[0]
            yield ScriptMessage(message.context or "", text, 1, "", _CODE)
