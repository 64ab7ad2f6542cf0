"""The command line: `trede …`. Each command is a few lines; the work is done elsewhere."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from rich.text import Text

from bot import cli_scripts
from bot.channels.terminal import Play, summary_json, transcript, typed
from bot.check import check_all, check_files
from bot.cli_audio import audio
from bot.cli_key import key
from bot.cli_people import people, user
from bot.cli_quarantine import quarantine
from bot.cli_tools import FOUND, AsJson, out
from bot.cli_tools import printable as _printable
from bot.cli_tools import say as _say
from bot.cli_tools import stop as _stop
from bot.cli_tools import with_database as _with_database
from bot.cli_upkeep import upkeep
from bot.cli_words import words
from bot.demo import demo
from bot.fault import fault
from bot.languages import ALL, offered
from bot.logs import set_up_logs
from bot.opening import client_words, now, prepare
from bot.plain_and_fair import plain_and_fair
from bot.scripts import compiled_reflection, open_library
from bot.sending import ChannelRefused
from bot.settings import Settings, WrongSettings, read_settings
from casework.packaged import packaged_sources
from casework.person import EVERYTHING
from casework.reading import for_reader
from casework.summary import Flags, Summary, in_queue_order
from console.reader import Reader
from dialogs.errors import BrokenScript, DialogError
from dialogs.library import Sources, load
from dialogs.moves import Moves
from dialogs.read_file import LADDER
from dialogs.script import Script
from locales.catalogue import CLIENT_LANGUAGES, STAFF_LANGUAGES, read_catalogue
from locales.po import BrokenPo
from storage import cases
from storage.database import Database
from storage.errors import StorageError

CRASHED = 70
ABOUT = "Trede talks with clients, and lays what they share in their case manager's queue."

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=ABOUT)
db = typer.Typer(no_args_is_help=True, help="The database.")
app.add_typer(db, name="db")
app.add_typer(cli_scripts.script, name="script")
app.add_typer(words, name="i18n")
app.add_typer(audio, name="audio")
app.add_typer(key, name="key")
app.add_typer(quarantine, name="quarantine")
app.add_typer(people)
app.add_typer(user, name="user")
app.add_typer(upkeep)

Language = Annotated[str, typer.Option(help="Language of the words around hers.")]


def main() -> None:
    """Run a command. What an operator can mend is one line on standard error, and exit status 2.

    So is a fault of ours, with status 70; Python's own report would quote what it was working on.
    """
    set_up_logs()
    try:
        app()
    except BrokenScript as error:
        _stop(_in_one_line(error))
    except (StorageError, DialogError, ChannelRefused, WrongSettings, BrokenPo) as error:
        _stop(str(error))
    except Exception as error:
        _stop(
            f"A fault in Trede itself: {fault(error)}. Please report it; this line holds no secret.", CRASHED
        )


def _in_one_line(broken: BrokenScript) -> str:
    """The first fault, and where to find the others."""
    first = broken.faults[0]
    file = f" {first.file}" if Path(first.file).exists() else ""
    rest = len(broken.faults) - 1
    return f"{first} {f'{rest} more: run' if rest else 'Then run'} `trede check{file}`."


# ── serving ───────────────────────────────────────────────────────────────────────────────────────


@app.command()
def run(
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Make a small demo organisation first, or find it again.")
    ] = False,
) -> None:
    """Serve web chat and console, and Telegram if TREDE_TELEGRAM_TOKEN is set."""
    from prometheus_client import CollectorRegistry  # these take a second: other commands do without

    from bot.metrics import Meter
    from bot.serve import serve

    settings = read_settings()
    if with_demo and not settings.draft_languages:
        settings = settings.model_copy(update={"draft_languages": ALL})
    meter = Meter(CollectorRegistry())
    set_up_logs(settings.log_level, meter.heard)

    async def greet(database: Database) -> None:
        if with_demo:
            found = await demo(database, settings.address, now())
            _say(f"Chat as the demo client:    {found.chat}")
            _say("All languages are on offer, drafts too: no native speaker has read them all yet.")
            _say(f"Sign in as a case manager:  {found.enter}   (works once; after that: demo@example.org)")
        _say(f"Console for staff:          {settings.address}/staff")
        _say("Stop with Ctrl-C.")

    asyncio.run(serve(settings, greet, meter))


@db.command("upgrade")
def db_upgrade() -> None:
    """Make the tables, or bring them up to this version."""
    prepare(read_settings())
    _say("The database is up to date.")


# ── scripts ───────────────────────────────────────────────────────────────────────────────────────


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Script files; none: everything.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Look at scripts: is the English plain?")] = False,
    fair: Annotated[bool, typer.Option("--fair", help="Look at scripts: are the questions fair?")] = False,
) -> None:
    """Report every fault of scripts and translations, where it is and what to do. Status 1 for any fault."""
    given = _read(files or [])
    if plain or fair:
        faults = plain_and_fair(given, plain, fair)
    else:
        faults = check_files(given) if given else check_all()
    for found in faults:
        _say(str(found))
    if faults:
        raise SystemExit(FOUND)
    _say("No faults.")


@app.command()
def graph(script: Annotated[str, typer.Argument(help="A script's name or file.")]) -> None:
    """Draw the moves of a script, as a Mermaid diagram."""
    print(_moves(script).drawing(), end="")  # noqa: T201


@app.command()
def play(
    script: Annotated[str, typer.Argument(help="A script's name or file.")],
    language: Annotated[str, typer.Option(help="Language to begin in.")] = "en",
    answers: Annotated[Path | None, typer.Option(help="One answer a line; - skips, + waits.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary instead.")] = False,
) -> None:
    """Talk through a script here, without a database. The same answers always give the same conversation."""
    if language not in CLIENT_LANGUAGES:
        _stop(f"There is no language '{language}'. Choose one of: {', '.join(CLIENT_LANGUAGES)}.")
    session = Play(_moves(script), client_words(), offered(ALL), language)
    lines = _lines(answers) if answers else typed(lambda: input("> "))
    for piece in transcript(session, lines, echo=answers is not None):
        if not as_json:
            print(piece)  # noqa: T201
    if as_json:
        print(summary_json(_in_words(session.summary, session.moves.script, language)))  # noqa: T201


def _in_words(summary: Summary | None, script: Script | None, language: str) -> Summary | None:
    if summary is None:
        return None
    words = client_words().look_up
    return for_reader(summary, script, Reader(language, words, words).of(script).look_up)


def _lines(file: Path) -> list[str]:
    return _text(file).decode("utf-8-sig", "replace").splitlines()


def _moves(script: str) -> Moves:
    sources: dict[str, str | bytes] = dict(packaged_sources())
    path = Path(script)
    if path.suffix in (".yaml", ".yml"):
        sources = {name: text for name, text in sources.items() if Path(name).stem != path.stem}
        sources |= {each.name: _text(each) for each in path.parent.glob(f"*{LADDER}")}
        sources[str(path)] = _text(path)
    return Moves(load(path.stem, sources))


def _read(files: list[Path]) -> Sources:
    return {str(file): _text(file) for file in files}


def _text(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        _stop(f"Cannot read {file}: {(error.strerror or 'unknown reason').lower()}. Check the name.")


# ── cases ─────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def queue(as_json: AsJson = False) -> None:
    """The whole queue: asked for help first, then wants a call, then oldest."""

    async def work(database: Database, _: Settings) -> list[dict[str, Any]]:
        return [
            {
                "summary": case.summary,
                "client": case.client,
                "state": case.state,
                "language": case.language,
                "created": case.created.isoformat(),
                "asked_for_help": case.asked_for_help,
                "wants_call": case.wants_call,
                "manager": case.manager or None,
            }
            for case in in_queue_order(await cases.cases(database, EVERYTHING, now()))
        ]

    found = _with_database(work)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))  # noqa: T201
        return
    # An id that is cut off or broken over two lines cannot be copied.
    table = Table(Column("summary", no_wrap=True), "client", "state", "language", "created", "flags")
    for case in found:
        flags = [flag.replace("_", " ") for flag in ("asked_for_help", "wants_call") if case[flag]]
        table.add_row(
            case["summary"],
            Text(_printable(case["client"])),
            case["state"],
            case["language"],
            str(case["created"])[:10],
            ", ".join(flags),
        )
    out.print(table)


@app.command()
def summary(
    id: Annotated[str, typer.Argument(help="As `trede queue` shows it.")],
    language: Annotated[str, typer.Option(help="en or nl: the words around hers.")] = "en",
    as_json: AsJson = False,
) -> None:
    """One summary: what she shared, in her words."""
    if language not in STAFF_LANGUAGES:
        _stop(f"There is no language '{language}'. Choose one of: {', '.join(STAFF_LANGUAGES)}.")

    async def work(database: Database, _: Settings) -> Summary | None:
        found = await cases.find(database, EVERYTHING, id, now())
        if found is None:
            return None
        library = await open_library(database, compiled_reflection(), now())
        script = await library.fetch(found.summary.summary.script_version)
        return _in_words(found.summary, script, language)

    found = _with_database(work)
    if found is None:
        _stop(f"There is no summary '{id}'. `trede queue` lists them.")
    if as_json:
        print(summary_json(found))  # noqa: T201
        return
    _say(f"{_printable(found.summary.client)} · {found.summary.created:%Y-%m-%d}")
    for line in _asks(found.flags, language):
        _say(line)
    for answer in found.answers:
        _say(f"\n{answer.asked}\n  {_printable(', '.join(answer.chosen) or answer.verbatim or '—')}")


def _asks(flags: Flags, language: str) -> list[str]:
    """What she asks, in the words of the console."""
    t = Reader(language, read_catalogue("staff", STAFF_LANGUAGES).look_up, client_words().look_up).t
    asked = [t("Asked for help")] if flags.asked_for_help else []
    if flags.wants_call:
        asked.append(t("Wants a call"))
    if flags.call_when:
        asked.append(f"{t('When it is safe to call')}: {_printable(flags.call_when)}")
    return asked
