"""Slows down programs that ask the JSON API too often from one address."""

from math import ceil

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.limits import Limits


class SlowApi:
    """Answers 429 with Retry-After; all other addresses are let pass, the chat has limits of its own."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait = self._wait(Request(scope)) if scope["type"] == "http" else 0.0
        app = _too_fast(ceil(wait)) if wait > 0 else self.app
        await app(scope, receive, send)

    def _wait(self, request: Request) -> float:
        if request.scope["path"].startswith("/api/") and request.client is not None:
            return self._limits.request(request.client.host)
        return 0.0


def _too_fast(seconds: int) -> ASGIApp:
    detail = f"Too many requests from this address. Try again after {seconds} s."
    return JSONResponse({"detail": detail}, 429, {"Retry-After": str(seconds)})
