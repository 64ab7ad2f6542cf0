"""Script versions, compiled once each: the current one, and older ones that sessions still stand in."""

from collections.abc import Mapping
from datetime import datetime

from dialogs.library import load, packaged_sources, sources_of
from dialogs.moves import Moves
from dialogs.script import Script
from storage import scripts
from storage.database import Database

REFLECTION = "reflection"


class UnknownVersion(Exception):
    """A session stands in a version that is not compiled here yet: fetch it, and take the turn again."""

    def __init__(self, version: str) -> None:
        super().__init__(f"Script version {version} is not loaded yet.")
        self.version = version


class Library:
    """The scripts of one database. `current` is the version that new sessions begin with."""

    def __init__(self, database: Database, current: Moves) -> None:
        self.current = current
        self._database = database
        self._compiled = {current.script.version: current}

    def moves(self, version: str) -> Moves:
        """The moves of a version. Raises UnknownVersion."""
        found = self._compiled.get(version)
        if found is None:
            raise UnknownVersion(version)
        return found

    async def fetch(self, version: str) -> Script | None:
        """Compile a version out of the database, unless that was done before; None if it was never there."""
        if version not in self._compiled:
            stored = await scripts.load(self._database, version)
            if stored is None:
                return None
            name, sources = stored
            self._compiled[version] = Moves(load(name, sources))
        return self._compiled[version].script


def compiled_reflection() -> Moves:
    """The packaged reflection. Raises BrokenScript."""
    return Moves(load(REFLECTION, packaged_sources()))


async def open_library(database: Database, current: Moves, now: datetime) -> Library:
    """All versions in the database, `current` kept there as well."""
    sources = texts(sources_of(REFLECTION, packaged_sources()))
    await scripts.publish(database, current.script.version, REFLECTION, sources, now)
    return Library(database, current)


def texts(sources: Mapping[str, str | bytes]) -> dict[str, str]:
    """Files as text, as the database keeps them."""
    return {
        name: content if isinstance(content, str) else content.decode("utf-8-sig")
        for name, content in sources.items()
    }
