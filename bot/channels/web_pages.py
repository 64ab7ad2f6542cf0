"""Draws the pages of the web chat. What they say comes from the conversation; they decide nothing."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from secrets import token_urlsafe
from zoneinfo import ZoneInfo, available_timezones

from babel.core import Locale, negotiate_locale
from babel.dates import format_date, format_time, get_timezone_location
from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.audio import Audio, Sound
from bot.channels.web_form import MAX_TEXT
from bot.channels.web_static import STAMP
from bot.channels.web_words import NOTES
from bot.pictures import picture_file
from dialogs.message import Message, WrittenButton
from locales.catalogue import direction

CITIES = ("Europe/Amsterdam", "Europe/London", "America/New_York", "Asia/Tokyo")
"""Of the page she leaves to: places that say nothing about her."""

UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What HTML cannot hold, whatever she typed; the stored words keep it."""

Words = Callable[[str, str], str]
Numbered = tuple[int, Message]


@dataclass(frozen=True, slots=True)
class Screen:
    """What one woman sees: the messages, and which of them awaits an answer (`token`, "" for none)."""

    code: str
    language: str
    messages: tuple[Numbered, ...] = ()
    token: str = ""
    typed: str = ""  # stands in the field again
    started: bool = True
    over: bool = False  # nothing can be answered any more

    @property
    def newest(self) -> int:
        """The number of the newest message, 0 if there is none."""
        return self.messages[-1][0] if self.messages else 0

    @property
    def question(self) -> Message | None:
        """The message whose answer is awaited."""
        if not self.token:
            return None
        asked = (m for _, m in reversed(self.messages) if m.token == self.token and not m.hers)
        return next(asked, None)

    def only_question(self) -> "Screen":
        """The same without what was said before."""
        asked = tuple((n, m) for n, m in self.messages if m is self.question)
        return replace(self, messages=asked)

    @property
    def latest(self) -> int:
        """The message to look at first: her own newest, with all that was said since; else the newest."""
        return max((n for n, message in self.messages if message.hers), default=self.newest)

    def since(self, after: int) -> tuple[Numbered, ...] | None:
        """The messages after that one; None if it is none of these: the page is out of date."""
        if after and after not in {n for n, _ in self.messages}:
            return None
        return tuple((n, message) for n, message in self.messages if n > after)


@dataclass(frozen=True, slots=True)
class Pages:
    """The templates, with what they need from outside. `base` stands before every address.

    `audio` knows which questions can be listened to; without it, none can.
    """

    words: Words
    languages: Sequence[str]
    base: str = ""
    audio: Audio | None = None
    _environment: Environment = field(init=False, repr=False)

    def __post_init__(self) -> None:
        environment = Environment(
            loader=PackageLoader("bot.channels"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(
            base=self.base,
            files=f"{self.base}/chat/static/{STAMP}",
            dir_of=direction,
            max_text=MAX_TEXT,
            sound_of=self.sound_of,
        )
        environment.filters.update(choices=_choices, controls=_controls, digits=_digits, drawing=picture_file)
        object.__setattr__(self, "_environment", environment)

    def sound_of(self, message: Message) -> Sound | None:
        """What reads this message aloud, if there is anything."""
        return self.audio.of(message) if self.audio else None

    def chat(self, screen: Screen) -> str:
        """The whole page: the start, or the conversation."""
        return self._draw("chat.html" if screen.started else "start.html", screen.language, screen=screen)

    def news(self, screen: Screen, messages: Sequence[Numbered]) -> str:
        """For a page that is there already: these messages, and the form for the next answer."""
        return self._draw("news.html", screen.language, screen=screen, messages=messages)

    def once_more(
        self, code: str, language: str, text: str, fields: Iterable[tuple[str, str]], typed: str
    ) -> str:
        """A sentence, and the same answer to be sent again, with her words in the field."""
        again = [(name, value) for name, value in fields if name != "text"]
        return self._draw("once_more.html", language, code=code, text=text, fields=again, typed=typed)

    def notice(self, language: str, text: str, code: str = "") -> str:
        """One sentence. With `code`, a link back to the conversation."""
        return self._draw("notice.html", language, text=text, code=code)

    def bye(self, language: str, now: datetime) -> str:
        """The time in some cities, and nothing else."""
        locale = Locale.parse(language.replace("-", "_"))
        zones = [ZoneInfo(name) for name in CITIES if name in available_timezones()]
        clocks = [
            (
                get_timezone_location(zone, locale=locale, return_city=True),
                format_time(now, "short", tzinfo=zone, locale=locale),
            )
            for zone in zones
        ]
        return self._draw("bye.html", language, today=format_date(now, "full", locale=locale), clocks=clocks)

    def language_for(self, accept_language: str) -> str:
        """The best of our languages for a browser we know nothing else about."""
        wanted = [part.partition(";")[0].strip() for part in accept_language[:500].split(",")]
        found = negotiate_locale(wanted, list(self.languages), sep="-")
        return found if found is not None and found in self.languages else self.languages[0]

    def _draw(self, template: str, language: str, **values: object) -> str:
        html = self._environment.get_template(template).render(
            lang=language,
            dir=direction(language),
            word=partial(self._word, language),
            event=token_urlsafe(16),
            **values,
        )
        return UNSHOWABLE.sub("\ufffd", html)

    def _word(self, language: str, text: str) -> str:
        if text not in NOTES:
            raise KeyError(f"A chat template says '{text}', which web_words.py lacks. Add it to NOTES there.")
        return self.words(language, text)


def _digits(number: str) -> str:
    """A telephone number as a telephone takes it."""
    return "".join(sign for sign in number if sign in "+0123456789")


def _choices(message: Message) -> list[WrittenButton]:
    return [button for button in message.buttons if button.kind == "choice"]


def _controls(message: Message) -> list[WrittenButton]:
    """The smaller buttons, but for those that the page has better ones for: to send boxes, to listen."""
    left_out = {"read", "done"} if message.expects == "several" else {"read"}
    return [button for button in message.buttons if button.kind == "control" and button.value not in left_out]
