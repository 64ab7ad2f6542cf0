"""Our bot on Telegram: the library with its token, and the name it goes by."""

from bot.channels.telegram import username_of
from bot.channels.telegram_library import TelegramLibrary
from bot.sending import SendingError
from bot.settings import Settings
from bot.telegram_choice import telegram_library
from storage import facts
from storage.database import Database

_NAME = "telegram bot"


def library_of(settings: Settings) -> TelegramLibrary:
    """The library that the settings name, with our bot. Raises ChannelRefused."""
    token = settings.telegram_token.get_secret_value()
    return telegram_library(settings.telegram_library, token, settings.telegram_api or None)


async def bot_name(database: Database, settings: Settings) -> str | None:
    """The name of our Telegram bot; None without a token, or if Telegram cannot be asked now.

    Asked once for each token, then kept. Raises WrongToken.
    """
    token = settings.telegram_token.get_secret_value()
    if not token:
        return None
    bot, _, name = (await facts.noted(database, _NAME) or "").partition(" ")
    if name and bot == _bot_of(token):
        return name
    library = library_of(settings)
    try:
        found = await username_of(library)
    except SendingError:
        return None
    finally:
        await library.close()
    if found:
        await note_bot_name(database, _bot_of(token), found)
    return found


async def note_bot_name(database: Database, bot: str | int, name: str) -> None:
    """For the links of invites. `bot`: its number."""
    await facts.note(database, _NAME, f"{bot} {name}")


def _bot_of(token: str) -> str:
    """The part of a token that is no secret: the bot's number."""
    return token.partition(":")[0]
