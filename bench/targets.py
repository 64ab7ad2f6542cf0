"""What is measured, and what it must reach: each target is a ratio of two measures taken in one round."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """A row, run so. `service`: "", "redis" or "postgres". `needs`: what else must be installed.

    `stored`: people who are there already. `processes` share the people between them.
    """

    row: str
    in_flight: int = 32
    service: str = ""
    needs: str = ""
    processes: int = 1
    stored: int = 0

    @property
    def name(self) -> str:
        """As it stands in the table."""
        parts = [
            self.row,
            self.service if self.service not in self.row else "",
            f"{self.in_flight} in flight",
        ]
        if self.processes > 1:
            parts.append(f"{self.processes} processes")
        if self.stored:
            parts.append(f"{self.stored:,} stored")
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Target:
    """`ours` must make at least `at_least` times the updates a second of `against`."""

    name: str
    ours: Measure
    against: Measure
    at_least: float
    note: str = ""


SQLITE = Measure("sqlite")
SQLITE_1 = Measure("sqlite", in_flight=1)
AIOGRAM_REDIS = Measure("aiogram-redis", service="redis")
AIOGRAM_BARE = Measure("aiogram-bare")
POSTGRES = Measure("postgres", service="postgres")
PTB = Measure("ptb", needs="ptb")
FLOOR = Measure("floor", in_flight=1)
ENGINE = Measure("trede-engine", in_flight=1)
TREDE = Measure("trede")
TREDE_1 = Measure("trede", in_flight=1)
TREDE_UNSEALED = Measure("trede-unsealed")
TREDE_POSTGRES = Measure("trede", service="postgres")
TREDE_TWO = Measure("trede", service="postgres", processes=2)
TREDE_AIOGRAM = Measure("trede-aiogram")
TREDE_PTB = Measure("trede-ptb", needs="ptb")
FEW, MANY = Measure("trede", stored=1_000), Measure("trede", stored=100_000)

TARGETS = (
    Target("engine and storage, SQLite, 32 in flight, against raw sqlite3", TREDE, SQLITE, 0.8),
    Target("engine and storage, SQLite, 32 in flight, against aiogram + Redis", TREDE, AIOGRAM_REDIS, 3.0),
    Target("engine and storage, SQLite, one in flight, against raw sqlite3", TREDE_1, SQLITE_1, 0.4),
    Target(
        "engine and storage, PostgreSQL, 32 in flight, against raw asyncpg", TREDE_POSTGRES, POSTGRES, 0.8
    ),
    Target("through aiogram, 32 in flight, against aiogram + Redis", TREDE_AIOGRAM, AIOGRAM_REDIS, 1.5),
    Target(
        "through aiogram, 32 in flight, against aiogram's dispatcher over a bare grouped store",
        TREDE_AIOGRAM,
        AIOGRAM_BARE,
        0.8,
    ),
    Target(
        "through python-telegram-bot, 32 in flight, against python-telegram-bot that stores nothing",
        TREDE_PTB,
        PTB,
        0.75,
    ),
    Target("two processes on one PostgreSQL against one", TREDE_TWO, TREDE_POSTGRES, 1.4),
    Target(
        "pure engine turn, words included, against the floor",
        ENGINE,
        FLOOR,
        0.2,
        "0.2 times the updates a second is 5 times the time: under 5 × the floor.",
    ),
    Target("encryption on against off", TREDE, TREDE_UNSEALED, 0.85),
)

GROWTH = (Target("100,000 stored people against 1,000", MANY, FEW, 0.8),)
