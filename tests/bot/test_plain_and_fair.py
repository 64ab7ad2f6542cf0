"""`trede check --plain` and `--fair`, as a coordinator uses them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app

UNFAIR = """script: mine
title: Mine
parts:
  - part: one
    title: One
    minutes: 2
    steps:
      - text: opinion
        ask: What does your husband think of employment?
"""

WORRIES = """script: worries
title: Worries
parts:
  - part: one
    title: One
    minutes: 2
    steps:
      - text: worry
        ask: What worries you?
"""

HOPES = """script: hopes
title: Hopes
parts:
  - part: one
    title: One
    minutes: 4
    steps:
      - text: hope
        ask: What do you hope for?
        summary: ambition
      - yes_no: own
        ask: Is it your own wish?
      - call: worries
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A script that is neither plain nor fair."""
    file = tmp_path / "mine.yaml"
    file.write_text(UNFAIR, encoding="utf-8")
    return file


def check(*words: str) -> Result:
    return CliRunner().invoke(app, ["check", *words])


@pytest.mark.parametrize("options", [("--plain",), ("--fair",), ("--plain", "--fair")])
def test_all_that_comes_with_trede_is_plain_and_fair(options: tuple[str, ...]) -> None:
    done = check(*options)

    assert (done.exit_code, done.output) == (0, "No faults.\n")


def test_each_linter_names_file_line_and_question_and_ends_with_1(mine: Path) -> None:
    plain, fair = check("--plain", str(mine)), check("--fair", str(mine))

    assert plain.exit_code == fair.exit_code == 1
    assert plain.output.startswith(f"{mine}:9: opinion: “employment” is long")
    assert fair.output.startswith(f"{mine}:9: opinion: “husband”: It presumes")


def test_without_them_neither_speaks(mine: Path) -> None:
    assert check(str(mine)).output == "No faults.\n"


def test_what_cannot_be_read_is_told_and_not_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(UNFAIR.replace("ask:", "aks:"), encoding="utf-8")

    done = check("--fair", str(file))

    assert done.exit_code == 1
    assert "Did you mean 'ask'?" in done.output


def test_a_script_is_judged_where_another_of_the_files_calls_it(mine: Path) -> None:
    called, calls = mine.with_name("worries.yaml"), mine.with_name("hopes.yaml")
    called.write_text(WORRIES, encoding="utf-8")
    calls.write_text(HOPES, encoding="utf-8")

    assert "worries.yaml:8: worry: It asks what is difficult" in check("--fair", str(called)).output
    assert check("--fair", str(called), str(calls)).output == "No faults.\n"
