"""Help at once: the numbers that an organisation sets, on a card that she gets when she asks for it.

Nothing is inferred. The exact words bring the card at once; about words that are nearly those she is asked.
"""

from difflib import SequenceMatcher
from functools import lru_cache

from dialogs import phrases
from dialogs.open_turn import OpenTurn
from dialogs.turn import HelpCard, HelpLine, Label, Phrase, Say
from dialogs.understand import plain

NEARLY = 0.8
"""How like one of these words something is that she is asked about; 1 is the same."""

SHORTEST = 4
"""Letters of a word that can nearly be one of these."""


EVERYWHERE: HelpCard = (HelpLine(phrases.HELP_EMERGENCY, "112"),)
"""Where nobody set anything: the number that works in all of Europe, and in many countries beyond."""


def asks_for_help(turn: OpenTurn) -> bool:
    """Whether she typed exactly one of the words for it, in her language or in English."""
    return turn.typed != "" and turn.typed in _words(turn)


def nearly_asks_for_help(turn: OpenTurn) -> bool:
    """Whether she typed something that is nearly one of these words."""
    typed = turn.typed
    return len(typed) >= SHORTEST and any(_is_nearly(typed, word) for word in _words(turn))


def _is_nearly(typed: str, word: str) -> bool:
    """The lengths are compared first, since almost nothing that is typed here comes near."""
    shorter, both = min(len(typed), len(word)), len(typed) + len(word)
    if len(word) < SHORTEST or 2 * shorter / both < NEARLY:
        return False
    return SequenceMatcher(None, typed, word).ratio() >= NEARLY


def lines(card: HelpCard) -> tuple[Label, ...]:
    """The card, one line a number."""
    return (
        phrases.HELP_INTRO,
        *(Phrase("", "%(what)s: %(number)s", {"what": each.what, "number": each.number}) for each in card),
    )


def numbers(card: HelpCard) -> tuple[str, ...]:
    """What can be called with one tap."""
    return tuple(each.number for each in card)


def say_card(turn: OpenTurn) -> None:
    """The card alone: it tells nothing of the conversation, whoever holds the phone."""
    card = turn.here.help_card
    turn.says.append(Say(lines(card), calls=numbers(card)))


def _words(turn: OpenTurn) -> frozenset[str]:
    translate = turn.here.translate
    return _spoken(translate(phrases.HELP_NOW), translate(phrases.HELP_WORDS))


@lru_cache(maxsize=64)
def _spoken(*texts: str) -> frozenset[str]:
    """Each of the words as it is compared, with the English ones."""
    every = (*texts, phrases.HELP_NOW.text, phrases.HELP_WORDS.text)
    return frozenset(filter(None, (plain(word) for text in every for word in text.split(","))))
