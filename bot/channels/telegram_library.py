"""What we ask of a Telegram library: read an update, and carry a call to the Bot API. The rest is ours."""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from bot.sending import Away, Rejected, SendingError, WrongToken
from dialogs.said import Said

TOKEN = re.compile(r"([0-9]{1,20}):[A-Za-z0-9_-]+")

Update = dict[str, Any]
"""An update as the Bot API gives it: JSON, with a whole number `update_id`, without lone surrogates."""


class VoiceNote(NamedTuple):
    """A voice message as an update tells of it: the file's name, its seconds, and its bytes if it says so."""

    file: str
    seconds: int
    size: int | None


class Upload(NamedTuple):
    """A file that goes along with a call."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody says to us in private.

    `person`: the chat's id, which is her own. `language`: the code of her app's language, or "". `code`: the
    invite's, if she opened the bot with one. `tap`: what Telegram calls her tap, if it is one. `file`: what
    Telegram calls what she spoke, if that is to be fetched.
    """

    person: int
    language: str
    said: Said
    code: str | None = None
    tap: str | None = None
    file: str = ""


class TelegramLibrary(Protocol):
    """One library, with one bot's token. Made without a network; raises WrongToken for a malformed token."""

    @property
    def bot(self) -> int:
        """The bot's number."""

    def read(self, update: Update) -> Heard | None:
        """What the update says to us; None if that is nothing (groups, edited messages, notes of Telegram's
        own …), or if the library cannot read it. Never raises."""

    async def call(self, method: str, parameters: dict[str, Any], seconds: float) -> Any:
        """What the Bot API answers, as JSON: the library's own types would fail where Telegram has new ones,
        and a message that was sent would count as not sent. Parameters that are None are left out; one
        may be an Upload.

        Raises a SendingError or WrongToken, without Telegram's own words: they quote hers.
        """

    async def download(self, path: str, most: int, seconds: float) -> bytes:
        """A file by the path that the Bot API gave for it. Of one with more than `most` bytes, a little more
        than that.

        Raises Rejected if there is no such file (any more), another SendingError, or WrongToken.
        """

    async def close(self) -> None:
        """Lets go of the connections."""


def refused_file(status: int) -> SendingError | WrongToken:
    """What an HTTP status other than 200 means for a file."""
    if status == 401:
        return WrongToken()
    return Rejected() if status in (400, 403, 404, 410) else Away(f"HTTP {status}")


def bot_number(token: str) -> int:
    """The part of a token that is no secret. Raises WrongToken if it does not look like a token."""
    found = TOKEN.fullmatch(token)
    if found is None:
        raise WrongToken
    return int(found[1])
