"""Reads whole scripts: the door to this room for everybody who has files and wants scripts, or faults."""

from collections.abc import Iterable, Mapping
from pathlib import PurePath

from dialogs.calls import called_by, ladders_of
from dialogs.check_flow import check_flow
from dialogs.check_formerly import check_formerly
from dialogs.check_words import check_words
from dialogs.compile import compile_script
from dialogs.errors import BrokenScript, Fault, UnknownScript
from dialogs.file_format import LadderForm, ScriptForm
from dialogs.read_file import LADDER, is_ladder, read_file, read_ladder
from dialogs.script import Script

Sources = Mapping[str, str | bytes]
"""File name → its content. The stem of the name ("reflection" of "x/reflection.yaml") names the script.

Ladders are among them: "x/newcastle.ladder.yaml".
"""


def read_scripts(sources: Sources) -> tuple[dict[str, Script], list[Fault]]:
    """All scripts that have no fault, by name; and all faults, in the order of files and lines."""
    forms, faults = _read_forms(sources)
    ladders, wrong = _read_ladders(sources)
    faults.extend(wrong)
    scripts: dict[str, Script] = {}
    for name, form in forms.items():
        compiled = compile_script(form, forms, ladders)
        faults.extend(compiled.faults)
        faults.extend(check_words(form))
        faults.extend(check_formerly(form))
        faults.extend(check_flow(compiled, form.file))
        scripts[name] = compiled.script
    bad = {_name_of(fault.file) for fault in faults}
    sound = {
        name: script
        for name, script in scripts.items()
        if not bad & {name, *called_by(forms[name], forms), *_ladder_files(forms[name], forms)}
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
    return compile_script(forms[name], forms, _read_ladders(sources)[0]).script


def sources_of(name: str, sources: Sources) -> dict[str, str | bytes]:
    """The file of a script, those of all it calls, and of its ladders. `UnknownScript` if there is none."""
    by_name = {_name_of(file): file for file in sources}
    if name not in by_name:
        raise UnknownScript(name, sorted(each for each in by_name if not is_ladder(each)))
    forms, _ = _read_forms(sources)
    wanted = {name}
    if name in forms:
        wanted |= {*called_by(forms[name], forms), *_ladder_files(forms[name], forms)}
    return {file: content for file, content in sources.items() if _name_of(file) in wanted}


def _ladder_files(form: ScriptForm, forms: Mapping[str, ScriptForm]) -> set[str]:
    return {f"{ladder}{LADDER}" for ladder in ladders_of(form, forms)}


def _name_of(file: str) -> str:
    """Of a script its name; of a ladder the name of its file, so that the two cannot be taken for one."""
    path = PurePath(file)
    return path.name if is_ladder(file) else path.stem


def _read_forms(sources: Sources) -> tuple[dict[str, ScriptForm], list[Fault]]:
    forms: dict[str, ScriptForm] = {}
    faults = list(_same_stems(sources))
    for file, content in sources.items():
        if is_ladder(file):
            continue
        form, found = read_file(file, content)
        faults.extend(found)
        if form is not None:
            forms.setdefault(PurePath(file).stem, form)
    return forms, faults


def _read_ladders(sources: Sources) -> tuple[dict[str, LadderForm], list[Fault]]:
    found = [read_ladder(file, content) for file, content in sources.items() if is_ladder(file)]
    faults = [fault for _, wrong in found for fault in wrong]
    return {ladder.name: ladder for ladder, _ in found if ladder is not None}, faults


def _same_stems(files_: Iterable[str]) -> Iterable[Fault]:
    seen: dict[str, str] = {}
    for file in files_:
        first = seen.setdefault(_name_of(file), file)
        if first != file:
            yield Fault(
                file, 1, "", f"There is another script of this name, {first}. Rename one of the files."
            )
