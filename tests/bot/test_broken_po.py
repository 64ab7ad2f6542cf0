"""Damaged .po files: each is refused with one line that says where and what to do, or does no harm."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from bot import i18n
from bot.check import Wanted, check_words, wanted_in
from bot.glossary import check_glossary
from bot.i18n_rows import rows_of
from bot.script_words import UnreadablePo, in_folder
from dialogs.check_catalogue import wrong_with
from locales.catalogue import HERE, forms_of_one_number, plural_forms, po_file, read_catalogue
from locales.messages import key, texts
from locales.po import BrokenPo, counted, read_po_bytes, read_po_file
from locales.standing import standing

LANGUAGES = ("nl", "ar", "fa", "uk")
SOME = 24
"""Messages in a small catalogue: enough for every kind of line."""

WHOLE_EACH = 50
"""One mutant in so many is made from a whole catalogue."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A catalogue before anything happened to it."""

    language: str
    content: bytes
    wanted: Wanted
    template: Catalog


@cache
def sound(language: str, is_whole: bool) -> Sound:
    """A catalogue of that language without a fault: all of it, or a few messages of each kind."""
    catalogue = i18n.read("client", language)
    complete = _complete(language)
    found = [message for message in i18n.messages(catalogue) if key(message) in complete]
    plural = [message for message in found if message.pluralizable]
    asked = [message for message in found if "%(" in str(message.id) or message.user_comments]
    kept = found if is_whole else [*found[:: max(1, len(found) // SOME)], *plural, *asked[:6]]
    keys = {key(message) for message in kept}
    for message in list(i18n.messages(catalogue)):
        if key(message) not in keys:
            catalogue.delete(message.id, message.context)
    template = i18n.template("client")
    for message in list(i18n.messages(template)):
        if key(message) not in keys:
            template.delete(message.id, message.context)
    return Sound(language, i18n.written(catalogue), _only(keys), template)


def _complete(language: str) -> set[tuple[str, str]]:
    """What the catalogue has of today's words, whole and not stale."""
    there = {key(m): m for m in i18n.messages(i18n.read("client", language))}
    wanted = {(message.context, message.text) for message in wanted_in("client").messages}
    return {k for k, m in there.items() if k in wanted and i18n.is_translated(m) and not m.fuzzy}


def _only(keys: set[tuple[str, str]]) -> Wanted:
    wanted = wanted_in("client")
    return Wanted(
        tuple(message for message in wanted.messages if (message.context, message.text) in keys),
        {entry: many for entry, many in wanted.many.items() if entry in keys},
    )


# ── what can happen to a file ─────────────────────────────────────────────────────────────────────

Damage = Callable[[random.Random, bytes], bytes]


def bytes_flipped(chance: random.Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found)


def cut_off(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content))]


def a_piece_gone(chance: random.Random, content: bytes) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + content[at + chance.randint(1, 40) :]


def a_piece_from_elsewhere(chance: random.Random, content: bytes) -> bytes:
    at, source = chance.randrange(len(content)), chance.randrange(len(content))
    return content[:at] + content[source : source + chance.randint(1, 200)] + content[at:]


def lines_dropped(chance: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    for _ in range(min(chance.randint(1, 3), len(lines))):
        del lines[chance.randrange(len(lines))]
    return b"\n".join(lines)


def a_line_doubled(chance: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    at = chance.randrange(len(lines))
    lines.insert(at, lines[chance.choice([at, chance.randrange(len(lines))])])
    return b"\n".join(lines)


def lines_swapped(chance: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    one = chance.randrange(len(lines))
    other = chance.choice([min(one + 1, len(lines) - 1), chance.randrange(len(lines))])
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def a_message_doubled(chance: random.Random, content: bytes) -> bytes:
    messages = content.split(b"\n\n")
    messages.insert(chance.randrange(len(messages)), chance.choice(messages))
    return b"\n\n".join(messages)


def _changed(chance: random.Random, content: bytes, what: str, into: list[bytes]) -> bytes:
    """One place that fits `what`, put into other words."""
    places = list(re.finditer(what.encode(), content, re.MULTILINE))
    if not places:
        return content
    place = chance.choice(places)
    return content[: place.start()] + chance.choice(into) + content[place.end() :]


def another_context(chance: random.Random, content: bytes) -> bytes:
    into = [
        b'msgctxt "control"',
        b'msgctxt "reflection/nowhere"',
        b'msgctxt ""',
        b'msgctxt "a/b/c"',
        b"msgctxt",
        b"",
    ]
    return _changed(chance, content, r'^msgctxt ".*"$', into)


def another_keyword(chance: random.Random, content: bytes) -> bytes:
    into = [
        b"msgid ",
        b"msgstr ",
        b"msgid_plural ",
        b"msgstr[0] ",
        b"msgctxt ",
        b"msgstr[-1] ",
        b"msgstr[x] ",
        b"msg ",
    ]
    return _changed(chance, content, r"^msg\w+(\[\d\])? ", into)


def other_plural_forms(chance: random.Random, content: bytes) -> bytes:
    into = [
        b'msgstr[7] "x"',
        b'msgstr[0] ""',
        b'msgstr[1] ""',
        b'msgstr[99999999999] "x"',
        b"",
        b'msgstr "x"',
    ]
    return _changed(chance, content, r'^msgstr\[\d\] ".*"$', into)


def a_broken_placeholder(chance: random.Random, content: bytes) -> bytes:
    into = [
        b"%(naam)s",
        b"%(name)",
        b"%name",
        b"%(name)d",
        b"",
        b"%(",
        b"% (name)s",
        b"%s",
        b"{name}",
        "٪(name)s".encode(),
    ]
    return _changed(chance, content, r"%\(\w+\)s", into)


def another_header(chance: random.Random, content: bytes) -> bytes:
    into = [
        b'"Plural-Forms: nplurals=1; plural=0;\\n"',
        b'"Plural-Forms: nplurals=999999999; plural=__import__(1);\\n"',
        b'"Plural-Forms: nplurals=x; plural=n n n;\\n"',
        b'"Content-Type: text/plain; charset=latin-1\\n"',
        b'"Content-Type: text/plain; charset=nonsense\\n"',
        b'"Content-Type: multipart/mixed\\n"',
        b'"Language: ar\\n"',
        b'"Language: \\n"',
        b'"Language: ../../etc\\n"',
        b'"Language: xx_YY_ZZ@\\n"',
        b'"PO-Revision-Date: 2026-99-99 99:99+9999\\n"',
        b'"POT-Creation-Date: yesterday\\n"',
        b'"Last-Translator: \\n"',
        b'"no colon\\n"',
        b'"\\n\\n"',
        b"",
    ]
    return _changed(chance, content, r'^"[A-Z][A-Za-z-]+: .*"$', into)


def odd_bytes(chance: random.Random, content: bytes) -> bytes:
    odd = [
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\x00",
        b"\x00" * 50,
        b"\x1b[2J",
        b"\r",
        "\u2028".encode(),
        "\u202e".encode(),
    ]
    at = chance.randrange(len(content))
    return (
        content[:at]
        + chance.choice([*odd, b"\t", "\u200c".encode(), "\u0085".encode(), b"\\", b'"'])
        + content[at:]
    )


def a_huge_line(chance: random.Random, content: bytes) -> bytes:
    long = chance.choice([b"x", b"\\n", b"%(name)s", b"%(", b"\\\\", "ب".encode(), b" "]) * chance.choice(
        [500, 20_000]
    )
    return _changed(chance, content, r'(?<=")[^"\n]*(?="$)', [long, b'" ' + long, long + b"\\"])


def a_comment_inside(chance: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    odd = [
        b"#",
        b"#, fuzzy",
        b"#~ msgid",
        b'#~ msgid "x"',
        b"#| msgid",
        "#: \u2068a b".encode(),
        b"#, ,,",
        b"# Was: x",
        b"#:",
    ]
    lines.insert(chance.randrange(len(lines)), chance.choice(odd))
    return b"\n".join(lines)


def other_ends_of_lines(chance: random.Random, content: bytes) -> bytes:
    return chance.choice(
        [
            content.replace(b"\n", b"\r\n"),
            b"\xef\xbb\xbf" + content,
            content.replace(b"\n", b"\r"),
            content.strip(),
            b"",
        ]
    )


DAMAGES: tuple[Damage, ...] = (
    *(
        bytes_flipped,
        cut_off,
        a_piece_gone,
        a_piece_from_elsewhere,
        lines_dropped,
        a_line_doubled,
        lines_swapped,
    ),
    *(a_message_doubled, another_context, another_keyword, other_plural_forms, a_broken_placeholder),
    *(another_header, odd_bytes, a_huge_line, a_comment_inside, other_ends_of_lines),
)


def mutant(number: int) -> tuple[Sound, bytes]:
    """The mutant of that number: the same each time."""
    chance = random.Random(number)
    before = sound(LANGUAGES[number % len(LANGUAGES)], number % WHOLE_EACH == 0)
    content = before.content
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        content = chance.choice(DAMAGES)(chance, content) if content else content
    return before, content


# ── what may come of it ───────────────────────────────────────────────────────────────────────────


def assert_one_line(said: str, name: str, lines: int) -> None:
    """File, line, what is wrong, and what to do."""
    assert said.replace("\u200c", "").isprintable(), said
    found = re.fullmatch(rf"{re.escape(name)}:(\d+): (.+)", said)
    assert found, said
    assert 1 <= int(found[1]) <= lines, said
    assert re.search(r"[.?;] \S.*\S$", found[2]), f"no cure: {said}"


def outcome(before: Sound, content: bytes, folder: Path) -> str:
    """ "refused", "faults" (read, and `trede check` tells what is wrong) or "sound". Fails if it did harm."""
    file = po_file("client", before.language, folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    lines = content.count(b"\n") + 1
    try:
        catalogue = read_po_file(file, before.language, plural_forms(before.language))
    except BrokenPo as error:
        assert_one_line(str(error), str(file), lines)
        with pytest.raises(BrokenPo):
            read_catalogue("client", (before.language,), folder)
        with pytest.raises(UnreadablePo, match=re.escape(f"{before.language}.po:{error.line}: ")):
            in_folder(_as_hand_made(content, before.language, folder))
        return "refused"
    faults = [str(fault) for fault in check_words(catalogue, before.wanted, before.language, "x.po")]
    for said in faults:
        assert_one_line(said.replace("(whole file): ", ""), "x.po", lines)
    list(check_glossary(i18n.messages(catalogue), before.language, "x.po", HERE))
    in_folder(_as_hand_made(content, before.language, folder))
    assert_harmless(before, folder, is_sound=not faults)
    assert_tools_bear_it(before, catalogue)
    return "faults" if faults else "sound"


def _as_hand_made(content: bytes, language: str, folder: Path) -> Path:
    place = folder / "by hand"
    place.mkdir(exist_ok=True)
    for other in place.glob("*.po"):
        other.unlink()
    (place / f"{language}.po").write_bytes(content)
    return place


def assert_harmless(before: Sound, folder: Path, *, is_sound: bool) -> None:
    """Every text has words with the placeholders it needs; and what `trede check` lets pass, passes."""
    spoken = read_catalogue("client", (before.language,), folder)
    for context, text, many, may_lack in _asked(before):
        for n in range(12) if many else (1,):
            words = (
                spoken.look_up_plural(before.language, context, text, many, n)
                if many
                else spoken.look_up(before.language, context, text)
            )
            assert words.strip()
            wrong = list(wrong_with(many or text, words, may_lack))
            assert not [each for each in wrong if each.startswith("The placeholder")], wrong
            assert not (is_sound and wrong), wrong


def _asked(before: Sound) -> Iterator[tuple[str, str, str, set[str]]]:
    lone = forms_of_one_number(before.language) or {0}  # English, which she may read instead, has one
    for message in i18n.messages(before.template):
        many = texts(message)[1] if message.pluralizable else ""
        yield message.context or "", texts(message)[0], many, counted(message) if many and lone else set()


def assert_tools_bear_it(before: Sound, catalogue: Catalog) -> None:
    """It can be counted, laid out in a sheet, brought up to date; and what is written then can be read."""
    standing(catalogue, "client", before.language)
    rows_of(catalogue, "client", before.language)
    made = i18n.written(i18n.updated(catalogue, before.template, before.language))
    read_po_bytes(Path("made.po"), made, before.language, plural_forms(before.language))


# ── the tests ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("is_whole", [True, False])
def test_what_is_not_damaged_is_sound(language: str, is_whole: bool, tmp_path: Path) -> None:
    before = sound(language, is_whole)

    assert outcome(before, before.content, tmp_path) == "sound"


HEADER = """msgid ""
msgstr ""
"Language: nl\\n"
"Plural-Forms: nplurals=2; plural=((((n == 1))) ? 0 : 1);\\n"

"""
TEA = 'msgctxt "a"\nmsgid "Tea"\nmsgstr "Thee"\n'


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (HEADER + TEA + "\n" + TEA, 10, "This message is in line 6 too. Delete one of them."),
        (HEADER + TEA.replace("Thee", "x" * 4_100), 8, "This line has over 4000 characters."),
        (
            HEADER + TEA + '"x"\n' * 10 + f'"{"x" * 3_995}"\n',
            6,
            "A text of this message has over 4000 characters.",
        ),
        (HEADER + TEA.replace("msgstr", "# x\nmsgstr"), 8, "A comment cannot stand inside a message."),
        (HEADER + 'msgctxt "a"\nmsgid "Tea"\n', 6, "This message is cut off."),
        (
            HEADER + TEA.replace('"Tea"', '"T"ea"'),
            7,
            'This line is not part of a .po file, or a " or \\ is wrong.',
        ),
        (HEADER + TEA.replace("msgid", "msgstr"), 7, "This line cannot stand here: one before it is missing"),
        (
            HEADER + TEA.replace("Thee", "Th\x00e"),
            8,
            "This line holds an invisible sign (U+0000). Delete it.",
        ),
        (TEA + "\n" + HEADER, 5, "The header must be the first message of the file"),
        (
            HEADER.replace("Language: nl", "Language: ar"),
            1,
            "The header says “Language: ar”, but this file is for nl.",
        ),
        (HEADER.replace("Language", "Plural-Forms"), 1, "The header has a line that is wrong or here twice."),
        (
            'msgid ""\nmsgstr "Content-Type: text/plain; charset=latin-1\\n"\n',
            1,
            "The header names another charset.",
        ),
        (
            'msgid ""\nmsgstr "PO-Revision-Date: today\\n"\n',
            1,
            "A date or number in the header cannot be read.",
        ),
        (
            'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"\n',
            1,
            "This message has plural forms, but",
        ),
        ('msgctxt "a"\nmsgid ""\nmsgstr "x"\n', 1, "This message has no English text."),
    ],
    ids=range(15),
)
def test_what_is_wrong_is_said_with_its_line(content: str, line: int, said: str) -> None:
    with pytest.raises(BrokenPo) as refused:
        read_po_bytes(Path("nl.po"), content.encode(), "nl", plural_forms("nl"))

    assert str(refused.value).startswith(f"nl.po:{line}: {said}"), refused.value


@pytest.mark.parametrize("content", [b"\xff", b"ok\n\xc3(", b"\xed\xa0\x80"])
def test_what_is_not_utf_8_is_refused_with_its_line(content: bytes) -> None:
    with pytest.raises(BrokenPo, match=rf"nl.po:{content.count(10) + 1}: This line is not UTF-8 text. Save"):
        read_po_bytes(Path("nl.po"), content, "nl", plural_forms("nl"))


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "nl.po"
    file.write_bytes(b"# x\n" * 2_000_000)

    with pytest.raises(BrokenPo, match="This file is over 4 MB"):
        read_po_file(file, "nl", plural_forms("nl"))


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_windows_ends_of_lines_a_mark_and_obsolete_messages_do_no_harm(begin: str, ends: str) -> None:
    content = begin + HEADER + '#~ msgid "old"\n#~ msgstr "oud"\n\n#| msgid "Te"\n' + TEA

    found = read_po_bytes(Path("nl.po"), content.replace("\n", ends).encode(), "nl", plural_forms("nl"))

    assert [(m.context, m.id, m.string, m.user_comments) for m in i18n.messages(found)] == [
        ("a", "Tea", "Thee", [])
    ]


def test_300_damaged_files_are_refused_with_a_line_or_do_no_harm(tmp_path: Path) -> None:
    assert_all(range(300), tmp_path)


@pytest.mark.long
def test_10_000_damaged_files_are_refused_with_a_line_or_do_no_harm(tmp_path: Path) -> None:
    assert_all(range(10_000), tmp_path)


def assert_all(numbers: range, folder: Path) -> None:
    """No mutant of these does harm; and the mutants are worth something: many are refused, many pass."""
    found = {"refused": 0, "faults": 0, "sound": 0}
    for number in numbers:
        try:
            found[outcome(*mutant(number), folder)] += 1
        except BaseException as error:
            error.add_note(f"This was mutant {number}.")
            raise
    assert all(seen > len(numbers) // 20 for seen in found.values()), found
