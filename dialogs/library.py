"""Reads whole scripts: the door to this room for everybody who has files and wants scripts, or faults."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import PurePath

from dialogs.calls import called_by
from dialogs.check_flow import check_flow
from dialogs.check_formerly import check_formerly
from dialogs.check_words import check_words
from dialogs.compile import compile_script
from dialogs.errors import BrokenScript, Fault, UnknownScript
from dialogs.file_format import ScriptForm
from dialogs.read_file import read_file
from dialogs.script import Script

Sources = Mapping[str, str | bytes]
"""File name → its content. The stem of the name ("reflection" of "x/reflection.yaml") names the script."""


def packaged_sources() -> dict[str, str | bytes]:
    """The scripts that come with Trede."""
    folder = files("dialogs") / "scripts"
    found = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name
    )
    return {file.name: file.read_bytes() for file in found}


def read_scripts(sources: Sources) -> tuple[dict[str, Script], list[Fault]]:
    """All scripts that have no fault, by name; and all faults, in the order of files and lines."""
    forms, faults = _read_forms(sources)
    scripts: dict[str, Script] = {}
    for name, form in forms.items():
        compiled = compile_script(form, forms)
        faults.extend(compiled.faults)
        faults.extend(check_words(form))
        faults.extend(check_formerly(form))
        faults.extend(check_flow(compiled, form.file))
        scripts[name] = compiled.script
    bad = {PurePath(fault.file).stem for fault in faults}
    sound = {
        name: script for name, script in scripts.items() if not bad & {name, *called_by(forms[name], forms)}
    }
    return sound, sorted(set(faults))


def load(name: str, sources: Sources) -> Script:
    """The script of that name. `UnknownScript` if there is none; `BrokenScript` with all its faults."""
    chosen = sources_of(name, sources)
    scripts, faults = read_scripts(chosen)
    if faults:
        raise BrokenScript(faults)
    return scripts[name]


def load_published(name: str, sources: Sources) -> Script:
    """A script that was sound when it was published: it stays good, whatever later checks would say.

    Raises BrokenScript where nothing can be made of its file any more.
    """
    forms, faults = _read_forms(sources)
    if name not in forms:
        raise BrokenScript(faults)
    return compile_script(forms[name], forms).script


def sources_of(name: str, sources: Sources) -> dict[str, str | bytes]:
    """The file of a script and those of all scripts it calls. `UnknownScript` if there is none."""
    by_stem = {PurePath(file).stem: file for file in sources}
    if name not in by_stem:
        raise UnknownScript(name, sorted(by_stem))
    forms, _ = _read_forms(sources)
    wanted = {name, *(called_by(forms[name], forms) if name in forms else ())}
    return {file: content for file, content in sources.items() if PurePath(file).stem in wanted}


def _read_forms(sources: Sources) -> tuple[dict[str, ScriptForm], list[Fault]]:
    forms: dict[str, ScriptForm] = {}
    faults = list(_same_stems(sources))
    for file, content in sources.items():
        form, found = read_file(file, content)
        faults.extend(found)
        if form is not None:
            forms.setdefault(PurePath(file).stem, form)
    return forms, faults


def _same_stems(files_: Iterable[str]) -> Iterable[Fault]:
    seen: dict[str, str] = {}
    for file in files_:
        first = seen.setdefault(PurePath(file).stem, file)
        if first != file:
            yield Fault(
                file, 1, "", f"There is another script of this name, {first}. Rename one of the files."
            )
