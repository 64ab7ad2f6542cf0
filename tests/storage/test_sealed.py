"""Words at rest: nobody who copies the database can read what was said, or who said it."""

import os
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import SQLAlchemyError

from dialogs.turn import HandedOver
from storage import quarantine
from storage.database import Database
from storage.errors import WrongKey
from storage.key_proof import prove_key
from storage.sealed import hashed, seal, unseal, use_key
from storage.tables import metadata, organisations
from storage.turns import take
from tests.storage.house import NOW, amina, by_chat, says, shares

WORDS = "zeldzaamwoord"
NAME = "Zonnebloempje"
CHAT = "9182736455"


async def _talk(database: Database) -> str:
    """A conversation that leaves something in every table that holds words."""
    her = await amina(database, NAME)
    await take(database, by_chat(CHAT, "1", her.code), says(WORDS))
    await take(database, by_chat(CHAT, "2"), shares(WORDS, HandedOver()))
    await quarantine.failed(database, "telegram", "3", WORDS, "KeyError", NOW)
    await prove_key(database)
    return her.code


async def test_no_word_name_code_or_address_is_in_the_files(database: Database, database_url: str) -> None:
    code = await _talk(database)

    stored = await _all_bytes(database, database_url)

    assert b"mara@huis.example" in stored  # so we looked in the right place
    for secret in (WORDS, NAME, code, CHAT):
        assert secret.encode() not in stored, secret


@pytest.mark.parametrize("created", [NOW, NOW.replace(tzinfo=None)])
async def test_an_error_does_not_quote_what_was_to_be_stored(database: Database, created: datetime) -> None:
    """A second organisation of that id; and a time without a zone, which fails before it is sealed."""

    def fail(connection: Connection) -> None:
        connection.execute(insert(organisations).values(id="huis", name="hush", created=created))

    with pytest.raises(SQLAlchemyError) as fault:
        await database.write(fail)

    assert "hush" not in str(fault.value)


async def test_every_column_for_words_is_sealed() -> None:
    words = {"name", "code", "address", "state", "body", "words"}
    plain_on_purpose = {"organisations.name", "staff.name", "scripts.name", "meta.name"}
    states = {"answers.state", "summaries.state", "case_steps.state"}

    loose = {
        str(column)
        for table in metadata.tables.values()
        for column in table.columns
        if column.name in words and type(column.type).__name__ != "Sealed"
    }

    assert loose == plain_on_purpose | states


def test_a_sealed_value_opens_only_in_its_own_column() -> None:
    stored = seal({"words": WORDS}, "answers.body")

    assert unseal(stored, "answers.body") == {"words": WORDS}
    with pytest.raises(InvalidTag):
        unseal(stored, "messages.body")
    with pytest.raises(InvalidTag):
        unseal(stored[:-1] + bytes([stored[-1] ^ 1]), "answers.body")


def test_the_same_words_never_look_the_same() -> None:
    assert seal(WORDS, "answers.body") != seal(WORDS, "answers.body")


def test_a_hash_needs_the_key() -> None:
    before = hashed("code")
    use_key(os.urandom(32))

    assert hashed("code") != before
    assert len(before) == 64


async def test_a_database_opens_with_its_own_key_only(database: Database) -> None:
    await prove_key(database)
    await prove_key(database)

    use_key(os.urandom(32))

    with pytest.raises(WrongKey, match="Put back the key file") as fault:
        await prove_key(database)
    assert "\n" not in str(fault.value)


async def _all_bytes(database: Database, url: str) -> bytes:
    """Whatever a thief of the disk would have, write-ahead log included."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        return _contents([Path(path), Path(f"{path}-wal")])
    where = text(
        "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
    )
    folder, oid = await database.read(lambda connection: tuple(connection.execute(where).one()))
    return _contents([Path(folder, "base", str(oid)), Path(folder, "pg_wal")])


async def _checkpoint(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CHECKPOINT")
    await connection.close()


def _contents(paths: list[Path]) -> bytes:
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return b"".join(file.read_bytes() for file in files if file.is_file())
