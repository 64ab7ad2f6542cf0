"""`trede audio`: which questions can be listened to, and generating what is missing."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from bot.audio import SAYS, Audio
from bot.cli_audio import make_missing, rows
from bot.espeak import CannotSpeak, Espeak
from bot.ogg import read_ogg
from bot.opening import client_words
from bot.read_aloud import CannotBeRead, Prompt, prompts, spoken
from dialogs.library import load
from tests import commands
from tests.dialogs.talking import talk_through
from tests.fakes.ogg import lay, ogg

VOICES = b"""Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  ar              --/M      Arabic             sem/ar
 2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
 5  ku              --/M      Kurdish            ira/ku
"""
WORDS = client_words()
WISH = Prompt("en", "reflection/wish", ("What do you wish?", "A few words."))
INSTALLED = shutil.which("espeak-ng") and shutil.which("opusenc")
with_espeak = pytest.mark.skipif(not INSTALLED, reason="espeak-ng or opusenc is not installed here")

SCRIPT = """
script: own
title: Our own
parts:
  - part: one
    title: One
    minutes: 2
    steps:
      - say: hello
        text: Hello %(name)s. This is %(organisation)s.
      - choice: wish
        ask: May %(case_manager)s call you?
        hint: You can say no.
        choices:
          - mine: Yes, on the telephone
          - others: Not now
      - several: kinds
        ask: What was it?
        shuffle: true
        choices:
          - job: A job
          - study: Study
      - scale: sure
        ask: How sure are you?
        low: Not at all
        high: Very sure
      - loop: stories
        title: Story
        at_most: 2
        again: more
        ask_again: That was story %(round)s. Another one?
        steps:
          - text: story
            ask: Tell me a story.
"""


class Machine:
    """Instead of the programs: it knows VOICES, and remembers what it was given to say."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def run(self, command: Sequence[str], given: bytes) -> bytes:
        if "--voices" in command:
            return VOICES
        if command[0] == "espeak-ng":
            self.heard.append((command[command.index("-v") + 1], given.decode()))
            return b"a wave"
        kept = [command[n + 1].partition("=") for n, word in enumerate(command) if word == "--comment"]
        return ogg(notes=[(name, value) for name, _, value in kept])


def trede(folder: Path, *words: str, code: int = 0, **env: str) -> str:
    """What a command printed; of a failing one what it says is wrong."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TREDE_")}
    done = commands.trede(["audio", *words], {**clean, **env}, folder)
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


def own_prompts(language: str = "en") -> dict[str, Prompt]:
    script = load("own", {"own.yaml": dedent(SCRIPT)})
    return {prompt.question: prompt for prompt in prompts(script, WORDS, language)}


# ── what is read aloud ────────────────────────────────────────────────────────────────────────────


def test_a_question_is_read_with_its_hint_and_the_choices_that_all_see_in_the_same_order() -> None:
    found = own_prompts()

    assert found["wish"].lines[1:] == ("You can say no.", "Yes, on the telephone", "Not now")
    assert found["kinds"].lines == ("What was it?",)
    assert found["sure"].lines == ("How sure are you?", "0 means: Not at all. 10 means: Very sure.")


def test_placeholders_are_read_as_words_that_fit_everybody() -> None:
    found = own_prompts()

    assert spoken(found["hello"], WORDS) == "Hello. This is the organisation."
    assert spoken(found["wish"], WORDS).startswith(
        "May your case manager call you?\n\nYou can say no.\n\nYes"
    )


def test_what_stands_for_other_words_each_time_is_not_read() -> None:
    with pytest.raises(CannotBeRead, match=r"%\(round\)s stands for other words"):
        spoken(own_prompts()["more"], WORDS)


def test_english_is_not_read_by_a_voice_of_another_language() -> None:
    with pytest.raises(CannotBeRead, match="not translated"):
        spoken(own_prompts("ar")["kinds"], WORDS)


@pytest.mark.parametrize("language", ["en", "ar", "kmr"])
def test_what_is_generated_fits_what_she_reads(language: str, tmp_path: Path) -> None:
    amina = talk_through(language=language)
    script = amina.moves.script
    asked = prompts(script, WORDS, language)
    done = make_missing(asked, WORDS, tmp_path, Espeak(Machine().run))
    audio = Audio(tmp_path, tmp_path / "none")

    heard = [amina.messages[-1]]
    while amina.at.step in script.by_name:
        amina.does("skip") if script.step(amina.at.step).skippable else amina.says("1")
        heard += [message for message in amina.messages if message.asks]

    silent = {message.asks for message in heard if audio.of(message) is None}
    assert len(heard) > 10
    assert silent <= set(done.skipped)


# ── generating ────────────────────────────────────────────────────────────────────────────────────


def test_what_is_missing_or_stale_is_generated_and_what_is_there_is_kept(tmp_path: Path) -> None:
    machine = Machine()
    recorded, fresh, stale = (replace(WISH, context=f"reflection/{name}") for name in ("a", "b", "c"))
    lay(tmp_path, "en/reflection/a.ogg")
    lay(tmp_path, "en/reflection/b.generated.ogg", ogg(notes=[(SAYS, line) for line in WISH.lines]))
    lay(tmp_path, "en/reflection/c.generated.ogg", ogg(notes=[(SAYS, "What did you wish?")]))

    done = make_missing([WISH, recorded, fresh, stale], WORDS, tmp_path, Espeak(machine.run))

    names = [file.relative_to(tmp_path).as_posix() for file in done.made]
    assert names == ["en/reflection/wish.generated.ogg", "en/reflection/c.generated.ogg"]
    assert (done.kept, done.skipped) == (2, {})
    assert read_ogg(done.made[0]).all(SAYS) == WISH.lines
    assert list(tmp_path.rglob("*.new")) == []


def test_what_cannot_be_read_is_skipped_with_the_reason(tmp_path: Path) -> None:
    other = replace(WISH, context="reflection/card", lines=("“%(card)s”: when?",))

    done = make_missing([other], WORDS, tmp_path, Espeak(Machine().run))

    assert done.made == ()
    assert "record it without them" in done.skipped["reflection/card"]


def test_espeak_is_asked_which_languages_it_speaks_and_called_by_its_own_names() -> None:
    machine = Machine()
    espeak = Espeak(machine.run)

    espeak.say("kmr", "Tu dikarî?", ())

    assert [code for code in ("en", "ar", "kmr", "so", "ckb", "nl") if espeak.speaks(code)] == [
        "en",
        "ar",
        "kmr",
    ]
    assert machine.heard == [("ku", "Tu dikarî?")]


def test_a_program_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    said = trede(tmp_path, "make", "en", "--out", "sound", code=2, PATH=str(tmp_path))

    assert said.startswith("trede: espeak-ng is not installed. On Debian: apt install espeak-ng")
    assert said.count("\n") == 1
    assert not (tmp_path / "sound").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("make", "en"), "Say where the files go: set TREDE_AUDIO_DIR, or give --out FOLDER."),
        (("make", "xx", "--out", "sound"), "There is no language 'xx'. Choose one of: en, nl"),
        (("list", "xx"), "There is no language 'xx'."),
        (("list", "en", "--script", "no_such"), "no_such"),
        (("list", "en", "--script", "no_such.yaml"), "Cannot read no_such.yaml: no such file"),
        (("list", "en", "--po", "nowhere"), "Check --po."),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    said = trede(tmp_path, *words, code=2)

    assert says in said
    assert said.count("\n") == 1


@with_espeak
def test_a_language_that_espeak_does_not_speak_is_refused_with_what_to_do(tmp_path: Path) -> None:
    silent = next(code for code in ("so", "ti", "ps", "ckb") if not Espeak().speaks(code))

    said = trede(tmp_path, "make", silent, "--out", "sound", code=2)

    assert f"espeak-ng does not speak '{silent}'" in said
    assert "record the questions" in said


@with_espeak
def test_espeak_makes_files_that_are_played_and_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(dedent(SCRIPT), encoding="utf-8")

    first = trede(tmp_path, "make", "en", "--script", "own.yaml", TREDE_AUDIO_DIR="one")
    trede(tmp_path, "make", "en", "--script", "own.yaml", "--out", "two")
    again = trede(tmp_path, "make", "en", "--script", "own.yaml", TREDE_AUDIO_DIR="one")

    name = "en/own/wish.generated.ogg"
    made = read_ogg(tmp_path / "one" / name)
    assert "own/more: skipped, since %(round)s" in first
    assert "5 made in one/en, 1 skipped, 0 kept." in first
    assert "0 made in one/en, 1 skipped, 5 kept." in again
    assert made.codec == "opus"
    assert 2 < made.seconds < 15
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@with_espeak
@pytest.mark.parametrize("language", ["en", "nl", "ar", "fa", "kmr", "uk", "bn"])
def test_espeak_reads_the_first_question_in_many_languages(language: str) -> None:
    espeak = Espeak()
    if not espeak.speaks(language):
        pytest.skip(f"this espeak-ng does not speak {language}")
    question = prompts(talk_through().moves.script, WORDS, language)[1]

    sound = espeak.say(language, spoken(question, WORDS), ())

    assert len(sound) > 4000


def test_a_program_that_fails_is_named(tmp_path: Path) -> None:
    program = lay(tmp_path, "espeak-ng", b"#!/bin/sh\nexit 3\n")
    program.chmod(0o755)

    with pytest.raises(CannotSpeak, match="failed"):
        Espeak(lambda words, given: Espeak().run([str(program), *words[1:]], given)).speaks("en")


# ── looking ───────────────────────────────────────────────────────────────────────────────────────


def test_the_list_tells_of_every_question_how_it_stands(tmp_path: Path) -> None:
    names = ("recorded", "generated", "stale", "missing")
    asked = [replace(WISH, context=f"reflection/{name}") for name in names]
    lay(tmp_path, "en/reflection/recorded.ogg")
    lay(tmp_path, "en/reflection/recorded.generated.ogg", ogg(notes=[(SAYS, "old")]))
    lay(tmp_path, "en/reflection/generated.generated.ogg", ogg(notes=[(SAYS, line) for line in WISH.lines]))
    lay(tmp_path, "en/reflection/stale.generated.ogg", ogg(notes=[(SAYS, "What do you wish?")]))

    found = list(rows(asked, Audio(tmp_path, tmp_path / "none"), ["en"]))

    assert [(row.question, row.state) for row in found] == [(name, name) for name in names]


def test_files_that_are_of_no_use_are_in_the_list_too(tmp_path: Path) -> None:
    lay(tmp_path, "en/reflection/wishh.ogg")
    lay(tmp_path, "en/reflection/song.ogg", b"ID3")
    lay(tmp_path, "nl/reflection/wishh.ogg")

    found = list(rows([WISH], Audio(tmp_path, tmp_path / "none"), ["en"]))

    assert [(row.question, row.state) for row in found] == [
        ("wish", "missing"),
        ("song", "unusable"),
        ("wishh", "unknown"),
    ]
    assert "not an Ogg file" in found[1].why
    assert found[2].why == "There is no such question in reflection. Is the file's name right?"


def test_the_command_lists_one_language_or_all_as_a_table_or_as_json(tmp_path: Path) -> None:
    lay(tmp_path, "sound/so/reflection/good_life.ogg")
    lay(tmp_path, "sound/so/reflection/good_lif.ogg")

    table = trede(tmp_path, "list", "so", TREDE_AUDIO_DIR="sound")
    everything: list[dict[str, Any]] = json.loads(trede(tmp_path, "list", "--json", TREDE_AUDIO_DIR="sound"))

    assert "so/reflection/good_lif: There is no such question" in table
    rows_of = {(row["language"], row["question"]): row["state"] for row in everything}
    assert rows_of["so", "good_life"] == "recorded"
    assert rows_of["en", "good_life"] == "missing"
    assert rows_of["so", "good_lif"] == "unknown"
    assert {row["script"] for row in everything} == {"reflection"}
    assert len({row["language"] for row in everything}) == 15
