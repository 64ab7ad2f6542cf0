"""Compares this machine's clock with another's."""

from datetime import datetime, timedelta

from bot.doctor.finding import Finding

MOST = timedelta(seconds=30)


def compared(whose: str, theirs: datetime, ours: datetime) -> Finding:
    """A fault if they are more than half a minute apart; it cannot be known here which of them is wrong."""
    apart = abs(theirs - ours)
    if apart > MOST:
        said = f"This machine's clock and {whose} are {int(apart.total_seconds())} s apart."
        return Finding("clock", "fault", said, "Let both be set over the network (NTP).")
    return Finding("clock", "ok", f"As {whose}.")
