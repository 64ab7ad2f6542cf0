"""What a recording is, by its first bytes: only what browsers play is kept."""

from collections.abc import Callable, Mapping

_KINDS: Mapping[str, Callable[[bytes], bool]] = {
    "audio/ogg": lambda head: head.startswith(b"OggS"),
    "audio/webm": lambda head: head.startswith(b"\x1a\x45\xdf\xa3"),
    "audio/mp4": lambda head: head[4:8] == b"ftyp",
}


def kind_of(sound: bytes) -> str | None:
    """Its media type; None for anything else. Whatever it says of itself elsewhere counts for nothing."""
    head = sound[:12]
    return next((kind for kind, fits in _KINDS.items() if fits(head)), None)
