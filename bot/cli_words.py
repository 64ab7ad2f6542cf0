"""`trede i18n …`: words and their translations."""

import json

import typer
from rich.table import Table

from bot import i18n
from bot.cli_tools import AsJson, out, say

words = typer.Typer(no_args_is_help=True, help="Words and their translations.")


@words.command()
def extract() -> None:
    """Write the templates for translators, locales/*.pot."""
    for domain in i18n.DOMAINS:
        say(str(i18n.extract_to(domain)))


@words.command()
def update() -> None:
    """Take new words into every catalogue, and drop those that are gone."""
    for domain, language in i18n.catalogues():
        i18n.update(domain, language)
    status()


@words.command("compile")
def compile_words() -> None:
    """Write the .mo files that gettext reads."""
    for file in i18n.compile_all():
        say(str(file))


@words.command()
def status(as_json: AsJson = False) -> None:
    """How each translation stands: translated, and reviewed by a native speaker or not yet."""
    found = i18n.status()
    if as_json:
        rows = [
            {
                "domain": one.domain,
                "language": one.language,
                "messages": one.messages,
                "translated": one.translated,
                "reviewed": one.reviewed,
                "needs_native_review": one.unreviewed,
            }
            for one in found
        ]
        print(json.dumps(rows, indent=2))  # noqa: T201
        return
    table = Table("words of", "language", "messages", "translated", "reviewed", "needs native review")
    for one in found:
        table.add_row(
            one.domain,
            one.language,
            *(str(n) for n in (one.messages, one.translated, one.reviewed, one.unreviewed)),
        )
    out.print(table)
