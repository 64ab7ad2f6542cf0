"""Every whole conversation in this folder still goes word for word as it was written down."""

import os
from pathlib import Path

import pytest

from bot.channels.terminal import Play, transcript
from casework.packaged import packaged_sources
from dialogs import phrases
from dialogs.extract import is_for_staff
from dialogs.read_file import is_ladder
from locales.catalogue import CLIENT_LANGUAGES
from tests.dialogs.talking import LANGUAGES, moves_of, words_of_clients
from tests.transcripts.walks import WALKS, lines_of

HERE = Path(__file__).parent
SCRIPTS = [
    Path(file).stem
    for file, text in packaged_sources().items()
    if not is_ladder(file) and not is_for_staff(file, text)
]
FILES = sorted(HERE.glob("*/*.txt"))
MISUNDERSTOOD = {
    words_of_clients().look_up(language, phrase.context, phrase.text)
    for phrase in (phrases.CHOOSE, phrases.CHOOSE_SEVERAL, phrases.NEED_NUMBER, phrases.NEED_SCALE)
    for language in CLIENT_LANGUAGES
}
RENEW = "TREDE_RENEW_TRANSCRIPTS"


def played(written: str, language: str) -> str:
    """The conversation with her lines out of `written`, whose first line is "# script"."""
    first, *rest = written.splitlines()
    script = first.removeprefix("# ")
    hers = [line.removeprefix("> ") for line in rest if line.startswith("> ")]
    play = Play(moves_of(script), words_of_clients(), LANGUAGES, language)
    pieces = list(transcript(play, hers))
    said = sum(piece.startswith("> ") for piece in pieces)
    assert said == len(hers), f"The conversation ended before her line {said + 1} of {len(hers)}"
    return "\n".join([f"{first}\n", *pieces])


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_conversation_goes_as_written(file: Path) -> None:
    written = file.read_text("utf-8")

    said = played(written, file.parent.name)

    if os.environ.get(RENEW) == "1":
        file.write_text(said, "utf-8")
        pytest.skip("written anew: read what changed")
    assert said.splitlines() == written.splitlines()


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_she_is_understood_whatever_she_says(file: Path) -> None:
    """After a change of the script, an old answer may fit no question any more."""
    said = file.read_text("utf-8").splitlines()

    assert [line for line in said if line in MISUNDERSTOOD] == []


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("language", CLIENT_LANGUAGES)
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_walked_three_ways_in_every_language(script: str, language: str, walk: str) -> None:
    file = HERE / language / f"{walk}.txt"
    hers = lines_of(walk, script, words_of_clients(), language)

    if os.environ.get(RENEW) == "1":
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join([f"# {script}", *(f"> {line}" for line in hers)]) + "\n", "utf-8")
        pytest.skip("her lines are written anew; the other test writes the rest")
    written = [line.removeprefix("> ") for line in file.read_text("utf-8").splitlines() if line[:2] == "> "]
    assert written == hers


def test_a_changed_word_is_noticed() -> None:
    written = (HERE / "en" / "short.txt").read_text("utf-8")

    assert played(written.replace("What may I call you?", "Your name?"), "en") != written.replace(
        "What may I call you?", "Your name?"
    )
