"""Lets espeak-ng read a text aloud, and opusenc make an Ogg file of it. Both are programs of the machine."""

import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

NAMES = {"kmr": "ku"}
"""What espeak-ng calls a language, where that is not our code."""

WORDS_A_MINUTE = "140"
"""Slower than espeak-ng speaks by itself (175): many listen to a language that is not read to them often."""

KILOBITS = "16"
LONGEST = 60
"""Seconds that a program may take for one text."""

Run = Callable[[Sequence[str], bytes], bytes]
"""A program with its options, and what it gets; what it says. Raises CannotSpeak."""

_VOICE = re.compile(r"^\s*\d+\s+(\S+)")
_OTHER = re.compile(r"\((\S+) \d+\)")


class CannotSpeak(Exception):
    """It cannot be read aloud here. Says why, and what to do, in one line."""


def run(command: Sequence[str], given: bytes) -> bytes:
    """Run a program of this machine."""
    try:
        done = subprocess.run(  # noqa: S603 - a program and options of ours; the text goes in as input
            command, input=given, capture_output=True, timeout=LONGEST, check=True
        )
    except FileNotFoundError:
        raise CannotSpeak(
            f"{command[0]} is not installed. On Debian: apt install espeak-ng opus-tools. "
            "Or record the questions: docs/pictures-and-audio.md."
        ) from None
    except (OSError, subprocess.SubprocessError):
        raise CannotSpeak(f"{command[0]} failed. Run it by hand to see why: {command[0]} --version") from None
    return done.stdout


@dataclass(frozen=True)
class Espeak:
    """espeak-ng as it is installed here."""

    run: Run = run

    @cached_property
    def languages(self) -> frozenset[str]:
        """All that it speaks, as it calls them."""
        lines = self.run(["espeak-ng", "--voices"], b"").decode("utf-8", "replace").splitlines()
        first = {found[1] for line in lines if (found := _VOICE.match(line))}
        return frozenset(first.union(*(_OTHER.findall(line) for line in lines)))

    def speaks(self, language: str) -> bool:
        """Whether it has a voice for that language of ours."""
        return NAMES.get(language, language) in self.languages

    def say(self, language: str, text: str, notes: Iterable[tuple[str, str]]) -> bytes:
        """An Ogg file in Opus, the same each time. `notes` are kept in it, such as ("TITLE", "…")."""
        voice = NAMES.get(language, language)
        speak = ["espeak-ng", "-v", voice, "-s", WORDS_A_MINUTE, "-b", "1", "--stdin", "--stdout"]
        kept = [word for name, value in notes for word in ("--comment", f"{name}={value}")]
        # espeak-ng does not know how long it will be when it begins, so the length in its header is wrong.
        code = ["opusenc", "--quiet", "--ignorelength", "--speech", "--bitrate", KILOBITS, "--serial", "1"]
        return self.run([*code, *kept, "-", "-"], self.run(speak, text.encode("utf-8", "replace")))
