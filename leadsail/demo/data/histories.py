"""What happened to the demo's leads: calls that were made, and what people did to the status afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from calls.models import Dispatch, ErrorCode, Status
from leads.models import LeadStatus


@dataclass(frozen=True)
class Ending:
    """How one call went. `lead` is the status the lead gets, None where the call leaves it alone."""

    status: Status
    lead: LeadStatus | None
    talk: str = ""
    spoken: bool = True
    machine: bool = False
    terminations: tuple[str, ...] = ("end_call tool was called.", "Call ended by remote party")
    ring: tuple[int, int] = (4, 14)
    dispatch: Dispatch = Dispatch.PLACED
    error_code: str = ""
    error_message: str = ""


def _talked(status: Status, lead: LeadStatus) -> Ending:
    return Ending(status, lead, talk=status)


def _silent(status: Status, lead: LeadStatus, reason: str, ring: tuple[int, int]) -> Ending:
    return Ending(status, lead, spoken=False, terminations=(reason,), ring=ring)


ENDINGS = {
    "completed": _talked(Status.COMPLETED, LeadStatus.CONTACTED),
    "qualified": _talked(Status.QUALIFIED, LeadStatus.QUALIFIED),
    "disqualified": _talked(Status.DISQUALIFIED, LeadStatus.DISQUALIFIED),
    "callback": _talked(Status.SCHEDULED_CALLBACK, LeadStatus.SCHEDULED_CALLBACK),
    "follow_up": _talked(Status.FOLLOW_UP, LeadStatus.CONTACTED),
    "dnc": _talked(Status.DNC, LeadStatus.DNC),
    "incomplete": Ending(
        Status.INCOMPLETE,
        LeadStatus.CONTACTED,
        talk="incomplete",
        terminations=("Client disconnected: 1005", "Ending conversation after 20 seconds of silence."),
    ),
    "voicemail": Ending(
        Status.VOICEMAIL,
        LeadStatus.VOICEMAIL,
        talk="voicemail",
        spoken=False,
        machine=True,
        terminations=("voicemail_detection tool was called.",),
        ring=(18, 26),
    ),
    "no_answer": _silent(Status.NO_ANSWER, LeadStatus.NO_ANSWER, "no-answer", (40, 40)),
    "declined": _silent(Status.NO_ANSWER, LeadStatus.NO_ANSWER, "SIP 603: Decline", (3, 9)),
    "busy": _silent(Status.BUSY, LeadStatus.NO_ANSWER, "busy", (2, 4)),
    "no_contact": _silent(Status.NO_CONTACT, LeadStatus.NO_CONTACT, "no_answer: no-answer", (40, 40)),
    "no_such_number": Ending(
        Status.ERROR,
        LeadStatus.ERROR,
        spoken=False,
        terminations=("SIP 404: Not Found",),
        ring=(1, 3),
        error_code=ErrorCode.INVALID_NUMBER,
        error_message="The number does not exist (SIP 404: Not Found).",
    ),
    "fault": Ending(
        Status.ERROR,
        None,
        talk="fault",
        spoken=False,
        terminations=("An unexpected error occurred.",),
        error_code=ErrorCode.PROVIDER_FAULT,
        error_message="LLM cascade failed: all models returned an error.",
    ),
    "rejected": Ending(
        Status.ERROR,
        None,
        spoken=False,
        terminations=("",),
        dispatch=Dispatch.REJECTED,
        error_code=ErrorCode.PROVIDER_REJECTED,
        error_message="The provider refused the call: Your plan's quota is used up.",
    ),
}


@dataclass(frozen=True)
class History:
    """Calls in order, and then the statuses that people set by hand."""

    calls: tuple[str, ...]
    then: tuple[LeadStatus, ...] = ()
    campaign: str = ""
    times: int = 1


HISTORIES = (
    History(("completed",), times=2),
    History(("no_answer", "completed")),
    History(("voicemail", "completed")),
    History(("incomplete", "completed")),
    History(("completed",), campaign="fair"),
    History(("incomplete",)),
    History(("busy", "incomplete")),
    History(("voicemail",), times=2),
    History(("no_answer", "voicemail")),
    History(("no_answer",)),
    History(("declined",)),
    History(("busy",)),
    History(("callback",), times=2),
    History(("voicemail", "callback")),
    History(("callback", "qualified")),
    History(("follow_up",)),
    History(("no_answer", "follow_up")),
    History(("fault", "follow_up")),
    History(("qualified",), times=2),
    History(("qualified",), (LeadStatus.DOCUMENT_SENT,)),
    History(("no_answer", "qualified"), (LeadStatus.DOCUMENT_SENT, LeadStatus.PENDING_SIGNATURE)),
    History(("qualified",), (LeadStatus.DOCUMENT_SENT, LeadStatus.SIGNED)),
    History(("qualified",), (LeadStatus.DELIVERED,)),
    History(("qualified",), (LeadStatus.DELIVERED, LeadStatus.ACCEPTED)),
    History(("follow_up",), (LeadStatus.PENDING_ACTION,)),
    History(("qualified",), (LeadStatus.DELIVERED, LeadStatus.REJECTED)),
    History(("disqualified",), times=2),
    History(("no_answer", "disqualified")),
    History(("dnc",)),
    History(("voicemail", "dnc")),
    History(("no_such_number",)),
    History(("rejected",)),
    History(("no_answer", "voicemail", "no_contact"), campaign="clearance"),
    History(("busy", "no_answer", "no_contact"), campaign="clearance"),
)

# Leads nobody has called yet; all others are new.
UNCALLED = {
    LeadStatus.PENDING: 5,
    LeadStatus.PROCESSING: 3,
    LeadStatus.QUEUED: 5,
    LeadStatus.MISSING_DATA: 3,
    LeadStatus.PENDING_ACTION: 4,
    LeadStatus.DUPLICATE: 3,
    LeadStatus.FAILED: 2,
    LeadStatus.REJECTED: 2,
    LeadStatus.DOCUMENT_SENT: 1,
    LeadStatus.DELIVERED: 2,
    LeadStatus.ACCEPTED: 1,
}
REASONS = {
    LeadStatus.PENDING: "Waits for the partner's answer",
    LeadStatus.PROCESSING: "Address is being checked",
    LeadStatus.QUEUED: "In this week's calling list",
    LeadStatus.MISSING_DATA: "The form came without all answers",
    LeadStatus.PENDING_ACTION: "Offer to be written",
    LeadStatus.DUPLICATE: "Same person as an older lead",
    LeadStatus.FAILED: "The partner's system did not take the lead",
    LeadStatus.REJECTED: "The partner sent the lead back",
    LeadStatus.DOCUMENT_SENT: "Contract sent by e-mail",
    LeadStatus.PENDING_SIGNATURE: "Contract opened, not signed yet",
    LeadStatus.SIGNED: "Contract came back signed",
    LeadStatus.DELIVERED: "Handed over to the partner studio",
    LeadStatus.ACCEPTED: "The partner studio confirmed",
}
