"""What every page of the console is wrapped in: safe headers, small forms, and no forms from elsewhere."""

import hmac
from collections.abc import Mapping
from ipaddress import IPv4Address, ip_address
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM_AT_MOST = 64 * 1024
"""Bytes in a form. Anything bigger gets 413."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class SafeHeaders:
    """Adds `HEADERS` to every answer, refusals included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_safely)


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of an ordinary form, the last of each name. Anything else is read as an empty form."""
    if not request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        return {}
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=50))
    except ValueError:
        return {}


def is_from_here(request: Request, public_url: str) -> bool:
    """Whether a form was sent from one of our own pages, as far as the browser tells.

    Browsers of today always send Sec-Fetch-Site. Older ones send Origin, but write "null" where the page's
    Referrer-Policy is "no-referrer", as ours is; then only the form's own token can tell.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "null")
    if origin == "null":
        return True
    return origin == _origin(public_url) or origin.partition("://")[2] == request.headers.get("host")


def is_token(expected: str, form: Mapping[str, str]) -> bool:
    """Whether the form carries the token of this session."""
    return hmac.compare_digest(expected.encode(), form.get("csrf", "").encode("utf-8", "replace"))


def network(host: str) -> str:
    """Whose tries count together: of an IPv6 address the network, since anybody has 2⁶⁴ addresses in it."""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:200]
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or f"{int(address) >> 64:x}::/64")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
