"""The files a chat page loads, kept in memory, at an address that names their content."""

import gzip
from hashlib import sha256
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from bot import pictures

KINDS = {
    "chat.css": "text/css; charset=utf-8",
    "chat.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    **dict.fromkeys(pictures.FILES, "image/svg+xml"),
}

_FOLDER = files("bot.channels") / "static"
_CONTENT = {
    name: ((pictures.FOLDER if name in pictures.FILES else _FOLDER) / name).read_bytes() for name in KINDS
}
_PACKED = {name: gzip.compress(content, mtime=0) for name, content in _CONTENT.items()}

STAMP = sha256(b"".join(_CONTENT[name] for name in sorted(_CONTENT))).hexdigest()[:12]
"""Changes with any of the files, so that a browser may keep each of them for ever."""


def static_file(request: Request, stamp: str, name: str) -> Response | None:
    """One of the files, packed if the browser can unpack it; None if there is none of that name."""
    if name not in KINDS:
        return None
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        # A page from before an update asks with an old stamp: it gets today's file, but must not keep it.
        "Cache-Control": "public, max-age=31536000, immutable" if stamp == STAMP else "no-cache",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response((_PACKED if packed else _CONTENT)[name], media_type=KINDS[name], headers=headers)
