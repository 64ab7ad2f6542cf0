"""Reads what she typed or tapped on Telegram, whatever library it came through."""

import json
import re
from datetime import datetime
from typing import Any, TypeGuard, cast, get_args

from bot.channels.telegram_library import Heard, Update, VoiceNote
from dialogs.said import (
    BIGGEST_VOICE,
    LONGEST_VOICE,
    Command,
    CommandName,
    Said,
    Tap,
    Text,
    Unreadable,
    Voice,
)

NAMES = frozenset(get_args(CommandName))
ALSO = {"help": "menu"}  # what people type, and what it means here
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # as JSON writes them: lone ones, and emoji
PRIVATE = "private"

HERS = (
    "unknown",  # something newer than our library
    "animation",
    "audio",
    "checklist",
    "contact",
    "dice",
    "document",
    "game",
    "live_photo",
    "location",
    "paid_media",
    "photo",
    "poll",
    "rich_message",
    "sticker",
    "story",
    "venue",
    "video",
    "video_note",
    "voice",
)
"""What a person sends. The other kinds are notes of Telegram's own, e.g. that a message was pinned."""

# ── an update ────────────────────────────────────────────────────────────────────────────────────


def read_body(body: bytes) -> Update | None:
    """The update in a webhook's body; None if it is none. Lone surrogates become U+FFFD."""
    try:
        found = json.loads(body.decode("utf-8", "replace"))
        mended = mend(found) if ESCAPED_SURROGATE.search(body) else found
    except (ValueError, RecursionError):
        return None
    return mended if is_update(mended) else None


def is_update(found: Any) -> TypeGuard[Update]:
    """Whether it can be told from others."""
    return isinstance(found, dict) and type(found.get("update_id")) is int


def without_ours(update: Update) -> Update:
    """A tap comes with the message under which she made it. It is ours, and says something new only where its
    chat is not a private one: the rest costs time, and a library could stumble over it."""
    query: Any = update.get("callback_query")
    message = query.get("message") if isinstance(query, dict) else None
    if not isinstance(message, dict):
        return update
    chat = message.get("chat")
    if isinstance(chat, dict) and chat.get("type") == PRIVATE:
        bare = None  # as Telegram shows a message that it knows no more
    else:
        bare = {"message_id": message.get("message_id"), "date": 0, "chat": chat}  # one that is too old
    return {**update, "callback_query": {**query, "message": bare}}


def mend(value: Any) -> Any:
    """JSON values with U+FFFD for lone surrogates, which no library and no database takes."""
    if isinstance(value, str):
        return LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [mend(each) for each in value]
    if isinstance(value, dict):
        return {mend(name): mend(each) for name, each in value.items()}
    return value


# ── a message or a tap ───────────────────────────────────────────────────────────────────────────


def heard_message(
    chat: int,
    chat_type: str,
    language: str,
    words: str | None,
    sent_at: datetime | None,
    kind: str,
    voice: VoiceNote | None = None,
) -> Heard | None:
    """What a message says; None outside a private chat, and for notes of Telegram's own."""
    if chat_type != PRIVATE:
        return None
    if words is not None:
        said, code = read_text(words, sent_at)
        return Heard(chat, language, said, code)
    if voice is not None:
        return _heard_voice(chat, language, voice, sent_at)
    return Heard(chat, language, Unreadable(kind)) if kind in HERS else None


def _heard_voice(chat: int, language: str, voice: VoiceNote, sent_at: datetime | None) -> Heard:
    """One that is too long or too big is not even fetched."""
    seconds = max(0, voice.seconds)
    if seconds > LONGEST_VOICE or (voice.size or 0) > BIGGEST_VOICE:
        return Heard(chat, language, Voice("", seconds, sent_at=sent_at, problem="too_long"))
    return Heard(chat, language, Voice("", seconds, sent_at=sent_at), file=voice.file)


def heard_tap(person: int, chat_type: str, language: str, data: str | None, tap: str) -> Heard | None:
    """What a tap says; None outside a private chat. There the chat has the person's own id."""
    return Heard(person, language, read_tap(data), tap=tap) if chat_type == PRIVATE else None


def read_text(words: str, sent_at: datetime | None) -> tuple[Said, str | None]:
    """What she said, and the invite's code if she opened the bot with one ("/start CODE")."""
    name, rest = _command(words)
    if name is None:
        return Text(words, sent_at=sent_at), None
    return Command(name), (rest or None) if name == "start" else None


def read_tap(data: str | None) -> Tap:
    """A tap from the data of its button, "token:value". `Tap("", "")` if it is no button of ours."""
    token, colon, value = (data or "").partition(":")
    return Tap(token, value) if colon else Tap("", "")


def _command(words: str) -> tuple[CommandName | None, str]:
    """A command and what follows it. "/skip@our_bot" is "/skip"; an unknown command is just words."""
    first, _, rest = words.strip().partition(" ")
    if not first.startswith("/"):
        return None, ""
    typed = first[1:].partition("@")[0].casefold()
    name = ALSO.get(typed, typed)
    return (cast(CommandName, name), rest.strip()) if name in NAMES else (None, "")
