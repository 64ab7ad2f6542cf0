"""`trede i18n …`: words and their translations."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bot import i18n
from bot.cli_tools import FOUND, AsJson, out, printable, say, stop
from locales.catalogue import READ_BY_STAFF, SOURCE
from locales.po import BrokenPo
from locales.standing import Standing

words = typer.Typer(no_args_is_help=True, help="Words and their translations.")


@contextmanager
def _plainly() -> Iterator[None]:
    """A catalogue that cannot be read ends the command with one line."""
    try:
        yield
    except BrokenPo as error:
        stop(str(error))


# ── catalogues ────────────────────────────────────────────────────────────────────────────────────


@words.command()
def extract() -> None:
    """Write the templates for translators, locales/*.pot."""
    for domain in i18n.DOMAINS:
        say(str(i18n.extract_to(domain)))


@words.command()
def update() -> None:
    """Take new words into every catalogue, and drop those that are gone. A changed text becomes stale."""
    with _plainly():
        i18n.status()  # refuses what cannot be read before anything is written
        for domain, language in i18n.catalogues():
            i18n.update(domain, language)
    status()


@words.command("compile")
def compile_words() -> None:
    """Write the .mo files that gettext reads."""
    with _plainly():
        for file in i18n.compile_all():
            say(str(file))


@words.command()
def status(as_json: AsJson = False) -> None:
    """How each translation stands: translated, stale, read by a native speaker or not; and who wrote it."""
    with _plainly():
        found = i18n.status()
    if as_json:
        print(json.dumps([_as_json(one) for one in found], ensure_ascii=False, indent=2))  # noqa: T201
        return
    table = Table("words of", "language", "messages", "translated", "stale", "read", "not read")
    for one in found:
        numbers = (one.messages, one.translated, one.stale, one.reviewed, one.unreviewed)
        table.add_row(one.domain, one.language, *(str(number) for number in numbers))
    out.print(table)
    say("Read, or not read: by a native speaker. Written by:")
    for translator in dict.fromkeys(one.translator for one in found):
        theirs = dict.fromkeys(one.language for one in found if one.translator == translator)
        say(f"  {printable(translator) or 'nobody says'}: {', '.join(theirs)}")


def _as_json(one: Standing) -> dict[str, Any]:
    return {
        "domain": one.domain,
        "language": one.language,
        "messages": one.messages,
        "translated": one.translated,
        "stale": one.stale,
        "reviewed": one.reviewed,
        "needs_native_review": one.unreviewed,
        "translator": one.translator,
    }


# ── sheets ────────────────────────────────────────────────────────────────────────────────────────


@words.command("export")
def export_sheet(
    language: Annotated[str, typer.Option("--xlsx", metavar="LANG", help="The language to translate into.")],
    domain: Annotated[
        str | None, typer.Option(help="client or staff: whose words; without it, all that there are.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--out", help="Without it: trede-LANG.xlsx, here.")] = None,
) -> None:
    """Write a translation as a sheet for Excel or LibreOffice."""
    from bot.i18n_sheet import UnusableSheet, export  # openpyxl is slow to import, and only sheets need it

    target = file or Path(f"trede-{language}.xlsx")
    with _plainly():
        try:
            target.write_bytes(export(language, _domains(language, domain)))
        except UnusableSheet as error:
            stop(str(error))
        except OSError as error:
            stop(f"Cannot write {target}: {(error.strerror or 'unknown reason').lower()}. Check --out.")
    say(str(target))


@words.command("import")
def import_sheet(
    file: Annotated[Path, typer.Option("--xlsx", metavar="FILE", help="A sheet that `export` made.")],
    by: Annotated[str, typer.Option(help="Who translated: named in the catalogue, and in `status`.")] = "",
) -> None:
    """Take in what a translator changed in a sheet. Status 1 if a row could not be used."""
    from bot.i18n_sheet import UnusableSheet, take_in_sheet

    with _plainly():
        try:
            taken = take_in_sheet(file, printable(" ".join(by.split())))
        except UnusableSheet as error:
            stop(str(error))
    for line in taken.lines:
        say(printable(line))
    say(f"Translations changed: {taken.translated}. Newly reviewed: {taken.reviewed}.")
    if taken.lines:
        say("What is named above was not taken in; all other rows were.")
        raise SystemExit(FOUND)


def _domains(language: str, domain: str | None) -> list[str]:
    if language == SOURCE or language not in READ_BY_STAFF:
        known = ", ".join(each for each in READ_BY_STAFF if each != SOURCE)
        stop(f"There is no translation into '{language}'. Choose one of: {known}.")
    there = [each for each, languages in i18n.DOMAINS.items() if language in languages]
    if domain is not None and domain not in there:
        stop(f"There are no words of '{domain}' in {language}. Choose one of: {', '.join(there)}.")
    return [domain] if domain else there
