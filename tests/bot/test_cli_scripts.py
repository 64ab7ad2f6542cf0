"""`trede script`, as a coordinator and an operator use it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.chatting import Chatting
from tests.commands import trede
from tests.running import running

PACKAGED = Path(__file__).parents[2] / "dialogs" / "scripts" / "reflection.yaml"
RENAMED = (
    ("- text: call_me\n", "- text: nickname\n        formerly: call_me\n"),
    ("What may I call you? Any name is fine.", "Which name may I use for you?"),
)


@dataclass(frozen=True)
class Shell:
    """Somebody at a shell in a folder of her own."""

    folder: Path
    env: Mapping[str, str]

    def trede(self, *words: str, code: int = 0) -> str:
        """What a command printed; of a failing one also what it says is wrong."""
        done = trede(words, self.env, self.folder)
        assert done.returncode == code, done.stderr
        return done.stdout + (done.stderr if code else "")

    def versions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.trede("script", "list", "--json"))
        return found

    def script(self, *changes: tuple[str, str], name: str = "reflection") -> str:
        """The packaged script with changes, as a file in her folder."""
        text = PACKAGED.read_text(encoding="utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        (self.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return f"{name}.yaml"


@pytest.fixture(params=["sqlite", "postgres_url"])
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """SQLite in her folder, then PostgreSQL."""
    if request.param == "sqlite":
        return {}
    return {"TREDE_DATABASE_URL": request.getfixturevalue("postgres_url")}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TREDE_")}
    return Shell(tmp_path, {**plain, "TREDE_DATA_DIR": str(tmp_path / "data")})


def test_a_version_is_published_moved_to_and_taken_back_while_people_talk(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with running(tmp_path, **settings) as server, Chatting(server.chat) as amina:
        shell = Shell(tmp_path, server.env)
        amina.starts()
        amina.taps(1)
        [first] = shell.versions()
        assert (first["current"], first["people"], first["origin"]) == (True, 1, "packaged")

        said = shell.trede("script", "publish", shell.script(*RENAMED))
        old, new = first["version"], next(v["version"] for v in shell.versions() if v["current"])
        assert f"Version {new} is published: new conversations begin with it." in said
        assert "ar  239 of 240 texts; 1 will be in English" in said
        assert f"trede script move --from {old} --to {new} --dry-run" in said
        assert "What may I call you?" in amina.hears

        dry = shell.trede("script", "move", "--from", old[:8], "--to", new[:8], "--dry-run", "--json")
        assert json.loads(dry) == [{"question": "call_me", "what": "changed", "to": "nickname", "people": 1}]
        assert {v["version"]: v["people"] for v in shell.versions()} == {old: 1, new: 0}

        moved = shell.trede("script", "move", "--from", old, "--to", new)
        assert "stays, and sees the question anew" in moved
        assert moved.endswith("1 person moved.\n")
        amina.says("Nour")
        assert "Which name may I use for you?" in amina.hears
        amina.says("Nour")
        assert "Can you write in private now" in amina.hears

        back = shell.trede("script", "publish", old)
        assert f"Version {old} was here already, and is current again" in back
        assert "0 people moved." in shell.trede("script", "move", "--from", old, "--to", new)


def test_publishing_the_same_twice_changes_nothing(shell: Shell) -> None:
    file = shell.script(*RENAMED)
    shell.trede("script", "publish", file)

    assert "is current already. Nothing was changed." in shell.trede("script", "publish", file)

    assert len(shell.versions()) == 1


def test_every_fault_of_a_script_is_listed_and_nothing_is_published(shell: Shell) -> None:
    file = shell.script(
        ("- text: call_me\n", "- text: call_me\n        formerly: language\n"), ("minutes: 2", "minutes: 200")
    )

    said = shell.trede("script", "publish", file, code=1)

    assert "reflection.yaml:9:" in said
    assert "There still is a question 'language'." in said
    assert shell.versions() == []


def test_translators_get_files_and_what_they_translate_is_published_and_kept(shell: Shell) -> None:
    file = shell.script(*RENAMED)

    shell.trede("script", "words", file, "--po", "po")
    dutch = shell.folder / "po" / "nl.po"
    text = dutch.read_text(encoding="utf-8")
    assert text.count('msgstr ""\n\n') <= 2, "all but the new question is there already"
    gap = 'msgid "Which name may I use for you?"\nmsgstr ""'
    dutch.write_text(text.replace(gap, gap[:-1] + 'Hoe mag ik je noemen?"'), encoding="utf-8")
    said = shell.trede("script", "publish", file, "--po", "po")

    assert "nl  240 of 240 texts" in said
    again = shell.trede("script", "publish", file)
    assert "is current already" in again, "what was once translated is found again"


def test_a_translation_that_lost_its_placeholder_is_refused(shell: Shell) -> None:
    (shell.folder / "po").mkdir()
    entry = 'msgctxt "reflection/call_me"\nmsgid "Which name, %(name)s?"\nmsgstr "Welke naam?"\n'
    (shell.folder / "po" / "nl.po").write_text(entry)
    file = shell.script(("What may I call you? Any name is fine.", '"Which name, %(name)s?"'))

    said = shell.trede("script", "publish", file, "--po", "po", code=1)

    assert "The placeholder %(name)s is missing from the translation" in said


def test_a_version_can_be_read_as_it_was_written(shell: Shell) -> None:
    file = shell.script(*RENAMED)
    shell.trede("script", "publish", file)

    shown = shell.trede("script", "show", shell.versions()[0]["version"][:6])

    assert (shell.folder / file).read_text(encoding="utf-8") in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("publish", "none.yaml"), "Cannot read none.yaml"),
        (("publish", "abcdef"), "There is no version 'abcdef'. `trede script list` shows them all."),
        (("move", "--from", "aaaa", "--to", "bbbb"), "There is no version 'aaaa'."),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(shell: Shell, words: tuple[str, ...], says: str) -> None:
    said = shell.trede("script", *words, code=2)

    assert says in said
    assert said.count("\n") == 1
