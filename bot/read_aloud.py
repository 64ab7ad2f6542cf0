"""What is read aloud of each question: its words, its hint, and choices that all see in the same order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.words import write
from dialogs import phrases
from dialogs.script import Script, Step, StepKind
from dialogs.turn import Phrase
from locales.catalogue import SOURCE, Catalogue

WITHOUT: frozenset[StepKind] = frozenset({"branch", "hand_over", "share_which"})
"""Kinds that no sound belongs to: they have no words, or two texts under one name."""

CHOOSING: frozenset[StepKind] = frozenset({"choice", "several", "cards"})

_NAME = re.compile(r"[,،]?\s*%\(name\)s")
_PLACEHOLDER = re.compile(r"%\(\w+\)s")


class CannotBeRead(Exception):
    """Words that nobody can say in advance."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question in one language. `lines` are as the catalogue has them, with their placeholders."""

    language: str
    context: str  # "reflection/good_life"
    lines: tuple[str, ...]
    is_translated: bool = True

    @property
    def script(self) -> str:
        """The script whose words they are."""
        return self.context.partition("/")[0]

    @property
    def question(self) -> str:
        """Its name in that script."""
        return self.context.partition("/")[2]


def prompts(script: Script, catalogue: Catalogue, language: str) -> tuple[Prompt, ...]:
    """Each question of a script once, in order."""
    steps: dict[str, Step] = {}
    for step in script.steps:
        if step.kind not in WITHOUT:
            steps.setdefault(step.context, step)
    return tuple(_prompt(step, catalogue, language) for step in steps.values())


def spoken(prompt: Prompt, catalogue: Catalogue) -> str:
    """What to say, with a blank line where to pause. Raises CannotBeRead."""
    if not prompt.is_translated:
        raise CannotBeRead("it is not translated yet: translate it first")
    fills = {
        "%(case_manager)s": write(catalogue, prompt.language, phrases.YOUR_CASE_MANAGER),
        "%(organisation)s": write(catalogue, prompt.language, phrases.YOUR_ORGANISATION),
    }
    text = _NAME.sub("", "\n\n".join(prompt.lines))
    for placeholder, words in fills.items():
        text = text.replace(placeholder, words)
    left = _PLACEHOLDER.search(text)
    if left:
        raise CannotBeRead(f"{left[0]} stands for other words each time: record it without them")
    return text


def _prompt(step: Step, catalogue: Catalogue, language: str) -> Prompt:
    own = [Phrase(step.context, text) for text in (step.text, step.hint) if text]
    lines = tuple(write(catalogue, language, phrase) for phrase in (*own, *_more(step)))
    is_translated = language == SOURCE or all(
        write(catalogue, language, phrase) != phrase.text for phrase in own
    )
    return Prompt(language, step.context, lines, is_translated)


def _more(step: Step) -> Iterator[Phrase]:
    if step.kind == "scale" and step.low and step.high:
        ends = {"low": Phrase(step.context, step.low), "high": Phrase(step.context, step.high)}
        yield Phrase(phrases.SCALE_ENDS.context, phrases.SCALE_ENDS.text, ends)
    if step.kind in CHOOSING and not (step.shuffle or step.pages or step.among):
        for choice in step.choices:
            yield Phrase(choice.context or step.context, choice.label)
