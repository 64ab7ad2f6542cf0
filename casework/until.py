"""Whether a summary may still be read: she chose until when."""

from datetime import date

from casework.summary import Summary


def is_over(summary: Summary, today: date) -> bool:
    """True from the day after the last day she chose, when nothing of it is shared any more.

    A summary without answers holds only what she pressed, such as "talk to a person", and does not run out.
    """
    shares = [answer.share for answer in summary.answers]
    return bool(shares) and all(
        share.revoked_at is not None or (share.until is not None and share.until < today) for share in shares
    )
