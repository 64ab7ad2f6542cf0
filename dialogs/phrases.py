"""What the engine itself says: controls, kind notes, asides. All in one place, so that translators find them.

Every text has a note for translators. Clients are women: use feminine forms, also for "I".
"""

from dialogs.turn import Phrase

NOTES: dict[str, str] = {}
"""Note for translators, by message text."""


def _phrase(context: str, text: str, note: str, many: str = "") -> Phrase:
    NOTES[text] = note
    return Phrase(context, text, many=many)


# ── controls ──────────────────────────────────────────────────────────────────────────────────────

SKIP = _phrase("control", "Skip", "Button: do not answer this question. Short.")
BACK = _phrase("control", "Back", "Button: go to the question before. Short.")
MENU = _phrase("control", "More", "Button: opens pause, language, talk to a person, leave, delete. Short.")
KEEP = _phrase("control", "Keep: %(answer)s", "Button: keep the old answer. %(answer)s is what she said.")
NEXT_PAGE = _phrase("control", "Show more", "Button: show more choices of the same question.")
DONE = _phrase("control", "Done", "Button: I have chosen all that I want. Short.")
PAUSE = _phrase("control", "Pause", "Button: stop for now, go on later. Short.")
LANGUAGE = _phrase("control", "Change language", "Button.")
PERSON = _phrase("control", "Talk to a person", "Button: she wants a human being instead of the program.")
LEAVE = _phrase(
    "control", "Leave now", "Button: leave in a hurry, for instance when somebody looks on. Short."
)
DELETE = _phrase("control", "Delete everything", "Button: erase all she told.")
STOP_REMINDERS = _phrase("control", "Stop reminders", "Button: we write to her no more by ourselves.")
HOW_IT_WENT = _phrase("control", "How my step went", "Button: she comes back to tell of her small step.")
GO_ON = _phrase("control", "Go on", "Button: continue the conversation. Short.")
YES = _phrase("control", "Yes", "Button: answer to a yes/no question.")
NO = _phrase("control", "No", "Button: answer to a yes/no question.")
RIGHT = _phrase("control", "This is right", "Button after her answers were read back to her.")
CHANGE = _phrase("control", "Change something", "Button: she wants to change one of her answers.")
CHANGE_OR_SHARE = _phrase(
    "control", "Change what I said or share", "Button at the end of the whole conversation."
)
TALK_MORE = _phrase(
    "control",
    "Talk about something else",
    "Button at the end: she chooses one more part of the conversation.",
)
HELP_NOW = _phrase("control", "I need help now", "Button, and words she may type: she is in danger. Short.")
READ_TO_ME = _phrase(
    "control", "Read to me", "Button: from now on, send me each question as sound too. Short."
)
STOP_READING = _phrase("control", "Do not read to me", "Button: send no more sound. Short.")

# ── sharing: four answers to "may your case manager see this part?" ───────────────────────────────

SHARE_YES = _phrase("sharing", "Yes, share this", "Button: her case manager may see this part.")
SHARE_SOME = _phrase("sharing", "Only some of it", "Button: she will choose which answers to share.")
SHARE_NO = _phrase("sharing", "No, keep it private", "Button: nobody sees this part.")
SHARE_LATER = _phrase("sharing", "Ask me later", "Button: not shared now; asked again next time.")

# ── reminders: whether and when we may write to her, once ─────────────────────────────────────────

REMIND_NONE = _phrase("reminder", "No reminder", "Button: do not write to me. As good as the others.")
REMIND_TOMORROW = _phrase("reminder", "Tomorrow", "Button: write to me once, tomorrow.")
REMIND_3_DAYS = _phrase("reminder", "In 3 days", "Button: write to me once, in three days.")
REMIND_WEEK = _phrase("reminder", "In a week", "Button: write to me once, in a week.")
REMIND_DATE = _phrase("reminder", "On a day that I choose", "Button: she will write which day.")
REMIND_MORNING = _phrase("reminder", "In the morning, at 9:00", "Button, and in “I write to you …”.")
REMIND_AFTERNOON = _phrase("reminder", "In the afternoon, at 14:00", "Button, and in “I write to you …”.")
REMIND_EVENING = _phrase("reminder", "In the evening, at 19:00", "Button, and in “I write to you …”.")
REMIND_ASK = _phrase(
    "reminder",
    "If you want, I write to you once, on another day. It will not say what we talk about.",
    "After she paused. Over the choices from “No reminder” to “On a day that I choose”.",
)
FOLLOW_UP_ASK = _phrase(
    "reminder",
    "May I write to you once, on another day, to ask how your step went? "
    "The message will not say what it is about.",
    "At the end. Over the choices from “No reminder” to “On a day that I choose”.",
)
REMIND_WHICH_DAY = _phrase(
    "reminder",
    "On which day? Write day, month, year, in numbers.",
    "She chose “On a day that I choose”.",
)
REMIND_TOO_FAR = _phrase(
    "reminder", "Please write a day from tomorrow on, and within a year.", "Kind. That day cannot be."
)
REMIND_WHEN = _phrase("reminder", "At what time of the day?", "Over morning, afternoon, evening.")
REMIND_SET = _phrase(
    "reminder",
    "All right. I write to you once: %(day)s. %(hour)s.",
    "%(day)s is a date; %(hour)s is “In the morning, at 9:00” or its like, a sentence of its own.",
)
REMIND_NOT = _phrase("reminder", "All right. I will not write to you.", "She chose “No reminder”.")
STOPPED = _phrase(
    "reminder",
    "All right. I will not write to you by myself any more.",
    "After she pressed “Stop reminders”. Neutral.",
)
REMINDER = _phrase(
    "reminder",
    "Hello. You asked me to write to you. Press “Go on” if you want to continue.",
    "The reminder itself. Neutral: somebody else may hold the phone. Tells nothing about the conversation.",
)

# ── help at once ──────────────────────────────────────────────────────────────────────────────────

HELP_WORDS = _phrase(
    "help",
    "help, help me, emergency, I am in danger",
    "Words that a woman in danger may type, divided by commas. Write the two to six that are usual in your "
    "language; no word that often means something else.",
)
HELP_SURE = _phrase("help", "Do you need help now?", "She typed something that is nearly “I need help now”.")
HELP_INTRO = _phrase("help", "If you are in danger, call now:", "Over a list of telephone numbers.")
HELP_EMERGENCY = _phrase("help", "Police, ambulance, fire", "In a list, before a telephone number.")
HELP_VIOLENCE = _phrase(
    "help", "Violence at home, or somebody forces you", "In a list, before a telephone number."
)
HELP_DESPAIR = _phrase(
    "help", "If you do not want to live any more", "In a list, before a telephone number. Calm, exact."
)
HELP_DOCTOR = _phrase("help", "A doctor, in the evening or at night", "In a list, before a telephone number.")
HELP_LAWYER = _phrase("help", "Papers and the law", "In a list, before a telephone number.")
HELP_CHILDREN = _phrase("help", "A child in danger", "In a list, before a telephone number.")
HELP_ASK = _phrase(
    "help",
    "Shall I tell %(case_manager)s that you need help? I only tell your name and this, nothing of what you "
    "wrote. If you say no, nobody hears of it.",
    "Under the list of telephone numbers. %(case_manager)s is a person's name or “your case manager”.",
)
HELP_TOLD = _phrase("help", "I told %(case_manager)s that you need help.", "After she said yes.")
HELP_NOT_TOLD = _phrase("help", "All right. I told nobody. We go on where we were.", "After she said no.")

# ── notes ─────────────────────────────────────────────────────────────────────────────────────────

PART = _phrase(
    "note",
    "Part %(number)s of %(total)s: %(title)s. About %(minutes)s minute.",
    "Heading of a part; plural by %(minutes)s. %(title)s is the part's title.",
    many="Part %(number)s of %(total)s: %(title)s. About %(minutes)s minutes.",
)
ROUND = _phrase("note", "%(title)s %(number)s", "Heading of one turn of a loop, e.g. “Story 2”.")
SEVERAL_HINT = _phrase(
    "note", "You can choose more than one.", "Under a question where several answers can be chosen."
)
UP_TO = _phrase(
    "note",
    "You can choose %(most)s.",
    "Under a question where so many answers can be chosen at most; plural by %(most)s.",
    many="You can choose up to %(most)s.",
)
TOO_MANY = _phrase(
    "note",
    "That was more than %(most)s. Please choose the one that fits best.",
    "Kind. She chose too many; plural by %(most)s.",
    many="That was more than %(most)s. Please choose those that fit best.",
)
OFFERED = _phrase(
    "note",
    "%(title)s (about %(minutes)s minute)",
    "Button: a part of the conversation, and how long it takes; plural by %(minutes)s. %(title)s: its title.",
    many="%(title)s (about %(minutes)s minutes)",
)
TICKED = _phrase("note", "You chose: %(choices)s.", "%(choices)s is a list of what she ticked so far.")
SCALE_ENDS = _phrase(
    "note", "0 means: %(low)s. 10 means: %(high)s.", "Under a question with a scale from 0 to 10."
)
CHOOSE = _phrase(
    "note",
    "I did not understand that. Please choose one of these: tap it, or type its number.",
    "Kind. She typed something that is none of the choices.",
)
CHOOSE_SEVERAL = _phrase(
    "note",
    "I did not understand that. Please tap what fits, or type the numbers, for example 1 3.",
    "Kind. For a question with several answers.",
)
NEED_NUMBER = _phrase("note", "Please write a number, for example 3.", "Kind. For a question about a number.")
NEED_SCALE = _phrase("note", "Please choose a number from 0 to 10.", "Kind.")
NUMBER_RANGE = _phrase(
    "note", "Please write a number from %(least)s to %(most)s.", "Kind. For a question about a number."
)
NEED_DATE = _phrase(
    "note",
    "Please write a date: day, month, year. For example 31-12-2027.",
    "Kind. For a question about a date.",
)
DAY_PASSED = _phrase(
    "note", "That day has passed. Please write a day from today on.", "Kind. For a question about a date."
)
NEED_WORDS = _phrase(
    "note", "Please write a few words, or skip this question.", "Kind. She sent an empty message."
)
TOO_LONG = _phrase(
    "note",
    "That is a long text. I can keep up to 4,000 characters. Please send it in shorter pieces.",
    "Kind. Her text was too long and was not kept.",
)
UNREADABLE = _phrase(
    "note",
    "Thank you. I can only take text and voice messages here, no pictures, stickers or files. "
    "Please write or speak your answer.",
    "Kind. She sent a sticker, a photo or a file.",
)
VOICE_KEPT = _phrase(
    "note", "Thank you. I keep your voice message as you spoke it.", "She answered a question by voice."
)
VOICE_NOT_HERE = _phrase(
    "note",
    "Here I cannot take a voice message. Please choose or write an answer.",
    "Kind. She spoke where she has to choose, or to write a number or a date.",
)
VOICE_TOO_LONG = _phrase(
    "note",
    "That voice message is too long. I can keep up to 2 minutes. Please send it in shorter pieces.",
    "Kind. It was not kept.",
)
VOICE_LOST = _phrase(
    "note",
    "I could not get your voice message. Please send it again, or write your answer.",
    "Kind. Something went wrong on our side.",
)
VOICE = _phrase(
    "note", "Voice message", "Stands where her words would stand, if she spoke her answer. Short."
)
READING_ON = _phrase("note", "All right. I read each question to you.", "After she pressed “Read to me”.")
READING_OFF = _phrase("note", "All right. I send no more sound.", "After she pressed “Do not read to me”.")
NEED_ANSWER = _phrase(
    "note",
    "I need an answer to this one before we can go on.",
    "Kind. She tried to skip a question that cannot be skipped.",
)
FIRST = _phrase("note", "This is the first question.", "She pressed Back at the first question.")
STALE = _phrase(
    "note",
    "That button belongs to an earlier question. Nothing was changed. We are here:",
    "She tapped an old button. The question she is at follows.",
)
LATE = _phrase(
    "note",
    "Thank you. I added this to your answer before. Now we are here:",
    "She sent two messages quickly; the second was added to the first. The next question follows.",
)
TOO_EARLY = _phrase(
    "note",
    "You wrote this before I asked the next question, so I did not use it. Please answer here:",
    "She sent a message before the question was asked. The question follows.",
)

# ── asides ────────────────────────────────────────────────────────────────────────────────────────

MENU_ASK = _phrase("aside", "What would you like to do?", "Over the menu with pause, language, and so on.")
LANGUAGE_ASK = _phrase("aside", "Which language would you like?", "Over the list of languages.")
LANGUAGE_CHANGED = _phrase(
    "aside", "We go on in English.", "Said in the new language: name YOUR language here."
)
PERSON_ASK = _phrase(
    "aside",
    "Shall I tell %(case_manager)s that you want to talk to a person? "
    "I only tell your name and this wish, nothing of what you wrote.",
    "%(case_manager)s is a person's name or “your case manager”.",
)
PERSON_TOLD = _phrase(
    "aside", "I told %(case_manager)s that you want to talk to a person.", "After she said yes."
)
PERSON_NOT_TOLD = _phrase("aside", "All right. I told nobody.", "After she said no.")
YOUR_CASE_MANAGER = _phrase(
    "aside",
    "your case manager",
    "Stands for %(case_manager)s when her case manager has no name yet. Lower case.",
)
YOUR_ORGANISATION = _phrase(
    "aside", "the organisation", "Stands for %(organisation)s when it has no name. Lower case."
)
DELETE_ASK = _phrase(
    "aside",
    "Do you want to delete everything you told me? Your case manager will not see it any more either. "
    "This cannot be undone.",
    "She is asked to confirm.",
)
DELETED = _phrase(
    "aside",
    "Everything is deleted. This link no longer works. If you want to start again, ask for a new one.",
    "After she confirmed.",
)
CHANGE_ASK = _phrase("aside", "Which answer do you want to change?", "Over a list of questions she answered.")
NO_ANSWER = _phrase("aside", "(no answer)", "Stands in the read-back where she skipped a question.")
PAUSED = _phrase(
    "aside",
    "We pause here. Your answers are kept. Press “Go on” when you want to continue, today or another day.",
    "After she pressed Pause. The button is the one called “Go on”.",
)
LEFT = _phrase(
    "aside", "Goodbye. Take care.", "After she left in a hurry. Must tell nothing about the conversation."
)
STILL_AWAY = _phrase(
    "aside",
    "Hello. Press “Go on” if you want to continue.",
    "Neutral: somebody else may hold the phone. Tells nothing.",
)
WELCOME_BACK = _phrase(
    "aside", "Welcome back, %(name)s.", "When she comes back. %(name)s is the name she chose."
)
WELCOME = _phrase("aside", "Welcome back.", "When she comes back and gave no name.")
PARTS_DONE = _phrase(
    "aside", "We talked about: %(parts)s.", "When she comes back. %(parts)s is a list of titles of parts."
)
WE_ARE_AT = _phrase(
    "aside", "Now we are at: %(part)s.", "When she comes back. %(part)s is the title of a part."
)
ENDED = _phrase(
    "aside",
    "You can come back whenever you want, to read, change or delete what you told.",
    "At the very end.",
)


# ── outside any conversation ──────────────────────────────────────────────────────────────────────

UNKNOWN = _phrase(
    "outside",
    "Hello. To begin, open the link that you were given. If it does not work, ask for a new one.",
    "Neutral: for a wrong, used or old link. Must tell nothing about anyone.",
)
SORRY = _phrase(
    "outside",
    "Sorry, something went wrong on our side. Please send that again, or write /again to see where we are.",
    "Kind. /again stays as it is.",
)

PHRASES: tuple[Phrase, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Phrase))
"""All of them, for translators."""
