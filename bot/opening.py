"""What every command opens before it works: the data directory, the key, the database, the words.

Without the web: a command that only looks something up need not wait for it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.languages import offered
from bot.settings import Settings, WrongSettings
from locales.catalogue import READ_BY_STAFF, Catalogue, read_catalogue
from storage import migrate
from storage.database import Database, address_of, open_database
from storage.key_proof import finish_rotation
from storage.keys import load_key, load_or_make_key
from storage.sealed import use_key


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def client_words() -> Catalogue:
    """The words of the conversation."""
    return read_catalogue("client", READ_BY_STAFF)


def languages_of(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The languages that women can choose. Raises WrongSettings."""
    try:
        return offered(settings.draft_languages)
    except ValueError as error:
        raise WrongSettings(f"TREDE_DRAFT_LANGUAGES: {error}. See docs/settings.md.") from None


def prepare(settings: Settings) -> None:
    """The data directory, the key and the tables. Raises a StorageError or WrongSettings."""
    address_of(settings.database)  # before anything is made
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSettings(
            f"The folder {settings.data_dir} cannot be made: {why(error)}. Check TREDE_DATA_DIR."
        ) from None
    try:
        use_key(load_or_make_key(settings.key), lambda: load_key(settings.key))
    except OSError as error:
        raise WrongSettings(
            f"The key file {settings.key} cannot be used: {why(error)}. "
            "Check TREDE_DATA_DIR, TREDE_KEY_FILE and who may write there."
        ) from None
    migrate.upgrade(settings.database)


@asynccontextmanager
async def opened(settings: Settings, *, serves: bool = False) -> AsyncIterator[Database]:
    """The database, with its key, tables up to date. Raises a StorageError or WrongSettings."""
    prepare(settings)
    database = open_database(settings.database, settings.database_connections, serves=serves)
    try:
        await finish_rotation(database, settings.key)
        yield database
    finally:
        await database.close()


def why(error: OSError) -> str:
    """What the system says of it, without a name of a file."""
    return (error.strerror or type(error).__name__).lower()
