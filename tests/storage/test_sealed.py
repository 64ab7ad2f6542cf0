"""Words at rest: nobody who copies the database can read what was said, or who said it."""

import os
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from dialogs.turn import Deleted
from storage import quarantine
from storage.database import Database
from storage.errors import WrongKey
from storage.key_proof import finish_rotation, prove_key, rotate_key
from storage.keys import load_key, load_or_make_key, write_key
from storage.pages import Transcript, look
from storage.sealed import hashed, key_of, new_key, use_key
from storage.stored_session import turn_row
from storage.tables import clients, meta, metadata, organisations, turns
from storage.turns import take
from tests.storage.house import HANDED_OVER, NOW, amina, by_chat, does, says, shares

WORDS = "zeldzaamwoord"
NAME = "Zonnebloempje"
CHAT = "9182736455"


async def _talk(database: Database) -> str:
    """A conversation that leaves something in every table that holds words."""
    her = await amina(database, NAME)
    await take(database, by_chat(CHAT, "1", her.code), says(WORDS))
    await take(database, by_chat(CHAT, "2"), shares(WORDS, HANDED_OVER))
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
    words = {"name", "code", "address", "state", "body", "words", "answers", "messages"}
    plain_on_purpose = {"organisations.name", "staff.name", "scripts.name", "scripts.words", "meta.name"}
    states = {"summaries.state", "case_steps.state"}
    numbers = {"sessions.answers", "sessions.messages"}

    loose = {
        str(column)
        for table in metadata.tables.values()
        for column in table.columns
        if column.name in words and type(column.type).__name__ != "Sealed"
    }

    assert loose == plain_on_purpose | states | numbers


def test_a_sealed_value_opens_only_in_its_own_place_and_with_her_key() -> None:
    hers, _ = new_key("amina")
    another_s, _ = new_key("bilqis")
    stored = hers.seal({"words": WORDS}, "turns.answers", "s/1")
    of_another_version = stored[:1] + bytes([stored[1] + 1]) + stored[2:]

    assert hers.unseal(stored, "turns.answers", "s/1") == {"words": WORDS}
    for key, changed, column, row in (
        (another_s, stored, "turns.answers", "s/1"),
        (hers, stored, "turns.messages", "s/1"),
        (hers, stored, "turns.answers", "s/2"),
        (hers, of_another_version, "turns.answers", "s/1"),
        (hers, stored[:-1] + bytes([stored[-1] ^ 1]), "turns.answers", "s/1"),
    ):
        with pytest.raises(InvalidTag):
            key.unseal(changed, column, row)


def test_a_wrapped_key_is_hers_alone() -> None:
    key, wrapped = new_key("amina")
    stored = key.seal(WORDS, "turns.answers", "s/1")

    assert key_of("amina", wrapped).unseal(stored, "turns.answers", "s/1") == WORDS
    with pytest.raises(InvalidTag):
        key_of("bilqis", wrapped)


def test_the_same_words_never_look_the_same() -> None:
    key, _ = new_key("amina")

    assert key.seal(WORDS, "turns.answers", "s/1") != key.seal(WORDS, "turns.answers", "s/1")


async def test_words_without_a_key_are_refused(database: Database) -> None:
    readable = insert(meta).values(name="a", body=WORDS)

    with pytest.raises(Exception, match=r"meta\.body takes Words"):
        await database.write(lambda connection: connection.execute(readable).close())


async def test_once_she_deletes_everything_a_copy_of_her_rows_cannot_be_opened_any_more(
    database: Database,
) -> None:
    her = await amina(database, NAME)
    await take(database, by_chat(CHAT, "1", her.code), says(WORDS))
    copied = await database.read(
        lambda c: c.execute(select(turns.c.session, turns.c.n, turns.c.messages)).first()
    )
    assert copied is not None

    await take(database, by_chat(CHAT, "2"), does(Deleted()))

    assert await database.read(lambda c: c.scalar(select(clients.c.key))) is None
    with pytest.raises(InvalidTag):
        copied.messages.open(key_of(her.client, None), turn_row(copied.session, copied.n))


# ── rotating ─────────────────────────────────────────────────────────────────────────────────────


async def test_after_a_rotation_everything_opens_with_the_new_key_and_nothing_with_the_old(
    database: Database, tmp_path: Path
) -> None:
    path, old = _key_in_use(tmp_path)
    code = await _talk(database)
    wrapped = await database.read(lambda c: c.scalar(select(clients.c.key)))

    assert await rotate_key(database, path) == 1

    use_key(load_key(path))
    await prove_key(database)
    assert _heard(await look(database, code, NOW)) == WORDS
    use_key(old)
    with pytest.raises(WrongKey):
        await prove_key(database)
    rewrapped = await database.read(lambda c: c.scalar(select(clients.c.key)))
    assert rewrapped != wrapped
    with pytest.raises(InvalidTag):
        key_of("anybody", rewrapped)


async def test_a_server_that_runs_meanwhile_reads_the_new_key_when_it_needs_it(
    database: Database, tmp_path: Path
) -> None:
    path, old = _key_in_use(tmp_path)
    code = await _talk(database)
    await rotate_key(database, path)

    use_key(old, lambda: load_key(path))  # as if we were another process

    assert _heard(await look(database, code, NOW)) == WORDS
    assert (await amina(database, "Bilqis")).code
    assert (await take(database, by_chat(CHAT, "9"), says(WORDS))).status == "done"


@pytest.mark.parametrize("committed", [False, True])
async def test_a_rotation_that_was_cut_short_is_finished_at_the_next_start(
    database: Database, tmp_path: Path, committed: bool
) -> None:
    path, old = _key_in_use(tmp_path)
    code = await _talk(database)
    if committed:
        await rotate_key(database, path)
        path.rename(f"{path}.next")
    else:
        write_key(Path(f"{path}.next"), bytes(64))
    write_key(path, old)
    use_key(old)

    await finish_rotation(database, path)

    use_key(load_key(path))
    assert _heard(await look(database, code, NOW)) == WORDS


def _key_in_use(folder: Path) -> tuple[Path, bytes]:
    path = folder / "key"
    key = load_or_make_key(path)
    use_key(key)
    return path, key


def _heard(transcript: Transcript | None) -> str:
    assert transcript is not None
    return transcript.messages[0][1].paragraphs[0]


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
    await _checkpoint(url)
    folder, oid = await database.read(lambda connection: tuple(connection.execute(where).one()))
    return _contents([Path(folder, "base", str(oid)), Path(folder, "pg_wal")])


async def _checkpoint(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CHECKPOINT")
    await connection.close()


def _contents(paths: list[Path]) -> bytes:
    files = [file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])]
    return b"".join(file.read_bytes() for file in files if file.is_file())
