"""Looks at everything an installation needs. Changes nothing, and goes on whatever it finds."""

from collections.abc import Callable, Iterable
from datetime import datetime

from bot.doctor import database, machine, telegram, words
from bot.doctor.finding import Finding
from bot.fault import fault
from bot.settings import Settings
from storage.errors import StorageError

Now = Callable[[], datetime]
Check = Callable[[Settings, Now], Iterable[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("settings", machine.settings),
    ("address", machine.address),
    ("data folder", machine.data_folder),
    ("room", machine.room),
    ("key", machine.key),
    ("database", database.look),
    ("backup", machine.backup),
    ("telegram", telegram.look),
    ("words", words.look),
    ("time zones", machine.time_zones),
    ("server", machine.server),
)


def examine(settings: Settings, now: Now) -> list[Finding]:
    """One finding or more of each check. Call it where no event loop runs."""
    return [finding for name, check in CHECKS for finding in _safely(name, check, settings, now)]


def _safely(name: str, check: Check, settings: Settings, now: Now) -> list[Finding]:
    found = []
    try:
        for finding in check(settings, now):
            found.append(finding)
    except StorageError as error:
        found.append(Finding(name, "fault", str(error)))
    except Exception as error:
        found.append(
            Finding(name, "fault", f"Could not be checked: {fault(error)}.", "Please report this line.")
        )
    return found
