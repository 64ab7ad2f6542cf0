"""How long a conversation takes her, by a rough, careful count: she reads slowly, and answers in a few words.

The figures are ours: 120 words a minute for somebody who reads little (a practised reader: 240), twice that
for what she has read before, a few seconds for a tap, and fifteen for a few words, written or spoken.
"""

from collections.abc import Collection

from dialogs.message import Message

A_WORD = 0.5
"""Seconds to read a word of ours for the first time."""

A_KNOWN_WORD = 0.25
"""Seconds to read a word in a line that she knows: a question read back, the same buttons again."""

ANSWER = {
    "nothing": 0.0,
    "choice": 4.0,
    "scale": 4.0,
    "several": 8.0,
    "number": 6.0,
    "date": 10.0,
    "text": 15.0,
}
"""Seconds to answer, by what a message expects."""


def seconds(message: Message, known: Collection[str] = ()) -> float:
    """To read a message with its choices, and to answer it. `known`: lines she has read before."""
    return sum(_read(line, known) for line in lines(message)) + ANSWER[message.expects]


def lines(message: Message) -> tuple[str, ...]:
    """What there is to read in a message. Buttons that are always there, and 0 to 10, take no reading."""
    is_scale = message.expects == "scale"
    choices = [b.label.partition(". ")[2] for b in message.buttons if b.kind == "choice" and not is_scale]
    return (*message.paragraphs, *choices)


def _read(line: str, known: Collection[str]) -> float:
    words = line.partition(". ")[2] if line[:1].isdigit() else line  # read back, each question has its number
    return len(line.split()) * (A_KNOWN_WORD if {line, words.lstrip("» ")} & set(known) else A_WORD)
