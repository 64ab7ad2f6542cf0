"""`trede key …`: the key that everything is locked with."""

import asyncio

import typer

from bot.opening import opened
from bot.settings import read_settings
from storage.key_proof import rotate_key

key = typer.Typer(no_args_is_help=True, help="The key that what people wrote is locked with.")


@key.command()
def rotate() -> None:
    """Lock everybody's keys with a new master key. Servers may run meanwhile. Back up the key file after."""
    settings = read_settings()

    async def run() -> int:
        async with opened(settings) as database:
            return await rotate_key(database, settings.key)

    persons = asyncio.run(run())
    typer.echo(f"{settings.key} has a new key; the keys of {persons} clients are locked with it.")
    typer.echo(
        "Back up this file now, apart from the database. A backup of the database from before today opens "
        "only with the old key file: keep both until you delete that backup."
    )
