"""The libraries that the settings offer for Telegram. What holds with one must hold with each."""

from typing import get_args

from bot.settings import Settings

LIBRARIES: tuple[str, ...] = get_args(Settings.model_fields["telegram_library"].annotation)
