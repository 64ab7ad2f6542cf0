"""What came of it: a table for people, and bench/results.json for programs."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.runs import Figures, Measured
from bench.targets import Measure, Target

Entry = dict[str, Any]


def entries(targets: Sequence[Target], measured: Measured) -> list[Entry]:
    """One for each target. A ratio is taken within each round: the median of them, the least and the most."""
    return [_entry(target, measured) for target in targets]


def about(measured: Measured, people: int) -> Entry:
    """What has to be known to judge the figures."""
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "people": people,
        "rounds": len(measured.fdatasync_us),
        "fdatasync_us": _spread(measured.fdatasync_us),
    }


def save(file: Path, rows: Sequence[Entry], said: Entry) -> None:
    """Rows of other names that the file has already stay, so that the growth run adds to it."""
    known = json.loads(file.read_text())["rows"] if file.exists() else []
    new = {row["name"] for row in rows}
    kept = [row for row in known if row["name"] not in new]
    text = json.dumps({"rows": [*kept, *({**row, "about": said} for row in rows)]}, indent=1)
    file.write_text(text + "\n")


def show(console: Console, rows: Sequence[Entry], said: Entry) -> None:
    """The table, and the disk's pace beside it."""
    table = Table("what", "ratio", "at least", "", "ours, updates/s", "against, updates/s")
    for row in rows:
        table.add_row(*_cells(row))
    console.print(table)
    disk = said["fdatasync_us"]
    console.print(
        f"Medians of {said['rounds']} rounds, {said['people']} people; in brackets the least and the most. "
        f"fdatasync of 4 KiB here: {disk['median']} µs ({disk['least']}-{disk['most']})."
    )


def _entry(target: Target, measured: Measured) -> Entry:
    row: Entry = {"name": target.name, "ratio": None, "at_least": target.at_least}
    if target.note:
        row["note"] = target.note
    why = measured.skipped.get(target.ours) or measured.skipped.get(target.against)
    if why:
        return {**row, "skipped": why}
    ours, against = measured.rounds[target.ours], measured.rounds[target.against]
    ratios = _spread([a.per_second / b.per_second for a, b in zip(ours, against, strict=True)], 3)
    return {
        **row,
        "ratio": ratios["median"],
        "ratio_range": [ratios["least"], ratios["most"]],
        "met": ratios["median"] >= target.at_least,
        "ours": _side(target.ours, ours),
        "against": _side(target.against, against),
    }


def _side(measure: Measure, rounds: Sequence[Figures]) -> Entry:
    return {
        "row": measure.name,
        "updates_per_s": _spread([each.per_second for each in rounds]),
        "p50_ms": _spread([each.p50_ms for each in rounds], 3),
        "p99_ms": _spread([each.p99_ms for each in rounds], 3),
    }


def _spread(values: Sequence[float], digits: int = 0) -> Entry:
    found = {"median": statistics.median(values), "least": min(values), "most": max(values)}
    return {name: round(value, digits) if digits else round(value) for name, value in found.items()}


def _cells(row: Entry) -> tuple[str, ...]:
    if row["ratio"] is None:
        return row["name"], "", f"{row['at_least']}", "skipped", row["skipped"], ""
    least, most = row["ratio_range"]
    return (
        row["name"],
        f"{row['ratio']:.2f} ({least:.2f}-{most:.2f})",
        f"{row['at_least']}",
        "yes" if row["met"] else "no",
        *(_figure(row[side]["updates_per_s"]) for side in ("ours", "against")),
    )


def _figure(spread: Entry) -> str:
    return f"{spread['median']:,} ({spread['least']:,}-{spread['most']:,})"
