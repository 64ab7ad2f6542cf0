"""Walks through the whole reflection: every branch is taken, and none takes longer than she was told."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import pytest

from dialogs.asking import is_several, options
from dialogs.how_long import lines, seconds
from dialogs.said import Tap
from dialogs.script import SILENT, Step
from tests.dialogs.talking import LANGUAGES, Amina, moves_of, talk_through

LONGEST = 300
WALKS = 180
TALKS_MORE = 8
"""Times that she talks about something else after the end, where branches are missing."""
LONGER = 1.25
"""How much more there is to read in some languages than in English."""

ABOUT = 1.1
"""She is told “about” so many minutes."""

LEADS_TO = {("step", "skipped"): "idea", ("want_ideas", "yes"): "idea"}
"""What she has to say to be asked something that is asked only then."""

A_STORY = 3.0
"""Minutes that another story takes, as she is told when she is asked for one."""


@dataclass
class Walked:
    """What one walk came by. `minutes`: spent in each part."""

    chosen: set[tuple[str, str]] = field(default_factory=set)
    minutes: dict[str, float] = field(default_factory=dict)
    had: int = 10
    stories: int = 1
    language: str = ""
    mode: str = ""


def keys_of(amina: Amina, step: Step) -> list[str]:
    """What can be chosen at a question, or that it is answered or skipped."""
    found = [option.key for option in options(amina.moves, amina.session, LANGUAGES)]
    if step.kind == "read_back":
        return ["right"]
    skipped = ["skipped"] if step.skippable and step.kind != "language" else []
    if step.kind == "evidence":
        found = ["story", *found[-2:]] if len(found) > 2 else found
    if step.kind == "scale":
        found = ["6", "7"]
    return [*(found or ["answered"]), *skipped]


def does(amina: Amina, step: Step, key: str) -> None:
    """She answers so."""
    found = [option.key for option in options(amina.moves, amina.session, LANGUAGES)]
    if key == "skipped":
        amina.does("skip")
    elif key == "story":
        amina.says("1")
    elif is_several(step) and key in found:
        others = [n for n, other in enumerate(found, 1) if other != key][:2]
        amina.says(" ".join(str(n) for n in sorted([found.index(key) + 1, *others])))
    elif key in found:
        amina.says(str(found.index(key) + 1))
    elif step.kind == "date":
        amina.says("31-12-2030")
    else:
        amina.says(key if step.kind == "scale" else "a few words of hers")


def walk(seed: int, missing: set[tuple[str, str]]) -> Walked:
    """One conversation, which goes where nobody went before if it can."""
    chance, amina, walked = random.Random(seed), talk_through(seed=seed), Walked()
    known: set[str] = set()
    more = iter(range(TALKS_MORE))
    for _ in range(LONGEST):
        for message in amina.messages:
            spent = seconds(message, known) / 60
            if not walked.mode and amina.part:
                walked.minutes[amina.part] = walked.minutes.get(amina.part, 0.0) + spent
            known.update(lines(message))
        if amina.session.mode != "talking":
            walked.mode = walked.mode or amina.session.mode
            if amina.session.mode != "ended" or not _talks_more(amina, missing, more):
                return walked
        step = amina.moves.script.step(amina.at.step)
        keys = keys_of(amina, step)
        fresh = [key for key in keys if (step.name, key) in missing or _leads_on(amina, step, key, missing)]
        careful = [key for key in keys if key not in ("skipped", "refuse", "no")]
        key = chance.choice(fresh or (careful if chance.random() < 0.9 and careful else keys))
        walked.chosen.add((step.name, key))
        missing.discard((step.name, key))
        if step.kind == "language":
            walked.language = key
        if step.name == "minutes" and key.isdecimal():
            walked.had = int(key)
        if step.again and key == "yes" and not walked.mode:
            walked.stories += 1
        does(amina, step, key)
    raise AssertionError("It goes on and on")


def _talks_more(amina: Amina, missing: set[tuple[str, str]], more: Iterator[int]) -> bool:
    """Whether she goes on after the end, since nobody went everywhere yet."""
    if not missing or "more" not in [button.value for button in amina.messages[-1].buttons]:
        return False
    if next(more, None) is None:
        return False
    amina.sends(Tap(amina.session.token, "more"))
    return True


def _leads_on(amina: Amina, step: Step, key: str, missing: set[tuple[str, str]]) -> bool:
    """Whether she comes to something that is missing if she chooses to talk about that part."""
    script = amina.moves.script
    if (step.name, key) in LEADS_TO:
        return any(name == LEADS_TO[step.name, key] for name, _ in missing)
    return step.kind == "offer" and any(
        script.by_name[name].part == key for name, _ in missing if name in script.by_name
    )


def everything() -> set[tuple[str, str]]:
    """Every choice of every question that a first visit can come by."""
    script = moves_of("reflection").script
    found: set[tuple[str, str]] = set()
    for step in script.steps:
        if step.kind in SILENT or "coming_back" in (step.part, step.about, *_asked_of(step)):
            continue
        if step.kind in ("choice", "cards", "yes_no", "several") and not step.among:
            found |= {(step.name, choice.key) for choice in step.choices}
        elif step.kind == "evidence":
            found |= {(step.name, key) for key in ("story", "elsewhere", "learning")}
        elif step.kind == "share":
            found |= {(step.name, key) for key in ("yes", "some", "no", "later")}
        elif step.kind == "scale":
            found |= {(step.name, "6"), (step.name, "7")}
        elif step.kind == "offer":
            found |= {(step.name, part.name) for part in script.parts if _is_offered_first(part.name)}
        if step.skippable and step.kind not in ("language", "read_back"):
            found.add((step.name, "skipped"))
    return found


def _asked_of(step: Step) -> list[str]:
    return [test.question for test in step.only_if if test.op == "part_answered"]


def _is_offered_first(part: str) -> bool:
    return part in ("can_do", "later", "worries", "people", "where_am_i")


@cache
def walks() -> tuple[Walked, ...]:
    """Those that take the branches that are missing, and some more."""
    return tuple(_walks())


def _walks() -> Iterator[Walked]:
    missing = everything()
    for seed in range(WALKS):
        yield walk(seed, missing)


def test_every_branch_is_walked() -> None:
    taken = {each for walked in walks() for each in walked.chosen}

    assert everything() - taken == set()


def test_every_walk_comes_to_an_end() -> None:
    assert {walked.mode for walked in walks()} == {"ended", "new"}, "new: she cannot write now, or says no"


def promised(walked: Walked) -> float:
    """The minutes she was told, in all: what she chose, and what she was told of when she wanted more."""
    more = (walked.stories - 1) * A_STORY
    return walked.had + more


@pytest.mark.parametrize("minutes", [5, 10, 20])
def test_no_walk_is_longer_than_it_promised(minutes: int) -> None:
    took = [
        (sum(spent for part, spent in walked.minutes.items() if part != "start"), walked)
        for walked in walks()
        if walked.had == minutes and walked.mode == "ended"
    ]

    assert len(took) > 3
    for spent, walked in took:
        longer = 1 if walked.language in ("", "en") else LONGER
        assert spent / longer <= promised(walked) * ABOUT, walked


def test_no_part_takes_longer_than_its_heading_says() -> None:
    script = moves_of("reflection").script
    for part in script.parts:
        told = part.minutes
        for walked in walks():
            more = (walked.stories - 1) * A_STORY if part.name == "stories" else 0
            if part.name not in ("start", "sharing"):  # how much is read back depends on how much she told
                spent = walked.minutes.get(part.name, 0.0) / (1 if walked.language in ("", "en") else LONGER)
                assert round(spent) <= told + more, part.name


def test_each_part_but_the_first_and_the_offer_takes_three_to_six_minutes() -> None:
    script = moves_of("reflection").script
    talks = [part for part in script.parts if not part.private and not part.follow_up]

    assert len(talks) == 8
    assert all(3 <= part.minutes <= 6 for part in talks)
