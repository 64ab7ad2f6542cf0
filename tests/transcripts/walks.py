"""Three ways through a script, for any script and language: short, long, everything skipped.

Her own words are taken from the catalogue, so that they are words of the language.
"""

from collections.abc import Iterator
from itertools import cycle

from bot.channels.terminal import SKIP, Play
from dialogs import phrases
from dialogs.asking import is_several, options
from dialogs.phrases import TALK_MORE
from dialogs.script import Step
from dialogs.turn import Phrase
from locales.catalogue import Catalogue
from tests.dialogs.talking import LANGUAGES, moves_of

WALKS = ("short", "long", "skipped")
MINUTES = {"short": "5", "long": "20", "skipped": ""}
LONGEST = 250

_WORDS = (
    ("occupation", "Selling at a market"),
    ("occupation", "Sewing and tailoring"),
    ("reflection/idea", "Ask somebody a question"),
    ("occupation", "Helping a teacher"),
    ("reflection/idea", "Find something out"),
    ("occupation", "Growing food for the family"),
)


def lines_of(walk: str, script: str, catalogue: Catalogue, language: str) -> list[str]:
    """All that she types."""
    play = Play(moves_of(script), catalogue, LANGUAGES, language)
    play.begin()
    typed: list[str] = []
    hers = cycle(catalogue.look_up(language, context, text) for context, text in _WORDS)
    for line in _lines(play, walk, hers):
        typed.append(line)
        play.type(line)
    return typed


def _lines(play: Play, walk: str, hers: Iterator[str]) -> Iterator[str]:
    for _ in range(LONGEST):
        mode, script = play.session.mode, play.moves.script
        if mode == "talking":
            yield _answer(play, script.step(play.session.at.step), walk, hers)
        elif mode == "remind_day":
            yield _said(play, phrases.REMIND_NONE)
        elif mode == "ended" and walk == "long" and any(play.moves.parts_on_offer(play.session.answers)):
            yield _said(play, TALK_MORE)
        else:
            return
    raise AssertionError(f"The {walk} walk does not end")


def _answer(play: Play, step: Step, walk: str, hers: Iterator[str]) -> str:
    found = [option.key for option in options(play.moves, play.session, LANGUAGES)]
    if step.kind == "language":
        return str(found.index(play.language) + 1)
    if step.consent:
        return "2" if walk == "long" and "more" in found else "1"
    if walk == "skipped" and step.skippable:
        return SKIP
    if step.feeds == "minutes":
        return str(found.index(MINUTES[walk]) + 1)
    if is_several(step):
        return "1 2 3" if len(found) > 2 else "1"
    if step.again or step.kind == "evidence":
        return "1" if play.session.at.round == 1 else "2"
    if step.feeds == "share.until":
        return str(found.index("day") + 1)
    if step.kind in ("choice", "cards", "yes_no", "read_back", "share", "offer"):
        return "1"
    if step.kind == "scale":
        return "5"
    return "31-12-2030" if step.kind == "date" else next(hers)


def _said(play: Play, phrase: Phrase) -> str:
    return play.catalogue.look_up(play.session.language, phrase.context, phrase.text)
