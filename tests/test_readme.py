"""README and docs keep their word: commands, targets, files and settings that they name are there."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "compose.yaml", ".env.example", "Makefile")
DOCS = sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md"))
SHOT_AT_MOST = 200_000
"""Bytes: README is read over slow lines too."""

GROUPS = {group.name for group in app.registered_groups}


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def code(page: str) -> str:
    """What stands in backticks or in an indented or fenced block, a line each."""
    prose = text(page)
    ticked = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", prose, flags=re.DOTALL))
    fenced = re.findall(r"```\w*\n(.*?)```", prose, flags=re.DOTALL)
    indented = re.findall(r"^ {4}(.*)$", prose, flags=re.MULTILINE)
    return "\n".join([*ticked, *fenced, *indented])


def commands(page: str) -> set[tuple[str, ...]]:
    """The commands a page names, without what is only an example of a value: ("user", "add", "--name")."""
    found = set()
    for line in code(page).splitlines():
        told = re.search(r"(?:^|\.venv/bin/|exec trede )trede ([a-z].*)", line.partition(" #")[0])
        if told is None:
            continue
        words = shlex.split(told[1])
        depth = 2 if words[0] in GROUPS else 1
        found.add((*words[:depth], *sorted({word for word in words[depth:] if word.startswith("--")})))
    return found


ALL = [(page, command) for page in (*PAGES[:3], *DOCS) for command in sorted(commands(page))]


def test_commands_are_found_in_the_pages() -> None:
    named = {command[:2] for _, command in ALL}

    assert {("user", "add"), ("run",), ("check",), ("db", "upgrade")} <= named


@pytest.mark.parametrize(
    ("page", "command"), ALL, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_every_command_named_exists_with_its_options(page: str, command: tuple[str, ...]) -> None:
    names = [word for word in command if not word.startswith("--")]

    done = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})

    assert done.exit_code == 0, f"{page} names {command}"
    for option in (word for word in command if word.startswith("--")):
        assert option in done.output, f"{page} names {option}"


@pytest.mark.parametrize("page", [*PAGES[:3], *DOCS])
def test_every_make_target_named_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))

    assert set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", code(page), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", [*PAGES[:3], *DOCS])
def test_every_linked_file_exists(page: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", text(page)) if "://" not in link]

    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", [*PAGES[:3], *DOCS])
def test_every_file_named_exists(page: str) -> None:
    rooms = "bot|casework|console|dialogs|docs|locales|storage|tests|requirements"
    named = re.findall(
        rf"^((?:{rooms})/[\w./-]*\w)/?$", "\n".join(re.findall(r"`([^`\n]+)`", text(page))), re.MULTILINE
    )

    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, *DOCS])
def test_every_setting_named_exists(page: str) -> None:
    settings = {f"TREDE_{name.upper()}" for name in Settings.model_fields}

    assert set(re.findall(r"\bTREDE_[A-Z_]+[A-Z]", text(page))) <= settings


def test_every_page_of_docs_can_be_found_from_the_readme() -> None:
    reached = text("README.md") + text("CONTRIBUTING.md")

    assert [page for page in DOCS if page not in reached and not page.startswith("docs/adr/")] == []
    assert "docs/adr" in reached


def test_screenshots_are_there_and_small() -> None:
    shots = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text("README.md"))

    assert len(shots) == 2
    assert all((ROOT / shot).stat().st_size < SHOT_AT_MOST for shot in shots)


def test_no_page_names_a_path_of_one_machine() -> None:
    for page in (*PAGES, *DOCS, "Dockerfile", "LICENSE"):
        assert not re.search(r"/(?:root|home|work|tmp)/\w", text(page)), page
