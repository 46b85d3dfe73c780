from __future__ import annotations

import re
import secrets
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from accounts.models import Workspace
from campaigns.prompts import BUILT_IN
from common import clock
from common.fields import EncryptedTextField
from common.hours import validate_holidays, validate_timezone, validate_weekly_hours
from common.ids import PublicIdField
from webhooks.models import WebhookEndpoint

E164 = RegexValidator(r"^\+[1-9]\d{6,14}$", "Write the number in E.164 form, e.g. +14155550132.")
# The provider keeps names that begin with system__ or secret__ for itself.
VARIABLE_PATTERN = re.compile(r"^(?!system__|secret__)[a-z][a-z0-9_]{0,62}$")
VARIABLE_NAME = RegexValidator(
    VARIABLE_PATTERN.pattern,
    "Small letters, digits and underscores, beginning with a letter; not with system__ or secret__.",
)


class Provider(models.TextChoices):
    ELEVENLABS = "elevenlabs", "ElevenLabs"


# From a fixed list, not from free text: an API key is sent to whatever stands here.
PROVIDER_HOSTS: dict[str, dict[str, str]] = {
    Provider.ELEVENLABS: {
        "api.elevenlabs.io": "https://api.elevenlabs.io",
        "api.us.elevenlabs.io": "https://api.us.elevenlabs.io",
        "api.eu.residency.elevenlabs.io": "https://api.eu.residency.elevenlabs.io",
        "api.in.residency.elevenlabs.io": "https://api.in.residency.elevenlabs.io",
        "api.sg.residency.elevenlabs.io": "https://api.sg.residency.elevenlabs.io",
        "sandbox": "",
    }
}
HOST_CHOICES = [(host, host) for hosts in PROVIDER_HOSTS.values() for host in hosts]


def new_webhook_token() -> str:
    return secrets.token_urlsafe(24)


class ProviderAccount(models.Model):
    """A key at a voice provider, and the secret by which its webhooks are believed."""

    public_id = PublicIdField(prefix="acct")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="provider_accounts")
    name = models.CharField(max_length=80)
    provider = models.CharField(max_length=20, choices=Provider, default=Provider.ELEVENLABS)
    host = models.CharField(max_length=80, choices=HOST_CHOICES)
    api_key = EncryptedTextField()
    webhook_secret = EncryptedTextField(blank=True, help_text="Shown once by the provider when its webhook is made.")
    webhook_token = models.CharField(max_length=48, unique=True, default=new_webhook_token, editable=False)
    calls_per_second = models.DecimalField(
        max_digits=5, decimal_places=2, default=1, validators=[MinValueValidator(0.01), MaxValueValidator(100)]
    )
    concurrency = models.PositiveIntegerField(default=10, validators=[MinValueValidator(1)])
    # Real time at which the next call may start; moved on under the row's lock.
    next_start_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The circuit: dials in a row that the provider failed, until when (real time) nothing is dialed, and why.
    failures = models.PositiveIntegerField(default=0, editable=False)
    blocked_until = models.DateTimeField(null=True, blank=True, editable=False)
    blocked_why = models.CharField(max_length=300, blank=True, editable=False)
    # What the last Check found, in real time, and what the provider has: its agents and numbers, to choose from.
    check_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    check_results = models.JSONField(default=list, blank=True, editable=False)
    directory = models.JSONField(default=dict, blank=True, editable=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="account_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def base_url(self) -> str:
        if self.host == "sandbox":
            return str(settings.SANDBOX_URL)
        return PROVIDER_HOSTS[self.provider][self.host]

    @property
    def webhook_url(self) -> str:
        return f"{settings.PUBLIC_URL}/hooks/{self.provider}/{self.webhook_token}/"


class CallerNumber(models.Model):
    class Kind(models.TextChoices):
        TWILIO = "twilio", "Twilio"
        SIP = "sip", "SIP trunk"

    public_id = PublicIdField(prefix="num")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="caller_numbers")
    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="caller_numbers")
    e164 = models.CharField("number", max_length=16, validators=[E164])
    label = models.CharField(max_length=80, blank=True)
    provider_number_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TWILIO)
    daily_cap = models.PositiveIntegerField(
        "calls a day",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text="The most calls from this number in one day of the workspace's time zone. Empty: no limit.",
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "e164"], name="caller_number_once_per_account")]

    def __str__(self) -> str:
        return f"{self.e164} {self.label}".strip()


class PromptTemplate(models.Model):
    public_id = PublicIdField(prefix="tmpl")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="prompt_templates")
    name = models.CharField(max_length=80)
    current = models.ForeignKey("PromptVersion", on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="template_name_once")]

    def __str__(self) -> str:
        return self.name


class PromptVersion(models.Model):
    """A text as it was saved; a call keeps the version it used, so versions never change."""

    template = models.ForeignKey(PromptTemplate, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.TextField()
    first_message = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_once")]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"


class PromptVariable(models.Model):
    """A name templates may use beyond the system's and the lead's own: declared by people, or a lead's custom field."""

    class Kind(models.TextChoices):
        DECLARED = "declared", "Declared"
        CUSTOM_FIELD = "custom_field", "Custom field of leads"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="prompt_variables")
    name = models.CharField(max_length=63, validators=[VARIABLE_NAME])
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.DECLARED)
    default = models.CharField(max_length=500, blank=True)
    example = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="variable_name_once")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.name in BUILT_IN:
            raise ValidationError({"name": f"“{self.name}” is one of LeadSail's own variables."})


class VoiceAgent(models.Model):
    public_id = PublicIdField(prefix="agent")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="voice_agents")
    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="voice_agents")
    name = models.CharField(max_length=80)
    provider_agent_id = models.CharField(max_length=80)
    template = models.ForeignKey(
        PromptTemplate, on_delete=models.SET_NULL, null=True, blank=True, related_name="agents"
    )
    caller_number = models.ForeignKey(
        CallerNumber, on_delete=models.SET_NULL, null=True, blank=True, related_name="agents"
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="agent_name_once")]

    def __str__(self) -> str:
        return self.name


# Outcomes of a call after which the dialer may try again: all others are final, or are callbacks.
RETRYABLE = ("no_answer", "busy", "voicemail", "incomplete", "completed", "follow_up")
SHORTEST_RING = 15


def validate_ring_timeout(seconds: int) -> None:
    """How long a request to the provider may take follows from the longest ring, and that is the operator's."""
    if not SHORTEST_RING <= seconds <= settings.RING_TIMEOUT_SECONDS:
        longest = f"at most {settings.RING_TIMEOUT_SECONDS}, which the operator has set (RING_TIMEOUT_SECONDS)"
        raise ValidationError(f"Write at least {SHORTEST_RING} seconds, or four rings, and {longest}.")


def usual_retries() -> list[str]:
    return ["no_answer", "busy", "voicemail"]


def usual_exclusions() -> list[str]:
    """Lead statuses that say that there is nothing left to call about."""
    return [
        *("qualified", "disqualified", "pending_signature", "document_sent", "signed"),
        *("delivered", "accepted", "duplicate", "rejected"),
    ]


def business_hours() -> dict[str, Any]:
    return {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def with_calling(self) -> CampaignQuerySet:
        """Everything the gate and the prompt read, in one query."""
        return self.select_related(
            "production_agent__account",
            "production_agent__caller_number__account",
            "production_agent__template__current",
            "test_agent__account",
            "test_agent__caller_number__account",
            "test_agent__template__current",
            "template__current",
            "caller_number__account",
        )


class Campaign(models.Model):
    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        INACTIVE = "inactive", "Inactive"
        ARCHIVED = "archived", "Archived"

    class Dialer(models.TextChoices):
        OFF = "off", "Off"
        ON = "on", "On"
        # Keeps its list and takes new leads, but dials nobody.
        PAUSED = "paused", "Paused"

    class FirstAction(models.TextChoices):
        NONE = "none", "Nothing"
        VOICE_AI = "voice_ai", "Voice AI call"
        HUMAN_REVIEW = "human_review", "Human review"
        WEBHOOK = "webhook", "Webhook"

    class Priority(models.TextChoices):
        HIGH = "high", "High"
        NORMAL = "normal", "Normal"
        LOW = "low", "Low"

    class Voicemail(models.TextChoices):
        HANG_UP = "hang_up", "Hang up"
        LEAVE_MESSAGE = "leave_message", "Leave a message"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="campaigns")
    code = models.CharField(max_length=5, editable=False)
    name = models.CharField(max_length=120)
    # For whom the campaign works and what it offers: words of the workspace, which LeadSail only passes on.
    client_id = models.CharField("client id", max_length=40, blank=True)
    client_name = models.CharField("client", max_length=120, blank=True)
    client_abbrev = models.CharField("client, short", max_length=20, blank=True)
    offer_id = models.CharField("offer id", max_length=40, blank=True)
    offer_name = models.CharField("offer", max_length=120, blank=True)
    offer_abbrev = models.CharField("offer, short", max_length=20, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.INACTIVE)
    is_default = models.BooleanField(default=False, help_text="Leads that come without a campaign join this one.")
    production_agent = models.ForeignKey(VoiceAgent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    test_agent = models.ForeignKey(
        VoiceAgent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="Calls test leads."
    )
    template = models.ForeignKey(
        PromptTemplate, on_delete=models.SET_NULL, null=True, blank=True, related_name="campaigns"
    )
    caller_number = models.ForeignKey(CallerNumber, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    hours = models.JSONField("weekly hours", default=business_hours, validators=[validate_weekly_hours])
    min_gap_minutes = models.PositiveIntegerField(
        "minimum gap in minutes",
        default=240,
        validators=[MaxValueValidator(525600)],
        help_text="Between two calls to the same lead.",
    )
    max_attempts = models.PositiveIntegerField("maximum attempts", default=6, validators=[MinValueValidator(1)])
    duplicate_window_days = models.PositiveSmallIntegerField(
        "duplicate window in days",
        default=30,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text="A submission with the phone or e-mail of a lead that came within these days is its duplicate. "
        "Empty: every submission is a lead of its own.",
    )
    # Rules of every call, whoever starts it.
    hours_zone = models.CharField(
        "zone of the hours",
        max_length=64,
        blank=True,
        validators=[validate_timezone],
        help_text="Empty: where the lead is. A zone: the hours are those of that zone for every lead.",
    )
    holidays = models.JSONField(default=list, blank=True, validators=[validate_holidays])
    max_attempts_per_day = models.PositiveIntegerField(
        "maximum attempts a day",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="To each lead in any 24 hours. Empty: only the gap limits them.",
    )
    ring_timeout_seconds = models.PositiveSmallIntegerField(
        "ring timeout in seconds",
        null=True,
        blank=True,
        validators=[validate_ring_timeout],
    )
    voicemail_action = models.CharField(max_length=15, choices=Voicemail, default=Voicemail.HANG_UP)
    voicemail_message = models.TextField(blank=True, validators=[MaxLengthValidator(1000)])
    # What the auto-dialer does.
    dialer = models.CharField("auto-dialer", max_length=8, choices=Dialer, default=Dialer.OFF)
    retry_outcomes = models.JSONField(default=usual_retries, blank=True)
    excluded_statuses = models.JSONField(default=usual_exclusions, blank=True)
    new_first = models.BooleanField("new leads before retries", default=True)
    dialer_concurrency = models.PositiveIntegerField(
        "calls at a time", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    calls_per_minute = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(6000)]
    )
    daily_cap = models.PositiveIntegerField("calls a day", null=True, blank=True, validators=[MinValueValidator(1)])
    # What happens to a lead that comes in for the first time.
    first_action = models.CharField(
        "first submission action", max_length=15, choices=FirstAction, default=FirstAction.NONE
    )
    review_priority = models.CharField(max_length=6, choices=Priority, default=Priority.NORMAL)
    review_reason = models.CharField(max_length=300, blank=True)
    first_action_endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "code"], name="campaign_code_once"),
            models.UniqueConstraint(
                fields=["workspace"],
                condition=Q(is_default=True),
                name="one_default_campaign",
                violation_error_message="Another campaign is the default already: take the mark from it first.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "inactive", "archived"]), name="campaign_status_known"
            ),
            models.CheckConstraint(condition=Q(dialer__in=["off", "on", "paused"]), name="campaign_dialer_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def agent_for(self, *, test: bool) -> VoiceAgent | None:
        """Test leads are called by the test agent, by the production agent where there is none."""
        return (self.test_agent if test else None) or self.production_agent

    def caller_number_for(self, agent: VoiceAgent) -> CallerNumber | None:
        return self.caller_number or agent.caller_number

    def prompt_version_for(self, agent: VoiceAgent) -> PromptVersion | None:
        template = self.template or agent.template
        return template.current if template else None


class SequenceStep(models.Model):
    """What the dialer does after an attempt: the first step that fits the attempt's number and outcome decides."""

    class Part(models.TextChoices):
        MORNING = "morning", "Morning"
        AFTERNOON = "afternoon", "Afternoon"
        EVENING = "evening", "Evening"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    # After which attempt; empty: after any. 0 stands before the first one: only part, agent and number are used.
    after_attempt = models.PositiveSmallIntegerField(null=True, blank=True)
    # Empty: after any outcome that is tried again.
    outcomes = models.JSONField(default=list, blank=True)
    # Empty: the campaign's minimum gap alone.
    wait_minutes = models.PositiveIntegerField(null=True, blank=True, validators=[MaxValueValidator(525600)])
    part_of_day = models.CharField(max_length=10, choices=Part, blank=True)
    agent = models.ForeignKey(VoiceAgent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    caller_number = models.ForeignKey(CallerNumber, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["campaign", "position"]
        constraints = [models.UniqueConstraint(fields=["campaign", "position"], name="sequence_position_once")]

    def __str__(self) -> str:
        return f"{self.campaign} step {self.position}"
