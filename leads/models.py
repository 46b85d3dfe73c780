from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from accounts.models import COUNTRY, ApiKey, Workspace
from campaigns.models import E164, Campaign
from common import clock
from common.hours import validate_timezone
from common.ids import PublicIdField


def validate_custom_fields(value: object) -> None:
    if not isinstance(value, dict):
        raise ValidationError('Custom fields are names with values: {"roof_size": 120}.')


class LeadStatus(models.TextChoices):
    NEW = "new", "New"
    PENDING = "pending", "Pending"
    PROCESSING = "processing", "Processing"
    QUALIFIED = "qualified", "Qualified"
    DISQUALIFIED = "disqualified", "Disqualified"
    MISSING_DATA = "missing_data", "Missing data"
    QUEUED = "queued", "Queued"
    PENDING_ACTION = "pending_action", "Pending action"
    NO_ANSWER = "no_answer", "No answer"
    VOICEMAIL = "voicemail", "Voicemail"
    CONTACTED = "contacted", "Contacted"
    SCHEDULED_CALLBACK = "scheduled_callback", "Callback scheduled"
    NO_CONTACT = "no_contact", "No contact"
    PENDING_SIGNATURE = "pending_signature", "Pending signature"
    DOCUMENT_SENT = "document_sent", "Document sent"
    SIGNED = "signed", "Signed"
    DELIVERED = "delivered", "Delivered"
    ACCEPTED = "accepted", "Accepted"
    DUPLICATE = "duplicate", "Duplicate"
    FAILED = "failed", "Failed"
    ERROR = "error", "Error"
    REJECTED = "rejected", "Rejected"
    DNC = "dnc", "Do not contact"


class TimezoneSource(models.TextChoices):
    USER_INPUT = "user_input", "Given by a person"
    ZIP = "zip", "From the postal code"
    AREA_CODE = "area_code", "From the area code"
    IP = "ip", "From the IP address"
    INFERRED = "inferred", "Inferred"


class Approval(models.TextChoices):
    PENDING = "pending", "Waiting for approval"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"


class Tag(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=50)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="tag_name_once")]

    def __str__(self) -> str:
        return self.name


class Lead(models.Model):
    public_id = PublicIdField(prefix="lead")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="leads")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="leads")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="leads"
    )
    first_name = models.CharField(max_length=120, blank=True)
    last_name = models.CharField(max_length=120, blank=True)
    email = models.EmailField("e-mail", blank=True)
    phone = models.CharField(max_length=16, blank=True, validators=[E164])
    street = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=50, blank=True)
    city = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=60, blank=True)
    zip = models.CharField("postal code", max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True, validators=[COUNTRY])
    timezone = models.CharField("time zone", max_length=64, blank=True, validators=[validate_timezone])
    timezone_source = models.CharField(max_length=10, choices=TimezoneSource, blank=True)
    status = models.CharField(max_length=20, choices=LeadStatus, default=LeadStatus.NEW)
    source = models.CharField(max_length=80, blank=True)
    is_test = models.BooleanField("test lead", default=False)
    custom_fields = models.JSONField(default=dict, blank=True, validators=[validate_custom_fields])
    tags = models.ManyToManyField(Tag, blank=True, related_name="leads")
    date_of_birth = models.DateField("date of birth", null=True, blank=True)
    # As integrators send and read them: [{"key", "question", "answer"}], where the lead came from, what it agreed to.
    questionnaire = models.JSONField(default=list, blank=True)
    attribution = models.JSONField(default=dict, blank=True)
    compliance = models.JSONField(default=dict, blank=True)
    flags = models.JSONField(default=dict, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    client_lead_id = models.CharField("the client's id of the lead", max_length=120, blank=True)
    reposted_to = models.JSONField(default=list, blank=True)
    approval_status = models.CharField(max_length=10, choices=Approval, blank=True)
    # Beside the status: {"campaignId", "priority", "askedAt", "askedReason", "decidedBy", "decidedAt", "reason"}.
    approval = models.JSONField(default=dict, blank=True, editable=False)
    # The priority of its approval as a number: the review list goes by it.
    review_rank = models.PositiveSmallIntegerField(default=1, editable=False)
    submission_count = models.PositiveIntegerField(default=0, editable=False)
    latest_submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_activity_at = models.DateTimeField(null=True, blank=True, editable=False)
    delivered_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Of the newest placed call that is over, kept here by calls, so that lists can filter and sort by it.
    last_call_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_outcome = models.CharField(max_length=20, blank=True, editable=False)
    # When the lead asked to be called back, the last time it did.
    callback_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now)
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="lead_list"),
            models.Index(fields=["workspace", "status", "-id"], name="lead_list_by_status"),
            models.Index(fields=["workspace", "phone"], name="lead_by_phone"),
            # The home page counts those that are due.
            models.Index(
                fields=["workspace", "callback_at"], condition=Q(status="scheduled_callback"), name="callbacks_due"
            ),
            # The home page offers one's own first.
            models.Index(fields=["workspace", "status", "owner", "-id"], name="leads_to_call_next"),
            models.Index(
                fields=["workspace", "review_rank", "id"],
                condition=Q(approval_status="pending"),
                name="leads_to_review",
            ),
            # The campaign page looks for one to try the agent on.
            models.Index(fields=["campaign"], condition=Q(is_test=True), name="test_leads_of_campaign"),
            models.Index(fields=["workspace", "campaign", "-id"], name="lead_list_by_campaign"),
            models.Index(fields=["workspace", "owner", "-id"], name="lead_list_by_owner"),
            models.Index(fields=["workspace", "last_outcome", "-id"], name="lead_list_by_outcome"),
            models.Index(fields=["workspace", "-updated_at", "-id"], name="lead_list_by_change"),
            models.Index(fields=["workspace", "last_name", "first_name", "id"], name="lead_list_by_name"),
            # Read by the API's list between two dates, and by every submission that looks for its duplicate.
            models.Index(fields=["workspace", "-created_at", "-id"], name="lead_list_by_day"),
            models.Index(fields=["campaign", "phone"], condition=~Q(phone=""), name="lead_of_campaign_by_phone"),
            models.Index(fields=["campaign", "email"], condition=~Q(email=""), name="lead_of_campaign_by_email"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=LeadStatus.values), name="lead_status_known"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email or self.phone or self.public_id

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def numbers(self) -> list[str]:
        """The main number first, each once."""
        extra = [phone.e164 for phone in self.phones.all()]
        return list(dict.fromkeys(([self.phone] if self.phone else []) + extra))


class Submission(models.Model):
    """One time a lead came in: what was sent, and what became of it. A lead is the person and may come again."""

    class Type(models.TextChoices):
        STANDARD = "standard", "Standard"
        MANUAL_DELIVERY = "manual_delivery", "Manual delivery"
        REPOST = "repost", "Repost"

    public_id = PublicIdField(prefix="sub")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="submissions")
    number = models.PositiveIntegerField()
    type = models.CharField(max_length=20, choices=Type, default=Type.STANDARD)
    # The lead statuses; `duplicate` for one that became no lead of its own.
    status = models.CharField(max_length=20, choices=LeadStatus, default=LeadStatus.NEW)
    # The campaign as it was called then.
    campaign = models.JSONField(default=dict)
    payload = models.JSONField(default=dict)
    is_test = models.BooleanField(default=False)
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead", "number"], name="submission_number_once")]

    def __str__(self) -> str:
        return self.public_id


class LeadPhone(models.Model):
    """A further number of the lead."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="phones")
    e164 = models.CharField("number", max_length=16, validators=[E164])
    label = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead", "e164"], name="lead_phone_once")]
        # Whose number is it that says no?
        indexes = [models.Index(fields=["e164"], name="leads_by_further_number")]

    def __str__(self) -> str:
        return self.e164


class Note(models.Model):
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    text = models.TextField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["lead", "-created_at"], name="notes_of_lead")]

    def __str__(self) -> str:
        return self.text[:60]


class StatusChange(models.Model):
    """Every change of a lead's status: from what, to what, by whom, because of which call."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="status_changes")
    at = models.DateTimeField(default=clock.now)
    before = models.CharField(max_length=20, choices=LeadStatus)
    after = models.CharField(max_length=20, choices=LeadStatus)
    reason = models.CharField(max_length=200, blank=True)
    interaction_public_id = models.CharField(max_length=40, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["lead", "-at"], name="status_changes_of_lead")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


class BulkChange(models.Model):
    """One change to many leads, done row by row in the background, which can be taken back as a whole."""

    class Kind(models.TextChoices):
        OWNER = "owner", "Assign"
        TAG = "tag", "Add tag"
        UNTAG = "untag", "Remove tag"
        STATUS = "status", "Set status"
        CAMPAIGN = "campaign", "Move to campaign"
        DNC = "dnc", "Put on Do-Not-Call"
        DIALER = "dialer", "Send to auto-dialer"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        UNDOING = "undoing", "Being taken back"
        UNDONE = "undone", "Taken back"

    public_id = PublicIdField(prefix="bulk")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="bulk_changes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    kind = models.CharField(max_length=10, choices=Kind)
    # An id or a status, and how it was called when it was chosen.
    value = models.CharField(max_length=120, blank=True)
    label = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    created_at = models.DateTimeField(default=clock.now)
    # Real time: a change whose job is gone is found by the sweep.
    enqueued_at = models.DateTimeField(default=clock.real_now, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["enqueued_at"], condition=Q(state__in=["running", "undoing"]), name="bulk_unfinished")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["running", "done", "undoing", "undone"]), name="bulk_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.label}".strip()

    @property
    def lists_numbers(self) -> bool:
        return self.kind == self.Kind.DNC or (self.kind == self.Kind.STATUS and self.value == LeadStatus.DNC)


class BulkItem(models.Model):
    """What one lead was before the change; undoing leaves alone what somebody has changed since."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        CHANGED = "changed", "Changed"
        SAME = "same", "Was so already"
        UNDONE = "undone", "Taken back"
        KEPT = "kept", "Changed since, left alone"
        FAILED = "failed", "Could not be changed"

    change = models.ForeignKey(BulkChange, on_delete=models.CASCADE, related_name="items")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    before = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "lead"], name="bulk_item_once")]
        indexes = [models.Index(fields=["change", "state", "id"], name="bulk_items_by_state")]

    def __str__(self) -> str:
        return f"{self.change}: {self.lead}"


class Channel(models.TextChoices):
    PHONE = "phone", "Phone"
    SMS = "sms", "SMS"
    EMAIL = "email", "E-mail"


class DoNotCallQuerySet(models.QuerySet["DoNotCall"]):
    def for_phone(self, workspace_id: int, e164: str) -> DoNotCallQuerySet:
        return self.for_phones(workspace_id, [e164])

    def for_phones(self, workspace_id: int, numbers: Iterable[str]) -> DoNotCallQuerySet:
        return self.filter(workspace_id=workspace_id, channel=Channel.PHONE, address__in=list(numbers))


class DoNotCall(models.Model):
    """An address nobody of the workspace may use on this channel, whichever leads share it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="do_not_call")
    channel = models.CharField(max_length=5, choices=Channel, default=Channel.PHONE)
    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=40, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    # A further no for the same address: whoever takes back the first one must not take this one back too.
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DoNotCallQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "Do-Not-Call"
        constraints = [models.UniqueConstraint(fields=["workspace", "channel", "address"], name="dnc_address_once")]

    def __str__(self) -> str:
        return f"{self.address} ({self.channel})"

    def clean(self) -> None:
        if self.channel != Channel.EMAIL:
            E164(self.address)
