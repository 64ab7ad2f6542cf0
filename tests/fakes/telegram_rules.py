"""What Telegram refuses in a message, after tdlib/telegram-bot-api and the Bot API's text."""

import re
from typing import Any

TEXT_LIMIT = 4096  # UTF-16 units, after entities are parsed
CAPTION_LIMIT = 1024
CALLBACK_DATA_LIMIT = 64  # bytes
CALLBACK_ANSWER_LIMIT = 200  # characters
ROW_LIMIT = 8
BUTTON_LIMIT = 100

TAGS = frozenset(
    {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "span"}
    | {"tg-spoiler", "tg-emoji", "tg-time", "blockquote"}
)
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
TAG = re.compile(r"<(/?)([a-zA-Z0-9-]*)([^<>]*)>")
DROPPED = re.compile("[\r\u202a-\u202e]")  # Telegram drops these, and blanks other control characters
BLANKED = re.compile("[\x00-\x08\x0b-\x1f\u2028\u2029]")


class Refused(Exception):
    """What the Bot API answers instead of a result. `code` is the HTTP status too."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(description: str) -> Refused:
    """A 400 as Telegram words it."""
    return Refused(400, f"Bad Request: {description}")


def units(text: str) -> int:
    """The length of a text as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def checked_caption(text: str, parse_mode: str) -> str:
    """The words under a file, if there are any. `Refused` where Telegram would refuse them."""
    if not text:
        return ""
    shown = checked_text(text, parse_mode)
    if units(shown) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return shown


def checked_text(text: str, parse_mode: str) -> str:
    """The text as it will be shown. `Refused` where Telegram would refuse it."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise bad("strings must be encoded in UTF-8")
    if parse_mode and parse_mode.casefold() != "html":
        raise bad("unsupported parse_mode")
    shown = parsed_html(text) if parse_mode else text
    shown = BLANKED.sub(" ", DROPPED.sub("", shown)).strip()
    if not shown:
        raise bad("message text is empty")
    if units(shown) > TEXT_LIMIT:
        raise bad("message is too long")
    return shown


def parsed_html(text: str) -> str:
    """The text without its tags; every tag known and closed in turn, every other '<' escaped."""
    shown: list[str] = []
    open_tags: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "<":
            at = _tag(text, at, open_tags)
        else:
            letter, at = _letter(text, at)
            shown.append(letter)
    if open_tags:
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{open_tags[-1]}\"")
    return "".join(shown)


def _tag(text: str, at: int, open_tags: list[str]) -> int:
    """Where the text goes on after the tag at `at`."""
    offset = len(text[:at].encode())
    found = TAG.match(text, at)
    if found is None:
        raise bad(f"can't parse entities: Unclosed start tag at byte offset {offset}")
    closing, name, _ = found.groups()
    name = name.casefold()
    if closing:
        if not open_tags or open_tags.pop() != name:
            raise bad(f"can't parse entities: Unexpected end tag at byte offset {offset}")
    elif name in TAGS:
        open_tags.append(name)
    else:
        raise bad(f'can\'t parse entities: Unsupported start tag "{name}" at byte offset {offset}')
    return found.end()


def _letter(text: str, at: int) -> tuple[str, int]:
    """The letter at `at`, an entity counted as one, and where the text goes on."""
    for entity, letter in ENTITIES.items():
        if text.startswith(entity, at):
            return letter, at + len(entity)
    return text[at], at + 1


def checked_keyboard(markup: Any) -> list[list[dict[str, Any]]]:
    """The rows of an inline keyboard. `Refused` where Telegram would refuse them."""
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad("object expected as reply markup")
    buttons = [button for row in rows for button in row]
    if len(buttons) > BUTTON_LIMIT or any(len(row) > ROW_LIMIT for row in rows):
        raise bad("reply markup is too long")
    for button in buttons:
        _check_button(button)
    return [row for row in rows if row]


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not str(button.get("text", "")).strip():
        raise bad("can't parse inline keyboard button: text must not be empty")
    _check_utf8(button["text"])
    if not {"callback_data", "url"} & button.keys():
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if "callback_data" in button:
        _check_utf8(button["callback_data"])
        if not 1 <= len(button["callback_data"].encode()) <= CALLBACK_DATA_LIMIT:
            raise bad("BUTTON_DATA_INVALID")


def _check_utf8(text: str) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise bad("strings must be encoded in UTF-8")


def checked_commands(commands: Any) -> dict[str, str]:
    """A bot's commands with their descriptions. `Refused` where Telegram would refuse them."""
    if not isinstance(commands, list) or len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command"))):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return {command["command"]: command["description"] for command in commands}
