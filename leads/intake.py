"""Leads that come in from programs: made directly, or submitted and first compared with those that are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet

from accounts.actors import Actor
from accounts.services import record
from campaigns.models import Campaign
from common import clock
from common.errors import ProblemError
from common.phones import normalize_phone
from leads.approval import ask_approval
from leads.changes import Answer, LeadChanges, change_lead, with_answers
from leads.models import Approval, Channel, Lead, LeadStatus, Submission
from leads.names import tidy, title_case
from leads.queries import listed_numbers
from leads.services import add_note, add_tag, bar_lead, create_lead, lock_lead, set_status, set_statuses
from leads.shapes import campaign_brief, event_payload
from leads.signals import lead_submitted
from webhooks.models import WebhookEndpoint
from webhooks.services import emit, is_sent_to

AGAIN = "Submitted again"
CAME_LISTED = "Came in as Do-Not-Call"
REAL_LEAD = "This is no test lead, and a test must not change it: name a test lead, or leave leadId out to make one."
# Of a lead that comes again, what was sent joins what is there.
JOINED = ("custom_fields", "attribution", "compliance")
FIRST_EVENT = "lead.first_submission_action"
FirstAction = Campaign.FirstAction
# Why a lead rests, in its history.
RESTS: dict[str, str] = {
    FirstAction.VOICE_AI: "Waits for its first call",
    FirstAction.HUMAN_REVIEW: "Waits for approval",
    FirstAction.WEBHOOK: "Sent to the campaign's webhook, and waits for its answer",
}
NOBODY_HEARS = "The campaign's webhook endpoint is gone, paused or without a URL: set one, or another first action."
NO_NUMBER = "Has no phone number to be called at"
IS_LISTED = "Its number is on the Do-Not-Call list"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request: columns of the lead, what stands beside them, and the request itself."""

    fields: dict[str, Any]
    payload: Any
    answers: Sequence[Answer] = ()
    is_test: bool = False
    is_dnc: bool = False
    notes: Sequence[str] = ()
    tags: Sequence[str] = ()


@transaction.atomic
def take_directly(*, campaign: Campaign, sent: Sent, by: Actor) -> Submission:
    """As an import does: a lead is made whatever others are there, and nothing else happens."""
    campaign = _open_campaign(campaign)
    lead = _make(campaign, sent, _tidied(sent.fields, tidy), by=by)
    return _keep_submission(lead, sent, LeadStatus.NEW, by=by)


@transaction.atomic
def submit_lead(*, campaign: Campaign, sent: Sent, by: Actor, lead: Lead | None = None) -> Submission:
    """With `lead` that one comes again. Else one with the phone or e-mail of a lead that came lately is its duplicate:
    it stays a submission of that lead, which is left as it is."""
    # Of two equal ones at once the second waits here, and then finds the first one's lead.
    campaign = _open_campaign(campaign)
    if lead:
        submission = _take_again(campaign, lead, sent, by=by)
    else:
        submission = _take_new(campaign, sent, by=by)
    _tell("lead.processed", submission, isDuplicate=submission.status == LeadStatus.DUPLICATE)
    return submission


def _open_campaign(campaign: Campaign) -> Campaign:
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("workspace")
    stored = rows.get(pk=campaign.pk)
    if stored.status == Campaign.Status.ARCHIVED:
        message = f"The campaign {stored.code} is archived and takes no leads: restore it, or name another one."
        raise ProblemError("CAMPAIGN_ARCHIVED", message, details=[f"campaignId: {message}"])
    return stored


def _take_new(campaign: Campaign, sent: Sent, *, by: Actor) -> Submission:
    fields = _tidied(sent.fields, title_case)
    fields["phone"] = _e164(fields["phone"], fields.get("country") or campaign.workspace.country)
    twin = None if sent.is_test else find_duplicate(campaign, phone=fields["phone"], email=fields["email"])
    if twin:
        return _keep_submission(lock_lead(twin), sent, LeadStatus.DUPLICATE, by=by)
    submission = _keep_submission(_make(campaign, sent, fields, by=by), sent, LeadStatus.NEW, by=by)
    _begin_action(submission, by=by)
    return submission


def _take_again(campaign: Campaign, lead: Lead, sent: Sent, *, by: Actor) -> Submission:
    if sent.is_test and not lead.is_test:
        raise ValidationError({"is_test": REAL_LEAD})
    fields = _tidied(sent.fields, title_case)
    changes: LeadChanges = {
        "campaign": campaign,
        "columns": {name: value for name, value in fields.items() if name not in JOINED},
        "merged": {name: fields[name] for name in JOINED if name in fields},
        "answers": list(sent.answers),
        "notes": [(None, text) for text in sent.notes],
    }
    change_lead(lead=lead, changes=changes, by=by)
    lead = lock_lead(lead)
    if not _stays(lead):
        set_status(lead=lead, status=LeadStatus.NEW, by=by, reason=AGAIN)
    submission = _keep_submission(lead, sent, lead.status, by=by)
    if lead.status == LeadStatus.NEW and lead.campaign.first_action == FirstAction.VOICE_AI:
        _begin_action(submission, by=by)
    return submission


def _stays(lead: Lead) -> bool:
    """Who said no, and who waits for somebody's decision."""
    waits = lead.status == LeadStatus.PENDING_ACTION and lead.approval_status == Approval.PENDING
    return waits or lead.status == LeadStatus.DNC


def _begin_action(submission: Submission, *, by: Actor) -> None:
    """What the campaign does first with a lead that comes in: until that is done the lead rests."""
    lead = submission.lead
    action, endpoint = FirstAction(lead.campaign.first_action), lead.campaign.first_action_endpoint
    if action == FirstAction.VOICE_AI and not _may_be_called(lead):
        _say_why(lead, by=by)
    elif action == FirstAction.WEBHOOK and not (endpoint and is_sent_to(endpoint)):
        _leave_out(lead, by=by)
    elif action != FirstAction.NONE:
        _rest(lead, action, by=by)
    if lead.status != submission.status:
        submission.status = lead.status
        submission.save(update_fields=["status"])
    _tell(FIRST_EVENT, submission, also=endpoint if action == FirstAction.WEBHOOK else None, action=action.value)
    if action == FirstAction.VOICE_AI and lead.status == LeadStatus.PENDING_ACTION:
        lead_submitted.send(Lead, lead=lead, submission=submission, by=by)


def _rest(lead: Lead, action: str, *, by: Actor) -> None:
    if action == FirstAction.HUMAN_REVIEW:
        campaign = lead.campaign
        ask_approval(lead=lead, by=by, reason=campaign.review_reason, priority=campaign.review_priority)
    set_statuses([lead], status=LeadStatus.PENDING_ACTION, by=by, reason=RESTS[action])


def _leave_out(lead: Lead, *, by: Actor) -> None:
    record(
        workspace=lead.workspace,
        by=by,
        verb="lead.first_action_left_out",
        object_type="lead",
        object_id=lead.public_id,
        data={"reason": NOBODY_HEARS},
    )


def _may_be_called(lead: Lead) -> bool:
    return bool(lead.phone) and not listed_numbers(lead.workspace_id, [lead.phone])


def _say_why(lead: Lead, *, by: Actor) -> None:
    """Nobody said no a second time, so the list stays as it is."""
    if not lead.phone:
        set_statuses([lead], status=LeadStatus.MISSING_DATA, by=by, reason=NO_NUMBER)
    elif len(listed_numbers(lead.workspace_id, lead.numbers())) == len(lead.numbers()):
        set_statuses([lead], status=LeadStatus.DNC, by=by, reason=IS_LISTED, is_listed=True)


def _tidied(fields: dict[str, Any], tidy_name: Callable[[str], str]) -> dict[str, Any]:
    names = {name: tidy_name(fields[name]) for name in ("first_name", "last_name") if name in fields}
    return fields | names


def _e164(phone: str, country: str) -> str:
    try:
        return normalize_phone(phone, country=country)
    except ValidationError as error:
        raise ValidationError({"phone": error}) from None


def _make(campaign: Campaign, sent: Sent, fields: dict[str, Any], *, by: Actor) -> Lead:
    fields["questionnaire"] = with_answers([], {"answers": list(sent.answers)})
    lead = create_lead(workspace=campaign.workspace, campaign=campaign, by=by, is_test=sent.is_test, **fields)
    for text in sent.notes:
        add_note(lead=lead, text=text, by=by)
    for name in sorted(sent.tags, key=str.casefold):
        add_tag(lead=lead, name=name, by=by)
    if sent.is_dnc:
        bar_lead(lead=lead, addresses=[(Channel.PHONE, lead.phone)], by=by, reason=CAME_LISTED)
    return lead


def find_duplicate(campaign: Campaign, *, phone: str, email: str) -> Lead | None:
    """The newest lead of the campaign with the phone, else with the e-mail, that came within the campaign's window."""
    if campaign.duplicate_window_days is None:
        return None
    since = clock.now() - timedelta(days=campaign.duplicate_window_days)
    came = Q(latest_submitted_at__gte=since) | Q(latest_submitted_at=None, created_at__gte=since)
    leads = Lead.objects.filter(came, campaign=campaign, is_test=False)
    return _newest(leads.filter(phone=phone).exclude(phone="")) or _newest(leads.filter(email=email).exclude(email=""))


def _newest(leads: QuerySet[Lead]) -> Lead | None:
    return leads.order_by("-id").first()


def _keep_submission(lead: Lead, sent: Sent, status: str, *, by: Actor) -> Submission:
    now = clock.now()
    submission = Submission.objects.create(
        lead=lead,
        number=(lead.submissions.aggregate(latest=Max("number"))["latest"] or 0) + 1,
        status=status,
        campaign=campaign_brief(lead.campaign),
        payload=sent.payload,
        is_test=sent.is_test or lead.is_test,
        api_key=by.api_key,
        created_at=now,
    )
    stamps = {"latest_submitted_at": now, "last_activity_at": now}
    Lead.objects.filter(pk=lead.pk).update(submission_count=F("submission_count") + 1, **stamps)
    return submission


def _tell(event: str, submission: Submission, *, also: WebhookEndpoint | None = None, **data: Any) -> None:
    lead = submission.lead
    facts = {"submissionNumber": submission.number, "isTest": submission.is_test, **data}
    emit(
        event,
        workspace=lead.workspace,
        campaign_code=lead.campaign.code,
        object_id=lead.public_id,
        payload=partial(event_payload, lead, submission.public_id, status=submission.status, **facts),
        also=also,
    )
