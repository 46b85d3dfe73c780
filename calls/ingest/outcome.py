"""From a report to an outcome: the base status, the business overlay, and which of two outcomes stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from calls.models import ErrorCode, Interaction, Status
from calls.providers.base import CallReport
from leads.models import LeadStatus

# Interaction status → lead status, as the product documents it.
LEAD_STATUS: dict[str, str] = {
    Status.COMPLETED: LeadStatus.CONTACTED,
    Status.INCOMPLETE: LeadStatus.CONTACTED,
    Status.VOICEMAIL: LeadStatus.VOICEMAIL,
    Status.NO_ANSWER: LeadStatus.NO_ANSWER,
    Status.BUSY: LeadStatus.NO_ANSWER,
    Status.NO_CONTACT: LeadStatus.NO_CONTACT,
    Status.SCHEDULED_CALLBACK: LeadStatus.SCHEDULED_CALLBACK,
    Status.FOLLOW_UP: LeadStatus.CONTACTED,
    Status.QUALIFIED: LeadStatus.QUALIFIED,
    Status.DISQUALIFIED: LeadStatus.DISQUALIFIED,
    Status.DNC: LeadStatus.DNC,
    Status.ERROR: LeadStatus.ERROR,
}
NOBODY_REACHED = {Status.NO_ANSWER, Status.BUSY, Status.VOICEMAIL}
REACHED = {Status.COMPLETED, Status.INCOMPLETE}
WISH_STATUS = {
    "callback": Status.SCHEDULED_CALLBACK,
    "qualified": Status.QUALIFIED,
    "disqualified": Status.DISQUALIFIED,
    "follow_up": Status.FOLLOW_UP,
}
# A later report may raise the rank, never lower it; between equals the first stays.
RANK: dict[str, int] = {
    Status.DNC: 6,
    Status.SCHEDULED_CALLBACK: 5,
    Status.QUALIFIED: 4,
    Status.DISQUALIFIED: 4,
    Status.FOLLOW_UP: 3,
}
BASE_RANK, OUR_GUESS, NOT_FINAL = 2, 1, 0
# What we only believed, or what only the provider suffered: any real report says more.
GUESSES = {ErrorCode.NO_REPORT, ErrorCode.PROVIDER_FAULT}
FARTHEST = timedelta(days=730)


@dataclass(frozen=True)
class Outcome:
    status: str
    error_code: str = ""
    callback_at: datetime | None = None
    error_message: str = ""

    def as_json(self) -> dict[str, str]:
        callback_at = self.callback_at.isoformat() if self.callback_at else ""
        return {
            "status": str(self.status),
            "error_code": self.error_code,
            "error_message": self.error_message,
            "callback_at": callback_at,
        }


def reported_outcome(interaction: Interaction) -> Outcome:
    """What the reports made of the call, also where a person has made something else of it since."""
    if interaction.corrected_at is None:
        return Outcome(
            interaction.status, interaction.error_code, interaction.callback_at, error_message=interaction.error_message
        )
    kept = interaction.events.filter(data__has_key="reported").order_by("id").last()
    said = kept.data["reported"] if kept else {}
    callback_at = said.get("callback_at")
    return Outcome(
        interaction.machine_status,
        said.get("error_code", ""),
        datetime.fromisoformat(callback_at) if callback_at else None,
        error_message=said.get("error_message", ""),
    )


def decide(report: CallReport, *, machine: bool, spoken_to: bool, now: datetime, zone: str) -> Outcome:
    """dnc wins whatever else was reported; the other wishes count only where a person was reached."""
    if report.wish == "dnc":
        return Outcome(Status.DNC)
    base, code = report.status, report.error_code
    if machine and base in REACHED and not spoken_to:
        base = Status.VOICEMAIL
    if base not in REACHED or not report.wish:
        return Outcome(base, code)
    if report.wish == "callback":
        callback_at = parse_callback(report.callback, now=now, zone=zone)
        return Outcome(Status.SCHEDULED_CALLBACK, "", callback_at) if callback_at else Outcome(Status.FOLLOW_UP)
    return Outcome(WISH_STATUS.get(report.wish, base))


def parse_callback(text: str, *, now: datetime, zone: str) -> datetime | None:
    """ISO 8601; without an offset it is the lead's wall clock. None for what is no time, is over, or is years away."""
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        return moment if now < moment < now + FARTHEST else None
    except (ValueError, OverflowError):
        return None


def rank(status: str, error_code: str) -> int:
    if status == Status.IN_PROGRESS:
        return NOT_FINAL
    if status == Status.ERROR and error_code in GUESSES:
        return OUR_GUESS
    return RANK.get(status, BASE_RANK)
