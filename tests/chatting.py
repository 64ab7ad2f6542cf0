"""A woman who chats over HTTP with a server that runs, as a browser without JavaScript would."""

import html
import re
import secrets
from types import TracebackType
from typing import Self

import httpx


class Chatting:
    """One browser at one chat link."""

    def __init__(self, link: str) -> None:
        self.link = link
        self._browser = httpx.Client(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._browser.close()

    @property
    def page(self) -> str:
        """What the browser shows now, as HTML."""
        return self._browser.get(self.link).raise_for_status().text

    @property
    def hears(self) -> str:
        """The words on the page."""
        return html.unescape(re.sub(r"<[^>]+>", " ", self.page))

    @property
    def token(self) -> str:
        """The question's turn token; "" before the start."""
        found = re.search(r'name="token" value="([^"]*)"', self.page)
        return found[1] if found else ""

    def starts(self) -> None:
        """Presses Start."""
        self.sends(command="start")

    def says(self, *texts: str) -> None:
        """Types one answer after the other."""
        for text in texts:
            self.sends(text=text, token=self.token)

    def taps(self, *numbers: int) -> None:
        """Presses one choice after the other, counted from 1."""
        for number in numbers:
            found = re.findall(r'name="tap" value="([^"]*)" class="choice"', self.page)
            self.sends(tap=found[number - 1], token=self.token)

    def presses(self, control: str) -> None:
        """Presses the control with that value, such as "skip"."""
        self.sends(tap=control, token=self.token)

    def sends(self, **fields: str) -> httpx.Response:
        """A form of the page."""
        sent = self._browser.post(self.link, data={"event": secrets.token_urlsafe(16), **fields})
        assert sent.status_code < 500, sent.text
        return sent
