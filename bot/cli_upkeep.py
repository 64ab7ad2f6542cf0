"""Commands to look after an installation: doctor, backup, restore."""

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.doctor.examine import examine
from bot.doctor.finding import Finding
from bot.settings import Settings, WrongSettings, read_settings
from storage.backup import back_up, restore
from storage.database import open_database
from storage.errors import DatabaseBehind
from storage.key_proof import prove_key
from storage.keys import load_or_make_key
from storage.migrate import check
from storage.sealed import use_key

upkeep = typer.Typer()


@upkeep.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="JSON instead of lines.")] = False) -> None:
    """Look at everything Trede needs, and say what to do. Changes nothing. Status 1 for any fault."""
    found = _found()
    for finding in [] if as_json else found:
        typer.echo(str(finding))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=2))
    if any(finding.state == "fault" for finding in found):
        raise typer.Exit(1)


def _found() -> list[Finding]:
    try:
        settings = read_settings()
    except WrongSettings as error:
        return [Finding("settings", "fault", str(error))]
    return examine(settings, lambda: datetime.now(UTC))


@upkeep.command("backup")
def backup_command(
    file: Annotated[Path, typer.Argument(help="A file that is not there yet.")],
) -> None:
    """Copy the database into a file, also while Trede runs. The key is not in it."""
    settings = read_settings()
    back_up(settings.database, file)
    typer.echo(f"The backup is in {file}.")
    typer.echo(f"The key is not in it, and nothing is read without: keep a copy of {settings.key} elsewhere.")


@upkeep.command("restore")
def restore_command(
    file: Annotated[Path, typer.Argument(help="What `trede backup` wrote.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Even if there is something in the database. That goes for good."),
    ] = False,
) -> None:
    """Put a backup back, into a database that nothing uses. The key must be there as well."""
    settings = read_settings()
    restore(settings.database, file, replace=replace)
    typer.echo(f"{file} is restored.")
    typer.echo(asyncio.run(_about_the_key(settings)))


async def _about_the_key(settings: Settings) -> str:
    """Raises WrongKey and KeyUnsafe. Makes no key."""
    if not settings.key.exists():
        return f"Now put the key that belongs to it into {settings.key}, with `chmod 600`."
    use_key(load_or_make_key(settings.key))
    try:
        check(settings.database)
    except DatabaseBehind:
        return "It is from an older Trede: `trede run` brings it up to date, and tells whether the key fits."
    database = open_database(settings.database)
    try:
        await prove_key(database)
    finally:
        await database.close()
    return f"The key in {settings.key} fits it."
