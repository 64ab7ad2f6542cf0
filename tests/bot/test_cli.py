"""The command line, as operators, coordinators and other programs use it."""

import asyncio
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import i18n
from bot.cli import app
from storage import migrate
from tests import commands
from tests.chatting import Chatting
from tests.fakes.telegram_libraries import LIBRARIES
from tests.fakes.telegram_server import TOKEN, TelegramServer
from tests.running import Running, free_port, running

ROOT = Path(__file__).parents[2]
FAULTY = ROOT / "tests/dialogs/faulty.yaml"
ROOMS = ("bot", "casework", "console", "dialogs", "locales", "storage")

ANSWERS = """English
Amina
Yes
I agree
10 minutes
A quiet home and a small bakery
-
-
To drive
My own
-
"""

SHORT = """
script: short
title: Short
parts:
  - part: hopes
    title: Hopes
    minutes: 1
    steps:
      - text: good_life
        ask: What would you like your life to look like?
        summary: ambition
  - part: ending
    title: Sharing
    minutes: 1
    private: true
    steps:
      - share: share
        ask: May your case manager see this part?
        which: Which of these?
      - hand_over: shared
        text: Thank you.
        if_nothing: Thank you. Nobody sees it.
"""

COMMANDS = (
    ("run",),
    ("doctor",),
    ("backup",),
    ("restore",),
    ("db", "upgrade"),
    ("check",),
    ("graph",),
    ("script", "publish"),
    ("script", "words"),
    ("script", "list"),
    ("script", "show"),
    ("script", "move"),
    ("i18n", "extract"),
    ("i18n", "update"),
    ("i18n", "status"),
    ("i18n", "compile"),
    ("i18n", "export"),
    ("i18n", "import"),
    ("play",),
    ("invite",),
    ("queue",),
    ("summary",),
    ("key", "rotate"),
    ("quarantine", "list"),
    ("quarantine", "retry"),
    ("quarantine", "drop"),
    ("user", "add"),
    ("user", "token"),
    ("user", "reset"),
)


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody at a shell, in a folder and with settings of her own."""

    folder: Path
    env: Mapping[str, str]

    def trede(self, *words: str, **settings: str) -> Done:
        """A command, to its end."""
        return _done(commands.trede(words, {**self.env, **settings}, self.folder))

    def trede_of(self, copy: Path, *words: str) -> Done:
        """The same, of a copy of the code."""
        start = "from bot.cli import main; main()"
        return self._run([sys.executable, "-c", start, *words], PYTHONPATH=str(copy))

    def trede_without(self, module: str, *words: str, **settings: str) -> Done:
        """The same, where a module is not installed."""
        start = f"import sys; sys.modules['{module}'] = None; from bot.cli import main; main()"
        return self._run([sys.executable, "-c", start, *words], **settings)

    def _run(self, words: list[str], **settings: str) -> Done:
        env = {**self.env, **settings}
        return _done(
            subprocess.run(words, env=env, cwd=self.folder, capture_output=True, text=True, timeout=60)
        )


def _done(command: subprocess.CompletedProcess[str]) -> Done:
    return Done(command.returncode, command.stdout, command.stderr)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TREDE_")}
    mine = {
        "TREDE_DATA_DIR": str(tmp_path / "data"),
        "TREDE_PORT": str(free_port()),
        "TREDE_DRAFT_LANGUAGES": "all",
    }
    return Operator(tmp_path, {**plain, **mine})


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The code in a folder of its own, to be spoilt."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / "copy" / room, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Trede that serves while commands run beside it."""
    with running(tmp_path_factory.mktemp("beside")) as found:
        yield found


def answers(folder: Path) -> str:
    file = folder / "answers.txt"
    file.write_text(ANSWERS)
    return str(file)


# ── what others rely on ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*words, "--help"])

    assert done.exit_code == 0
    assert "Usage" in done.output


def test_playing_twice_with_the_same_answers_prints_the_same(operator: Operator) -> None:
    words = ("play", "reflection", "--language", "en", "--answers", answers(operator.folder))

    first, second = operator.trede(*words), operator.trede(*words)

    assert first == second
    assert first.code == 0
    assert "> A quiet home and a small bakery" in first.out
    assert not (operator.folder / "data").exists(), "it needs no database"


def test_playing_in_another_language_speaks_it(operator: Operator) -> None:
    done = operator.trede("play", "reflection", "--language", "uk", "--answers", os.devnull)

    assert done.code == 0
    assert re.search("[а-яіїєґ]{4}", done.out)


def test_playing_to_the_end_gives_the_summary_as_json(operator: Operator, tmp_path: Path) -> None:
    talk = tmp_path / "short.yaml"
    talk.write_text(SHORT)
    file = tmp_path / "a.txt"
    file.write_text("A bakery\nyes\n")

    done = operator.trede("play", str(talk), "--language", "en", "--answers", str(file), "--json")
    again = operator.trede("play", str(talk), "--language", "en", "--answers", str(file), "--json")

    assert done == again
    summary = json.loads(done.out)
    assert [answer["verbatim"] for answer in summary["answers"]] == ["A bakery"]
    assert summary["summary"]["languages"] == ["en"]


def test_playing_without_sharing_gives_null(operator: Operator) -> None:
    done = operator.trede("play", "reflection", "--answers", answers(operator.folder), "--json")

    assert (done.code, json.loads(done.out)) == (0, None)


def test_a_graph_is_mermaid(operator: Operator) -> None:
    done = operator.trede("graph", "reflection")

    first, *rest = done.out.splitlines()
    assert (done.code, first) == (0, "stateDiagram-v2")
    moves = r'    (state ".+" as \w+|(\w|\[\*\])+ --> (\w|\[\*\])+( : (if|erase))?)'
    assert [line for line in rest if not re.fullmatch(moves, line)] == []
    assert any(line.startswith("    [*] --> ") for line in rest)


def test_check_reports_every_fault_of_a_file_with_its_place_and_ends_with_1(operator: Operator) -> None:
    done = operator.trede("check", str(FAULTY))

    lines = done.out.splitlines()
    assert done.code == 1
    assert len(lines) > 20
    assert [line for line in lines if not re.match(rf"{re.escape(str(FAULTY))}:\d+: [^:]+: \S", line)] == []


def test_check_of_all_that_comes_with_trede_finds_nothing(operator: Operator) -> None:
    done = operator.trede("check")

    assert (done.code, done.out) == (0, "No faults.\n")


def test_an_invite_works_while_the_server_runs(server: Running) -> None:
    made = json.loads(
        server.trede(
            "invite", "--name", "Nour", "--language", "ar", "--manager", "demo@example.org", "--json"
        )
    )

    assert set(made) == {"code", "web", "telegram"}
    assert made["web"] == f"{server.address}/chat/{made['code']}"
    assert made["telegram"] is None, "there is no bot"


def test_an_invite_can_be_made_without_naming_a_case_manager(server: Running) -> None:
    assert json.loads(server.trede("invite", "--name", "Nour", "--language", "en", "--json"))["code"]


def test_a_language_that_nobody_has_read_is_on_offer_only_if_it_is_switched_on(operator: Operator) -> None:
    operator.trede("user", "add", "a@example.org", "--name", "A", "--role", "admin", "--organisation", "Huis")
    invited = ("invite", "--name", "Nour", "--language", "so")

    refused = operator.trede(*invited, TREDE_DRAFT_LANGUAGES="ar")

    assert_refused(refused, "No native speaker has read all words of 'so'", "TREDE_DRAFT_LANGUAGES")
    assert operator.trede(*invited, TREDE_DRAFT_LANGUAGES="ar, so").code == 0


async def test_with_a_bot_an_invite_has_a_deep_link(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        settings = {
            "TREDE_TELEGRAM_TOKEN": telegram.token,
            "TREDE_TELEGRAM_API": telegram.url,
            "TREDE_TELEGRAM_LIBRARY": "ptb",  # it starts faster
        }
        made = json.loads(await asyncio.to_thread(_invite_beside, tmp_path, settings))

    assert made["telegram"] == f"https://t.me/{telegram.username}?start={made['code']}"


@pytest.mark.parametrize("library", LIBRARIES)
async def test_a_bot_that_never_ran_is_asked_for_its_name(operator: Operator, library: str) -> None:
    invite = ("invite", "--name", "Nour", "--language", "ar", "--json")
    async with TelegramServer() as telegram:
        settings = {
            "TREDE_TELEGRAM_TOKEN": telegram.token,
            "TREDE_TELEGRAM_API": telegram.url,
            "TREDE_TELEGRAM_LIBRARY": library,
        }
        operator.trede("user", "add", "joke@example.org", "--name", "Joke", "--role", "manager")
        asked = await asyncio.to_thread(operator.trede, *invite, **settings)
    later = operator.trede(*invite, **settings)

    for done in (asked, later):
        made = json.loads(done.out)
        assert made["telegram"] == f"https://t.me/{telegram.username}?start={made['code']}"


def _invite_beside(folder: Path, settings: dict[str, str]) -> str:
    with running(folder, **settings) as server:
        return server.trede("invite", "--name", "Nour", "--language", "ar", "--json")


def test_queue_and_summary_tell_what_she_shared(operator: Operator) -> None:
    with running(operator.folder, TREDE_PORT=operator.env["TREDE_PORT"]) as server:
        with Chatting(server.chat) as amina:
            amina.starts()
            amina.sends(command="person")
            amina.taps(1)

        queue = json.loads(server.trede("queue", "--json"))
        shown = json.loads(server.trede("summary", queue[0]["summary"], "--json", "--language", "nl"))
        told = server.trede("queue")
        in_dutch = server.trede("summary", queue[0]["summary"], "--language", "nl")

    assert {"summary", "client", "state", "language", "created"} <= set(queue[0])
    assert (queue[0]["state"], queue[0]["language"]) == ("new", "en")
    assert queue[0]["asked_for_help"]
    assert shown["summary"]["id"] == queue[0]["summary"]
    assert {"summary", "answers", "ambitions", "experiences", "step", "flags", "changes"} <= set(shown)
    assert queue[0]["summary"] in told
    assert "Vraagt om hulp" in in_dutch


def test_a_member_of_staff_is_added_once(operator: Operator) -> None:
    words = ("user", "add", "Mara@example.org", "--name", "Mara", "--role", "manager")

    first, second = operator.trede(*words), operator.trede(*words)

    assert first.code == 0
    assert re.search(r"http://127\.0\.0\.1:\d+/staff/enter/\S{20,}", first.out)
    assert (second.code, second.err.count("\n")) == (2, 1)
    assert "mara@example.org already" in second.err


def test_a_member_of_staff_gets_a_token_and_a_new_sign_in(operator: Operator) -> None:
    operator.trede("user", "add", "mara@example.org", "--name", "Mara", "--role", "manager")

    token = operator.trede("user", "token", "mara@example.org")
    reset = operator.trede("user", "reset", "mara@example.org")

    assert (token.code, reset.code) == (0, 0)
    assert re.fullmatch(r"\S{20,}\n", token.out)
    assert "/staff/enter/" in reset.out


def test_the_database_can_be_made_beforehand(operator: Operator) -> None:
    first, second = operator.trede("db", "upgrade"), operator.trede("db", "upgrade")

    assert (first.code, second.code) == (0, 0)
    assert (operator.folder / "data/trede.sqlite3").stat().st_mode & 0o077 == 0


def test_words_are_taken_out_put_in_told_and_compiled(operator: Operator, copy: Path) -> None:
    script = copy / "dialogs/scripts/reflection.yaml"
    script.write_text(script.read_text().replace("What may I call you", "What shall I call you", 1))
    lost = len(list(copy.glob("locales/*/LC_MESSAGES/*.mo")))

    extracted = operator.trede_of(copy, "i18n", "extract")
    updated = operator.trede_of(copy, "i18n", "update")
    status = operator.trede_of(copy, "i18n", "status", "--json")
    compiled = operator.trede_of(copy, "i18n", "compile")

    assert (extracted.code, updated.code, status.code, compiled.code) == (0, 0, 0, 0), updated.err
    assert "What shall I call you" in (copy / "locales/client.pot").read_text()
    new = (copy / "locales/nl/LC_MESSAGES/client.po").read_text()
    assert "What shall I call you" in new
    rows = {(row["domain"], row["language"]): row for row in json.loads(status.out)}
    dutch = rows["client", "nl"]
    assert dutch["translated"] == dutch["messages"] - 1, "one sentence is new"
    assert rows["client", "en"]["needs_native_review"] == 0
    assert len(list(copy.glob("locales/*/LC_MESSAGES/*.mo"))) == len(list(i18n.catalogues())) >= lost


def test_the_state_of_each_language_is_shown_as_a_table() -> None:
    done = CliRunner().invoke(app, ["i18n", "status"], env={"COLUMNS": "80"})

    assert done.exit_code == 0
    assert "not read" in done.output
    assert "…" not in done.output, "nothing is cut off"
    for language in ("en", "nl", "ar", "uk"):
        assert f" {language} " in done.output
    assert "machine draft, not yet read by a native speaker: nl, ar" in done.output


# ── what bad input gets: one line that says what and what to do, and exit 2 ──────────────────────


def assert_refused(done: Done, *said: str) -> None:
    """One line on standard error, nothing else, exit 2."""
    assert done.code == 2, done
    assert done.err.endswith("\n")
    assert done.err.count("\n") == 1, done.err
    assert done.err.startswith("trede: ")
    for words in said:
        assert words in done.err
    assert done.out == ""


def assert_port_is_free(operator: Operator) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", int(operator.env["TREDE_PORT"])))


def test_a_port_in_use(operator: Operator) -> None:
    with socket.create_server(("127.0.0.1", int(operator.env["TREDE_PORT"]))):
        done = operator.trede("run", "--demo")

    assert_refused(done, operator.env["TREDE_PORT"], "in use", "set TREDE_PORT")
    assert not (operator.folder / "data").exists(), "nothing was begun"


def test_an_address_that_is_not_ours(operator: Operator) -> None:
    assert_refused(operator.trede("run", TREDE_HOST="192.0.2.1"), "192.0.2.1", "Check TREDE_HOST")


def test_a_database_that_is_a_text_file(operator: Operator) -> None:
    text = operator.folder / "notes.txt"
    text.write_text("not a database " * 100)

    done = operator.trede("run", TREDE_DATABASE_URL=f"sqlite:///{text}")

    assert_refused(done, "notes.txt", "not a database", "Check TREDE_DATABASE_URL")
    assert_port_is_free(operator)
    assert text.read_text() == "not a database " * 100


def test_a_database_that_is_a_folder(operator: Operator) -> None:
    done = operator.trede("run", TREDE_DATABASE_URL=f"sqlite:///{operator.folder}")

    assert_refused(done, "directory", "Check TREDE_DATABASE_URL")
    assert_port_is_free(operator)


def test_a_database_that_does_not_answer_is_told_without_its_password(operator: Operator) -> None:
    done = operator.trede("run", TREDE_DATABASE_URL=f"postgresql://u:hidden@127.0.0.1:{free_port()}/x")

    assert_refused(done, "Check TREDE_DATABASE_URL")
    assert "hidden" not in done.err


def test_a_database_from_a_newer_version(operator: Operator) -> None:
    file = operator.folder / "newer.sqlite3"
    migrate.upgrade(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = file.read_bytes()

    done = operator.trede("run", TREDE_DATABASE_URL=f"sqlite:///{file}")

    assert_refused(done, "newer Trede", "Install that version")
    assert_port_is_free(operator)
    assert file.read_bytes() == before


def test_a_key_that_does_not_fit(operator: Operator) -> None:
    operator.trede("db", "upgrade")
    operator.trede("queue")
    (operator.folder / "data/key").unlink()

    assert_refused(operator.trede("run"), "key does not fit", "Put back the key file")


@pytest.mark.parametrize("setting", ["TREDE_DATA_DIR", "TREDE_KEY_FILE"])
def test_a_folder_that_cannot_be_used(operator: Operator, setting: str) -> None:
    file = operator.folder / "file"
    file.touch()

    assert_refused(operator.trede("run", **{setting: str(file / "below")}), f"Check {'TREDE_DATA_DIR'}")


SPOILT: Mapping[str, Callable[[bytes], bytes]] = {
    "a key misspelt": lambda text: text.replace(b"title:", b"titel:", 1),
    "no YAML": lambda _: b"parts: [",
    "no UTF-8": lambda text: text + b"# caf\xe9\n",
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_broken_script(operator: Operator, copy: Path, spoilt: str) -> None:
    script = copy / "dialogs/scripts/reflection.yaml"
    script.write_bytes(SPOILT[spoilt](script.read_bytes()))

    done = operator.trede_of(copy, "run", "--demo")

    assert_refused(done, "reflection.yaml:", "run `trede check`")
    assert_port_is_free(operator)
    assert not Path(operator.env["TREDE_DATA_DIR"]).exists(), "nothing is half started"


def test_a_database_of_a_kind_we_do_not_know(operator: Operator) -> None:
    assert_refused(operator.trede("run", TREDE_DATABASE_URL="mysql://x"), "TREDE_DATABASE_URL")

    assert not Path(operator.env["TREDE_DATA_DIR"]).exists(), "nothing is half started"


def test_a_broken_script_to_play_or_draw(operator: Operator) -> None:
    for command in ("play", "graph"):
        assert_refused(operator.trede(command, str(FAULTY)), "more: run `trede check", str(FAULTY))


@pytest.mark.parametrize("library", LIBRARIES)
async def test_a_wrong_token(operator: Operator, library: str) -> None:
    async with TelegramServer() as telegram:
        wrong = {
            "TREDE_TELEGRAM_TOKEN": "123456789:" + "A" * 35,
            "TREDE_TELEGRAM_API": telegram.url,
            "TREDE_TELEGRAM_LIBRARY": library,
        }
        done = await asyncio.to_thread(operator.trede, "run", **wrong)

    assert_refused(done, "TREDE_TELEGRAM_TOKEN", "@BotFather")
    assert "AAAA" not in done.err
    assert_port_is_free(operator)


@pytest.mark.parametrize(
    ("library", "module", "cure"),
    [("aiogram", "aiogram", "make install"), ("ptb", "telegram", "make ptb")],
)
def test_a_library_that_is_not_installed(operator: Operator, library: str, module: str, cure: str) -> None:
    done = operator.trede_without(module, "run", TREDE_TELEGRAM_TOKEN=TOKEN, TREDE_TELEGRAM_LIBRARY=library)

    assert_refused(done, f"TREDE_TELEGRAM_LIBRARY is {library}", "not installed", cure)
    assert_port_is_free(operator)


def test_no_invite_is_made_and_lost_when_telegram_is_not_there(operator: Operator) -> None:
    operator.trede("user", "add", "joke@example.org", "--name", "Joke", "--role", "manager")
    settings = {"TREDE_TELEGRAM_TOKEN": TOKEN, "TREDE_TELEGRAM_LIBRARY": "ptb"}

    done = operator.trede_without("telegram", "invite", "--name", "Nour", "--language", "ar", **settings)

    assert_refused(done, "make ptb")
    with sqlite3.connect(Path(operator.env["TREDE_DATA_DIR"]) / "trede.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM clients").fetchone() == (0,)


@pytest.mark.parametrize(("library", "module"), [("aiogram", "aiogram"), ("ptb", "telegram")])
def test_only_the_library_that_was_chosen_is_loaded(library: str, module: str) -> None:
    look = (
        "import sys, bot.cli; from bot.telegram_choice import telegram_library as choose; "
        "loaded = lambda: {'aiogram', 'telegram'} & set(sys.modules); assert not loaded(); "
        f"choose('{library}', '{TOKEN}'); assert loaded() == {{'{module}'}}, loaded()"
    )

    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr


def test_a_token_that_cannot_be_one(operator: Operator) -> None:
    assert_refused(operator.trede("run", TREDE_TELEGRAM_TOKEN="nonsense"), "@BotFather")


def test_a_webhook_without_a_secret(operator: Operator) -> None:
    done = operator.trede(
        "run",
        TREDE_TELEGRAM_TOKEN="123456789:" + "A" * 35,
        TREDE_TELEGRAM_WEBHOOK_URL="https://trede.example.org/telegram",
        TREDE_TELEGRAM_WEBHOOK_SECRET="s" * 31,
    )

    assert_refused(done, "TREDE_TELEGRAM_WEBHOOK_SECRET needs 32")
    assert_port_is_free(operator)


def test_two_wrong_settings_are_told_in_one_line(operator: Operator) -> None:
    done = operator.trede("run", TREDE_PORT="eighty", TREDE_TELEGRAM_LIBRARY="another")

    assert_refused(done, "TREDE_PORT:", "TREDE_TELEGRAM_LIBRARY:", "docs/settings.md")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("invite", "--name", "Nour", "--language", "xx"), "no language 'xx'"),
        (("invite", "--name", "Nour", "--language", "en", "--manager", "no@example.org"), "trede user add"),
        (("play", "nothing"), "no script 'nothing'"),
        (("graph", "nothing.yaml"), "Cannot read nothing.yaml"),
        (("check", "nothing.yaml"), "Cannot read nothing.yaml"),
        (("summary", "nothing"), "`trede queue` lists them"),
        (("summary", "nothing", "--language", "ar"), "Choose one of: en, nl"),
        (("user", "add", "nobody", "--name", "N", "--role", "manager"), "name@example.org"),
        (("user", "add", "n@example.org", "--name", "N", "--role", "queen"), "no role 'queen'"),
        (("user", "reset", "n@example.org"), "trede user add"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_not_there_is_told_in_one_line(operator: Operator, words: tuple[str, ...], said: str) -> None:
    assert_refused(operator.trede(*words), said)
