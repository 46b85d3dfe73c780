from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Failure:
    """Why a call never connected, in the words of the carrier."""

    reason: str
    call_status: str
    sip_code: int
    sip_text: str


@dataclass(frozen=True)
class Line:
    """What happens on the telephone line."""

    story: str = "completed"
    ring: Range = (4, 14)
    ends: tuple[str, ...] = ("end_call tool was called.", "Call ended by remote party")
    status: str = "done"
    call_result: str = "answered"
    failure: Failure | None = None
    error: tuple[int, str] | None = None
    tool: str = ""
    crm_outcome: str = "none"
    callback: str = ""
    success: str = "unknown"
    answered_by: str = "human"
    least_secs: float = 0
    runs_to_limit: bool = False
    stuck: str = ""


@dataclass(frozen=True)
class Reply:
    """How the request that asks for the call is answered. `times` limits a refusal to the first requests."""

    accepts: bool = True
    status: int = 200
    detail: tuple[str, str] | None = None
    raw: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    hold: float = 0
    nominal_hold: bool = False
    closes: bool = False
    times: int | None = None
    without_ids: bool = False
    after_webhook: bool = False


@dataclass(frozen=True)
class Step:
    """One delivery to the webhook. `final` stands for the transcript, or the failure of an unconnected call."""

    kind: str = "final"
    wait: float = 0
    signature: str = "good"
    variant: str = "full"
    chunked: bool = False
    answered_by: str = "machine_start"


@dataclass(frozen=True)
class Scenario:
    code: str
    says: str
    outcome: str = "completed"
    line: Line = Line()
    reply: Reply = Reply()
    steps: tuple[Step, ...] = (Step(),)
    recording: str = "ready"
    lead: str = ""
    note: str = ""

    @property
    def lead_status(self) -> str:
        return self.lead or LEAD_STATUS[self.outcome]


LEAD_STATUS = {
    "completed": "contacted",
    "incomplete": "contacted",
    "voicemail": "voicemail",
    "no_answer": "no_answer",
    "busy": "no_answer",
    "scheduled_callback": "scheduled_callback",
    "follow_up": "contacted",
    "qualified": "qualified",
    "disqualified": "disqualified",
    "dnc": "dnc",
    "error": "unchanged",
}

SILENCE = "Ending conversation after 20 seconds of silence."
NO_ANSWER = Failure("no-answer", "no-answer", 487, "Request Terminated")
BUSY = Failure("busy", "busy", 486, "Busy Here")
INVALID = Failure("unknown", "failed", 404, "Not Found")
DECLINED = Failure("unknown", "failed", 603, "Decline")
FULL_RING: Range = (9999, 9999)

TALK = Line()
SHORT = Line("short", ring=(2, 2), ends=("end_call tool was called.",))
VOICEMAIL = Line(
    "voicemail",
    ends=("voicemail_detection tool was called.",),
    call_result="voicemail",
    tool="voicemail_detection",
    success="failure",
    answered_by="machine_start",
)
RINGS_OUT = Line("", FULL_RING, call_result="no_answer", failure=NO_ANSWER)
QUALIFIED = Line("qualified", crm_outcome="qualified", success="success")


def refusal(status: int, detail: tuple[str, str], times: int | None = None, **headers: str) -> Reply:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(accepts=False, status=status, detail=detail, headers=named, times=times)


SERVER_ERROR = ("internal_server_error", "An internal server error occurred.")
CONCURRENCY = (
    "too_many_concurrent_requests",
    "Too many concurrent requests. Your plan's concurrency limit is reached.",
)
SYSTEM_BUSY = ("system_busy", "We are sorry, the system is experiencing heavy traffic, please try again.")
BAD_NUMBER = ("invalid_phone_number", "The phone number to call is not valid.")
BAD_KEY = ("invalid_api_key", "Invalid API key")
REFUSED_OK = '{"success": false, "message": "Call could not be initiated by the carrier.", "conversation_id": null}'

OUTCOMES = (
    Scenario("00", "A talk that ends well, nothing agreed."),
    Scenario("01", "Interested: qualified.", "qualified", QUALIFIED),
    Scenario(
        "02",
        "Not a fit: disqualified.",
        "disqualified",
        Line("disqualified", crm_outcome="disqualified", success="failure"),
    ),
    Scenario(
        "03",
        "Wants a callback tomorrow at a named time.",
        "scheduled_callback",
        Line("callback", crm_outcome="callback", callback="tomorrow", success="success"),
    ),
    Scenario("04", "Wants to be followed up with an email.", "follow_up", Line("follow_up", crm_outcome="follow_up")),
    Scenario(
        "05",
        "Says not to call again: goes on the Do-Not-Call list.",
        "dnc",
        Line("dnc", crm_outcome="dnc", success="failure"),
    ),
    Scenario(
        "06",
        "Answers, says nothing, the agent gives up.",
        "incomplete",
        Line("silence", ends=(SILENCE,), success="failure", least_secs=26),
    ),
    Scenario("07", "Voicemail, noticed by the agent's voicemail_detection tool.", "voicemail", VOICEMAIL),
    Scenario("08", "Rings out.", "no_answer", RINGS_OUT),
    Scenario("09", "Busy.", "busy", Line("", (2, 4), call_result="busy", failure=BUSY)),
    Scenario(
        "10",
        "The number does not exist (SIP 404).",
        "error",
        Line("", (1, 3), call_result="failed", failure=INVALID, error=(404, "SIP 404: Not Found")),
        lead="error",
        note="`INVALID_NUMBER`, not tried again",
    ),
    Scenario(
        "11",
        "Declined (SIP 603).",
        "no_answer",
        Line("", (3, 9), call_result="failed", failure=DECLINED, error=(603, "SIP 603: Decline")),
    ),
    Scenario(
        "12",
        "The provider fails during the call, before the person speaks.",
        "error",
        Line(
            "fault",
            ends=("An unexpected error occurred.",),
            status="failed",
            error=(1011, "LLM cascade failed: all models returned an error."),
            success="unknown",
        ),
        note="provider fault",
    ),
    Scenario(
        "13",
        "Talks until the maximum duration cuts it off.",
        "incomplete",
        Line("cut_off", ends=("Max duration limit reached",), runs_to_limit=True),
    ),
    Scenario(
        "14",
        "Voicemail, known only by answering_machine_detection after the transcript.",
        "voicemail",
        Line("unheard", ends=("Client disconnected: 1005",), answered_by="machine_start", least_secs=18),
        steps=(Step(), Step("amd", wait=5)),
        note="incomplete until the second event",
    ),
    Scenario(
        "15",
        "Wants a callback, but the time cannot be parsed.",
        "follow_up",
        Line("vague_callback", crm_outcome="callback", callback="unparsable", success="success"),
    ),
    Scenario(
        "16",
        'Voicemail whose greeting says "do not call, stop, unsubscribe": still no opt-out.',
        "voicemail",
        Line(
            "opt_out_greeting",
            ends=("voicemail_detection tool was called.",),
            tool="voicemail_detection",
            success="failure",
            answered_by="machine_start",
        ),
    ),
    Scenario("17", "A long talk, five minutes.", line=Line("long", least_secs=300)),
    Scenario("18", "A very short talk, one answer.", line=SHORT),
)

ANSWERS = (
    Scenario("30", "Accepted, the request is never answered.", reply=Reply(hold=300, closes=True)),
    Scenario("31", "Accepted, then the connection is closed.", reply=Reply(closes=True)),
    Scenario("32", "Accepted, then 500.", reply=Reply(status=500, detail=SERVER_ERROR)),
    Scenario("33", "500, not accepted.", "error", reply=refusal(500, SERVER_ERROR), note="not placed"),
    Scenario(
        "34",
        "429 too_many_concurrent_requests with Retry-After: 1 twice, then accepted.",
        reply=refusal(429, CONCURRENCY, 2, Retry_After="1"),
    ),
    Scenario("35", "429 system_busy once, then accepted.", reply=refusal(429, SYSTEM_BUSY, 1)),
    Scenario(
        "36", "Connection closed, not accepted.", "error", reply=Reply(accepts=False, closes=True), note="not placed"
    ),
    Scenario(
        "37",
        "Never answered, not accepted.",
        "error",
        reply=Reply(accepts=False, hold=300, closes=True),
        note="not placed",
    ),
    Scenario(
        "38",
        "200 with success false and no id, not accepted.",
        "error",
        reply=Reply(accepts=False, raw=REFUSED_OK),
        note="rejected",
    ),
    Scenario("39", "400, the number is invalid.", "error", reply=refusal(400, BAD_NUMBER), note="rejected"),
    Scenario("40", "401 at the dial.", "error", reply=refusal(401, BAD_KEY), note="rejected"),
    Scenario("41", "The webhook comes before the HTTP response.", line=SHORT, reply=Reply(after_webhook=True)),
    Scenario("59", "200 with success true but without ids (placed).", reply=Reply(without_ids=True)),
    Scenario("60", "200 with an unreadable body (placed).", reply=Reply(raw='{"success": true, "conversa')),
    Scenario("69", "The answer takes 10 nominal seconds.", reply=Reply(hold=10, nominal_hold=True)),
)

DELIVERIES = (
    Scenario("42", "The webhook comes twice, same bytes.", steps=(Step(), Step(variant="again", wait=2))),
    Scenario(
        "43",
        "The webhook comes twice: first without analysis, then with.",
        "qualified",
        QUALIFIED,
        steps=(Step(variant="no_analysis"), Step(wait=3)),
    ),
    Scenario(
        "44",
        "Out of order: transcript, machine detection, transcript again, an unknown failure.",
        steps=(Step(), Step("amd", 1), Step(wait=1), Step("failure_unknown", 1)),
    ),
    Scenario("45", "No webhook at all.", steps=()),
    Scenario("46", "The webhook is 40 minutes late.", steps=(Step(wait=2400),)),
    Scenario("47", "Signature two hours old, nothing else.", steps=(Step(signature="stale"),)),
    Scenario("48", "Signature a day in the future, nothing else.", steps=(Step(signature="future"),)),
    Scenario("49", "Malformed signature, nothing else.", steps=(Step(signature="malformed"),)),
    Scenario("50", "Two v0 values, the good one first.", steps=(Step(signature="two"),)),
    Scenario("51", "Signed with a wrong secret, nothing else.", steps=(Step(signature="wrong_secret"),)),
    Scenario("52", "An unknown event type first.", steps=(Step("unknown_type"), Step(wait=1))),
    Scenario("53", "Unknown enum values and extra fields everywhere.", steps=(Step(variant="odd"),)),
    Scenario("54", "Null messages, no analysis.", steps=(Step(variant="nulls"),)),
    Scenario("55", "No transcript in the webhook; GET has it.", steps=(Step(variant="no_transcript"),)),
    Scenario("56", "A chunked body.", steps=(Step(chunked=True),)),
    Scenario("57", "A body of 5 MB.", steps=(Step(variant="huge"),)),
    Scenario("58", "Cyrillic, Arabic, emoji and markup in every text.", line=Line("scripts")),
    Scenario("61", "Rings out, no event; only GET says failed.", "no_answer", RINGS_OUT, steps=()),
    Scenario(
        "62", "Stuck in `initiated` for ever.", "error", Line(stuck="initiated"), note="by the reconciler's deadline"
    ),
    Scenario(
        "63",
        "Stuck in `in-progress` for ever.",
        "error",
        Line(stuck="in-progress"),
        note="by the reconciler's deadline",
    ),
    Scenario("64", "Broken JSON with a valid signature first.", steps=(Step("broken_json"), Step(wait=1))),
    Scenario("65", "An event for an unknown conversation first.", steps=(Step("unknown_conversation"), Step(wait=1))),
    Scenario("66", "An event of another tenant first, to this URL.", steps=(Step("foreign"), Step(wait=1))),
    Scenario("67", "No recording.", recording="none"),
    Scenario("68", "The recording is not ready for the first two GETs.", recording="late"),
)

# Not a magic ending: what a call becomes that the provider refuses to start (override or variable missing).
REFUSED_START = Line("refused_start", ring=(2, 4), status="failed", success="unknown")

MAGIC = {scenario.code: scenario for scenario in OUTCOMES + ANSWERS + DELIVERIES}

MIX = {
    "00": 22,
    "01": 8,
    "02": 7,
    "03": 6,
    "04": 7,
    "05": 2,
    "06": 4,
    "07": 16,
    "08": 17,
    "09": 5,
    "10": 1,
    "11": 2,
    "12": 1,
    "18": 2,
}
