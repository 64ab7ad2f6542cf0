"""Every whole conversation in this folder still goes word for word as it was written down."""

import os
from pathlib import Path

import pytest

from bot.channels.terminal import Play, transcript
from dialogs.library import packaged_sources
from locales.catalogue import CLIENT_LANGUAGES
from tests.dialogs.talking import LANGUAGES, moves_of, words_of_clients

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.txt"))
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


@pytest.mark.parametrize("language", CLIENT_LANGUAGES)
def test_every_script_has_a_conversation_in_every_language(language: str) -> None:
    scripts = {Path(name).stem for name in packaged_sources()}

    spoken = {file.read_text("utf-8").splitlines()[0].removeprefix("# ") for file in FILES_OF[language]}

    assert spoken == scripts


def test_a_changed_word_is_noticed() -> None:
    written = (HERE / "en" / "short.txt").read_text("utf-8")

    assert played(written.replace("What may I call you?", "Your name?"), "en") != written.replace(
        "What may I call you?", "Your name?"
    )


FILES_OF = {
    language: [file for file in FILES if file.parent.name == language] for language in CLIENT_LANGUAGES
}
