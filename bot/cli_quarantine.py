"""`trede quarantine`: updates that always failed and were set aside, to be handed in again or dropped."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Column, Table

from bot.channels.telegram import read_stored
from bot.channels.telegram_library import TelegramLibrary
from bot.cli_tools import FOUND, AsJson, out, say, stop, with_database
from bot.fault import fault
from bot.help_cards import read_help_cards
from bot.opening import client_words, languages_of, now
from bot.scripts import compiled_reflection, open_library
from bot.settings import Settings
from bot.telegram_bot import library_of
from bot.turn import Talk
from storage import quarantined
from storage.database import Database
from storage.errors import DatabaseUnreadable
from storage.quarantined import Quarantined

ABOUT = "Updates that always failed. Words are never shown."

quarantine = typer.Typer(no_args_is_help=True, help=ABOUT)

Event = Annotated[str | None, typer.Argument(help="Its name, as `trede quarantine list` shows it.")]
All = Annotated[bool, typer.Option("--all", help="All that were given up.")]


@quarantine.command("list")
def list_them(as_json: AsJson = False) -> None:
    """What was set aside, and what may be soon: its name, how often it failed, since when, and why."""
    found = with_database(lambda database, _: quarantined.quarantined(database))
    if as_json:
        print(json.dumps([asdict(one) for one in found], default=datetime.isoformat, indent=2))  # noqa: T201
        return
    table = Table("channel", Column("event", no_wrap=True), "tries", "state", "failed", "kept until", "error")
    for one in found:
        state = "given up" if one.given_up else "comes again"
        times = (f"{one.at:%Y-%m-%d %H:%M}", f"{one.until:%Y-%m-%d}")
        table.add_row(one.channel, one.event, str(one.tries), state, *times, one.error)
    out.print(table)


@quarantine.command()
def retry(event: Event = None, everything: All = False) -> None:
    """Hand it in again, as if it came now; she gets her answer. What fails again stays, with status 1."""

    async def work(database: Database, settings: Settings) -> list[tuple[bool, str]]:
        chosen = await _chosen(database, event, everything)
        talk, library = await _talk(database, settings), library_of(settings)
        try:
            return [await handed_in(talk, library, one) for one in chosen]
        finally:
            await library.close()

    told = with_database(work)
    for _, line in told:
        say(line)
    if not all(is_gone for is_gone, _ in told):
        raise SystemExit(FOUND)


@quarantine.command()
def drop(event: Event = None, everything: All = False) -> None:
    """Forget it, words and all. She will not be answered."""

    async def work(database: Database, _: Settings) -> int:
        chosen = await _chosen(database, event, everything)
        for one in chosen:
            await quarantined.drop(database, one)
        return len(chosen)

    say(f"Dropped: {with_database(work)}.")


async def handed_in(talk: Talk, library: TelegramLibrary, one: Quarantined) -> tuple[bool, str]:
    """Whether it is gone now, and what became of it. Raises DatabaseUnreadable."""
    try:
        body = await quarantined.body_of(talk.database, one)
        incoming = read_stored(library, one.event, body or "")
        status = (await talk.take(incoming)).status if incoming is not None else "nothing"
    except DatabaseUnreadable:
        raise
    except Exception as error:
        await quarantined.failed_again(talk.database, one, fault(error))
        return False, f"{one.event} failed again: {fault(error)}."
    await quarantined.drop(talk.database, one)  # nothing can come of it any more
    return True, f"{one.event} {OUTCOMES[status]}"


OUTCOMES = {
    "done": "taken. Her answer goes out as soon as `trede run` runs.",
    "duplicate": "was taken meanwhile. Dropped.",
    "unknown": "is from nobody we know any more. Dropped.",
    "nothing": "says nothing to us. Dropped.",
}


async def _talk(database: Database, settings: Settings) -> Talk:
    library = await open_library(database, compiled_reflection(), now())
    cards = read_help_cards(settings.help_file)
    return Talk(database, library, client_words(), languages_of(settings), now, help_cards=cards)


async def _chosen(database: Database, event: str | None, everything: bool) -> list[Quarantined]:
    if (event is None) == (not everything):
        stop("Name one update, or say --all. `trede quarantine list` shows them.")
    found = await quarantined.quarantined(database)
    chosen = [one for one in found if (one.given_up if everything else one.event == event)]
    if event is not None and not chosen:
        stop(f"There is no update '{event}' in quarantine. `trede quarantine list` shows them.")
    return chosen
