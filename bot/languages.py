"""Languages that women can choose: those whose words native speakers have read, and drafts if switched on."""

from functools import cache

from bot import i18n
from locales.catalogue import CLIENT_LANGUAGES, SOURCE, autonym

ALL = "all"
"""Switches every draft on."""


def offered(drafts: str = "") -> tuple[tuple[str, str], ...]:
    """Codes with autonyms. `drafts`: languages under review that are switched on, with commas, or "all"."""
    switched_on = wanted(drafts)
    return tuple(
        (code, autonym(code))
        for code in CLIENT_LANGUAGES
        if code in switched_on or code not in under_review()
    )


def wanted(drafts: str) -> frozenset[str]:
    """The languages named. Raises ValueError for one that there is not."""
    if drafts.strip() == ALL:
        return frozenset(CLIENT_LANGUAGES)
    named = frozenset(code for code in drafts.replace(",", " ").split())
    unknown = sorted(named - set(CLIENT_LANGUAGES))
    if unknown:
        raise ValueError(
            f"There is no language '{unknown[0]}'. Write all, or some of: {', '.join(CLIENT_LANGUAGES)}"
        )
    return named


@cache
def under_review() -> frozenset[str]:
    """Languages with words that no native speaker has read yet, or that are not translated."""
    return frozenset(
        language for language in CLIENT_LANGUAGES if language != SOURCE and not _is_read(language)
    )


def _is_read(language: str) -> bool:
    messages = list(i18n.messages(i18n.read("client", language)))
    return bool(messages) and all(
        i18n.is_translated(message) and i18n.REVIEW not in message.flags and not message.fuzzy
        for message in messages
    )
