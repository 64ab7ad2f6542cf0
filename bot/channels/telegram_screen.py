"""How a message looks on Telegram, whatever library sends it: texts of a length it takes, rows of buttons."""

from collections.abc import Iterator, Sequence

from dialogs.message import Message, WrittenButton
from locales.catalogue import direction

TEXT_LIMIT = 4096  # UTF-16 units
DATA_LIMIT = 64  # bytes
SCALE_ROW = 6
CONTROL_ROW = 2

Key = tuple[str, str]
"""A button's label and its data."""


def text_of(message: Message) -> str:
    """The paragraphs as plain text. Never empty: Telegram refuses a message without words."""
    text = _sendable("\n\n".join(message.paragraphs))
    return text if text.strip() else "…"


def pieces(text: str, limit: int = TEXT_LIMIT) -> list[str]:
    """The text in pieces of at most `limit` UTF-16 units, cut between paragraphs or words if it can be."""
    found = []
    while (end := _reach(text, limit)) < len(text):
        cut = _good_cut(text, end)
        found.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [piece for piece in (*found, text) if piece]


def rows(message: Message) -> list[list[Key]]:
    """The keyboard: choices one below the other, a scale in rows of six, controls in pairs.

    Telegram lays every row out from left to right; for right-to-left languages we turn the rows round.
    """
    choices = [button for button in message.buttons if button.kind == "choice"]
    controls = [button for button in message.buttons if button.kind == "control"]
    in_a_row = SCALE_ROW if message.expects == "scale" else 1
    laid_out = [*_in_rows(choices, in_a_row), *_in_rows(controls, CONTROL_ROW)]
    step = -1 if direction(message.language) == "rtl" else 1
    return [[_key(message.token, button) for button in row[::step]] for row in laid_out]


def _key(token: str, button: WrittenButton) -> Key:
    label = " ".join(part for part in ("✓" if button.ticked else "", button.picture, button.label) if part)
    label = _sendable(label)
    data = f"{token}:{button.value}"
    if len(data.encode()) > DATA_LIMIT:
        raise ValueError(f"A button's data has more than {DATA_LIMIT} bytes. Shorten its value.")
    return label, data


def _sendable(text: str) -> str:
    """The text with U+FFFD for lone surrogates, which no request can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _in_rows(buttons: Sequence[WrittenButton], size: int) -> Iterator[Sequence[WrittenButton]]:
    for start in range(0, len(buttons), size):
        yield buttons[start : start + size]


def _reach(text: str, limit: int) -> int:
    """How many letters of the text fit into `limit` units."""
    used = 0
    for at, letter in enumerate(text):
        used += 2 if letter > "\uffff" else 1
        if used > limit:
            return at
    return len(text)


def _good_cut(text: str, end: int) -> int:
    """Where to cut before `end`: after a paragraph, line or word, unless that leaves less than half."""
    for gap in ("\n\n", "\n", " "):
        at = text.rfind(gap, 0, end + 1)
        if at > end // 2:
            return at
    return end
