"""Which library talks to Telegram. Only the chosen one is imported: aiogram alone takes seconds."""

from bot.channels.telegram_library import TelegramLibrary
from bot.sending import LibraryMissing

INSTALLED_WITH = {"aiogram": ("aiogram", "make install"), "ptb": ("python-telegram-bot", "make ptb")}


def telegram_library(name: str, token: str, api: str | None = None) -> TelegramLibrary:
    """`name`: "aiogram" or "ptb". `api`: another Bot API server, e.g. "http://127.0.0.1:8081".

    Raises LibraryMissing, or WrongToken for a malformed token.
    """
    try:
        if name == "ptb":
            from bot.channels.telegram_ptb import Ptb

            return Ptb(token, api)
        from bot.channels.telegram_aiogram import Aiogram

        return Aiogram(token, api)
    except ModuleNotFoundError:
        raise LibraryMissing(name, *INSTALLED_WITH[name]) from None
