"""What has had its time goes; what may still be needed stays."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select

from storage.database import Database
from storage.quarantine import failed
from storage.sweeping import QUARANTINE_KEPT, UPDATES_KEPT, sweep
from storage.tables import quarantine, received

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_only_names_of_old_updates_are_swept_out(database: Database) -> None:
    rows = [
        {"channel": "telegram", "event": "old", "at": NOW - UPDATES_KEPT - timedelta(seconds=1)},
        {"channel": "telegram", "event": "new", "at": NOW - UPDATES_KEPT + timedelta(seconds=1)},
    ]
    await database.write(lambda connection: connection.execute(insert(received), rows) and None)

    await sweep(database, NOW)

    left = await database.read(lambda connection: connection.scalars(select(received.c.event)).all())
    assert left == ["new"]


async def test_an_update_set_aside_is_not_kept_for_ever(database: Database) -> None:
    late = timedelta(seconds=1)
    await failed(database, "telegram", "old", "words", "KeyError", NOW - QUARANTINE_KEPT - late)
    await failed(database, "telegram", "new", "words", "KeyError", NOW - QUARANTINE_KEPT + late)

    await sweep(database, NOW)

    left = await database.read(lambda connection: connection.scalars(select(quarantine.c.event)).all())
    assert left == ["new"]
