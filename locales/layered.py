"""Looks a script version's words up in its own translations first, then in the installed catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from locales.catalogue import Catalogue

Own = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Language → context → text → words."""

LookUp = Callable[[str, str, str], str]
"""Language, context and text in, the words out."""


@dataclass(frozen=True)
class Layered(Catalogue):
    """What a version does not hold (the words of buttons and notes, a gap) is looked up as ever."""

    below: Catalogue = field(default_factory=lambda: Catalogue({}))
    own: Own = field(default_factory=dict)

    def look_up(self, language: str, context: str, text: str) -> str:
        """The version's own words; else the installed ones."""
        found = _own(self.own, language, context, text)
        return self.below.look_up(language, context, text) if found is None else found

    def look_up_plural(self, language: str, context: str, one: str, many: str, n: int) -> str:
        """Scripts have no plurals, so these are always the installed words."""
        return self.below.look_up_plural(language, context, one, many, n)


def over(installed: Catalogue, own: Own) -> Catalogue:
    """`own` laid over the installed catalogue."""
    return Layered(installed.languages, installed, own) if own else installed


def own_first(own: Own, below: LookUp) -> LookUp:
    """The same for somebody who has no catalogue, only a way to look up."""

    def look_up(language: str, context: str, text: str) -> str:
        found = _own(own, language, context, text)
        return below(language, context, text) if found is None else found

    return look_up


def _own(own: Own, language: str, context: str, text: str) -> str | None:
    return own.get(language, {}).get(context, {}).get(text)
