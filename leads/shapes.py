"""A lead and its submissions as the API answers them and as webhooks carry them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypedDict, cast

from django.db.models import Prefetch, prefetch_related_objects

from campaigns.models import Campaign
from common.shapes import Day, Moment, as_moment, iso
from leads.models import DoNotCall, Lead, LeadPhone, Note, Submission, Tag
from leads.queries import barred

ADDRESS = ("street", "unit", "city", "state", "zip", "country")
ATTRIBUTION = (
    *("captureUrl", "referrer", "ipAddress", "userAgent", "gclid", "gbraid", "wbraid", "fbclid", "fbc", "fbp"),
    *("ttclid", "ttp", "msclkid", "tblci", "adPlatform", "capturePlatform"),
)


class CampaignBriefShape(TypedDict):
    """The campaign as a lead or a submission names it."""

    campaignId: str
    name: str
    clientId: str | None
    clientName: str | None
    clientAbbrev: str | None
    offerId: str | None
    offerName: str | None
    offerAbbrev: str | None


class ApprovalShape(TypedDict):
    """Whether a person lets the lead go on."""

    status: Literal["pending", "approved", "rejected"]
    campaignId: str | None
    priority: Annotated[Literal["high", "normal", "low"] | None, "As the campaign's first submission action has it."]
    askedAt: Moment | None
    decidedBy: Annotated[str | None, "The person or the API key."]
    decidedAt: Moment | None
    reason: str | None


class AddressShape(TypedDict):
    """Where the lead lives."""

    street: str | None
    unit: str | None
    city: str | None
    state: str | None
    zip: str | None
    country: str | None


class NoteShape(TypedDict):
    """What somebody wrote about the lead."""

    id: str
    text: str
    createdAt: Moment
    createdBy: Annotated[str | None, "The person; null for a note that came by API."]


class AnswerShape(TypedDict):
    """One question and what the lead answered."""

    key: str
    question: str
    answer: Annotated[Any, "As it was sent: any JSON."]


class AttributionShape(TypedDict):
    """Where the lead came from."""

    params: dict[str, Any]
    captureUrl: str | None
    referrer: str | None
    ipAddress: str | None
    userAgent: str | None
    gclid: str | None
    gbraid: str | None
    wbraid: str | None
    fbclid: str | None
    fbc: str | None
    fbp: str | None
    ttclid: str | None
    ttp: str | None
    msclkid: str | None
    tblci: str | None
    adPlatform: str | None
    capturePlatform: str | None


class PhoneShape(TypedDict):
    """A further number of the lead."""

    number: str
    label: str | None


class LeadShape(TypedDict):
    """The person. Each time it comes in is a submission."""

    leadId: str
    campaign: CampaignBriefShape
    approval: ApprovalShape | None
    firstName: str | None
    lastName: str | None
    email: str | None
    phone: Annotated[str | None, "E.164"]
    country: str | None
    address: AddressShape
    dateOfBirth: Day | None
    timezone: str | None
    timezoneSource: str | None
    notes: Annotated[list[NoteShape], "Newest first."]
    questionnaire: list[AnswerShape]
    attribution: AttributionShape
    compliance: dict[str, Any]
    flags: Annotated[dict[str, Any], "As they were set, with `isDnc` and `isTest`, which LeadSail knows itself."]
    status: Annotated[str, "One of the 23 statuses."]
    detail: str | None
    tags: list[str]
    customFields: dict[str, Any]
    phones: list[PhoneShape]
    source: str | None
    owner: str | None
    clientLeadId: str | None
    repostedTo: list[str]
    isTest: bool
    submissionCount: int
    latestSubmittedAt: Moment | None
    lastActivityAt: Moment | None
    deliveredAt: Moment | None
    lastCallAt: Moment | None
    lastOutcome: Annotated[str | None, "How the newest call ended: a status of interactions."]
    callbackAt: Moment | None
    createdAt: Moment
    updatedAt: Moment


class QualificationShape(TypedDict):
    """Null where nothing was decided."""

    passed: bool | None
    originalCampaignQualified: bool | None
    score: float | None
    method: str | None
    reason: str | None
    qualifiedAt: Moment | None


class RoutingShape(TypedDict):
    """Which campaign the submission went to."""

    wasRouted: bool
    originalCampaignId: str
    routedToCampaignId: str | None
    routingReason: str | None
    routingMethod: str
    routingRuleName: str | None
    alternativeCampaigns: list[dict[str, Any]]
    routingEvaluatedAt: Moment | None


class PostingShape(TypedDict):
    """Null where nothing was posted."""

    success: bool | None
    clientLeadId: str | None
    statusCode: int | None
    postedAt: Moment | None


class DeliveryResultShape(TypedDict):
    """Null where nothing was delivered."""

    success: bool | None
    clientLeadId: str | None
    statusCode: int | None
    responseMessage: str | None
    url: str | None
    method: str | None
    bodyFormat: str | None
    deliveredAt: Moment | None


class SubmissionShape(TypedDict):
    """One time a lead came in, and what became of it."""

    submissionId: str
    leadId: str
    submissionNumber: int
    type: Literal["standard", "manual_delivery", "repost"]
    campaign: Annotated[CampaignBriefShape, "As it was called then."]
    status: Annotated[str, "One of the 23 statuses; `duplicate` for one that made no lead of its own."]
    qualification: QualificationShape
    routing: RoutingShape
    posting: PostingShape
    delivery: DeliveryResultShape
    result: str | None
    clientLeadId: str | None
    responseFields: dict[str, Any]
    payload: Annotated[dict[str, Any], "As it was sent."]
    isTest: bool
    createdAt: Moment


def lead_json(lead: Lead) -> LeadShape:
    return leads_json([lead])[0]


def leads_json(leads: Sequence[Lead]) -> list[LeadShape]:
    """Of one workspace; the number of queries does not depend on how many."""
    prefetch_related_objects(
        leads,
        "campaign",
        "owner",
        Prefetch("notes", Note.objects.select_related("author").order_by("-created_at", "-id")),
        Prefetch("tags", Tag.objects.order_by("name")),
        Prefetch("phones", LeadPhone.objects.order_by("id")),
    )
    said_no = barred(leads)
    return [_lead(lead, is_dnc=lead.pk in said_no) for lead in leads]


def _lead(lead: Lead, *, is_dnc: bool) -> LeadShape:
    return {
        "leadId": lead.public_id,
        "campaign": campaign_brief(lead.campaign),
        "approval": approval_json(lead),
        "firstName": lead.first_name or None,
        "lastName": lead.last_name or None,
        "email": lead.email or None,
        "phone": lead.phone or None,
        "country": lead.country or None,
        "address": _address(lead),
        "dateOfBirth": lead.date_of_birth.isoformat() if lead.date_of_birth else None,
        "timezone": lead.timezone or None,
        "timezoneSource": lead.timezone_source or None,
        "notes": [note_json(note) for note in lead.notes.all()],
        "questionnaire": lead.questionnaire,
        "attribution": _attribution(lead),
        "compliance": lead.compliance,
        "flags": {**lead.flags, "isDnc": is_dnc, "isTest": lead.is_test},
        "status": lead.status,
        "detail": lead.detail or None,
        "tags": [tag.name for tag in lead.tags.all()],
        "customFields": lead.custom_fields,
        "phones": [{"number": phone.e164, "label": phone.label or None} for phone in lead.phones.all()],
        "source": lead.source or None,
        "owner": lead.owner.email if lead.owner else None,
        "clientLeadId": lead.client_lead_id or None,
        "repostedTo": lead.reposted_to,
        "isTest": lead.is_test,
        "submissionCount": lead.submission_count,
        "latestSubmittedAt": iso(lead.latest_submitted_at),
        "lastActivityAt": iso(lead.last_activity_at),
        "deliveredAt": iso(lead.delivered_at),
        "lastCallAt": iso(lead.last_call_at),
        "lastOutcome": lead.last_outcome or None,
        "callbackAt": iso(lead.callback_at),
        "createdAt": as_moment(lead.created_at),
        "updatedAt": as_moment(lead.updated_at),
    }


def campaign_brief(campaign: Campaign) -> CampaignBriefShape:
    return {
        "campaignId": campaign.code,
        "name": campaign.name,
        "clientId": campaign.client_id or None,
        "clientName": campaign.client_name or None,
        "clientAbbrev": campaign.client_abbrev or None,
        "offerId": campaign.offer_id or None,
        "offerName": campaign.offer_name or None,
        "offerAbbrev": campaign.offer_abbrev or None,
    }


def approval_json(lead: Lead) -> ApprovalShape | None:
    if not lead.approval_status:
        return None
    return {
        "status": cast(Any, lead.approval_status),
        "campaignId": lead.approval.get("campaignId"),
        "priority": lead.approval.get("priority"),
        "askedAt": lead.approval.get("askedAt"),
        "decidedBy": lead.approval.get("decidedBy"),
        "decidedAt": lead.approval.get("decidedAt"),
        "reason": lead.approval.get("reason"),
    }


def note_json(note: Note) -> NoteShape:
    return {
        "id": str(note.pk),
        "text": note.text,
        "createdAt": as_moment(note.created_at),
        "createdBy": str(note.author) if note.author else None,
    }


def _address(lead: Lead) -> AddressShape:
    return cast(AddressShape, {name: getattr(lead, name) or None for name in ADDRESS})


def _attribution(lead: Lead) -> AttributionShape:
    known = {name: lead.attribution.get(name) for name in ATTRIBUTION}
    return cast(AttributionShape, {"params": lead.attribution.get("params", {}), **known})


def event_payload(
    lead: Lead, submission_id: str | None = None, *, status: str | None = None, **data: Any
) -> dict[str, Any]:
    """What every `lead.*` event carries; one that is about no submission names the lead's latest."""
    return {
        "leadId": lead.public_id,
        "submissionId": submission_id or _latest_submission(lead),
        "campaignId": lead.campaign.code,
        "status": status or lead.status,
        "data": {
            "firstName": lead.first_name or None,
            "lastName": lead.last_name or None,
            "email": lead.email or None,
            "phone": lead.phone or None,
            **data,
        },
    }


def _latest_submission(lead: Lead) -> str | None:
    """Read along with the lead where there are many."""
    if "latest_submission" in lead.__dict__:
        # Asked along by whoever tells of many leads.
        return cast(str | None, lead.__dict__["latest_submission"])
    return lead.submissions.order_by("-number").values_list("public_id", flat=True).first()


def submission_json(submission: Submission) -> SubmissionShape:
    campaign = cast(CampaignBriefShape, submission.campaign)
    return {
        "submissionId": submission.public_id,
        "leadId": submission.lead.public_id,
        "submissionNumber": submission.number,
        "type": cast(Any, submission.type),
        "campaign": campaign,
        "status": submission.status,
        "qualification": {
            "passed": None,
            "originalCampaignQualified": None,
            "score": None,
            "method": None,
            "reason": None,
            "qualifiedAt": None,
        },
        "routing": {
            "wasRouted": False,
            "originalCampaignId": campaign["campaignId"],
            "routedToCampaignId": None,
            "routingReason": None,
            "routingMethod": "original",
            "routingRuleName": None,
            "alternativeCampaigns": [],
            "routingEvaluatedAt": None,
        },
        "posting": {"success": None, "clientLeadId": None, "statusCode": None, "postedAt": None},
        "delivery": {
            "success": None,
            "clientLeadId": None,
            "statusCode": None,
            "responseMessage": None,
            "url": None,
            "method": None,
            "bodyFormat": None,
            "deliveredAt": None,
        },
        "result": None,
        "clientLeadId": None,
        "responseFields": {},
        "payload": submission.payload,
        "isTest": submission.is_test,
        "createdAt": as_moment(submission.created_at),
    }


class DoNotCallShape(TypedDict):
    """An address that nobody of the workspace may use on this channel."""

    id: str
    channel: Literal["phone", "sms", "email"]
    address: Annotated[str, "A number in E.164, or an e-mail in small letters."]
    reason: str | None
    source: Annotated[str | None, "Where it came from: a lead, a call, `api`, `upload`, …"]
    createdBy: Annotated[str | None, "The person; null for a program."]
    createdAt: Moment
    confirmedAt: Annotated[Moment | None, "When it was said again."]


def do_not_call_json(entry: DoNotCall) -> DoNotCallShape:
    return {
        "id": str(entry.pk),
        "channel": cast(Any, entry.channel),
        "address": entry.address,
        "reason": entry.reason or None,
        "source": entry.source or None,
        "createdBy": str(entry.user) if entry.user else None,
        "createdAt": as_moment(entry.created_at),
        "confirmedAt": iso(entry.confirmed_at),
    }
