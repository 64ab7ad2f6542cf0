"""Says which error happened and where, without its words: they could be a person's."""

from traceback import extract_tb

ROOM_LIMIT = 200  # what the quarantine has room for


def fault(error: BaseException) -> str:
    """For example "KeyError at engine.py:120 in reply"."""
    name = type(error).__name__
    frames = extract_tb(error.__traceback__)
    if not frames:
        return name
    frame = frames[-1]
    file = frame.filename.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{name} at {file}:{frame.lineno} in {frame.name}"[:ROOM_LIMIT]
