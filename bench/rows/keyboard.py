"""Between the fake Bot API and our engine, where no channel of ours is in between."""

import json

from bench.rows.bare import Heard
from bot.channels.telegram_reading import read_tap, read_text
from dialogs.message import Message
from dialogs.said import Said


def said_by(heard: Heard) -> Said:
    """What somebody said to us."""
    return read_tap(heard.said) if heard.query is not None else read_text(heard.said, None)[0]


def keyboard(message: Message) -> str | None:
    """A message's buttons, one below the other, as the Bot API's JSON."""
    rows = [
        [{"text": button.label, "callback_data": f"{message.token}:{button.value}"}]
        for button in message.buttons
    ]
    return json.dumps({"inline_keyboard": rows}) if rows else None
