"""Compares a language's catalogue with the words of the scripts."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from dialogs.check_words import forbidden_sign
from dialogs.errors import Fault
from dialogs.extract import ScriptMessage

MAX_TRANSLATED = 400  # translations run longer than English, of at most 300

Entry = tuple[str, str]
"""msgctxt and msgid."""

_JOINERS = "\u200c\u200d"
"""Not seen, but part of words: ZWNJ and ZWJ."""

_PLACEHOLDER = re.compile(r"%\([^)]*\)s?")


def check_catalogue(
    script_messages: Iterable[ScriptMessage],
    catalogue: Mapping[Entry, str],
    language: str,
    file: str,
    lines: Mapping[Entry, int],
) -> list[Fault]:
    """All faults of one catalogue, as far as scripts go.

    `script_messages` are those of all scripts. `catalogue` holds every entry that is not obsolete (msgstr ""
    if untranslated), `lines` their lines in `file`. Entries of other contexts are passed by.
    """
    wanted = {(message.context, message.text): message for message in script_messages}
    checked = _Catalogue(catalogue, language, file, lines)
    faults = [fault for entry in wanted for fault in checked.translation(entry)]
    faults.extend(checked.leftovers(wanted))
    faults.extend(checked.same_labels(wanted.values()))
    return sorted(faults)


def wrong_with(text: str, words: str, may_lack: Collection[str] = ()) -> Iterator[str]:
    """What is wrong with a translation of `text`, and what to do. It may go without what is in `may_lack`."""
    for name in sorted((_placeholders(text) ^ _placeholders(words)) - set(may_lack)):
        side = "is missing from" if name in _placeholders(text) else "should not be in"
        yield f"The placeholder {name} {side} the translation of '{short(text)}'. Copy it exactly."
    if len(words) > MAX_TRANSLATED:
        length = f"has {len(words)} characters; shorten it to {MAX_TRANSLATED}."
        yield f"The translation of '{short(text)}' {length}"
    sign = forbidden_sign(words)
    if sign:
        yield f"The translation of '{short(text)}' holds {sign}. Delete it."


class _Catalogue:
    def __init__(
        self, catalogue: Mapping[Entry, str], language: str, file: str, lines: Mapping[Entry, int]
    ) -> None:
        self.catalogue = catalogue
        self.language = language
        self.file = file
        self.lines = lines

    def translation(self, entry: Entry) -> Iterator[Fault]:
        text = self.catalogue.get(entry, "")
        if not text.strip():
            yield self._fault(
                entry, f"'{short(entry[1])}' is not translated into {self.language}. Translate it."
            )
            return
        for words in wrong_with(entry[1], text):
            yield self._fault(entry, words)

    def leftovers(self, wanted: Mapping[Entry, ScriptMessage]) -> Iterator[Fault]:
        scripts = {context.split("/")[0] for context, _ in wanted}
        for entry in self.catalogue:
            script, slash, _ = entry[0].partition("/")
            if slash and script in scripts and entry not in wanted:
                words = f"'{short(entry[1])}' is in no script any more. Run `trede i18n update`."
                yield self._fault(entry, words)

    def same_labels(self, script_messages: Iterable[ScriptMessage]) -> Iterator[Fault]:
        first: dict[Entry, str] = {}
        for message in script_messages:
            label = self.catalogue.get((message.context, message.text), "").strip()
            if message.kind != "choice" or not label:
                continue
            other = first.setdefault((message.context, label.casefold()), message.text)
            if other != message.text:
                both = f"'{short(other)}' and '{short(message.text)}'"
                words = f"{both} are both '{short(label)}' in {self.language}. Make them differ."
                yield self._fault((message.context, message.text), words)

    def _fault(self, entry: Entry, message: str) -> Fault:
        return Fault(self.file, self.lines.get(entry, 1), entry[0], message)


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def short(text: str) -> str:
    """Its beginning, in one line, with nothing that would upset that line."""
    line = "".join(sign if _is_shown(sign) else "\ufffd" for sign in " ".join(text.split()))
    return line if len(line) <= 50 else line[:49] + "…"


def _is_shown(sign: str) -> bool:
    return sign.isprintable() or sign in _JOINERS
