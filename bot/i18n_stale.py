"""Keeps the translation of a text that changed: as a stale one, which nobody is shown until it is redone."""

from collections.abc import Iterator, Sequence

from babel.messages.catalog import Message

from locales.messages import is_translated, key, texts
from locales.standing import REVIEW

FUZZY = "fuzzy"
"""gettext's own flag: such a translation is not used, and she reads English."""

_WAS = "Was:"
_BACK = "Back-translation:"
_MARKS = (_WAS, _BACK)


def keep_translations(before: Sequence[Message], now: Sequence[Message]) -> None:
    """Give new messages of `now` the translations of those that went, where it is plain which became which.

    It is plain where one context lost just one text of a kind and got just one of that kind.
    """
    old, new = {key(message): message for message in before}, {key(message) for message in now}
    gone = [message for message in before if key(message) not in new]
    come = [message for message in now if key(message) not in old]
    for message in come:
        same = [each for each in come if _kind(each) == _kind(message)]
        lost = [each for each in gone if _kind(each) == _kind(message)]
        if len(same) == len(lost) == 1 and is_translated(lost[0]):
            _take_over(message, lost[0])
    for message in now:
        known = old.get(key(message))
        if known is not None and texts(known) != texts(message) and is_translated(known):
            _take_over(message, known)  # only its plural has changed
        elif FUZZY not in message.flags:
            _say(message, _WAS, "")


def was(message: Message) -> str:
    """The English that a stale translation was made from; "" for any other message."""
    return _said(message, _WAS) if FUZZY in message.flags else ""


def redone(message: Message) -> None:
    """The translation is no longer stale."""
    message.flags.discard(FUZZY)
    _say(message, _WAS, "")


def back_translation(message: Message) -> str:
    """What the translation says, put back into English; "" where nobody wrote it."""
    return _said(message, _BACK)


def set_back_translation(message: Message, text: str) -> None:
    """Write it down, in place of the one before."""
    _say(message, _BACK, text)


def other_comments(message: Message) -> list[str]:
    """What else translators wrote beside it."""
    return [line for mark, lines in _blocks(message) if not mark for line in lines]


def _take_over(message: Message, old: Message) -> None:
    message.string = old.string
    message.user_comments = list(old.user_comments)
    message.flags |= {REVIEW, *(flag for flag in old.flags if not flag.endswith("-format"))}
    first = was(old) or _english(old)
    if first == _english(message):  # the English is again what it was translated from
        redone(message)
        return
    message.flags.add(FUZZY)
    _say(message, _WAS, first)


def _kind(message: Message) -> tuple[str, bool, str]:
    """Its context, whether it has plurals, and the kind in its first note: "(choice)", "button" or ""."""
    note = message.auto_comments[0] if message.auto_comments else ""
    kind = note if note.startswith("(") else "button" if note.startswith("Button") else ""
    return message.context or "", message.pluralizable, kind


def _english(message: Message) -> str:
    return " ".join(" | ".join(texts(message)).split())


def _said(message: Message, mark: str) -> str:
    found = next((lines for each, lines in _blocks(message) if each == mark), [])
    return " ".join(found).removeprefix(mark).strip()


def _say(message: Message, mark: str, text: str) -> None:
    others = [line for each, lines in _blocks(message) if each != mark for line in lines]
    words = " ".join(text.split())
    message.user_comments = [*others, f"{mark} {words}"] if words else others


def _blocks(message: Message) -> Iterator[tuple[str, list[str]]]:
    """Its comments, each of ours with the lines that it was broken into. The mark of others is ""."""
    mark, lines = "", list[str]()
    for line in message.user_comments:
        begins = next((each for each in _MARKS if line.startswith(each)), "")
        if begins:
            yield mark, lines
            mark, lines = begins, []
        lines.append(line)
    yield mark, lines
