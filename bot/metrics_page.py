"""GET /metrics: for whoever knows the token, or, without one, for programs on this machine alone."""

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from ipaddress import ip_address

from fastapi import Request, Response

from bot.metrics import CONTENT_TYPE, Meter
from storage.counts import Counts, count
from storage.database import Database
from storage.errors import StorageError

FORWARDED = ("x-forwarded-for", "x-forwarded-proto", "forwarded", "x-real-ip", "via")
"""What proxies add: then the request comes from elsewhere, whatever its address is."""


def metrics_page(
    meter: Meter, database: Database, token: str, now: Callable[[], datetime]
) -> Callable[[Request], Awaitable[Response]]:
    """401 for a wrong token; 404, as if there were no such page, for others than this machine."""

    async def metrics(request: Request) -> Response:
        if token and not _knows(request, token):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        if not token and not _is_from_this_machine(request):
            return Response(status_code=404)
        return Response(meter.page(await _counted(database, now())), media_type=CONTENT_TYPE)

    return metrics


async def _counted(database: Database, now: datetime) -> Counts | None:
    try:
        return await count(database, now)
    except StorageError:
        return None


def _knows(request: Request, token: str) -> bool:
    told = request.headers.get("authorization", "")
    return hmac.compare_digest(told.encode("latin-1"), f"Bearer {token}".encode())


def _is_from_this_machine(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
