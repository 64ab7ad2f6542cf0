"""Drafts the next migration from what changed in storage.tables. Read it before you keep it."""

import sys
import tempfile

from alembic import command

from storage.database import address_of
from storage.migrate import upgrade
from storage.sqlite import engine_for
from storage.steps import config

if len(sys.argv) != 2:
    sys.exit('Say what changes: python -m storage.migrations "add the ladder"')

with tempfile.TemporaryDirectory() as folder:
    url = f"sqlite:///{folder}/draft.sqlite3"
    upgrade(url)
    settings = config()
    with engine_for(address_of(url), "BEGIN IMMEDIATE").begin() as connection:
        settings.attributes["connection"] = connection
        command.revision(settings, sys.argv[1], autogenerate=True)
