"""Asks an address, whatever Telegram library is in use, and tells nobody else: no proxy, no redirects."""

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

MOST_BYTES = 100_000


class NoAnswer(Exception):
    """Nobody answers there. Says why in one word."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`date`: what the server's clock showed. `json`: an empty dict for what is none."""

    status: int
    date: datetime | None
    json: dict[str, Any]


class _Stays(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = build_opener(ProxyHandler({}), _Stays)


def get(url: str, seconds: float = 10) -> Answer:
    """Raises NoAnswer, which does not hold the address: a token may be in it."""
    try:
        with _OPENER.open(url, timeout=seconds) as answer:
            return Answer(answer.status, _date(answer.headers.get("Date")), _json(answer.read(MOST_BYTES)))
    except HTTPError as error:
        return Answer(error.code, _date(error.headers.get("Date")), {})
    except (URLError, OSError, ValueError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        raise NoAnswer(type(cause).__name__) from None


def _date(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
