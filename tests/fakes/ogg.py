"""Ogg files that hold no sound, only what is read of them: how they are coded, their length, their notes."""

from collections.abc import Iterable
from pathlib import Path
from struct import pack

OPUS = (b"OpusHead\x01\x01" + pack("<HIhB", 312, 48_000, 0, 0), b"OpusTags", 48_000, 312)
VORBIS = (b"\x01vorbis" + pack("<IBIiiiBB", 0, 1, 22_050, 0, 0, 0, 0, 1), b"\x03vorbis", 22_050, 0)


def ogg(seconds: float = 2.0, notes: Iterable[tuple[str, str]] = (), kind: str = "opus") -> bytes:
    """A file that says of itself that it is so long, with these notes in it."""
    head, tags, rate, skipped = OPUS if kind == "opus" else VORBIS
    written = [f"{name}={value}".encode() for name, value in notes]
    block = tags + _with_length(b"a test") + pack("<I", len(written)) + b"".join(map(_with_length, written))
    pages = (_page(head, 0, 2), _page(block, 0, 0), _page(b"\x00" * 40, round(seconds * rate) + skipped, 4))
    return b"".join(pages)


def lay(folder: Path, name: str, content: bytes | None = None) -> Path:
    """Put a file such as "en/reflection/good_life.ogg" in a folder."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(ogg() if content is None else content)
    return file


def _with_length(value: bytes) -> bytes:
    return pack("<I", len(value)) + value


def _page(packet: bytes, position: int, kind: int) -> bytes:
    """One page with one packet, which is less than 65,025 bytes long."""
    lengths = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    return pack("<4sBBqIIIB", b"OggS", 0, kind, position, 1, 0, 0, len(lengths)) + lengths + packet
