"""What we ask of a Telegram library: read an update, and carry a call to the Bot API. The rest is ours."""

import re
from dataclasses import dataclass
from typing import Any, Protocol

from bot.sending import WrongToken
from dialogs.said import Said

TOKEN = re.compile(r"([0-9]{1,20}):[A-Za-z0-9_-]+")

Update = dict[str, Any]
"""An update as the Bot API gives it: JSON, with a whole number `update_id`, without lone surrogates."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody says to us in private.

    `person`: the chat's id, which is her own. `language`: the code of her app's language, or "". `code`: the
    invite's, if she opened the bot with one. `tap`: what Telegram calls her tap, if it is one.
    """

    person: int
    language: str
    said: Said
    code: str | None = None
    tap: str | None = None


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
        and a message that was sent would count as not sent. Parameters that are None are left out.

        Raises a SendingError or WrongToken, without Telegram's own words: they quote hers.
        """

    async def close(self) -> None:
        """Lets go of the connections."""


def bot_number(token: str) -> int:
    """The part of a token that is no secret. Raises WrongToken if it does not look like a token."""
    found = TOKEN.fullmatch(token)
    if found is None:
        raise WrongToken
    return int(found[1])
