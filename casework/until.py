"""What may still be read of a summary: she chose until when."""

from dataclasses import replace
from datetime import date

from casework.summary import Flags, Summary


def still_shared(summary: Summary, today: date) -> Summary | None:
    """The summary; after the last day she chose, only that she asked for a person, or None if she did not.

    She was told that her case manager hears of that wish, so it must not go with what she shared.
    """
    if not is_over(summary, today):
        return summary
    if not summary.flags.asked_for_help:
        return None
    head = summary.summary
    nothing = replace(
        head, minutes=0, parts_done=(), parts_skipped=tuple(sorted(head.parts_done + head.parts_skipped))
    )
    return Summary(summary=nothing, flags=Flags(asked_for_help=True))


def is_over(summary: Summary, today: date) -> bool:
    """True from the day after the last day she chose, when nothing of it is shared any more.

    A summary without answers holds only what she pressed, such as "talk to a person", and does not run out.
    """
    shares = [answer.share for answer in summary.answers]
    return bool(shares) and all(
        share.revoked_at is not None or (share.until is not None and share.until < today) for share in shares
    )
