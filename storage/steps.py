"""Alembic's steps from one version of the tables to the next. Importing this takes a third of a second."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

_SCRIPTS = Path(__file__).parent / "migrations"


def config() -> Config:
    """Alembic's settings; there is no alembic.ini."""
    settings = Config()
    settings.set_main_option("script_location", str(_SCRIPTS))
    return settings


def take_steps(connection: Connection) -> None:
    """All that are not taken yet."""
    settings = config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
