"""`trede audio …`: which questions can be listened to, and generating what is missing."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from bot import i18n
from bot.audio import GENERATED, SAYS, Audio
from bot.cli_tools import AsJson, out, say, stop
from bot.espeak import CannotSpeak, Espeak
from bot.opening import client_words
from bot.read_aloud import CannotBeRead, Prompt, prompts, spoken
from bot.script_words import UnreadablePo, in_folder, words_of
from bot.settings import read_settings
from casework.packaged import packaged_sources
from dialogs.library import Sources, load, read_scripts, sources_of
from dialogs.script import Script
from locales.catalogue import CLIENT_LANGUAGES, Catalogue
from locales.layered import over

audio = typer.Typer(no_args_is_help=True, help="Questions that can be listened to.")

State = Literal["recorded", "generated", "stale", "missing", "unusable", "unknown"]
"""Stale: generated from words that have changed since. Unknown: a file that belongs to no question."""

ScriptName = Annotated[
    str | None, typer.Option("--script", help="A script's name or file; without it, all that clients see.")
]
Po = Annotated[
    Path | None, typer.Option(help="A folder with more translations, as for `trede script publish`.")
]


@dataclass(frozen=True, slots=True)
class Row:
    """How one question stands in one language. `why`: what is wrong with a file that cannot be used."""

    language: str
    script: str
    question: str
    state: State
    why: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of the questions of one language. `skipped`: context → why."""

    made: tuple[Path, ...]
    skipped: dict[str, str]
    kept: int


# ── looking ───────────────────────────────────────────────────────────────────────────────────────


@audio.command("list")
def list_sounds(
    language: Annotated[str | None, typer.Argument(metavar="[LANG]", help="Without it, all of them.")] = None,
    script: ScriptName = None,
    po: Po = None,
    as_json: AsJson = False,
) -> None:
    """Which questions have a sound: recorded, generated, stale (made from other words), or missing."""
    languages = (_known(language),) if language else CLIENT_LANGUAGES
    scripts, catalogue = _scripts(script, po)
    asked = [p for each in languages for one in scripts for p in prompts(one, catalogue, each)]
    found = list(rows(asked, Audio(read_settings().audio_dir), languages))
    if as_json:
        print(json.dumps([asdict(row) for row in found], ensure_ascii=False, indent=2))  # noqa: T201
        return
    table = Table("language", "script", "question", "state")
    for row in found:
        table.add_row(row.language, row.script, row.question, row.state)
    out.print(table)
    for row in found:
        if row.why:
            say(f"{row.language}/{row.script}/{row.question}: {row.why}")


def rows(asked: Sequence[Prompt], sounds: Audio, languages: Sequence[str]) -> Iterator[Row]:
    """A row for every question, then one for every file that is of no use."""
    found = sounds.found()
    for prompt in asked:
        yield Row(prompt.language, prompt.script, prompt.question, state_of(prompt, sounds))
    for file, why in found.unusable.items():
        language = file.parents[1].name if file.parents[1].name != "audio" else file.parents[2].name
        if language in languages:
            yield Row(language, file.parent.name, file.stem, "unusable", why)
    known = {(prompt.language, prompt.context) for prompt in asked}
    names = ", ".join(dict.fromkeys(prompt.script for prompt in asked))
    for language, context in sorted(found.sounds.keys() - known):
        if language in languages:
            name, _, question = context.partition("/")
            why = f"There is no such question in {names}. Is the file's name right?"
            yield Row(language, name, question, "unknown", why)


def state_of(prompt: Prompt, sounds: Audio) -> State:
    """How a question stands."""
    found = sounds.found().sounds.get((prompt.language, prompt.context), ())
    if any(not sound.is_generated for sound in found):
        return "recorded"
    if any(sound.says == prompt.lines for sound in found):
        return "generated"
    return "stale" if found else "missing"


# ── generating ────────────────────────────────────────────────────────────────────────────────────


@audio.command()
def make(
    language: Annotated[
        str, typer.Argument(metavar="LANG", help="One of the languages that clients choose.")
    ],
    script: ScriptName = None,
    po: Po = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Where the files go, if not to TREDE_AUDIO_DIR.")
    ] = None,
) -> None:
    """Let espeak-ng read aloud what is missing or stale. Recorded files stay, and come first."""
    folder = folder or read_settings().audio_dir
    if folder is None:
        stop("Say where the files go: set TREDE_AUDIO_DIR, or give --out FOLDER.")
    scripts, catalogue = _scripts(script, po)
    asked = [prompt for one in scripts for prompt in prompts(one, catalogue, _known(language))]
    try:
        done = make_missing(asked, catalogue, folder, _speaks(Espeak(), language))
    except CannotSpeak as error:
        stop(str(error))
    except OSError as error:
        stop(f"Cannot write to {folder}: {(error.strerror or 'unknown reason').lower()}. Check its name.")
    for context, why in done.skipped.items():
        say(f"{context}: skipped, since {why}.")
    say(f"{len(done.made)} made in {folder / language}, {len(done.skipped)} skipped, {done.kept} kept.")


def make_missing(asked: Iterable[Prompt], catalogue: Catalogue, folder: Path, espeak: Espeak) -> Made:
    """Generate what has no sound that can be played. Raises CannotSpeak and OSError."""
    made: list[Path] = []
    skipped: dict[str, str] = {}
    kept, there = 0, Audio(folder)
    for prompt in asked:
        if state_of(prompt, there) in ("recorded", "generated"):
            kept += 1
            continue
        try:
            text = spoken(prompt, catalogue)
        except CannotBeRead as error:
            skipped[prompt.context] = str(error)
            continue
        notes = ((SAYS, line) for line in prompt.lines)
        made.append(_written(folder, prompt, espeak.say(prompt.language, text, notes)))
    return Made(tuple(made), skipped, kept)


def _written(folder: Path, prompt: Prompt, sound: bytes) -> Path:
    file = folder / prompt.language / prompt.script / f"{prompt.question}{GENERATED}.ogg"
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")  # a server that looks meanwhile finds the old one, or the whole new one
    new.write_bytes(sound)
    return new.replace(file)


def _speaks(espeak: Espeak, language: str) -> Espeak:
    if not espeak.speaks(language):
        others = ", ".join(each for each in CLIENT_LANGUAGES if espeak.speaks(each))
        raise CannotSpeak(
            f"espeak-ng does not speak '{language}' (it speaks {others}). "
            "Let somebody record the questions: docs/pictures-and-audio.md."
        )
    return espeak


# ── what both need ────────────────────────────────────────────────────────────────────────────────


def _known(language: str) -> str:
    if language not in CLIENT_LANGUAGES:
        stop(f"There is no language '{language}'. Choose one of: {', '.join(CLIENT_LANGUAGES)}.")
    return language


def _scripts(script: str | None, po: Path | None) -> tuple[list[Script], Catalogue]:
    """The scripts meant, and their words. Raises UnknownScript and BrokenScript."""
    if script is None:
        sources: Sources = i18n.scripts_for("client")
        found = list(read_scripts(sources)[0].values())
    else:
        sources = _sources(script)
        found = [load(Path(script).stem, sources)]
    try:
        own = words_of(sources, in_folder(po)) if po else {}
    except UnreadablePo as error:
        stop(str(error))
    return found, over(client_words(), own)


def _sources(script: str) -> Sources:
    """The script with all it calls; what lies beside its file comes before what comes with Trede."""
    file, beside = Path(script), {}
    if file.suffix in (".yaml", ".yml"):
        try:
            beside = {each.name: each.read_bytes() for each in {file, *file.parent.glob("*.yaml")}}
        except OSError as error:
            stop(f"Cannot read {file}: {(error.strerror or 'unknown reason').lower()}. Check the name.")
    stems = {Path(name).stem for name in beside}
    packaged = {name: text for name, text in packaged_sources().items() if Path(name).stem not in stems}
    return sources_of(file.stem, {**packaged, **beside})
