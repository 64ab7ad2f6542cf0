"""`trede script …`: publish a version, list them, show one, and move people from one to another."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from bot.cli_tools import FOUND, AsJson, out, say, stop, with_database
from bot.moving import Line, Tally, carry_out, foresee
from bot.opening import now
from bot.script_words import (
    Found,
    UnreadablePo,
    in_folder,
    in_words,
    installed,
    translated,
    words_of,
    write_po,
)
from bot.scripts import REFLECTION, compiled, compiled_reflection, our_package, publish_packaged, texts
from bot.settings import Settings
from casework.packaged import packaged_sources
from dialogs.check_catalogue import check_catalogue
from dialogs.errors import Fault
from dialogs.extract import messages_of
from dialogs.library import Sources, load, read_scripts, sources_of
from dialogs.move_over import MoveOver
from dialogs.moves import Moves
from dialogs.script import END, Script, Words
from dialogs.versions import with_words
from locales.catalogue import READ_BY_STAFF
from storage import scripts
from storage.database import Database
from storage.scripts import Current, StoredScript

ABOUT = "Script versions: what new conversations begin with, and who is in which."

script = typer.Typer(no_args_is_help=True, help=ABOUT)

SHORTEST = 4
"""Signs of a version's name that are enough, if no other version begins with them."""


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a version. `before`: what was current until now; `others`: people in other versions."""

    version: str
    is_new: bool
    before: str | None
    translated: dict[str, tuple[int, int]]
    others: dict[str, int]


# ── publishing ────────────────────────────────────────────────────────────────────────────────────


@script.command()
def publish(
    what: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A script file; or a version that is kept here; or reflection."),
    ],
    po: Annotated[
        Path | None, typer.Option(help="A folder with more translations: nl.po, ar.po and so on.")
    ] = None,
) -> None:
    """Let new conversations begin with this version. People who have begun stay in theirs."""
    done = with_database(lambda database, _: _publish(database, what, po))
    if done.version == done.before:
        say(f"Version {done.version} is current already. Nothing was changed.")
    else:
        how = "is published" if done.is_new else "was here already, and is current again"
        say(f"Version {done.version} {how}: new conversations begin with it.")
    for language, (there, wanted) in done.translated.items():
        rest = f"; {wanted - there} will be in English" if there < wanted else ""
        say(f"  {language}  {there} of {wanted} texts{rest}")
    for version, people in done.others.items():
        say(f"People who stay in version {version}: {people}. What moving them would do:")
        say(f"  trede script move --from {version} --to {done.version} --dry-run")


@script.command()
def words(
    file: Annotated[Path, typer.Argument(help="A script file.")],
    po: Annotated[Path, typer.Option(help="The folder for nl.po, ar.po and so on.")],
) -> None:
    """Write what translators need for a script file, with all that is translated already."""
    try:
        made = write_po(_sound_sources(file), po)
    except OSError as error:
        stop(f"Cannot write to {po}: {(error.strerror or 'unknown reason').lower()}. Check --po.")
    except UnreadablePo as error:
        stop(str(error))
    for each in made:
        say(str(each))


async def _publish(database: Database, what: str, po: Path | None) -> Published:
    found = await scripts.current(database)
    before = found.version if found else None
    if what == REFLECTION:
        version = compiled_reflection().script.version
        is_new = await publish_packaged(database, compiled_reflection(), now())
    elif Path(what).suffix in (".yaml", ".yml"):
        version, is_new = await _keep(database, Path(what), po)
        await _make_current(database, version, before)
    else:
        version, is_new = (await _known(database, what)).version, False
        await _make_current(database, version, before)
    kept = await _known(database, version)
    people = await scripts.sessions_in(database)
    others = {each: number for each, number in people.items() if each != version}
    return Published(version, is_new, before, translated(kept.words or {}, kept.source), others)


async def _make_current(database: Database, version: str, before: str | None) -> None:
    if version != before:
        await scripts.make_current(database, version, "published", our_package(), now())


async def _keep(database: Database, file: Path, po: Path | None) -> tuple[str, bool]:
    sources = _sound_sources(file)
    earlier = [in_words(kept.words) for kept in await scripts.all_versions(database) if kept.words]
    found = words_of(sources, *_given(po), installed(), *earlier)
    _refuse(_faults_of_words(sources, found))
    made = with_words(load(file.stem, sources), found)
    return made.version, await scripts.publish(
        database, made.version, made.name, texts(sources), now(), found
    )


def _given(po: Path | None) -> list[Found]:
    try:
        return [in_folder(po)] if po else []
    except UnreadablePo as error:
        stop(str(error))


def _sound_sources(file: Path) -> Sources:
    """The script's file and those it calls, by their names. Ends here if any of them has a fault."""
    beside = [*file.parent.glob("*.yaml"), *file.parent.glob("*.yml")]
    packaged = {name: text for name, text in packaged_sources().items() if Path(name).stem != file.stem}
    others = {each.name: _bytes(each) for each in beside if each.stem != file.stem}
    stems = {Path(name).stem for name in others}
    packaged = {name: text for name, text in packaged.items() if Path(name).stem not in stems}
    chosen = sources_of(file.stem, {**packaged, **others, file.name: _bytes(file)})
    _refuse(read_scripts(chosen)[1])
    return chosen


def _faults_of_words(sources: Sources, words: Words) -> list[Fault]:
    """Lost placeholders, labels that are the same, texts too long. A gap is no fault: she reads English."""
    wanted = [message for name, text in sources.items() for message in messages_of(name, text)]
    faults: list[Fault] = []
    for language in READ_BY_STAFF:
        found = in_words(words).get(language, {}) if language in words else {}
        there = [message for message in wanted if (message.context, message.text) in found]
        faults += check_catalogue(there, found, language, f"{language}.po", {})
    return faults


def _refuse(faults: list[Fault]) -> None:
    for fault in faults:
        say(str(fault))
    if faults:
        raise SystemExit(FOUND)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        stop(f"Cannot read {file}: {(error.strerror or 'unknown reason').lower()}. Check the name.")


# ── looking ───────────────────────────────────────────────────────────────────────────────────────


@script.command("list")
def list_versions(as_json: AsJson = False) -> None:
    """Every version kept here: since when, whether it is current, how many people are in it."""
    rows = with_database(_rows)
    if as_json:
        print(json.dumps(rows, indent=2))  # noqa: T201
        return
    table = Table(Column("version", no_wrap=True), "script", "kept since", "current", "people", "translated")
    for row in rows:
        words = ", ".join(
            f"{language} {each['translated']}/{each['texts']}"
            for language, each in row["translations"].items()
            if each["translated"] < each["texts"]
        )
        current = f"since {row['current_since'][:10]}" if row["current"] else ""
        table.add_row(
            row["version"], row["script"], row["kept_since"][:10], current, str(row["people"]), words or "all"
        )
    out.print(table)


async def _rows(database: Database, _: Settings) -> list[dict[str, Any]]:
    people = await scripts.sessions_in(database)
    history = await scripts.history(database)
    return [_row(kept, people, history) for kept in await scripts.all_versions(database)]


def _row(kept: StoredScript, people: dict[str, int], history: tuple[Current, ...]) -> dict[str, Any]:
    mine = [each for each in history if each.version == kept.version]
    return {
        "version": kept.version,
        "script": kept.name,
        "kept_since": kept.created.isoformat(),
        "current": bool(history) and history[0].version == kept.version,
        "current_since": mine[0].at.isoformat() if mine else None,
        "origin": mine[0].origin if mine else None,
        "people": people.get(kept.version, 0),
        "translations": {
            language: {"translated": there, "texts": wanted}
            for language, (there, wanted) in translated(kept.words or {}, kept.source).items()
        },
    }


@script.command()
def show(version: Annotated[str, typer.Argument(help="Its name, or how it begins.")]) -> None:
    """Print a version as its author wrote it; scripts that it calls come after it."""
    kept = with_database(lambda database, _: _known(database, version))
    own = [name for name in kept.source if Path(name).stem == kept.name]
    for name in [*own, *(name for name in kept.source if name not in own)]:
        if name not in own:
            print(f"# ── {name}")  # noqa: T201
        print(kept.source[name], end="")  # noqa: T201


async def _known(database: Database, begin: str) -> StoredScript:
    """The version of that name, or the only one that begins so."""
    found = [kept for kept in await scripts.all_versions(database) if kept.version.startswith(begin)]
    exact = [kept for kept in found if kept.version == begin]
    if len(exact or found) != 1 or len(begin) < SHORTEST:
        many = "Several versions begin with" if len(found) > 1 else "There is no version"
        stop(f"{many} '{begin}'. `trede script list` shows them all.")
    return (exact or found)[0]


# ── moving ────────────────────────────────────────────────────────────────────────────────────────


@script.command()
def move(
    from_: Annotated[str, typer.Option("--from", help="The version they are in.")],
    to: Annotated[str, typer.Option(help="The version they come to.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    as_json: AsJson = False,
) -> None:
    """Move everybody who is in one version to another. Nothing they said is lost, nothing is sent to them."""
    tally = with_database(lambda database, _: _move(database, from_, to, dry_run))
    if as_json:
        print(json.dumps([_as_json(line, people) for line, people in tally.items()], indent=2))  # noqa: T201
        return
    table = Table("where they are", "what happens", "people")
    for line, people in tally.items():
        table.add_row(line.question.replace(END, "(the end)"), _in_words(line), str(people))
    if tally:
        out.print(table)
    moved = sum(people for line, people in tally.items() if line.fate != "left")
    say(f"{_people(moved)} would be moved. Nothing was changed." if dry_run else f"{_people(moved)} moved.")


async def _move(database: Database, from_: str, to: str, dry_run: bool) -> Tally:
    old, new = await _script(database, from_), await _script(database, to)
    if old.version == new.version:
        stop("--from and --to are the same version. `trede script list` shows them all.")
    over = MoveOver(Moves(old), Moves(new))
    return await (foresee if dry_run else carry_out)(database, over, now())


async def _script(database: Database, begin: str) -> Script:
    return compiled(await _known(database, begin))


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _in_words(line: Line) -> str:
    to = "the end" if line.to == END else f"'{line.to}'"
    if line.fate == "same":
        return "stays" if line.to == line.question else f"stays; it is called {to} now"
    if line.fate == "changed":
        return "stays, and sees the question anew"
    if line.fate == "gone":
        return f"the question is gone: goes on to {to}"
    if line.fate == "elsewhere":
        return f"comes to {to} first"
    return "stays in the old version: the new one would erase what she said"


def _as_json(line: Line, people: int) -> dict[str, Any]:
    return {"question": line.question, "what": line.fate, "to": line.to, "people": people}
