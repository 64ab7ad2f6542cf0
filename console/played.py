"""Answers with a recording: whole, or the piece that a player asks for.

Safari plays nothing from a server that does not know pieces: it asks for the first two bytes, and for a 206.
"""

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from casework.sounds import kind_of

_PIECE = re.compile(r"bytes=([0-9]{0,12})-([0-9]{0,12})")


def played(request: Request, sound: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """200, 206 or 416. Several pieces at once, and anything odd, get the whole."""
    told = {**(headers or {}), "Accept-Ranges": "bytes", "Content-Disposition": "inline"}
    kind = kind_of(sound) or "application/octet-stream"
    asked = _asked(request, len(sound))
    if asked is None:
        return Response(sound, media_type=kind, headers=told)
    if not asked:
        return Response(status_code=416, headers={**told, "Content-Range": f"bytes */{len(sound)}"})
    piece = f"bytes {asked.start}-{asked.stop - 1}/{len(sound)}"
    return Response(
        sound[asked.start : asked.stop], 206, media_type=kind, headers={**told, "Content-Range": piece}
    )


def _asked(request: Request, size: int) -> range | None:
    """Which bytes; an empty range if there are none there, None for all."""
    found = _PIECE.fullmatch(request.headers.get("range", ""))
    # Nothing here has a version, so what hangs on one ("If-Range") cannot be known to be the same.
    if found is None or found[0] == "bytes=-" or "if-range" in request.headers:
        return None
    first, last = found.groups()
    if not first:
        return range(max(0, size - int(last)), size) if int(last) else range(0)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last or size), size - 1) + 1)
