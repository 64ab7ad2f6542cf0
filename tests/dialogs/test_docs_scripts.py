"""docs/scripts.md keeps its word: its examples are sound, and it explains all that a script may hold."""

import re
from pathlib import Path

import pytest

from dialogs.extract import ALWAYS_KNOWN
from dialogs.file_format import (
    KINDS,
    SUMMARY_KEYS,
    ChoiceForm,
    ConditionForm,
    Form,
    LadderForm,
    PartForm,
    RungForm,
    ScriptForm,
    WayForm,
)
from dialogs.library import Sources, load, read_scripts
from dialogs.read_file import LADDER, is_ladder, read_file

PAGE = (Path(__file__).parents[2] / "docs" / "scripts.md").read_text(encoding="utf-8")


def examples() -> Sources:
    """Every YAML example of the page, under the name of its script or ladder."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
    named = [
        (re.findall(r"^(script|ladder): (\w+)", block, flags=re.MULTILINE)[0], block) for block in blocks
    ]
    assert len({name for (_, name), _ in named}) == len(named), "two examples have the same name"
    return {f"{name}{LADDER if what == 'ladder' else '.yaml'}": block for (what, name), block in named}


def test_no_example_has_a_fault() -> None:
    assert [str(fault) for fault in read_scripts(examples())[1]] == []


@pytest.mark.parametrize("file", [file for file in examples() if not is_ladder(file)])
def test_each_example_compiles(file: str) -> None:
    assert load(file.removesuffix(".yaml"), examples()).steps


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_step_has_an_example(kind: str) -> None:
    forms = [read_file(file, content)[0] for file, content in examples().items() if not is_ladder(file)]

    assert kind in {step.kind for form in forms if form is not None for step in form.all_steps()}


@pytest.mark.parametrize(
    "model",
    [
        *KINDS.values(),
        ScriptForm,
        PartForm,
        ChoiceForm,
        WayForm,
        ConditionForm,
        LadderForm,
        RungForm,
    ],
)
def test_each_key_is_explained(model: type[Form]) -> None:
    keys = {field.alias or name for name, field in model.model_fields.items()}
    prose = re.sub(r"^```yaml\n.*?^```", "", PAGE, flags=re.DOTALL | re.MULTILINE)
    explained = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`\n]+`", prose))))

    assert {key for key in keys if not key.startswith("@")} - explained == set()


def test_each_key_of_the_summary_is_listed_and_no_other() -> None:
    table = PAGE.split("## Where answers go")[1].split("\n## ")[0]

    assert set(re.findall(r"^\| `([^`:]+)` \|", table, flags=re.MULTILINE)) == set(SUMMARY_KEYS)


def test_each_placeholder_is_listed_and_no_other() -> None:
    table = PAGE.split("### Words that are filled in")[1].split("\n## ")[0]

    assert set(re.findall(r"^\| `%\((\w+)\)s`", table, flags=re.MULTILINE)) == {
        *ALWAYS_KNOWN,
        "card",
        "part",
        "round",
        "step",
    }
