"""What is always at hand: sent as a command, tapped, or typed as the button's label."""

from typing import get_args

from dialogs import phrases
from dialogs.answering import skip
from dialogs.asides import open_aside
from dialogs.being_away import go_away
from dialogs.choosing_a_reminder import pause, stop_reminders
from dialogs.going_back import go_back
from dialogs.going_on import arrive, return_to_question
from dialogs.open_turn import OpenTurn
from dialogs.reading_aloud import read_aloud
from dialogs.said import Command, CommandName, Said, Tap, Text
from dialogs.turn import Phrase

_LABELS: tuple[tuple[CommandName, Phrase], ...] = (
    ("skip", phrases.SKIP),
    ("back", phrases.BACK),
    ("menu", phrases.MENU),
    ("pause", phrases.PAUSE),
    ("language", phrases.LANGUAGE),
    ("person", phrases.PERSON),
    ("leave", phrases.LEAVE),
    ("delete", phrases.DELETE),
    ("stop", phrases.STOP_REMINDERS),
    ("helpnow", phrases.HELP_NOW),
    ("read", phrases.READ_TO_ME),
    ("silent", phrases.STOP_READING),
)

_BY_WORD: dict[str, CommandName] = {name: name for name in get_args(CommandName)}
_BY_TAP: dict[str, CommandName] = {name: name for name, _ in _LABELS}


def command_in(turn: OpenTurn, said: Said) -> CommandName | None:
    """The command meant; None if it is none. A stale tap means none, except for help."""
    if isinstance(said, Command):
        return said.name
    if isinstance(said, Tap):
        known = said.value in _BY_TAP and (said.token == turn.session.token or said.value == "helpnow")
        return _BY_TAP[said.value] if known else None
    if isinstance(said, Text):
        slash = said.words.strip().removeprefix("/").casefold() if said.words.startswith("/") else ""
        if slash in _BY_WORD:
            return _BY_WORD[slash]
        return next((name for name, label in _LABELS if turn.is_typed(label)), None)
    return None


def obey(turn: OpenTurn, command: CommandName) -> None:
    """Skipping and going back need a question that she has seen; all else goes anywhere."""
    if turn.session.moved and command in ("start", "again", "skip", "back"):
        arrive(turn, (phrases.STALE,) if command in ("skip", "back") else ())
        return
    match command:
        case "start" | "again" | "skip" | "back" if turn.session.mode != "talking":
            return_to_question(turn)
        case "start" | "again":
            turn.ask()
        case "skip":
            skip(turn)
        case "back":
            go_back(turn)
        case "pause":
            pause(turn)
        case "stop":
            stop_reminders(turn)
        case "leave":
            go_away(turn, "leave", phrases.LEFT)
        case "read" | "silent":
            read_aloud(turn, wanted=command == "read")
        case "helpnow":
            open_aside(turn, "help")
        case "menu" | "language" | "person" | "delete":
            open_aside(turn, command)
