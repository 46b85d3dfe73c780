from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """How a talk goes: a greeting, some questions, then the turns that decide it: one of them, or the whole."""

    greeting: tuple[str, ...]
    closing: tuple[tuple[str, str], ...] = ()
    farewell: tuple[str, ...] = ()
    questions: tuple[int, int] = (2, 4)
    summary: str = ""
    title: str = ""
    speaks_first: bool = True
    whole: bool = False


HELLO = (
    "Hello?",
    "Hi, this is {name}.",
    "Yes, {name} speaking.",
    "Hello, who is this?",
    "Oh hi, yes, this is {name}.",
)

SMALL_TALK: tuple[tuple[str, str], ...] = (
    ("Thanks for picking up, {name}. Do you have two minutes?", "Sure, go ahead, but I only have a moment."),
    ("I am calling about the request you left with us. Do you remember it?", "I think so, that was last week."),
    ("How do you handle this today, {name}?", "Honestly, with a spreadsheet and a lot of patience."),
    ("How many people would be using it?", "About a dozen, most of them in the office."),
    ("What matters most to you when you choose?", "That it just works, and that somebody answers when it does not."),
    ("Have you looked at other offers already?", "Two, but neither of them was convincing."),
    ("Is there a date by which you need a decision?", "Before the end of the quarter would be good."),
    ("Who else is involved in the decision?", "Just me and my business partner."),
    ("May I ask what budget you had in mind?", "We have not fixed one, but it should be reasonable."),
    ("Is the address we have on file still the right one?", "Yes, nothing has changed there."),
    ("What did you like least about your last provider?", "The waiting. Every question took three days."),
    ("Would a short demonstration help?", "It might, if it does not take an hour."),
    ("Are you working from one site or several?", "Two sites, and a few people at home."),
    ("How did you hear about us, if I may ask?", "A colleague mentioned you over lunch."),
)

BYE = (
    "Thank you, {name}. Have a great day!",
    "Thanks for your time, {name}. Goodbye!",
    "Lovely talking to you, {name}. Bye now!",
)

STORIES: dict[str, Story] = {
    "completed": Story(
        HELLO,
        (
            ("Is there anything else I can answer for you today?", "No, that was all. I will think about it."),
            ("So I will leave it with you for now. Is that fine?", "Yes, that is fine. Thanks for explaining."),
        ),
        BYE,
        summary="{name} listened, answered some questions and agreed on nothing yet.",
        title="Friendly talk, no decision",
    ),
    "qualified": Story(
        HELLO,
        (
            ("Shall I have a specialist send you a proposal?", "Yes please, we want to go ahead this month."),
            ("Would you like to move forward with this?", "Absolutely, that is exactly what we need. Sign us up."),
        ),
        ("Wonderful, {name}. You will have it in your inbox today.",),
        summary="{name} is interested, has budget and authority, and asked for a proposal.",
        title="Interested, wants a proposal",
    ),
    "disqualified": Story(
        HELLO,
        (
            ("Would this be of use to you?", "No, we closed that part of the business last year."),
            ("Is this something you would consider?", "No, we just signed for three years with somebody else."),
        ),
        ("I understand, {name}. Thank you for being open. Goodbye.",),
        questions=(1, 3),
        summary="{name} has no need for the offer.",
        title="Not a fit",
    ),
    "callback": Story(
        HELLO,
        (("When would be a better time?", "I am driving. Call me back tomorrow at {time}, please."),),
        ("Noted, {name}: tomorrow at {time}. Drive safely!",),
        questions=(1, 2),
        summary="{name} was busy and asked to be called back tomorrow at {time}.",
        title="Callback tomorrow at {time}",
    ),
    "vague_callback": Story(
        HELLO,
        (("When would be a better time?", "Oh, some time next week, when it is quieter, you know."),),
        ("All right, {name}. We will try you then.",),
        questions=(1, 2),
        summary="{name} asked to be called back some time next week.",
        title="Callback, no clear time",
    ),
    "follow_up": Story(
        HELLO,
        (("Shall I put this in writing?", "Yes, send me an email with the prices and I will have a look."),),
        ("I will send it today, {name}. Goodbye!",),
        summary="{name} wants the prices by email before deciding.",
        title="Wants an email",
    ),
    "dnc": Story(
        HELLO,
        (
            ("I am calling about our offer.", "Stop calling me. Take me off your list and do not call again."),
            ("It will only take a minute.", "I do not want any more calls. Remove my number, please."),
        ),
        ("I am sorry, {name}. I will remove your number. You will not hear from us again.",),
        questions=(1, 2),
        summary="{name} asked not to be called again.",
        title="Asked to be removed",
    ),
    "short": Story(
        ("I cannot talk, bye.", "Not now, sorry.", "Yes, all good, thanks, bye."),
        questions=(0, 0),
        summary="{name} ended the call after one sentence.",
        title="Very short talk",
    ),
    "long": Story(
        HELLO,
        (("I think we have covered everything. Did I forget anything?", "No, that was very thorough."),),
        BYE,
        questions=(12, 14),
        summary="A long and detailed talk with {name}; nothing was agreed.",
        title="Long conversation",
    ),
    "cut_off": Story(
        HELLO,
        (("Before we run out of time: may I", "And another thing I wanted to tell you is that"),),
        questions=(8, 10),
        summary="The call with {name} reached its maximum duration.",
        title="Cut off at the time limit",
    ),
    "silence": Story(
        (),
        (("Hello? Is anybody there?", ""), ("I cannot hear you. I will try again another time.", "")),
        questions=(0, 0),
        whole=True,
        summary="The call was answered, but nobody spoke.",
        title="Silence",
    ),
    "unheard": Story(
        (),
        (("Hello? Are you there, {name}?", ""),),
        questions=(0, 0),
        summary="The agent spoke, nobody answered.",
        title="No reply",
    ),
    "voicemail": Story(
        ("Hi, you have reached {name}. I cannot come to the phone right now. Please leave a message after the tone.",),
        questions=(0, 0),
        farewell=("Hello {name}, sorry to have missed you. We will try again later.",),
        summary="A voicemail greeting answered.",
        title="Voicemail",
        speaks_first=False,
    ),
    "opt_out_greeting": Story(
        (
            "You have reached {name}. Sales people: stop, do not call, unsubscribe me from your list. "
            "Everybody else, leave a message after the tone.",
        ),
        questions=(0, 0),
        farewell=("Hello {name}, sorry to have missed you.",),
        summary="A voicemail greeting answered that asks sales people not to call.",
        title="Voicemail with a warning",
        speaks_first=False,
    ),
    "fault": Story((), questions=(0, 0), summary="The conversation failed.", title="Failed"),
    "refused_start": Story((), questions=(0, 0), summary="The conversation could not start.", title="Failed"),
    "scripts": Story(
        ("Алло, это {name}? Слушаю вас! 👋",),
        (
            ("مرحبا {name}، هل يمكننا التحدث؟ שלום", "نعم، بالطبع. \u202eRTL\u202c 🙂👨\u200d👩\u200d👧"),
            (
                "Подходит ли вам <b>завтра</b> & послезавтра?",
                "<script>alert('xss')</script> Да, \"конечно\" {{first_name}}",
            ),
            ("Ihr Preis: 5 € — ok? \\n %s {0} $(id)", '=HYPERLINK("http://evil.example") 好的，谢谢 🎉'),
        ),
        ("До свидания, {name}! 👋🏽 مع السلامة",),
        questions=(0, 0),
        whole=True,
        summary="Разговор с {name}: <img src=x onerror=alert(1)> تم الاتصال 🎉 & всё хорошо.",
        title="Привет 👋 <b>مرحبا</b>",
    ),
}
