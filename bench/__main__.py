"""`python -m bench`: measure, print the table, write bench/results.json."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bench.report import about, entries, save, show
from bench.runs import Bench, BenchFailed
from bench.targets import GROWTH, SQLITE, SQLITE_1, TARGETS, TREDE, TREDE_1, Measure, Target

HERE = Path(__file__).parent
QUICK = [
    target for target in TARGETS if target.ours in (TREDE, TREDE_1) and target.against in (SQLITE, SQLITE_1)
]


def main() -> int:
    """0 once everything was measured, whether the targets were met or not; 1 if a row failed."""
    asked = _arguments()
    console, progress = Console(width=None if sys.stdout.isatty() else 160), Console(stderr=True)
    targets = _targets(asked)
    with TemporaryDirectory(prefix="bench-", dir=asked.disk) as folder:
        bench = Bench(Path(folder), asked.people, lambda line: progress.print(line, highlight=False))
        try:
            measured = bench.rounds(_measures(targets), asked.rounds)
        except BenchFailed as error:
            progress.print(f"Not measured. {error}", highlight=False)
            return 1
    rows, said = entries(targets, measured), about(measured, asked.people)
    save(asked.out, rows, said)
    show(console, rows, said)
    return 0


def _targets(asked: argparse.Namespace) -> Sequence[Target]:
    of = GROWTH if asked.growth else QUICK if asked.quick else TARGETS
    return [target for target in of if not asked.only or any(part in target.name for part in asked.only)]


def _measures(targets: Sequence[Target]) -> list[Measure]:
    """Each once, the two of a ratio near each other."""
    return list(dict.fromkeys(each for target in targets for each in (target.against, target.ours)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="*", help="targets, by a part of their names; none: all")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--growth", action="store_true", help="measure with many people stored instead")
    parser.add_argument("--quick", action="store_true", help="only raw sqlite3 and ours on SQLite")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    parser.add_argument("--disk", type=Path, default=HERE, help="a folder on a real disk (not on tmpfs)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
