"""What was said in the demo's past calls. `{first}` is the lead, `{when}` the time of a callback.

Each talk begins with how the person answers; then the agent says its first message, and the rest follows.
"""

from __future__ import annotations

from dataclasses import dataclass

AGENT, USER = "agent", "user"


@dataclass(frozen=True)
class Talk:
    answers: str
    rest: tuple[str, ...]
    summary: str
    agent_begins: bool = False

    def turns(self, first_message: str) -> list[tuple[str, str]]:
        """Agent and person in turn after the opening."""
        opening = [(AGENT, first_message)] if self.agent_begins else [(USER, self.answers), (AGENT, first_message)]
        roles = (USER, AGENT) if not self.agent_begins else (AGENT, AGENT)
        return opening + [(roles[place % 2], text) for place, text in enumerate(self.rest)]


TALKS: dict[str, tuple[Talk, ...]] = {
    "completed": (
        Talk(
            "Hello?",
            (
                "Oh, right. Yes, I filled in that form. I have a minute.",
                "Thank you, {first}. When would you like the new kitchen to be ready?",
                "Not before autumn. We have to paint the flat first.",
                "That leaves plenty of time. Shall I note autumn, and we leave it at that for now?",
                "Yes, please. I will come by the showroom when we are further along.",
                "You are always welcome, {first}. Thank you for your time, and goodbye!",
            ),
            "{first} plans a kitchen for autumn and will visit the showroom on their own. Nothing else was agreed.",
        ),
        Talk(
            "Yes, speaking.",
            (
                "An AI? Well, why not. Go ahead.",
                "You asked how long delivery takes. From the order on it is about eight weeks.",
                "And does that include the fitting?",
                "Yes, the fitting takes two more days, and both are part of every offer.",
                "Good to know. That was all I wanted.",
                "Gladly, {first}. Have a good day!",
            ),
            "Answered {first}'s question about delivery and fitting. No next step was asked for.",
        ),
    ),
    "qualified": (
        Talk(
            "Hi, this is {first}.",
            (
                "Perfect timing, we signed the lease yesterday.",
                "Congratulations! How large is the room, and when do you move in?",
                "About fourteen square metres, and we move in ten weeks.",
                "That fits our delivery time. Do you have a style and a budget in mind?",
                "Something with oak fronts, and up to twenty-five thousand.",
                "We can do that well. Would you like a design appointment at the showroom?",
                "Yes, absolutely. The sooner the better.",
                "Wonderful, {first}. A colleague will send you two dates today. Goodbye!",
            ),
            "{first} moves in ten weeks, has a budget of 25,000, likes oak and wants a design appointment soon.",
        ),
        Talk(
            "Hello, who is this?",
            (
                "Ah, the kitchen people. Yes, we are still looking.",
                "What matters most to you in the new kitchen?",
                "A big island, and that somebody measures the room for us.",
                "Measuring is included. Have you set a budget?",
                "Around thirty thousand, if the appliances are in it.",
                "Then I suggest that a designer visits you at home. May we arrange that?",
                "Yes, please do. Evenings are best.",
                "Noted, {first}: evenings. You will hear from the designer within a day. Goodbye!",
            ),
            "{first} wants an island kitchen for about 30,000 and agreed to a designer's visit, in the evening.",
        ),
    ),
    "disqualified": (
        Talk(
            "Yes?",
            (
                "You are too late, I am afraid. We bought one last month.",
                "I see. Is there another room we could help with?",
                "No, that was it. We are done with building for years.",
                "I understand, {first}. Enjoy your new kitchen, and goodbye!",
            ),
            "{first} bought a kitchen elsewhere last month and has no further need.",
        ),
        Talk(
            "Hello?",
            (
                "I think my daughter clicked on something. I live in a furnished flat.",
                "So you are not planning a kitchen, neither now nor later?",
                "No, not at all. Sorry for the trouble.",
                "No trouble at all, {first}. I will close the request. Goodbye!",
            ),
            "The request was a mistake: {first} rents a furnished flat and plans no kitchen.",
        ),
    ),
    "scheduled_callback": (
        Talk(
            "Hello, I am in the car, can you hear me?",
            (
                "It is about the kitchen, right? I cannot talk now.",
                "Of course. When would be a better time?",
                "Call me {when}, please.",
                "I have noted {when}. Drive safely, {first}!",
            ),
            "{first} was driving and asked to be called back {when}.",
        ),
        Talk(
            "{first} here, I am just going into a meeting.",
            (
                "I do want to talk about it, but not now.",
                "Which day and hour would suit you?",
                "Let us say {when}.",
                "Good, {when}. Talk to you then, {first}.",
            ),
            "{first} is interested but was about to enter a meeting; callback agreed for {when}.",
        ),
    ),
    "follow_up": (
        Talk(
            "Yes, hello?",
            (
                "Before we talk, could you send me something I can read?",
                "Gladly. What would help you most: prices, pictures, or the delivery terms?",
                "Examples with prices. We want to compare at home.",
                "Then you will get three example kitchens with prices today. Is your e-mail address still the same?",
                "It is. Thank you.",
                "Thank you, {first}. Goodbye!",
            ),
            "{first} wants three example kitchens with prices by e-mail before deciding anything.",
        ),
        Talk(
            "Hello.",
            (
                "My wife decides these things, and she prefers e-mail.",
                "That is fine. Shall I send the appointment dates in writing, so that you can choose together?",
                "Yes, do that. We will answer this week.",
                "It is on its way, {first}. Have a nice evening!",
            ),
            "{first} will decide together with the partner; possible appointments are to be sent by e-mail.",
        ),
    ),
    "dnc": (
        Talk(
            "Who is this?",
            (
                "I never asked for this. Do not call me again.",
                "I am sorry, {first}. I will remove your number, and you will not be called again.",
                "See that you do.",
                "It is done. Goodbye.",
            ),
            "{first} asked not to be called again. The number is on the Do-Not-Call list.",
        ),
        Talk(
            "Hello?",
            (
                "A robot? No, thank you. Take me off your list, please.",
                "Of course, {first}. Your number is removed as of now. I apologise for the call.",
            ),
            "{first} does not want calls of this kind. The number is on the Do-Not-Call list.",
        ),
    ),
    "incomplete": (
        Talk(
            "Hello?",
            (
                "Sorry, the line is very bad, you are…",
                "I can hear you, {first}. Shall I call again?",
                "…hello? I cannot…",
                "I will try again another time. Goodbye, {first}.",
            ),
            "The line was bad and the talk broke off before anything was said.",
        ),
        Talk(
            "",
            ("Hello? Is anybody there?", "I cannot hear you. I will try again another time."),
            "The call was answered, but nobody spoke.",
            agent_begins=True,
        ),
    ),
    "voicemail": (
        Talk(
            "Hi, you have reached {first}. I cannot come to the phone right now. Leave a message after the tone.",
            (),
            "A voicemail greeting answered; a short message was left.",
        ),
    ),
    "fault": (),
}
TALKS["no_contact"] = TALKS["fault"]
