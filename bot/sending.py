"""Why a message could not be sent, in words every channel shares.

SendingError
├── RetryAfter   too fast: the channel says how long to wait
├── Blocked      she does not want messages from us any more
├── Rejected     the channel will never take this message
│   └── VoiceForbidden  she lets nobody send her voice messages
└── Away         the channel cannot be reached, or does not work at the moment
    └── TakenElsewhere  another program takes our bot's updates

ChannelRefused
├── LibraryMissing the library that the settings name is not installed
├── WrongToken   the channel does not know our token
├── WrongWebhook the channel does not take the address for its updates
└── WeakSecret   the webhook's secret is missing, too short, or has letters that Telegram refuses

None of them holds words of a message: a channel's own error text may, so it is never passed on.
"""

from collections.abc import Awaitable, Callable

from dialogs.message import Message

Send = Callable[[str, Message], Awaitable[None]]
"""Sends a message to an address; raises a SendingError."""


class SendingError(Exception):
    """Base of all reasons why a message was not sent."""


class RetryAfter(SendingError):
    """Too fast. `seconds`: how long to wait before the next try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The channel asks to wait {seconds} s.")
        self.seconds = seconds


class Blocked(SendingError):
    """She blocked the bot, or her account is gone."""


class Rejected(SendingError):
    """The channel refuses the message itself. Another try would fare no better."""


class VoiceForbidden(Rejected):
    """She lets nobody send her voice messages; words she gets."""

    WORD = "VOICE_MESSAGES_FORBIDDEN"
    """How Telegram says so."""


class Away(SendingError):
    """The network or the channel's server does not work now."""


class TakenElsewhere(Away):
    """Two programs take the updates of one bot, so each gets only some."""

    def __init__(self) -> None:
        super().__init__(
            "Another program takes the updates of this bot. Stop it, or give it a bot of its own."
        )


class ChannelRefused(Exception):
    """Base of what keeps a channel from starting."""


class LibraryMissing(ChannelRefused):
    """The library that talks to Telegram is not there."""

    def __init__(self, setting: str, package: str, cure: str) -> None:
        super().__init__(
            f"TREDE_TELEGRAM_LIBRARY is {setting}, but {package} is not installed. Install it with: {cure}"
        )


class WrongToken(ChannelRefused):
    """Telegram does not know the token."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram does not accept TREDE_TELEGRAM_TOKEN. "
            "Copy it again from @BotFather, or leave it empty to run without Telegram."
        )


class WrongWebhook(ChannelRefused):
    """Telegram does not take the webhook's address."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram does not accept TREDE_TELEGRAM_WEBHOOK_URL. "
            "It must be a public https address that leads here."
        )


class WeakSecret(ChannelRefused):
    """A webhook without a good secret would let anybody write in anybody's name."""

    def __init__(self, least: int, most: int) -> None:
        super().__init__(
            f"TREDE_TELEGRAM_WEBHOOK_SECRET must have {least} to {most} letters out of A-Z a-z 0-9 _ -. "
            "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
