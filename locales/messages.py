"""What a message of a catalogue holds: its English, its translation, whether that can be used."""

from collections.abc import Iterator

from babel.messages.catalog import Catalog, Message


def messages(catalogue: Catalog) -> Iterator[Message]:
    """Its messages, the header left out."""
    return (message for message in catalogue if message.id)


def key(message: Message) -> tuple[str, str]:
    """What makes it another message than the others: context and English."""
    return message.context or "", texts(message)[0]


def texts(message: Message) -> tuple[str, ...]:
    """Its English: one text, or singular and plural."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def forms(message: Message) -> tuple[str, ...]:
    """Its translation: one text, or one for each plural form."""
    found = message.string if isinstance(message.string, list | tuple) else (message.string,)
    return tuple(form or "" for form in found)


def is_translated(message: Message) -> bool:
    """Whether every form has words."""
    return all(form.strip() for form in forms(message))
