"""The benchmark measures what it says: the whole walk, every reply compared, every answer counted."""

import json
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from bench.report import entries, save
from bench.row import Place, Row
from bench.rows import ROWS, Open
from bench.runs import Bench, BenchFailed, Figures, Measured
from bench.targets import AIOGRAM_REDIS, SQLITE, TARGETS, TREDE, Measure
from bench.walk import QUESTIONS, TURNS, UPDATES
from bench.words import SCRIPT
from bench.worker import WrongCount, WrongReply, run
from dialogs.library import load

ROOT = Path(__file__).parents[1]


def in_a_process(module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


async def walked(open_row: Open, folder: Path) -> dict[str, float]:
    """Two people walk through a row."""
    asked = Namespace(folder=folder, url="", people=2, in_flight=2, stored=0, share=0, wait=False)
    return await run(open_row, asked)


def hearing(change: str | None) -> Open:
    """Raw sqlite3, each of whose messages goes through `change` ("%s twice" …); None: nothing is sent."""

    async def opened(place: Place) -> Row:
        def answer(method: str, chat: int | str | None, text: str | None, markup: str | None) -> str:
            if text is None:
                return place.answer(method, chat, text, markup)
            return "" if change is None else place.answer(method, chat, change % text, markup)

        return await ROWS["sqlite"](replace(place, answer=answer))

    return opened


async def forgetful(place: Place) -> Row:
    """Raw sqlite3 that has lost an answer."""
    row = await ROWS["sqlite"](place)

    class Forgetful(Row):
        handle = row.handle

        async def stored(self) -> int | None:
            return (await row.stored() or 0) - 1

    return Forgetful()


def measured(ours: list[float], against: list[float]) -> Measured:
    """Rounds of so many updates a second."""
    rounds = {
        measure: [Figures(pace, 1.0, 2.0) for pace in paces]
        for measure, paces in ((TREDE, ours), (SQLITE, against))
    }
    skipped = {target.against: "it is not here" for target in TARGETS if target.against not in rounds}
    return Measured(rounds, skipped, [150.0] * len(ours))


# ── a whole run ──────────────────────────────────────────────────────────────────────────────────


def test_a_quick_run_writes_ratios_with_the_bare_figures_beside_them(tmp_path: Path) -> None:
    out = tmp_path / "results.json"

    ended = in_a_process("bench", "--quick", "--people=3", "--rounds=1", f"--out={out}", f"--disk={tmp_path}")

    assert ended.returncode == 0, ended.stderr
    assert "fdatasync" in ended.stdout
    rows = json.loads(out.read_text())["rows"]
    assert [row["at_least"] for row in rows] == [0.8, 0.4]
    for row in rows:
        assert 0 < row["ratio_range"][0] <= row["ratio"] <= row["ratio_range"][1]
        assert row["about"]["fdatasync_us"]["median"] > 0
        for side in ("ours", "against"):
            pace = row[side]["updates_per_s"]
            assert 0 < pace["least"] <= pace["median"] <= pace["most"]
    assert list(tmp_path.iterdir()) == [out]  # it leaves nothing else behind


@pytest.mark.parametrize("row", ["floor", "trede-engine"])
def test_every_answer_of_the_walk_is_taken(row: str, tmp_path: Path) -> None:
    ended = in_a_process("bench.worker", row, f"--folder={tmp_path}", "--people=2")

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["updates"] == 2 * UPDATES


@pytest.mark.parametrize(("row", "is_readable"), [("trede", False), ("trede-unsealed", True)])
def test_only_what_is_measured_without_encryption_is_stored_without(
    row: str, is_readable: bool, tmp_path: Path
) -> None:
    ended = in_a_process("bench.worker", row, f"--folder={tmp_path}", "--people=2")

    assert ended.returncode == 0, ended.stderr
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("trede.sqlite3*"))
    assert (b"some forty characters" in stored) is is_readable


def test_people_who_are_only_there_to_be_many_have_finished_and_stay_out_of_the_count(tmp_path: Path) -> None:
    ended = in_a_process("bench.worker", "trede", f"--folder={tmp_path}", "--people=2", "--stored=50")

    assert ended.returncode == 0, ended.stderr


# ── what is wrong is not measured ────────────────────────────────────────────────────────────────


async def test_the_right_replies_pass(tmp_path: Path) -> None:
    assert (await walked(hearing("%s"), tmp_path))["updates"] == 2 * UPDATES


@pytest.mark.parametrize("change", ["%s!", None])
async def test_a_wrong_or_missing_reply_fails_the_run(change: str | None, tmp_path: Path) -> None:
    with pytest.raises(WrongReply, match="wanted"):
        await walked(hearing(change), tmp_path)


async def test_a_lost_answer_fails_the_run(tmp_path: Path) -> None:
    with pytest.raises(WrongCount, match=r"stored 154 answers instead of 155"):
        await walked(forgetful, tmp_path)


def test_a_row_that_fails_stops_the_benchmark_and_is_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path, people=2, tell=lambda _: None)

    with pytest.raises(BenchFailed, match=r"^no-such-row, 32 in flight: "):
        bench.rounds([Measure("no-such-row")], 1)


def test_a_row_whose_service_is_not_installed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    found = Bench(tmp_path, people=2, tell=lambda _: None).rounds([AIOGRAM_REDIS], 1)

    assert found.skipped == {AIOGRAM_REDIS: "redis-server is not installed"}
    assert found.rounds == {}


# ── the walk and the targets ─────────────────────────────────────────────────────────────────────


def test_our_script_is_the_same_walk() -> None:
    script = load("walk", {SCRIPT.name: SCRIPT.read_bytes()})

    ours = [step.text for step in script.steps]
    walk = [
        question.text
        for question in QUESTIONS.values()
        if question.key not in ("done", "bye")
        for _ in range(TURNS if question.key == "loop" else 1)
    ]
    assert sorted(ours) == sorted(walk)
    assert all(len(step.choices) == 4 for step in script.steps if step.kind == "choice")


def test_a_ratio_is_taken_within_each_round() -> None:
    rows = entries(TARGETS, measured(ours=[100, 300, 20], against=[50, 100, 20]))

    assert rows[0]["ratio"] == 2.0
    assert rows[0]["ratio_range"] == [1.0, 3.0]
    assert rows[0]["met"] is True


def test_what_cannot_be_measured_here_says_why() -> None:
    rows = entries(TARGETS, measured(ours=[1], against=[1]))

    assert [row["skipped"] for row in rows[1:]] == ["it is not here"] * (len(TARGETS) - 1)
    assert {row["ratio"] for row in rows[1:]} == {None}


def test_a_second_run_of_other_targets_adds_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    save(file, [{"name": "one", "ratio": 1}, {"name": "two", "ratio": 1}], {"rounds": 1})

    save(file, [{"name": "two", "ratio": 2}], {"rounds": 3})

    rows = json.loads(file.read_text())["rows"]
    assert [(row["name"], row["ratio"], row["about"]["rounds"]) for row in rows] == [
        ("one", 1, 1),
        ("two", 2, 3),
    ]
