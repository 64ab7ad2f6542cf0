"""The scripts of one database: which version is current, and each version compiled once, with its words."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from importlib import metadata

from bot.script_words import installed, words_of
from casework.packaged import packaged_sources
from dialogs.library import load, load_published, sources_of
from dialogs.moves import Moves
from dialogs.script import Script
from dialogs.versions import with_words
from storage import scripts
from storage.database import Database

REFLECTION = "reflection"
FOR_STAFF = "before-you-open"

LOOKS_AGAIN = timedelta(seconds=5)
"""How long a process may begin new sessions with a version that is no longer the current one."""


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
        self._looked: datetime | None = None
        self._looking: asyncio.Future[None] | None = None

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
            self._compiled[version] = Moves(compiled(stored))
        return self._compiled[version].script

    async def look(self, now: datetime) -> None:
        """See which version is current, unless that was seen a few seconds ago: others publish as well.

        Of many turns at once one looks, and the others wait for it.
        """
        if self._looking is None:
            if self._looked is not None and timedelta() <= now - self._looked < LOOKS_AGAIN:
                return
            self._looked = now
            self._looking = asyncio.ensure_future(self._look())
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        try:
            found = await scripts.current(self._database)
            if found is not None and await self.fetch(found.version) is not None:
                self.current = self.moves(found.version)
        finally:
            self._looking = None


def compiled(stored: scripts.StoredScript) -> Script:
    """A version as it was published, under the name it has in the database. Raises BrokenScript."""
    script = load_published(stored.name, stored.source)
    return replace(script, version=stored.version, words=stored.words or {})


@cache
def compiled_reflection() -> Moves:
    """The packaged reflection, with its translations. Raises BrokenScript."""
    sources = _packaged()
    return Moves(with_words(load(REFLECTION, sources), words_of(sources, installed())))


@cache
def compiled_for_staff() -> Script:
    """The packaged questions to oneself, for staff. Raises BrokenScript."""
    return load(FOR_STAFF, packaged_sources())


async def open_library(
    database: Database, packaged: Moves, now: datetime, package: str | None = None
) -> Library:
    """All versions in the database. `packaged` becomes current where a version of an earlier package was.

    What a coordinator published herself stays current. `package`: our own version, such as "0.2.0".
    """
    package = package or our_package()
    await _give_words(database)
    if await _takes_over(database, packaged.script.version, package):
        await publish_packaged(database, packaged, now, package)
    library = Library(database, packaged)
    await library.look(now)
    return library


async def publish_packaged(
    database: Database, packaged: Moves, now: datetime, package: str | None = None
) -> bool:
    """Make the script that comes with Trede current, and let it follow upgrades; whether it is new here."""
    script = packaged.script
    is_new = await scripts.publish(
        database, script.version, REFLECTION, texts(_packaged()), now, script.words
    )
    await scripts.make_current(database, script.version, "packaged", package or our_package(), now)
    return is_new


def our_package() -> str:
    """The version of Trede that runs, such as "0.2.0"."""
    return metadata.version("trede")


async def _takes_over(database: Database, version: str, package: str) -> bool:
    """A server of an earlier package, started once more during an upgrade, must not turn it back."""
    found = await scripts.current(database)
    if found is None:
        return True
    is_ours = found.origin == "packaged" and _numbers(found.package) <= _numbers(package)
    return is_ours and found.version != version


async def _give_words(database: Database) -> None:
    """Versions of Trede 0.1 were kept without translations: the installed ones are theirs from now on."""
    for stored in await scripts.all_versions(database):
        if stored.words is None:
            await scripts.give_words(database, stored.version, words_of(stored.source, installed()))


def _numbers(package: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", package)[:3])


def _packaged() -> dict[str, str | bytes]:
    return sources_of(REFLECTION, packaged_sources())


def texts(sources: Mapping[str, str | bytes]) -> dict[str, str]:
    """Files as text, as the database keeps them."""
    return {
        name: content if isinstance(content, str) else content.decode("utf-8-sig")
        for name, content in sources.items()
    }
