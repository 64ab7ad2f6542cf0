"""Puts a turn's phrases into words of one language."""

from datetime import date

from babel.dates import format_date
from babel.lists import format_list

from dialogs.message import Message, WrittenButton
from dialogs.turn import Button, Label, Phrase, Say
from locales.catalogue import Catalogue, digits, locale_of

# Unicode isolates keep a name or an answer in another script from upsetting the sentence around it.
_ISOLATE, _END = "\u2068", "\u2069"


def write(catalogue: Catalogue, language: str, label: Label) -> str:
    """A phrase in that language; words that stand as they are, as they are."""
    if isinstance(label, str):
        return label
    text = label.text
    if label.context:
        text = (
            catalogue.look_up_plural(language, label.context, label.text, label.many, label.n)
            if label.many
            else catalogue.look_up(language, label.context, label.text)
        )
    return _fill(catalogue, language, text, label) if label.params else text


def _fill(catalogue: Catalogue, language: str, text: str, phrase: Phrase) -> str:
    """Plain substitution in one pass, so that a placeholder in somebody's words stays as she wrote it."""
    pieces = [text]
    for name, value in phrase.params.items():
        written = _parameter(catalogue, language, value, phrase)
        pieces = [p for piece in pieces for p in _around(piece, f"%({name})s", written)]
    return "".join(str(piece) for piece in pieces)


class _Filled(str):
    """A piece already filled in."""


def _around(piece: str, mark: str, written: str) -> list[str]:
    if isinstance(piece, _Filled):
        return [piece]
    found: list[str] = []
    for index, rest in enumerate(piece.split(mark)):
        found += [rest] if index == 0 else [_Filled(written), rest]
    return found


def _parameter(
    catalogue: Catalogue, language: str, value: str | int | date | Phrase | tuple[Phrase, ...], phrase: Phrase
) -> str:
    if isinstance(value, Phrase):
        return write(catalogue, language, value)
    if isinstance(value, tuple):
        return format_list([write(catalogue, language, item) for item in value], locale=locale_of(language))
    if isinstance(value, date):
        return format_date(value, format="long", locale=locale_of(language)).translate(digits(language))
    if isinstance(value, int):
        return str(value).translate(digits(language))
    return f"{_ISOLATE}{value}{_END}"


def write_message(catalogue: Catalogue, language: str, say: Say) -> Message:
    """A whole message. Choices get their numbers, since each can be answered by typing its number."""
    return Message(
        language=language,
        paragraphs=tuple(write(catalogue, language, line) for line in say.lines),
        buttons=tuple(_button(catalogue, language, button, say) for button in say.buttons),
        expects=say.expects,
        token=say.token,
        quiet=say.quiet,
        calls=say.calls,
        asks=say.asks,
        in_writing=say.in_writing,
        aloud=say.aloud,
    )


def _button(catalogue: Catalogue, language: str, button: Button, say: Say) -> WrittenButton:
    label = write(catalogue, language, button.label)
    if button.kind == "choice" and say.expects != "scale":
        label = f"{button.value.translate(digits(language))}. {label}"
    return WrittenButton(button.value, label, button.kind, button.picture, button.ticked, button.language)
