"""What the chat page itself says around the conversation. All in one place, so that translators find them.

Every text has a note for translators. Clients are women: use feminine forms.
"""

from dialogs.turn import Phrase

CONTEXT = "web"

NOTES: dict[str, str] = {
    "Chat": "Title of the page. Neutral: it stands in the browser's history, so it must not say more.",
    "Messages": "Name of the list of messages, read aloud by screen readers.",
    "You": "Read aloud by screen readers before something she wrote. Short.",
    "Start": "The one big button on the first page.",
    "Press Start when you are ready.": "On the first page, over the button Start.",
    "Send": "Button: send the answer. Short.",
    "Your answer": "Label of the field she writes in, when there are no choices.",
    "Or write your answer": "Label of the field she writes in, under choices that can also be tapped.",
    "Choose one or more, then send": "Over boxes that can be ticked, when several answers are possible.",
    "Go on": "Button: continue the conversation. Short.",
    "Leave now": "Button: leave in a hurry, for instance when somebody looks on. Short.",
    "To leave quickly, press Esc three times.": "For people with a keyboard. Esc is a key; its name stays.",
    "Sending…": "Shown while an answer is on its way. Short.",
    "That did not work. Please try again.": "Kind. Something went wrong on our side or with the connection.",
    "It is very busy just now. Please wait a moment, then try again.": "Kind. Too much came in at once, from "
    "her or from others: nobody is to blame.",
    "Try again": "Button: send the same answer again. Short.",
    "That is too long. Please send it in shorter pieces.": "Kind. What she sent was far too big.",
    "Listen": "Button: hear the question, read aloud. Short.",
    "Speak your answer": "Button: she records her voice instead of writing.",
    "Stop recording": "Button: she has said all she wants to say. Short.",
    "Send my voice": "Button: send what she recorded. Short.",
    "Throw away": "Button: delete what she recorded, before it is sent. Short.",
    "You can speak for up to 2 minutes.": "Beside the button with which she records her voice.",
    "This browser cannot record. Please write your answer.": "Kind. Her phone has no microphone we may use.",
    "That recording is too long or too big. Please speak for up to 2 minutes.": "Kind. It was not kept.",
    "Pictures: OpenMoji, CC BY-SA 4.0": "Small line: who made the pictures. Names stay as they are.",
    "Go back": "Link: back to the conversation.",
    "This page is not here.": "Neutral. For a wrong or old link: must tell nothing about anyone.",
    "Time": "Title of a neutral page with the time in some cities, shown after leaving in a hurry.",
}
"""Note for translators, by message text."""

WORDS: tuple[Phrase, ...] = tuple(Phrase(CONTEXT, text) for text in NOTES)
