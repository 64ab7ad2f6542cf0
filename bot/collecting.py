"""Tells Python's collector of cycles what not to look at.

After each 700 new objects it would look for cycles, and now and then go through all that was ever loaded:
pauses of 50 ms that free nothing.
"""

import gc

AFTER = 100_000
"""More objects than before until it looks again: some ten MB. A turn leaves few in cycles."""


def settle() -> None:
    """What is there now stays. Call it once, when all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(AFTER)
