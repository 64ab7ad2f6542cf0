"""Says which error happened and where, without its words: they could be a person's."""

from traceback import FrameSummary, extract_tb

ROOM_LIMIT = 200  # what the quarantine has room for
STEPS = 8


def fault(error: BaseException) -> str:
    """For example "KeyError at engine.py:120 in reply", or "Away after TimeoutError at …"."""
    before = error.__cause__ or error.__context__
    name = f"{type(error).__name__} after {type(before).__name__}" if before else type(error).__name__
    frames = extract_tb(error.__traceback__)
    if not frames:
        return name
    return f"{name} at {_place(frames[-1])} in {frames[-1].name}"[:ROOM_LIMIT]


def trail(error: BaseException) -> str:
    """The last places on the way to it: "turn.py:48 > turns.py:70 > engine.py:120"."""
    return " > ".join(_place(frame) for frame in extract_tb(error.__traceback__)[-STEPS:])


def _place(frame: FrameSummary) -> str:
    return f"{file_name(frame.filename)}:{frame.lineno}"


def file_name(path: str) -> str:
    """Without its folders, which name the machine's people."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]
