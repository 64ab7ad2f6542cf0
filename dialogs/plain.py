"""Holds the English of scripts to what somebody who reads little can read: `trede check --plain`."""

import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import groupby

from dialogs.errors import Fault
from dialogs.extract import ScriptMessage, messages, messages_of
from dialogs.file_format import ChoosingForm, ScriptForm, StepForm, TextForm
from dialogs.library import Sources
from dialogs.phrases import NOTES, PHRASES
from dialogs.plain_rules import plain_rules
from dialogs.read_file import is_ladder, read_file
from dialogs.reading_level import grade, sentences, syllables, words

PHRASES_FILE = "dialogs/phrases.py"

_LABELS = ("choice", "another word for the choice above", "low end of a scale", "high end of a scale")
_QUESTIONS = ("question", "question, yes or no")
_CLAUSE = re.compile(
    r"[,;:“”()]|\b(?:and|but|or|so|because|that|which|who|whom|if|when|until|while|although|since|than|as|what|where|how)\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not(?! only)|no(?! longer)|never|nobody|nothing|none|nowhere|neither|nor|cannot|without|unless"
    r"|\w+n't|impossible|unable|unlikely|refuse[sd]?|deny|denies|denied|fail(?:s|ed)?|lacks?|avoids?)\b",
    re.IGNORECASE,
)
_NO_AS_AN_ANSWER = re.compile(r"\b(says?|said|saying|means?|answer|or) no\b", re.IGNORECASE)
_SECOND_QUESTION = re.compile(r"\band (?:what|when|where|who|whom|how|why|which)\b[^.!?]*\?", re.IGNORECASE)


def plain_faults(sources: Sources) -> list[Fault]:
    """The faults of what clients read in these scripts and ladders, in the order of files and lines."""
    found: list[Fault] = []
    for file, content in sources.items():
        if is_ladder(file):
            found.extend(_of_messages(file, messages_of(file, content), {}))
            continue
        form, _ = read_file(file, content)
        if form is not None and not form.for_staff:
            found.extend(_of_script(form))
    return sorted(set(found))


def plain_phrase_faults() -> list[Fault]:
    """The faults of what the engine itself says."""
    source = (files("dialogs") / "phrases.py").read_text(encoding="utf-8").splitlines()
    said = [
        ScriptMessage(
            f"{each.context}/{each.context}", text, _line_of(text, source), NOTES[each.text], "message"
        )
        for each in PHRASES
        for text in (each.text, each.many)
        if text
    ]
    return sorted({fault for each in said for fault in _of_messages(PHRASES_FILE, [each], {})})


def _line_of(text: str, source: list[str]) -> int:
    """Where a phrase stands; a long one is written in pieces."""
    return next((number for number, line in enumerate(source, start=1) if text[:40] in line), 1)


def _of_script(form: ScriptForm) -> Iterator[Fault]:
    steps = {step.name: step for step in form.all_steps()}
    yield from _of_messages(form.file, messages(form), steps)
    for step in steps.values():
        if isinstance(step, ChoosingForm):
            for told in _of_choices(step):
                yield Fault(form.file, step.line_of("choices"), step.name, told)


def _of_messages(file: str, found: Iterable[ScriptMessage], steps: dict[str, StepForm]) -> Iterator[Fault]:
    rules = plain_rules()
    for question, group in groupby(found, lambda message: message.context.partition("/")[2]):
        read_together = list(group)
        for message in read_together:
            for rule, told in _of_text(message, steps.get(question)):
                if (rule, message.text) not in rules.kept:
                    yield Fault(file, message.line, question, told)
        for told in _of_level([each.text for each in read_together]):
            yield Fault(file, read_together[0].line, question, told)


def _of_level(texts: list[str]) -> Iterator[str]:
    """All that she reads at once is measured together: one short text says too little."""
    rules = plain_rules()
    limit = rules.limits["grade"]
    found = grade(texts, int(rules.limits["filled_up_to"]), rules.limits["syllables_of_a_plain_word"])
    if found > limit:
        yield rules.say("reading_level", found=round(found, 1), limit=limit)


def _of_text(message: ScriptMessage, step: StepForm | None) -> Iterator[tuple[str, str]]:
    """Each rule that a text breaks, and its fault."""
    yield from _of_sentences(message)
    yield from _of_words(message.text)
    yield from _of_passive(message.text)
    yield from _of_negations(message.text)
    if message.kind in _QUESTIONS:
        yield from _of_questions(message.text, isinstance(step, TextForm))


def _of_sentences(message: ScriptMessage) -> Iterator[tuple[str, str]]:
    rules = plain_rules()
    is_label = message.kind in _LABELS
    limit = rules.limits["words_in_a_choice" if is_label else "words_in_a_sentence"]
    for sentence in sentences(message.text):
        if len(words(sentence)) > limit:
            yield "sentence_length", rules.say("sentence_length", found=len(words(sentence)), limit=limit)


def _of_words(text: str) -> Iterator[tuple[str, str]]:
    rules = plain_rules()
    for rule, held in (("idiom", rules.idioms), ("hard_word", rules.words)):
        for found, instead in held.find(text):
            yield rule, rules.say(rule, found=found, instead=instead)
    yield from _of_long_words(text)


def _of_long_words(text: str) -> Iterator[tuple[str, str]]:
    """Those that no list has told of, and that are no names."""
    rules = plain_rules()
    told = {word for found, _ in rules.words.find(text) for word in found.split()}
    for sentence in sentences(text):
        for place, word in enumerate(words(sentence)):
            is_name = place > 0 and word[0].isupper()
            is_known = word in told or rules.known.fullmatch(word)
            if syllables(word) >= rules.limits["syllables"] and not is_name and not is_known:
                yield "long_word", rules.say("long_word", found=word, count=syllables(word))


def _of_passive(text: str) -> Iterator[tuple[str, str]]:
    """One short passive (“is kept”) is met early; longer ones, and those that say by whom, are hard."""
    rules = plain_rules()
    found = list(rules.passive.finditer(text))
    hard = [each for each in found if _is_long_passive(each)]
    if not hard and len(found) > rules.limits["short_passives"]:
        hard = found[-1:]
    for each in hard:
        yield "passive", rules.say("passive", found=each.group())


def _is_long_passive(found: re.Match[str]) -> bool:
    forms = {found["be"].lower(), *found["between"].lower().split()}
    return bool(found["by"] or forms & {"be", "been", "being"})


def _of_negations(text: str) -> Iterator[tuple[str, str]]:
    for sentence in sentences(_NO_AS_AN_ANSWER.sub(r"\1", text)):
        for clause in _CLAUSE.split(sentence):
            if len(_NEGATION.findall(clause)) > 1:
                yield "double_negation", plain_rules().say("double_negation", found=clause.strip(" .!?"))


def _of_questions(text: str, is_open: bool) -> Iterator[tuple[str, str]]:
    """One choice, number or day cannot answer two questions; her own words can."""
    rules = plain_rules()
    asked = text.count("?") + (0 if is_open else len(_SECOND_QUESTION.findall(text)))
    if asked > rules.questions["open" if is_open else "closed"]:
        yield "two_questions", rules.say("two_questions", found=asked)


def _of_choices(step: ChoosingForm) -> Iterator[str]:
    rules = plain_rules()
    limit = rules.limits["choices_in_all" if step.pages else "choices_on_a_page"]
    if len(step.choices) > limit:
        yield rules.say("choices", found=len(step.choices), limit=limit)
