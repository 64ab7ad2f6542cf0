"""Reads a form with a recording in it: in pieces, up to a size, and never by way of the disk."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from secrets import token_hex

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bot.channels.web_form import MAX_FIELDS, MAX_VALUE, Form, form_of, number
from casework.sounds import kind_of
from dialogs.said import BIGGEST_VOICE, LONGEST_VOICE, Voice

MAX_BYTES = BIGGEST_VOICE + 16 * 1024
"""A recording with the form around it."""

READ_ON = 5 * MAX_BYTES
"""Of a form that is too big: browsers show no answer before they have sent all."""


class _TooBig(Exception):
    """More than MAX_BYTES."""


class _InMemory(MultiPartParser):
    """The library lays a bigger file down on the disk, in the clear."""

    spool_max_size = MAX_BYTES


async def read_voice(request: Request) -> Form | None:
    """A form with a recording in `sound`, and its length in `seconds`; None if that is too big or too long.

    Whatever the bytes are, this never fails: of what is no such form, `said` is None.
    """
    stream = request.stream()
    try:
        return await _read(request, _at_most(stream, MAX_BYTES))
    except _TooBig:
        await _let_pass(stream)
        return None
    except (MultiPartException, KeyError):  # none of our pages sends that
        return form_of([])


async def _read(request: Request, stream: AsyncGenerator[bytes, None]) -> Form | None:
    parser = _InMemory(request.headers, stream, max_files=1, max_fields=MAX_FIELDS)
    found = (await parser.parse()).multi_items()
    fields = [(name[:MAX_VALUE], value) for name, value in found if isinstance(value, str)]
    sounds = [await value.read() for _, value in found if isinstance(value, UploadFile)]
    return _spoken(form_of(fields), b"".join(sounds))


def _spoken(form: Form, sound: bytes) -> Form | None:
    seconds = number(dict(form.fields).get("seconds", ""))
    if len(sound) > BIGGEST_VOICE or seconds > LONGEST_VOICE:
        return None
    if not sound:
        return replace(form, said=None)
    token = form.token or None
    if kind_of(sound) is None:
        return replace(form, said=Voice("", seconds, token, problem="lost"))
    return replace(form, said=Voice(token_hex(16), seconds, token), sound=sound)


async def _at_most(stream: AsyncGenerator[bytes, None], most: int) -> AsyncGenerator[bytes, None]:
    read = 0
    async for piece in stream:
        read += len(piece)
        if read > most:
            raise _TooBig
        yield piece


async def _let_pass(stream: AsyncGenerator[bytes, None]) -> None:
    read = 0
    async for piece in stream:
        read += len(piece)
        if read > READ_ON:
            return
