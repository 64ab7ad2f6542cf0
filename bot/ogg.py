"""Reads what an Ogg file says of itself: how it is coded, how long it is, and the notes in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct, error

HEAD = 128 * 1024
"""Bytes in which the notes must end. Only a big cover picture needs more."""

TAIL = 66 * 1024
"""Bytes in which the last page must begin; no page is longer than 65,307."""

_PAGE = Struct("<4sBBqIIIB")  # OggS, version, kind, position, stream, number, checksum, segments
_LENGTH = Struct("<I")
_UNFINISHED = -1  # the position of a page in which no packet ends


class NotOgg(Exception):
    """The file is no sound that Trede can use."""


@dataclass(frozen=True, slots=True)
class Ogg:
    """`codec` is "opus" or "vorbis". `notes` are pairs such as ("TITLE", "…"), names in capitals."""

    codec: str
    seconds: float
    notes: tuple[tuple[str, str], ...]

    def all(self, name: str) -> tuple[str, ...]:
        """What is noted under that name, in order."""
        return tuple(value for each, value in self.notes if each == name)


def read_ogg(file: Path) -> Ogg:
    """Raises NotOgg, and OSError if it cannot be read at all."""
    with file.open("rb") as opened:
        head = opened.read(HEAD)
        opened.seek(max(0, opened.seek(0, 2) - TAIL))
        tail = opened.read(TAIL)
    try:
        return _read(head, tail)
    except (error, ValueError, IndexError, StopIteration):
        raise NotOgg(f"{file.name} is not an Ogg file with Opus or Vorbis in it.") from None


def _read(head: bytes, tail: bytes) -> Ogg:
    packets = _packets(head)
    first, second = next(packets), next(packets)
    if first.startswith(b"OpusHead") and second.startswith(b"OpusTags"):
        codec, skipped, rate = "opus", int.from_bytes(first[10:12], "little"), 48_000
        notes = second[8:]
    elif first.startswith(b"\x01vorbis") and second.startswith(b"\x03vorbis"):
        codec, skipped, rate = "vorbis", 0, _LENGTH.unpack_from(first, 12)[0]
        notes = second[7:]
    else:
        raise ValueError
    if rate == 0:
        raise ValueError
    return Ogg(codec, max(0, _last_position(tail) - skipped) / rate, tuple(_notes(notes)))


def _packets(pages: bytes) -> Iterator[bytes]:
    """A packet is cut into segments of 255 bytes and a shorter one, and may go on in the next page."""
    at, packet = 0, b""
    while True:
        mark, *_, segments = _PAGE.unpack_from(pages, at)
        if mark != b"OggS":
            raise ValueError
        lengths = pages[at + _PAGE.size : at + _PAGE.size + segments]
        at += _PAGE.size + segments
        for length in lengths:
            if at + length > len(pages):
                raise ValueError
            packet += pages[at : at + length]
            at += length
            if length < 255:
                yield packet
                packet = b""


def _last_position(tail: bytes) -> int:
    """Samples up to the end of the last page that tells."""
    at = tail.rfind(b"OggS")
    while at >= 0:
        if at + _PAGE.size <= len(tail):
            position = _PAGE.unpack_from(tail, at)[3]
            if position != _UNFINISHED:
                return int(position)
        at = tail.rfind(b"OggS", 0, at)
    raise ValueError


def _notes(block: bytes) -> Iterator[tuple[str, str]]:
    at = _LENGTH.size + _LENGTH.unpack_from(block, 0)[0]  # past the maker's name
    count = _LENGTH.unpack_from(block, at)[0]
    at += _LENGTH.size
    for _ in range(count):
        length = _LENGTH.unpack_from(block, at)[0]
        at += _LENGTH.size
        if at + length > len(block):
            raise ValueError
        name, _, value = block[at : at + length].decode("utf-8", "replace").partition("=")
        at += length
        yield name.upper(), value
