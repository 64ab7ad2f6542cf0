"""She wants each question read to her, or no more: the channel sends the sound with the words."""

from dialogs import phrases
from dialogs.frozen import replace
from dialogs.going_on import return_to_question
from dialogs.open_turn import OpenTurn


def read_aloud(turn: OpenTurn, *, wanted: bool) -> None:
    """Where there is no sound in her language, nothing changes, and she is asked again what was asked."""
    if wanted and not turn.can_be_read:
        return_to_question(turn)
        return
    turn.session = replace(turn.session, reads_aloud=wanted)
    return_to_question(turn, (phrases.READING_ON if wanted else phrases.READING_OFF,))
