"""Which version a conversation begins with, and in whose words: its own translations first."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.incoming import Incoming
from bot.languages import ALL, offered
from bot.opening import client_words
from bot.script_words import entries_of, in_words, installed, translated, words_of
from bot.scripts import LOOKS_AGAIN, Library, compiled_reflection, open_library, publish_packaged, texts
from bot.turn import Talk
from casework.packaged import packaged_sources
from console.reader import Reader
from dialogs.library import load, sources_of
from dialogs.moves import Moves
from dialogs.said import Command, Text
from dialogs.script import Words
from dialogs.versions import with_words
from locales.catalogue import READ_BY_STAFF
from storage import scripts, staff
from storage.database import Database
from storage.invites import invite

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HELLO = """
script: hello
title: Hello
parts:
  - part: one
    title: One
    minutes: 1
    steps:
      - text: name
        ask: What is your name?
      - text: wish
        ask: What do you wish for?
"""
SOURCE = {"hello.yaml": HELLO}
DUTCH: Words = {"nl": {"hello/name": {"What is your name?": "Hoe heet je?"}}}


def version(words: Words, source: dict[str, str] = SOURCE) -> Moves:
    """A version of the script "hello"."""
    return Moves(with_words(load("hello", source), words))


async def publish(database: Database, moves: Moves, source: dict[str, str] = SOURCE) -> None:
    """As a coordinator does it."""
    script = moves.script
    await scripts.publish(database, script.version, script.name, source, NOW, script.words)
    await scripts.make_current(database, script.version, "published", "0.2.0", NOW)


# ── a version's name ─────────────────────────────────────────────────────────────────────────────


def test_the_same_script_with_the_same_words_has_the_same_name() -> None:
    assert version(DUTCH).script.version == version(dict(DUTCH)).script.version


def test_other_words_or_another_source_make_another_version() -> None:
    other = {"hello.yaml": HELLO.replace("name?", "name, please?")}

    names = {version(DUTCH).script.version, version({}).script.version, version(DUTCH, other).script.version}

    assert len(names) == 3


def test_the_packaged_script_has_all_its_words_with_it() -> None:
    script = compiled_reflection().script
    sources = texts(sources_of("reflection", packaged_sources()))

    found = translated(script.words, sources)

    assert set(found) == {*READ_BY_STAFF} - {"en"}
    assert all(there == wanted == len(list(entries_of(sources))) for there, wanted in found.values())


def test_words_of_an_earlier_version_fill_the_gaps_only() -> None:
    earlier = in_words(
        {
            "nl": {
                "hello/name": {"What is your name?": "Oud"},
                "hello/wish": {"What do you wish for?": "Wens?"},
            }
        }
    )

    words = words_of(SOURCE, in_words(DUTCH), installed(), earlier)

    assert words["nl"] == {
        "hello/name": {"What is your name?": "Hoe heet je?"},
        "hello/wish": {"What do you wish for?": "Wens?"},
    }


# ── which version is current ─────────────────────────────────────────────────────────────────────


async def test_an_empty_database_begins_with_the_packaged_script(fresh_database: Database) -> None:
    library = await open_library(fresh_database, compiled_reflection(), NOW, "0.2.0")

    assert library.current.script.name == "reflection"
    found = await scripts.current(fresh_database)
    assert found is not None
    assert (found.version, found.origin, found.package) == (
        library.current.script.version,
        "packaged",
        "0.2.0",
    )


async def test_starting_again_changes_nothing(fresh_database: Database) -> None:
    await open_library(fresh_database, compiled_reflection(), NOW)
    await open_library(fresh_database, compiled_reflection(), NOW)

    assert len(await scripts.history(fresh_database)) == 1


async def test_what_a_coordinator_published_stays_current(fresh_database: Database) -> None:
    await publish(fresh_database, version(DUTCH))

    library = await open_library(fresh_database, compiled_reflection(), NOW, "9.0.0")

    assert library.current.script.version == version(DUTCH).script.version
    assert library.current.script.words == DUTCH


@pytest.mark.parametrize(
    ("ours", "takes_over"), [("0.3.0", True), ("0.2.0", True), ("0.1.9", False), ("0.10.0", True)]
)
async def test_a_newer_package_brings_its_script_and_an_older_one_does_not(
    fresh_database: Database, ours: str, takes_over: bool
) -> None:
    earlier = version({})
    await scripts.publish(fresh_database, earlier.script.version, "hello", SOURCE, NOW, {})
    await scripts.make_current(fresh_database, earlier.script.version, "packaged", "0.2.0", NOW)

    library = await open_library(fresh_database, compiled_reflection(), NOW, ours)

    assert (library.current.script.name == "reflection") is takes_over


async def test_publishing_the_packaged_script_by_hand_follows_upgrades_again(
    fresh_database: Database,
) -> None:
    await publish(fresh_database, version(DUTCH))

    await publish_packaged(fresh_database, compiled_reflection(), NOW)

    found = await scripts.current(fresh_database)
    assert found is not None
    assert found.origin == "packaged"


async def test_other_processes_see_within_seconds_what_was_published(fresh_database: Database) -> None:
    library = await open_library(fresh_database, compiled_reflection(), NOW)
    await publish(fresh_database, version(DUTCH))

    await library.look(NOW + LOOKS_AGAIN - timedelta(seconds=1))
    assert library.current.script.name == "reflection"
    await library.look(NOW + LOOKS_AGAIN)
    assert library.current.script.name == "hello"


async def test_of_turns_that_come_at_once_all_see_what_was_published(fresh_database: Database) -> None:
    library = await open_library(fresh_database, compiled_reflection(), NOW)
    await publish(fresh_database, version(DUTCH))

    async def begins_with() -> str:
        await library.look(NOW + LOOKS_AGAIN)
        return library.current.script.name

    assert await asyncio.gather(*(begins_with() for _ in range(3))) == ["hello"] * 3


async def test_a_clock_that_was_set_back_does_not_keep_it_from_looking(fresh_database: Database) -> None:
    library = await open_library(fresh_database, compiled_reflection(), NOW)
    await publish(fresh_database, version(DUTCH))

    await library.look(NOW - timedelta(days=1))

    assert library.current.script.name == "hello"


async def test_a_version_that_later_checks_would_refuse_still_goes_on(fresh_database: Database) -> None:
    too_long = {"hello.yaml": HELLO.replace("What is your name?", "What " + "x" * 400)}
    await scripts.publish(fresh_database, "v1", "hello", too_long, NOW, {})

    script = await Library(fresh_database, compiled_reflection()).fetch("v1")

    assert script is not None
    assert (script.version, script.step("name").text[:6]) == ("v1", "What x")


async def test_a_version_of_trede_0_1_gets_the_installed_words_once(fresh_database: Database) -> None:
    source = texts(sources_of("reflection", packaged_sources()))
    await scripts.publish(fresh_database, "from-0.1", "reflection", source, NOW)

    await open_library(fresh_database, compiled_reflection(), NOW)

    kept = await scripts.load(fresh_database, "from-0.1")
    assert kept is not None
    assert kept.words == compiled_reflection().script.words


# ── in whose words ───────────────────────────────────────────────────────────────────────────────


async def hears(database: Database, library: Library, *says: str, language: str = "nl") -> str:
    """What Amina, invited in Dutch, hears last."""
    huis = await staff.add_organisation(database, "Huis", NOW)
    assert huis
    code = (await invite(database, name="Amina", language=language, now=NOW)).code
    talk = Talk(database, library, client_words(), offered(ALL), lambda: NOW)
    taken = await talk.take(Incoming("web", "0", Command("start"), code=code))
    for n, words in enumerate(says, start=1):
        taken = await talk.take(Incoming("web", f"{n}", Text(words), code=code))
    return "\n".join(text for _, message in taken.messages for text in message.paragraphs)


async def test_she_reads_the_words_of_her_version(fresh_database: Database) -> None:
    await publish(fresh_database, version(DUTCH))
    library = await open_library(fresh_database, compiled_reflection(), NOW)

    assert "Hoe heet je?" in await hears(fresh_database, library)


async def test_where_her_version_has_a_gap_she_reads_english(fresh_database: Database) -> None:
    await publish(fresh_database, version(DUTCH))
    library = await open_library(fresh_database, compiled_reflection(), NOW)

    assert "What do you wish for?" in await hears(fresh_database, library, "Nour")


async def test_an_upgrade_of_the_catalogues_does_not_change_what_an_old_version_says(
    fresh_database: Database,
) -> None:
    script = compiled_reflection().script
    old_words = {"nl": {"reflection/language": {"Which language would you like?": "Oude woorden"}}}
    source = texts(sources_of("reflection", packaged_sources()))
    await scripts.publish(fresh_database, "v-old", "reflection", source, NOW, old_words)
    await scripts.make_current(fresh_database, "v-old", "published", "0.2.0", NOW)
    library = await open_library(fresh_database, Moves(script), NOW)

    assert "Oude woorden" in await hears(fresh_database, library)


def test_staff_read_the_questions_in_the_words_of_the_summarys_version() -> None:
    def installed_words(language: str, context: str, text: str) -> str:
        return f"installed {text}"

    reader = Reader("nl", installed_words, installed_words)
    script = replace(version(DUTCH).script)

    assert reader.of(script).look_up("hello/name", "What is your name?") == "Hoe heet je?"
    assert (
        reader.of(script).look_up("hello/wish", "What do you wish for?") == "installed What do you wish for?"
    )
    assert reader.of(None).look_up("hello/name", "What is your name?") == "installed What is your name?"
