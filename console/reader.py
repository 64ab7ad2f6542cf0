"""How the console speaks to one reader: words from the catalogues, dates and language names by Babel."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime

from dialogs.script import Script
from locales.catalogue import STAFF_LANGUAGES, autonym
from locales.layered import own_first

Words = Callable[[str, str, str], str]
"""Language, context and English text in; the words in that language out (English where there are none)."""

LANGUAGES = {code: autonym(code) for code in STAFF_LANGUAGES}
"""Languages of staff, each written in itself."""

CONTEXT = "staff"
"""What staff words are filed under."""

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads the console in `language`."""

    language: str
    words: Words
    script_words: Words

    def t(self, text: str, **values: object) -> str:
        """The words for `text`, `%(name)s` replaced by `values`. Nothing in the values is interpreted."""
        found = self.words(self.language, CONTEXT, text)
        return _PLACEHOLDER.sub(lambda place: str(values.get(place[1], place[0])), found)

    def look_up(self, context: str, text: str) -> str:
        """A script's words in the reader's language."""
        return self.script_words(self.language, context, text)

    def own(self, context: str, text: str) -> str:
        """The words of a script for staff in the reader's language; "" stays ""."""
        return self.words(self.language, context, text) if text else ""

    def of(self, script: Script | None) -> "Reader":
        """The same reader with that script version's own translations, where it has them."""
        return replace(self, script_words=own_first(script.words, self.script_words)) if script else self

    def day(self, day: date) -> str:
        """Such as "14 Nov 2026"; of a moment, the day where this machine is."""
        local = day.astimezone() if isinstance(day, datetime) else day
        return format_date(local, "d MMM y", locale=self.language)

    def moment(self, moment: datetime) -> str:
        """Day and time where this machine is."""
        return format_datetime(moment.astimezone(), "d MMM y, HH:mm", locale=self.language)

    def language_name(self, code: str) -> str:
        """Such as "Arabic" or "Arabisch"; the code itself where there is no such language."""
        locale = _locale(code)
        return (locale and locale.get_display_name(self.language)) or code

    def direction(self, code: str) -> str:
        """ "rtl" or "ltr", for the words around what she wrote."""
        locale = _locale(code)
        return locale.text_direction if locale else "auto"


def best_language(header: str) -> str:
    """The first of our languages in an Accept-Language header, else English."""
    for wish in header[:200].split(","):
        code = wish.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return "en"


def _locale(code: str) -> Locale | None:
    try:
        return Locale.parse(code, sep="-" if "-" in code else "_")
    except (UnknownLocaleError, ValueError, TypeError):
        return None
