"""Asks Telegram what it knows of our bot: whether the token is good, and how updates come."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.doctor.clock import compared
from bot.doctor.finding import Finding
from bot.doctor.web import NoAnswer, get
from bot.sending import WrongToken
from bot.settings import Settings

OWN = "https://api.telegram.org"
MANY = 100
LATELY = timedelta(hours=1)


def look(settings: Settings, now: Callable[[], datetime]) -> Iterator[Finding]:
    """One question, `getWebhookInfo`; nothing if there is no token."""
    token = settings.telegram_token.get_secret_value()
    if not token:
        yield Finding("telegram", "ok", "Not used: there is no TREDE_TELEGRAM_TOKEN.")
        return
    try:
        answer = get(f"{(settings.telegram_api or OWN).rstrip('/')}/bot{token}/getWebhookInfo")
    except NoAnswer as why:
        cure = "Check this machine's network, and TREDE_TELEGRAM_API."
        yield Finding("telegram", "fault", f"Telegram cannot be reached: {why}.", cure)
        return
    info = answer.json.get("result")
    if answer.status in (401, 404):
        yield Finding("telegram", "fault", str(WrongToken()))
    elif answer.status != 200 or not isinstance(info, dict):
        yield Finding(
            "telegram", "fault", f"Telegram answers {answer.status}.", "Try again in a few minutes."
        )
    else:
        yield from _updates(info, settings.telegram_webhook_url, now())
    if answer.date:
        yield compared("Telegram's", answer.date, now())


def _updates(info: dict[str, Any], ours: str, now: datetime) -> Iterator[Finding]:
    how = "webhook" if ours else "polling"
    if info.get("url", "") == ours:
        yield Finding("telegram", "ok", f"Knows the token; updates come by {how}.")
    elif ours:
        cure = "Start Trede, which sets it. If it changes again, another program uses the same token."
        yield Finding(
            "telegram", "fault", "Telegram does not send updates to TREDE_TELEGRAM_WEBHOOK_URL.", cure
        )
    else:
        cure = "Start Trede, which removes it. If it comes back, another program uses the same token."
        yield Finding("telegram", "fault", "A webhook is set, so that polling gets nothing.", cure)
    yield from _troubles(info, now)


def _troubles(info: dict[str, Any], now: datetime) -> Iterator[Finding]:
    waiting = info.get("pending_update_count", 0)
    if waiting > MANY:
        cure = "See that `trede run` runs, and what its log tells."
        yield Finding("updates", "attention", f"{waiting} updates wait at Telegram.", cure)
    failed = datetime.fromtimestamp(info.get("last_error_date", 0), UTC)
    if now - failed < LATELY:
        why = _plain(str(info.get("last_error_message", "")))
        said = f"Telegram's last call failed at {failed:%H:%M} UTC: {why}."
        cure = "See that the address leads here, its certificate is good, and what Trede's log tells."
        yield Finding("webhook", "attention", said, cure)


def _plain(message: str) -> str:
    """Telegram's own words, such as "Connection refused"; anything longer or odd is not for a terminal."""
    return message if re.fullmatch(r"[\w .,:;()'-]{1,120}", message, re.ASCII) else "no reason given"
