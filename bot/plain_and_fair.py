"""The two linters over files: is the English plain, and are the questions fair?"""

from collections.abc import Mapping

from bot.check import check_files
from casework.packaged import packaged_sources
from dialogs.errors import Fault
from dialogs.fair import fair_faults
from dialogs.plain import plain_faults, plain_phrase_faults

Files = Mapping[str, str | bytes]


def plain_and_fair(files: Files, plain: bool, fair: bool) -> list[Fault]:
    """What the chosen linters find in these script files, or in all that comes with Trede if there are none.

    The faults that a file has otherwise are among them: of what cannot be read, no linter knows.
    """
    chosen = files or packaged_sources()
    found = check_files(chosen)
    if plain:
        found += plain_faults(chosen)
        found += [] if files else plain_phrase_faults()
    if fair:
        found += fair_faults(chosen)
    return sorted(set(found))
