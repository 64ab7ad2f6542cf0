"""What she spoke is kept with the answer it became, sealed, for her and her case, and goes with the rest."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from casework.summary import Spoken
from dialogs.session import Answer, Place
from dialogs.turn import Answered, Deleted, Event, Forgotten
from storage.backup import back_up, restore
from storage.database import Database, open_database
from storage.key_proof import prove_key, rotate_key
from storage.keys import load_key
from storage.sealed import use_key
from storage.tables import sessions, voices
from storage.turns import Change, Decide, Loaded, take
from storage.voices import Recording, voice_for_case, voice_for_client
from tests.postgres import PostgresServer
from tests.storage.house import (
    HANDED_OVER,
    NOW,
    amina,
    by_code,
    count,
    does,
    furnish,
    loaded,
    ours,
    says,
    session_of,
    summary_of,
)

REF = "0123456789abcdef0123456789abcdef"
SOUND = b"OggS" + bytes(range(256)) * 40
CANARY = b"Zwaluwnest"


def speaks(ref: str = REF, sound: bytes = SOUND, *events: Event, kept_as: str | None = None) -> Decide:
    """A turn in which she speaks an answer. `kept_as`: what the answer calls it, if it is not `ref`."""

    def decide(loaded: Loaded) -> Change:
        session, place = session_of(loaded), Place("hope")
        voice = ref if kept_as is None else kept_as
        answer = Answer("answered", "", ("",), "ar", NOW, "web", voice, 12)
        session = replace(session, mode="talking", answers={**session.answers, place: answer})
        return Change(
            session,
            (Answered(place, answer), *events),
            (ours("Thank you"),),
            recording=Recording(ref, sound),
        )

    return decide


def shares_aloud(ref: str = REF, id: str = "summary-1") -> Decide:
    """She shares that answer."""

    def decide(loaded: Loaded) -> Change:
        summary = summary_of("", id)
        answers = (replace(summary.answers[0], voice=Spoken(ref, 12)),)
        return Change(session_of(loaded), (HANDED_OVER,), (ours("x"),), replace(summary, answers=answers))

    return decide


# ── kept and heard ────────────────────────────────────────────────────────────────────────────────


async def test_what_she_spoke_is_heard_as_she_spoke_it(database: Database) -> None:
    her = await amina(database)

    await take(database, by_code(her.code), speaks())

    assert await voice_for_client(database, her.code, REF, NOW) == SOUND
    kept = (await loaded(database, by_code(her.code, "look"))).session
    assert kept is not None
    assert kept.answers[Place("hope")] == Answer("answered", "", ("",), "ar", NOW, "web", REF, 12)


async def test_the_biggest_that_is_kept_comes_back_whole(database: Database) -> None:
    her = await amina(database)
    sound = b"OggS" + os.urandom(5_000_000 - 4)

    await take(database, by_code(her.code), speaks(sound=sound))

    assert await voice_for_client(database, her.code, REF, NOW) == sound


async def test_the_same_update_again_keeps_one(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code), speaks())

    again = await take(database, by_code(her.code), speaks("another"))

    assert again.status == "duplicate"
    assert await count(database, voices) == {"voices": 1}


async def test_sound_that_became_no_answer_is_not_kept(database: Database) -> None:
    her = await amina(database)

    await take(database, by_code(her.code), speaks(kept_as=""))

    assert await count(database, voices) == {"voices": 0}


async def test_an_older_recording_that_comes_up_again_is_not_written_twice(
    database: Database,
) -> None:
    her = await amina(database)
    await take(database, by_code(her.code), speaks())

    await take(database, by_code(her.code, "2"), speaks("another", kept_as=REF))

    assert await count(database, voices) == {"voices": 1}


async def test_one_she_replaced_stays_in_the_history_like_words(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code), speaks())

    await take(database, by_code(her.code, "2"), speaks("another", b"OggS2"))

    assert await voice_for_client(database, her.code, REF, NOW) == SOUND
    assert await voice_for_client(database, her.code, "another", NOW) == b"OggS2"


async def test_in_a_turn_that_fails_nothing_is_kept(database: Database) -> None:
    her = await amina(database)

    def fails(loaded: Loaded) -> Change:
        speaks()(loaded)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await take(database, by_code(her.code), fails)
    assert await count(database, voices, sessions) == {"voices": 0, "sessions": 0}


async def test_many_who_speak_at_once_are_all_heard(database: Database) -> None:
    them = [await amina(database, f"Amina {n}") for n in range(6)]

    await asyncio.gather(
        *(
            take(database, by_code(her.code, f"{n}"), speaks(f"ref-{n}", SOUND + bytes([n])))
            for n, her in enumerate(them)
        )
    )

    for n, her in enumerate(them):
        assert await voice_for_client(database, her.code, f"ref-{n}", NOW) == SOUND + bytes([n])


# ── who hears it ──────────────────────────────────────────────────────────────────────────────────


async def test_another_woman_does_not_hear_it(database: Database) -> None:
    her, other = await amina(database), await amina(database, "Leyla")
    await take(database, by_code(her.code), speaks())

    assert await voice_for_client(database, other.code, REF, NOW) is None
    assert await voice_for_client(database, "no-such-code", REF, NOW) is None
    assert await voice_for_client(database, her.code, "unknown", NOW) is None


async def test_a_case_has_those_of_its_own_conversation(database: Database) -> None:
    her, other = await amina(database), await amina(database, "Leyla")
    await take(database, by_code(her.code), speaks())
    await take(database, by_code(her.code, "2"), shares_aloud())
    await take(database, by_code(other.code, "3"), shares_aloud("theirs", "summary-2"))

    assert await voice_for_case(database, "summary-1", REF) == SOUND
    assert await voice_for_case(database, "summary-2", REF) is None
    assert await voice_for_case(database, "unknown", REF) is None


async def test_a_summary_keeps_its_name_and_nothing_of_the_sound(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code), speaks())

    await take(database, by_code(her.code, "2"), shares_aloud())

    stored = (await loaded(database, by_code(her.code, "look"))).last_summary
    assert stored is not None
    assert stored.answers[0].voice == Spoken(REF, 12)


# ── sealed, and gone with the rest ────────────────────────────────────────────────────────────────


async def test_nothing_of_the_sound_can_be_read_in_the_table(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code), speaks(sound=b"OggS" + CANARY * 20))

    def work(connection: Connection) -> bytes:
        return bytes(connection.scalars(select(voices.c.body)).one().stored)

    stored = await database.read(work)
    assert CANARY not in stored
    assert b"WndhbHV3" not in stored, "nor in base64"


@pytest.mark.parametrize("event", [Deleted(), Forgotten()])
async def test_it_goes_with_everything_else(database: Database, event: Event) -> None:
    her = await amina(database)
    await take(database, by_code(her.code), speaks())
    await take(database, by_code(her.code, "2"), shares_aloud())

    await take(database, by_code(her.code, "3"), does(event, keep=False))

    assert await count(database, voices) == {"voices": 0}
    assert await voice_for_client(database, her.code, REF, NOW) is None


async def test_what_is_spoken_in_the_turn_that_deletes_everything_is_not_kept(database: Database) -> None:
    her = await amina(database)
    await take(database, by_code(her.code), says("x"))

    await take(database, by_code(her.code, "2"), speaks(REF, SOUND, Deleted()))

    assert await count(database, voices) == {"voices": 0}


async def test_a_rotated_master_key_opens_it_still(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(bytes(range(64)))
    file.chmod(0o600)
    use_key(load_key(file))
    await prove_key(database)
    her = await amina(database)
    await take(database, by_code(her.code), speaks())

    await rotate_key(database, file)

    assert await voice_for_client(database, her.code, REF, NOW) == SOUND


def test_a_backup_brings_it_back(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_url.startswith("postgres"):
        server: PostgresServer = request.getfixturevalue("postgres_server")
        monkeypatch.setenv("PATH", f"{server.bin_path}{os.pathsep}{os.environ['PATH']}")
    code = asyncio.run(_with_voice(database_url))
    back_up(database_url, tmp_path / "backup")
    asyncio.run(_deleted(database_url, code))

    restore(database_url, tmp_path / "backup", replace=True)

    assert asyncio.run(_heard(database_url, code)) == SOUND


async def _with_voice(url: str) -> str:
    database = open_database(url)
    await furnish(database)
    her = await amina(database)
    await take(database, by_code(her.code), speaks(sound=SOUND))
    await database.close()
    return her.code


async def _deleted(url: str, code: str) -> None:
    database = open_database(url)
    await take(database, by_code(code, "2"), does(Deleted(), keep=False))
    await database.close()


async def _heard(url: str, code: str) -> bytes | None:
    database = open_database(url)
    heard = await voice_for_client(database, code, REF, NOW)
    await database.close()
    return heard


def test_it_does_not_show_in_what_an_error_could_print() -> None:
    assert "OggS" not in repr(Recording(REF, SOUND))
