"""An operator backs up while people talk, loses everything, and restores: the conversation goes on."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bot.test_on_postgresql import begins, invited, shares_all, tells
from tests.chatting import Chatting
from tests.commands import trede
from tests.postgres import PostgresServer, ask
from tests.running import running

HERS = "A quiet home by the sea"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a Trede keeps what it has: `settings` of its own, and a folder."""

    folder: Path
    settings: dict[str, str]

    @property
    def key(self) -> Path:
        return self.folder / "data" / "key"

    def trede(self, *words: str) -> "subprocess.CompletedProcess[str]":
        plain = {name: value for name, value in os.environ.items() if not name.startswith("TREDE_")}
        env = {**plain, "TREDE_DATA_DIR": str(self.folder / "data"), **self.settings}
        return trede(words, env, self.folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Place, Place]]:
    """An installation, and another, empty place."""
    folders = tmp_path / "first", tmp_path / "second"
    for folder in folders:
        (folder / "data").mkdir(parents=True)
    if request.param == "sqlite":
        yield Place(folders[0], {}), Place(folders[1], {})
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    tools = {"PATH": f"{server.bin_path}{os.pathsep}{os.environ['PATH']}"}
    ask(server, "CREATE DATABASE second")
    try:
        yield (
            Place(folders[0], {**tools, "TREDE_DATABASE_URL": request.getfixturevalue("postgres_url")}),
            Place(folders[1], {**tools, "TREDE_DATABASE_URL": server.get_uri("second")}),
        )
    finally:
        ask(server, "DROP DATABASE second WITH (FORCE)")


def test_after_a_restore_the_conversation_goes_on_and_the_summary_reads_the_same(
    places: tuple[Place, Place], tmp_path: Path
) -> None:
    first, second = places
    file = tmp_path / "backup"
    with running(first.folder, **first.settings) as server:
        link = invited(server)
        with Chatting(server.chat) as amina, Chatting(link) as leyla:
            begins(amina)
            tells(amina)
            shares_all(amina)
            begins(leyla)
            leyla.says(HERS)
            told, token = leyla.hears, leyla.token
        [case] = json.loads(server.trede("queue", "--json"))
        summary = server.trede("summary", case["summary"])
        backed_up = server.trede("backup", str(file))
        with Chatting(link) as leyla:
            leyla.says("To ride a bicycle")  # too late for the backup
        in_use = first.trede("restore", str(file), "--replace")

    assert f"Keep a copy of {first.key}".lower() in backed_up.lower()
    assert (in_use.returncode, "Stop Trede first" in in_use.stderr) == (2, True)
    assert "A small <b>shop</b> of my own" in summary
    assert HERS.encode() not in file.read_bytes()
    shutil.copy(first.key, second.key)

    restored = second.trede("restore", str(file))

    assert (restored.returncode, restored.stderr) == (0, "")
    assert f"The key in {second.key} fits" in restored.stdout
    assert second.trede("summary", case["summary"]).stdout == summary
    code = link.rsplit("/", 1)[1]
    with (
        running(second.folder, **second.settings) as server,
        Chatting(f"{server.address}/chat/{code}") as leyla,
    ):
        assert (leyla.hears, leyla.token) == (told, token)
        leyla.says("To drive")
        assert leyla.token != token
        assert "To drive" in leyla.hears


def test_a_key_that_does_not_fit_or_is_not_there_is_said_and_none_is_made(
    places: tuple[Place, Place], tmp_path: Path
) -> None:
    first, second = places
    file = tmp_path / "backup"
    assert (
        first.trede("user", "add", "joke@example.org", "--name", "Joke", "--role", "manager").returncode == 0
    )
    assert first.trede("backup", str(file)).returncode == 0

    without = second.trede("restore", str(file))
    assert without.returncode == 0
    assert f"put the key that belongs to it into {second.key}" in without.stdout
    assert not second.key.exists()

    second.key.write_bytes(os.urandom(32))
    second.key.chmod(0o600)
    wrong = second.trede("restore", str(file), "--replace")
    assert wrong.returncode == 2
    assert "The key does not fit this database" in wrong.stderr


def test_what_cannot_be_restored_is_one_line(places: tuple[Place, Place], tmp_path: Path) -> None:
    _, second = places
    file = tmp_path / "backup"
    file.write_text("no backup")

    done = second.trede("restore", str(file))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"trede: {file} is no backup")
    assert done.stderr.count("\n") == 1
