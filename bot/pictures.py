"""Finds the file that draws an emoji. The files are OpenMoji's, as they came: static/pictures/README.md."""

from importlib.resources import files

FOLDER = files("bot.channels") / "static" / "pictures"
FILES = tuple(sorted(file.name for file in FOLDER.iterdir() if file.name.endswith(".svg")))
"""Each is named by the code points of its emoji, such as "1F4AC.svg"."""

IN_COLOUR = "\ufe0f"
"""A sign in some emoji. Keyboards may leave it out, and so may the names of files."""


def picture_file(emoji: str) -> str | None:
    """The name of its file; None if nobody drew it here, and the emoji itself has to do."""
    return _BY_EMOJI.get(emoji.replace(IN_COLOUR, ""))


def _emoji_of(file: str) -> str:
    return "".join(chr(int(point, 16)) for point in file.removesuffix(".svg").split("-"))


_BY_EMOJI = {_emoji_of(file).replace(IN_COLOUR, ""): file for file in FILES}
