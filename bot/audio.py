"""Finds the sound that reads a question aloud: a recorded one first, of these the organisation's own.

A file is named by its language, script and question: `<lang>/<script>/<question>.ogg` in the organisation's
folder, `<lang>/audio/<script>/<question>.ogg` in ours. A generated one is called `<question>.generated.ogg`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from time import monotonic

from bot.ogg import NotOgg, read_ogg
from dialogs.message import Message
from locales.catalogue import HERE, READ_BY_STAFF

MOST_BYTES = 5_000_000
"""Of one file. A minute of speech has 150,000."""

LOOKS_AGAIN = 60.0
"""Seconds after which the folders are looked at again."""

GENERATED = ".generated"
"""How the name of a generated file ends, before `.ogg`."""

SAYS = "TREDE_SAYS"
"""The note in a generated file with a line that it says, as the catalogue had it; one note a line."""

Key = tuple[str, str]
"""Language and context, such as ("ar", "reflection/good_life")."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One file that can be played. `size` is in bytes; `codec` is "opus" or "vorbis".

    `says`: the lines that a generated one was made from, with their placeholders. `stamp` changes with the
    file.
    """

    file: Path
    size: int
    stamp: str
    codec: str
    seconds: float
    is_generated: bool = False
    says: tuple[str, ...] = ()

    def read(self) -> bytes:
        """The file. Raises OSError if it is gone by now."""
        return self.file.read_bytes()

    def fits(self, message: Message) -> bool:
        """Whether it says what she reads. Of a recorded one, those who put it there know."""
        if not self.is_generated:
            return True
        labels = (button.label.partition(". ")[2] for button in message.buttons)
        read = (*message.paragraphs, *labels)
        return bool(self.says) and all(any(map(_pattern(line).fullmatch, read)) for line in self.says)


@lru_cache(maxsize=2048)
def _pattern(line: str) -> re.Pattern[str]:
    """The line, with anything where a placeholder stands."""
    return re.compile(".*".join(map(re.escape, re.split(r"%\(\w+\)s", line))), re.DOTALL)


@dataclass(frozen=True)
class Found:
    """What lies in the folders. `sounds`: the one to be played first; `unusable`: file → what is wrong."""

    sounds: Mapping[Key, tuple[Sound, ...]]
    unusable: Mapping[Path, str]

    @cached_property
    def languages(self) -> frozenset[str]:
        """Those with any sound."""
        return frozenset(language for language, _ in self.sounds)


class Audio:
    """The sounds there are. `own` is the organisation's folder, `packaged` the one that comes with Trede."""

    def __init__(
        self, own: Path | None = None, packaged: Path = HERE, clock: Callable[[], float] = monotonic
    ) -> None:
        self._folders = {language: _folders(language, own, packaged) for language in READ_BY_STAFF}
        self._clock = clock
        self._known: dict[tuple[Path, str], Sound] = {}
        self._found = self._look()
        self._looked = clock()

    def of(self, message: Message) -> Sound | None:
        """What to play with this message; None if there is nothing, or nothing that fits its words."""
        sounds = self.found().sounds.get((message.language, message.asks), ()) if message.asks else ()
        return next((sound for sound in sounds if sound.fits(message)), None)

    def found(self) -> Found:
        """All there is, as of a minute ago at most."""
        if self._clock() - self._looked >= LOOKS_AGAIN:
            self._found = self._look()
            self._looked = self._clock()
        return self._found

    def _look(self) -> Found:
        sounds: dict[Key, tuple[Sound, ...]] = {}
        unusable: dict[Path, str] = {}
        for key, file in self._files():
            try:
                sounds[key] = (*sounds.get(key, ()), self._sound(file))
            except NotOgg as error:
                unusable[file] = str(error)
            except OSError as error:
                unusable[file] = f"It cannot be read: {(error.strerror or 'unknown reason').lower()}."
        self._known = {(each.file, each.stamp): each for found in sounds.values() for each in found}
        recorded_first = {key: tuple(sorted(found, key=_generated)) for key, found in sounds.items()}
        return Found(recorded_first, unusable)

    def _files(self) -> Iterator[tuple[Key, Path]]:
        for language, folders in self._folders.items():
            for file in (file for folder in folders for file in sorted(folder.glob("*/*.ogg"))):
                question = file.stem.removesuffix(GENERATED)
                yield (language, f"{file.parent.name}/{question}"), file

    def _sound(self, file: Path) -> Sound:
        state = file.stat()
        stamp = sha256(f"{state.st_size} {state.st_mtime_ns}".encode()).hexdigest()[:12]
        return self._known.get((file, stamp)) or _read(file, state.st_size, stamp)


def _folders(language: str, own: Path | None, packaged: Path) -> tuple[Path, ...]:
    ours = packaged / language / "audio"
    return (own / language, ours) if own else (ours,)


def _read(file: Path, size: int, stamp: str) -> Sound:
    if size > MOST_BYTES:
        raise NotOgg(f"It is larger than {MOST_BYTES // 1_000_000} MB. Make it shorter, or code it as Opus.")
    ogg = read_ogg(file)
    says = ogg.all(SAYS)
    is_generated = bool(says) or file.stem.endswith(GENERATED)
    return Sound(file, size, stamp, ogg.codec, ogg.seconds, is_generated, says)


def _generated(sound: Sound) -> bool:
    return sound.is_generated
