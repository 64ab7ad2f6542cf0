"""Reads YAML into nodes that know their lines, and refuses what makes a script hard to trust."""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml
from yaml.resolver import Resolver

from dialogs.errors import Fault

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

_BOOL = "tag:yaml.org,2002:bool"
_NULL = "tag:yaml.org,2002:null"
_STR = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, as written. `is_bool`: YAML reads it as true or false (yes, no, on and off as well)."""

    value: str
    line: int
    is_bool: bool = False
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with values, in the order of the file. Every key occurs once."""

    items: tuple[tuple[Scalar, "Node"], ...]
    line: int

    def get(self, key: str) -> "Node | None":
        """The value under `key`."""
        return next((value for name, value in self.items if name.value == key), None)

    def line_of(self, key: str) -> int:
        """The line of `key`, or of the mapping if it has no such key."""
        return next((name.line for name, _ in self.items if name.value == key), self.line)


Node = Scalar | Sequence | Mapping


def read_yaml(file: str, content: str | bytes) -> tuple[Node | None, list[Fault]]:
    """The root node of a file, and all faults of its YAML. None if nothing can be read from it."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BYTES:
        words = f"The file is over {MAX_BYTES // 1024} KB. Split it into several scripts and `call` them."
        return None, [Fault(file, 1, "", words)]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return None, [Fault(file, line, "", "This line is not UTF-8 text. Save the file as UTF-8.")]
    return _Reader(file).read(text)


class _TooDeepError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


class _Reader:
    """One reading of one file. Collects faults on its way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.resolver = Resolver()

    def read(self, text: str) -> tuple[Node | None, list[Fault]]:
        try:
            return self._document(_events(text)), self.faults
        except _TooDeepError as error:
            self._fault(error.line, f"Lists and keys lie more than {MAX_DEPTH} deep here. Make it flatter.")
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, max(error.position, 0)) + 1
            self._fault(line, "There is a character here that a script cannot hold. Delete it.")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._fault(mark.line + 1 if mark else 1, _plain(error))
        except (yaml.YAMLError, ValueError):  # ValueError: a bad escape such as "\UFFFFFFFF"
            self._fault(1, "This file is not YAML. Compare it with the examples in docs/scripts.md.")
        return None, self.faults

    def _fault(self, line: int, message: str) -> None:
        self.faults.append(Fault(self.file, line, "", message))

    def _document(self, events: Iterator[yaml.Event]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                if root is not None:
                    self._fault(_line(event), "A second script starts here (`---`). Give it its own file.")
                    break
                root = self._node(event, events, 1)
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _TooDeepError(_line(event))
        self._refuse_anchors(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = [self._node(item, events, depth + 1) for item in _until(events, yaml.SequenceEndEvent)]
            return Sequence(tuple(items), _line(event))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, events, depth)
        return self._scalar(event)

    def _refuse_anchors(self, event: yaml.Event) -> None:
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent):
            self._fault(_line(event), f"'*{anchor}' repeats another place (an alias). Write it out here.")
        elif anchor is not None:
            self._fault(_line(event), f"'&{anchor}' marks a place (an anchor). Delete '&{anchor}'.")
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            self._fault(_line(event), "A '!' here makes this a YAML tag. Put the text in quotes.")

    def _mapping(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Mapping:
        items: list[tuple[Scalar, Node]] = []
        seen: dict[str, int] = {}
        for key_event in _until(events, yaml.MappingEndEvent):
            key = self._node(key_event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self._fault(key.line, "A list stands where a key should be. Write one word, then ':'.")
            elif key.value in seen:
                words = f"The key '{key.value}' is here twice (first on line {seen[key.value]}). Keep one."
                self._fault(key.line, words)
            else:
                seen[key.value] = key.line
                items.append((key, value))
        return Mapping(tuple(items), _line(event))

    def _scalar(self, event: yaml.Event) -> Scalar:
        if not isinstance(event, yaml.ScalarEvent):  # an alias, already reported
            return Scalar(f"*{getattr(event, 'anchor', '')}", _line(event))
        plain = event.implicit[0]
        tag = _STR
        if plain:
            tag = self.resolver.resolve(yaml.ScalarNode, event.value, (True, False))  # type: ignore[no-untyped-call]
        return Scalar(event.value, _line(event), is_bool=tag == _BOOL, is_empty=tag == _NULL)


def _events(text: str) -> Iterator[yaml.Event]:
    return iter(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def _until(events: Iterator[yaml.Event], end: type[yaml.Event]) -> Iterator[yaml.Event]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


_PLAIN = {
    "tab character": "There is a tab here. Use spaces instead of tabs.",
    "mapping values are not allowed": "There is a ': ' inside a text here. Put the whole text in quotes.",
    "cannot start any token": "A text cannot start with this sign (a tab, '%', '@' or '`'). "
    "Use spaces instead of tabs, or put the text in quotes.",
    "could not find expected ':'": "A ':' is missing after a key, or the line is indented wrongly.",
    "did not find expected key": "This line does not line up with the lines above it. "
    "Check the spaces at its start, and the quotes.",
    "did not find expected '-' indicator": "This line does not line up with the list above it. "
    "Check the spaces at its start, and the '-'.",
    "block sequence entries are not allowed": "A list cannot start here. Put the '-' on a line of its own.",
    "found unexpected end of stream": "A quote is opened here and never closed.",
    "control characters": "There is a character here that a script cannot hold. Delete it.",
}


def _plain(error: yaml.MarkedYAMLError) -> str:
    """The parser's complaint in words for somebody who does not know YAML."""
    problem = error.problem or ""
    for piece, words in _PLAIN.items():
        if piece in problem:
            return words
    return f"This line cannot be read as YAML ({problem}). Check its spaces, quotes and colons."
