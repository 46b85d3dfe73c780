from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import ApiKey, Workspace
from campaigns.models import CallerNumber, Campaign, PromptVersion, ProviderAccount, VoiceAgent
from common import clock
from common.ids import PublicIdField
from leads.models import Lead


class Status(models.TextChoices):
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    INCOMPLETE = "incomplete", "Incomplete"
    VOICEMAIL = "voicemail", "Voicemail"
    NO_ANSWER = "no_answer", "No answer"
    BUSY = "busy", "Busy"
    NO_CONTACT = "no_contact", "No contact"
    SCHEDULED_CALLBACK = "scheduled_callback", "Callback scheduled"
    FOLLOW_UP = "follow_up", "Follow-up"
    QUALIFIED = "qualified", "Qualified"
    DISQUALIFIED = "disqualified", "Disqualified"
    DNC = "dnc", "Do not contact"
    ERROR = "error", "Error"


class Dispatch(models.TextChoices):
    QUEUED = "queued", "Queued"
    PLACING = "placing", "Placing"
    PLACED = "placed", "Placed"
    REJECTED = "rejected", "Rejected by the provider"
    UNKNOWN = "unknown", "Result not known"
    WITHDRAWN = "withdrawn", "Withdrawn"
    NOT_PLACED = "not_placed", "Not placed"


# What a call ends as that was not placed, as far as anybody knows.
UNPLACED = (Dispatch.NOT_PLACED, Dispatch.REJECTED, Dispatch.WITHDRAWN)
# placing → queued is for a throttled call and for a claim whose worker died before it sent anything. Everything may
# become placed: the provider's own word that it has the call is stronger than what we believed.
DISPATCH_TRANSITIONS: dict[Dispatch, frozenset[Dispatch]] = {
    Dispatch.QUEUED: frozenset({Dispatch.PLACING, Dispatch.WITHDRAWN, Dispatch.PLACED}),
    Dispatch.PLACING: frozenset(
        {Dispatch.PLACED, Dispatch.REJECTED, Dispatch.UNKNOWN, Dispatch.QUEUED, Dispatch.WITHDRAWN}
    ),
    Dispatch.UNKNOWN: frozenset({Dispatch.PLACED, Dispatch.NOT_PLACED}),
    Dispatch.PLACED: frozenset(),
    Dispatch.REJECTED: frozenset({Dispatch.PLACED}),
    Dispatch.WITHDRAWN: frozenset({Dispatch.PLACED}),
    Dispatch.NOT_PLACED: frozenset({Dispatch.PLACED}),
}


class ErrorCode:
    """Codes an interaction of status `error` carries; one withdrawn by the gate carries the gate's code."""

    INVALID_NUMBER = "INVALID_NUMBER"
    PROVIDER_FAULT = "PROVIDER_FAULT"
    PROVIDER_REJECTED = "PROVIDER_REJECTED"
    NOT_PLACED = "NOT_PLACED"
    NO_REPORT = "NO_REPORT"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    INTERNAL = "INTERNAL_ERROR"


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def live(self) -> InteractionQuerySet:
        return self.filter(type=Interaction.Type.CALL, status=Status.IN_PROGRESS)

    def placed(self) -> InteractionQuerySet:
        return self.filter(placed_at__isnull=False)

    def attempts(self) -> InteractionQuerySet:
        """Placed calls that count against the lead: not tests of a real lead, not the provider's own faults."""
        real = Q(is_test=False) | Q(lead__is_test=True)
        return self.placed().filter(real).exclude(error_code=ErrorCode.PROVIDER_FAULT)

    def on_the_line(self) -> InteractionQuerySet:
        """Calls that hold a line at the provider, may hold one, or have one reserved."""
        busy = self.live().filter(dispatch__in=["placing", "placed", "unknown"])
        return busy.exclude(dispatch=Dispatch.PLACING, line_at=None)

    def made_since(self, moment: datetime) -> InteractionQuerySet:
        """Calls that were placed since, or have a line now: what daily caps count."""
        waiting = Q(placed_at=None, status=Status.IN_PROGRESS, line_at__isnull=False)
        return self.filter(Q(placed_at__gte=moment) | waiting)

    def move(self, pk: int, before: Dispatch, after: Dispatch, **fields: Any) -> bool:
        """Compare-and-swap of `dispatch`: True for the one caller who made the transition."""
        assert after in DISPATCH_TRANSITIONS[before], f"{before} → {after}"
        changes = {"dispatch": after, "updated_at": clock.now(), **fields}
        return self.filter(pk=pk, dispatch=before).update(**changes) == 1


class Interaction(models.Model):
    """One intent to call: at most one placement, one outcome."""

    class Type(models.TextChoices):
        CALL = "call", "Call"

    class Direction(models.TextChoices):
        OUTBOUND = "outbound", "Outbound"
        INBOUND = "inbound", "Inbound"

    class Origin(models.TextChoices):
        MANUAL = "manual", "Call button"
        API = "api", "API"
        DIALER = "auto_dialer", "Auto-dialer"
        FIRST_ACTION = "first_submission", "First submission"

    class Recording(models.TextChoices):
        NONE = "none", "No recording"
        DUE = "due", "Being copied"
        STORED = "stored", "Stored"
        MISSING = "missing", "Not available"

    public_id = PublicIdField(prefix="int")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="interactions")
    # A lead that was called stays: its calls are the record of what was said, and of who said no.
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="interactions")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="interactions")
    type = models.CharField(max_length=10, choices=Type, default=Type.CALL)
    status = models.CharField(max_length=20, choices=Status, default=Status.IN_PROGRESS)
    dispatch = models.CharField(max_length=10, choices=Dispatch, default=Dispatch.QUEUED)
    direction = models.CharField(max_length=10, choices=Direction, default=Direction.OUTBOUND)
    origin = models.CharField(max_length=20, choices=Origin)
    is_test = models.BooleanField(default=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True)

    agent = models.ForeignKey(VoiceAgent, on_delete=models.PROTECT, related_name="interactions")
    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="interactions")
    caller_number = models.ForeignKey(CallerNumber, on_delete=models.PROTECT, related_name="interactions")
    prompt_version = models.ForeignKey(PromptVersion, on_delete=models.PROTECT, related_name="interactions")
    to_number = models.CharField(max_length=16)
    from_number = models.CharField(max_length=16)
    additional_instructions = models.TextField(blank=True)
    conversation_id = models.CharField(max_length=80, blank=True)
    provider_call_id = models.CharField(max_length=80, blank=True)

    # Business time: what happened on the line.
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=clock.now)
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=clock.now)
    placed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    duration = models.PositiveIntegerField("duration in seconds", null=True, blank=True)

    spoken_to = models.BooleanField(default=False)
    answered_by_machine = models.BooleanField(default=False)
    termination_reason = models.CharField(max_length=300, blank=True)
    summary = models.TextField(blank=True)
    callback_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)
    # A person's word stands in `status`; what the provider's reports said stays beside it.
    machine_status = models.CharField(max_length=20, choices=Status, blank=True)
    corrected_at = models.DateTimeField(null=True, blank=True)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    correction_reason = models.CharField(max_length=300, blank=True)
    recording = models.FileField(upload_to="recordings/", max_length=200, blank=True)
    recording_state = models.CharField(max_length=10, choices=Recording, default=Recording.NONE)

    # Real time: claims, waits and sweeps.
    not_before = models.DateTimeField(null=True, blank=True, editable=False)
    enqueued_at = models.DateTimeField(default=clock.real_now, editable=False)
    queued_at = models.DateTimeField(default=clock.real_now, editable=False)
    claim_token = models.CharField(max_length=40, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    line_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    check_at = models.DateTimeField(null=True, blank=True, editable=False)
    checks = models.PositiveSmallIntegerField(default=0, editable=False)
    looked_at = models.DateTimeField(null=True, blank=True, editable=False)
    recording_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    recording_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    faults = models.PositiveSmallIntegerField(default=0, editable=False)
    throttles = models.PositiveSmallIntegerField(default=0, editable=False)
    unreached = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = InteractionQuerySet.as_manager()

    class Meta:
        constraints = [
            # Double clicks, parallel requests and one person as two leads all end here.
            models.UniqueConstraint(
                fields=["workspace", "to_number"],
                condition=Q(type="call", status="in_progress"),
                name="one_live_call_per_number",
            ),
            # One person with two numbers: the second waits until the first call is known to be over.
            models.UniqueConstraint(
                fields=["lead"], condition=Q(type="call", status="in_progress"), name="one_live_call_per_lead"
            ),
            models.UniqueConstraint(
                fields=["account", "conversation_id"], condition=~Q(conversation_id=""), name="conversation_once"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="interaction_status_known"),
            models.CheckConstraint(condition=Q(dispatch__in=Dispatch.values), name="interaction_dispatch_known"),
            models.CheckConstraint(
                condition=Q(status="in_progress", dispatch__in=["queued", "placing", "placed", "unknown"])
                | (~Q(status="in_progress") & ~Q(dispatch__in=["queued", "placing", "unknown"])),
                name="dispatch_fits_status",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="interaction_list"),
            models.Index(fields=["lead", "-id"], name="interactions_of_lead"),
            models.Index(fields=["workspace", "status", "-id"], name="interaction_list_by_status"),
            models.Index(fields=["workspace", "campaign", "-id"], name="interactions_of_campaign"),
            models.Index(fields=["workspace", "agent", "-id"], name="interactions_of_agent"),
            models.Index(fields=["workspace", "-created_at", "-id"], name="interaction_list_by_day"),
            models.Index(fields=["workspace", "to_number", "-placed_at"], name="calls_to_number"),
            # Read by the gate, which asks whether a number is one of the few that do not exist.
            models.Index(
                fields=["workspace", "to_number"], condition=Q(error_code="INVALID_NUMBER"), name="dead_numbers"
            ),
            # Read by every claim: how many lines of the account are in use.
            models.Index(
                fields=["account"],
                condition=Q(status="in_progress", dispatch__in=["placing", "placed", "unknown"]),
                name="lines_of_account",
            ),
            # Read by the dialer: how many calls of the campaign are queued or under way, how many were placed today.
            models.Index(fields=["campaign"], condition=Q(status="in_progress"), name="live_of_campaign"),
            models.Index(fields=["campaign", "placed_at"], name="placed_of_campaign"),
            models.Index(fields=["caller_number", "placed_at"], name="placed_from_number"),
            # Read by the sweep every second.
            models.Index(fields=["dispatch", "check_at"], condition=Q(status="in_progress"), name="live_due"),
            models.Index(fields=["recording_due_at"], condition=Q(recording_state="due"), name="recording_due"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_final(self) -> bool:
        return self.status != Status.IN_PROGRESS

    @property
    def phase(self) -> str:
        """What people see: queued, ringing, in_progress or ended."""
        if self.status != Status.IN_PROGRESS:
            return "ended"
        if self.dispatch != Dispatch.PLACED:
            return "queued"
        return "in_progress" if self.answered_at else "ringing"


class CallPrompt(models.Model):
    """The rendered text the agent was given: what was said to the provider, kept for the record."""

    interaction = models.OneToOneField(Interaction, on_delete=models.CASCADE, related_name="prompt")
    prompt = models.TextField()
    first_message = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"prompt of {self.interaction}"


class Transcript(models.Model):
    """One array per call: {"role": agent|user, "message", "timestamp" (ISO), "source": "voice_ai"}."""

    interaction = models.OneToOneField(Interaction, on_delete=models.CASCADE, related_name="transcript")
    messages = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"transcript of {self.interaction}"


class InteractionEvent(models.Model):
    """Everything that happened to a call, in order: the record that explains it."""

    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=40)
    text = models.CharField(max_length=400, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["interaction", "id"], name="events_of_interaction")]

    def __str__(self) -> str:
        return self.kind


class InboxEvent(models.Model):
    """A provider's event as it came in: verified, kept byte for byte, applied by a job."""

    class State(models.TextChoices):
        NEW = "new", "New"
        UNMATCHED = "unmatched", "Call not known yet"
        APPLIED = "applied", "Applied"
        IGNORED = "ignored", "Ignored"

    account = models.ForeignKey(ProviderAccount, on_delete=models.CASCADE, related_name="inbox")
    key = models.CharField(max_length=160)
    event_type = models.CharField(max_length=60, blank=True)
    conversation_id = models.CharField(max_length=80, blank=True)
    body = models.BinaryField()
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    note = models.CharField(max_length=300, blank=True)
    interaction = models.ForeignKey(Interaction, on_delete=models.SET_NULL, null=True, blank=True, related_name="inbox")
    received_at = models.DateTimeField(default=clock.now)
    arrived_at = models.DateTimeField(default=clock.real_now, editable=False)
    due_at = models.DateTimeField(default=clock.real_now, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="inbox_event_once")]
        indexes = [models.Index(fields=["due_at"], condition=Q(state__in=["new", "unmatched"]), name="inbox_due")]

    def __str__(self) -> str:
        return f"{self.event_type} {self.conversation_id}"


class DialerEntry(models.Model):
    """A lead in its campaign's auto-dialer: when it is called next, or why it is not any more."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        CALLING = "calling", "Being called"
        DONE = "done", "Done"

    class Lane(models.IntegerChoices):
        """Whoever is due in a lower one goes first."""

        CALLBACK = 0, "Callback"
        SUBMITTED = 1, "Just came in"
        NEW = 2, "New"
        RETRY = 3, "Retry"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="dialer_entries")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="dialer_entries")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    lane = models.PositiveSmallIntegerField(choices=Lane, default=Lane.NEW)
    # Business time. Empty while it waits: by the rules of now there is no such time.
    due_at = models.DateTimeField(null=True, blank=True)
    # When the lead asked to be called back.
    callback_at = models.DateTimeField(null=True, blank=True)
    # Attempts in a row that failed for a reason that is not the lead's.
    faults = models.PositiveSmallIntegerField(default=0)
    # A code, and the same for people: which rule gave the time, or why it is over.
    why = models.CharField(max_length=40, blank=True)
    why_text = models.CharField(max_length=300, blank=True)
    # The call that is under way for it.
    interaction = models.OneToOneField(
        Interaction, on_delete=models.SET_NULL, null=True, blank=True, related_name="dialer_entry"
    )
    # Not before this, whatever the rules say: after a fault it waits a while.
    not_before = models.DateTimeField(null=True, blank=True)
    # When it was last sent to the dialer: what calls came to before that is no reason to stop.
    sent_at = models.DateTimeField(default=clock.now)
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "dialer entries"
        constraints = [
            models.UniqueConstraint(fields=["lead", "campaign"], name="dialer_entry_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "calling", "done"]), name="dialer_entry_state_known"
            ),
        ]
        indexes = [
            # What a tick reads, lane by lane: its cost does not depend on how many wait for later.
            models.Index(fields=["campaign", "lane", "due_at", "id"], condition=Q(state="waiting"), name="dialer_due"),
            # New times by new rules, in pieces.
            models.Index(fields=["campaign", "id"], condition=Q(state="waiting"), name="dialer_replan"),
            models.Index(fields=["campaign", "state", "-updated_at", "-id"], name="dialer_list"),
            # Entries whose call is over, or was never made.
            models.Index(fields=["updated_at"], condition=Q(state="calling"), name="dialer_calling"),
        ]

    def __str__(self) -> str:
        return f"{self.lead} in {self.campaign}"


class DialerState(models.Model):
    """What the dialer keeps of one campaign between its ticks."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="dialer_state")
    # Real time at which its next call may start; moved on under the row's lock.
    next_start_at = models.DateTimeField(null=True, blank=True)
    # Its rules have changed: entries above this id still have times by the old ones. Empty: none has.
    replan_after = models.BigIntegerField(null=True, blank=True)
    # Why nothing is dialed although somebody is due, and since when (real time) that was so at the last tick.
    held_why = models.CharField(max_length=40, blank=True)
    held_text = models.CharField(max_length=300, blank=True)
    # Real time; a campaign at which the tick failed is left alone for a while.
    resume_at = models.DateTimeField(null=True, blank=True)
    # Real time at which a call of it was last begun: whoever waits longest goes first.
    served_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"dialer of {self.campaign}"
