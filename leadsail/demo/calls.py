"""Builds the finished calls of the last month: at times at which the gate would have let them through."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile

from accounts.models import ApiKey
from calls.gate.facts import openings_of
from calls.gate.hours import next_open
from calls.last_call import refresh_last_calls
from calls.models import CallPrompt, Dispatch, Interaction, InteractionEvent, Status, Transcript
from campaigns import prompts
from campaigns.models import Campaign, PromptVersion
from campaigns.queries import variable_defaults
from leads.models import Channel, DoNotCall, StatusChange
from leads.zones import candidate_zones
from leadsail.demo import voice
from leadsail.demo.company import Company
from leadsail.demo.data.histories import ENDINGS, Ending
from leadsail.demo.data.talks import TALKS, Talk
from leadsail.demo.leads import LeadBuilder, Row

PERIOD = timedelta(days=30)
CALLBACK_PERIOD = timedelta(days=6)
LONGEST = timedelta(hours=1)
WORDS_PER_SECOND = 2.6
ANALYSIS = timedelta(seconds=8)


@dataclass
class PastCall:
    interaction: Interaction
    prompt: CallPrompt
    events: list[InteractionEvent] = field(default_factory=list)
    transcript: Transcript | None = None
    spoken: list[voice.Spoken] = field(default_factory=list)
    listed: DoNotCall | None = None

    def note(self, at: datetime, kind: str, text: str, **data: str) -> None:
        self.events.append(InteractionEvent(interaction=self.interaction, at=at, kind=kind, text=text, data=data))


class CallBuilder:
    def __init__(self, company: Company, leads: LeadBuilder) -> None:
        self.company, self.leads, self.now = company, leads, leads.now
        self.drawn = random.Random(30)
        self.defaults = variable_defaults(company.workspace)
        self.api_key = ApiKey.objects.filter(workspace=company.workspace).first()

    def build(self, rows: list[Row]) -> list[PastCall]:
        """In the order of time; the leads' statuses and histories move along."""
        calls = [call for row in rows if row.history for call in self._calls_of(row)]
        return sorted(calls, key=lambda call: call.interaction.created_at)

    def _calls_of(self, row: Row) -> list[PastCall]:
        assert row.history
        names, calls, spoken_to = row.history.calls, list[PastCall](), False
        for place, (name, at) in enumerate(zip(names, self._moments(row), strict=True)):
            contact_type = "returning" if spoken_to else "first" if place else "new"
            call = self._call(row, ENDINGS[name], at, contact_type, attempt=place + 1)
            spoken_to = spoken_to or call.interaction.spoken_to
            calls.append(call)
        self._then(row, calls[-1].interaction.updated_at)
        return calls

    def _moments(self, row: Row) -> list[datetime]:
        """Inside the campaign's hours wherever the lead may be, with the gap between them."""
        assert row.history
        campaign, zones = row.lead.campaign, candidate_zones(row.lead, row.lead.phone)
        openings = openings_of(campaign, zones)
        gap = timedelta(minutes=campaign.min_gap_minutes)
        period = CALLBACK_PERIOD if row.history.calls[-1] == "callback" else PERIOD
        earliest = max(self.now - period, row.lead.created_at)
        count = len(row.history.calls)
        while True:
            found: list[datetime] = []
            while len(found) < count:
                moment = earliest + (self.now - LONGEST - earliest) * self.drawn.random()
                moment = moment.replace(microsecond=0)
                if next_open(moment, openings) == moment:
                    found.append(moment)
            found.sort()
            if all(later - earlier > gap for earlier, later in zip(found, found[1:], strict=False)):
                return found

    # --- one call ---
    def _call(self, row: Row, ending: Ending, at: datetime, contact_type: str, attempt: int) -> PastCall:
        interaction = self._interaction(row, ending, at)
        prompt = self._prompt(interaction, contact_type, attempt)
        call = PastCall(interaction, prompt)
        who = interaction.user or f"API key {self.api_key.name if self.api_key else ''}"
        call.note(interaction.created_at, "created", f"Call asked for by {who}")
        if ending.dispatch == Dispatch.REJECTED:
            interaction.updated_at = interaction.ended_at = at
            call.note(at, "rejected", ending.error_message)
            return call
        self._place(call, ending, at)
        call.note(interaction.updated_at, "outcome", Status(ending.status).label, status=ending.status)
        self._move_lead(row, call, ending)
        return call

    def _interaction(self, row: Row, ending: Ending, at: datetime) -> Interaction:
        campaign = row.lead.campaign
        agent = campaign.agent_for(test=False)
        assert agent
        number, version = campaign.caller_number_for(agent), campaign.prompt_version_for(agent)
        assert number
        assert version
        by_api = self.drawn.random() < 0.25
        return Interaction(
            workspace=self.company.workspace,
            lead=row.lead,
            campaign=campaign,
            status=ending.status,
            dispatch=ending.dispatch,
            origin=Interaction.Origin.API if by_api else Interaction.Origin.MANUAL,
            user=None if by_api else self.drawn.choice(self.company.sellers),
            api_key=self.api_key if by_api else None,
            agent=agent,
            account=agent.account,
            caller_number=number,
            prompt_version=version,
            to_number=row.lead.phone,
            from_number=number.e164,
            created_at=at - timedelta(seconds=1),
            error_code=ending.error_code,
            error_message=ending.error_message,
        )

    def _prompt(self, interaction: Interaction, contact_type: str, attempt: int) -> CallPrompt:
        values = self._values(interaction) | {"contact_type": contact_type, "attempt_number": str(attempt)}
        version: PromptVersion = interaction.prompt_version
        return CallPrompt(
            interaction=interaction,
            prompt=prompts.render(version.body, values, self.defaults),
            first_message=prompts.render(version.first_message, values, self.defaults),
        )

    def _values(self, interaction: Interaction) -> dict[str, str]:
        lead, local = interaction.lead, self._local(interaction, interaction.created_at)
        return {
            **{name: str(value) for name, value in lead.custom_fields.items()},
            "first_name": lead.first_name,
            "full_name": lead.full_name,
            "email": lead.email,
            "city": lead.city,
            "lead_source": lead.source,
            "call_direction": interaction.direction,
            "campaign_name": interaction.campaign.name,
            "agent_name": interaction.agent.name,
            "workspace_name": self.company.workspace.name,
            "current_date": f"{local:%Y-%m-%d}",
            "current_time": f"{local:%H:%M}",
            "current_weekday": f"{local:%A}",
        }

    def _local(self, interaction: Interaction, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(candidate_zones(interaction.lead, interaction.to_number)[0]))

    # --- on the line ---
    def _place(self, call: PastCall, ending: Ending, at: datetime) -> None:
        interaction = call.interaction
        interaction.placed_at = at
        interaction.conversation_id = f"conv_demo{secrets.token_hex(11)}"
        twilio = interaction.caller_number.kind == "twilio"
        interaction.provider_call_id = f"{'CA' if twilio else 'SCL_'}{secrets.token_hex(16)}"
        interaction.termination_reason = self.drawn.choice(ending.terminations)
        call.note(at, "placed", "The provider took the call", conversation_id=interaction.conversation_id)
        rang_until = at + timedelta(seconds=self.drawn.randint(*ending.ring))
        interaction.ended_at = rang_until
        if ending.talk:
            self._talk(call, ending, rang_until)
        interaction.updated_at = interaction.ended_at + ANALYSIS

    def _talk(self, call: PastCall, ending: Ending, answered_at: datetime) -> None:
        interaction = call.interaction
        interaction.answered_at = answered_at
        interaction.answered_by_machine = ending.machine
        call.note(answered_at, "answered", "The call was answered")
        seconds = 2.0
        if talks := TALKS[ending.talk]:
            seconds = self._say(call, self.drawn.choice(talks), answered_at)
            people_spoke = any(turn.role == "user" for turn in call.spoken)
            interaction.spoken_to = ending.spoken and people_spoke
            self._recording(call, seconds)
        interaction.duration = round(seconds)
        interaction.ended_at = answered_at + timedelta(seconds=interaction.duration)

    def _say(self, call: PastCall, talk: Talk, answered_at: datetime) -> float:
        interaction = call.interaction
        words = {"first": interaction.lead.first_name, "when": self._callback(interaction, answered_at)}
        clock_at, messages = 0.6, []
        for role, text in talk.turns(call.prompt.first_message):
            said = text if text == call.prompt.first_message else text.format(**words)
            seconds = max(0.9, len(said.split()) / WORDS_PER_SECOND)
            call.spoken.append(voice.Spoken(role, clock_at, seconds))
            messages.append(_message(role, said, answered_at + timedelta(seconds=clock_at)))
            clock_at += seconds + self.drawn.uniform(0.5, 1.2)
        call.transcript = Transcript(interaction=interaction, messages=messages)
        interaction.summary = talk.summary.format(**words)
        return clock_at + 0.5

    def _callback(self, interaction: Interaction, answered_at: datetime) -> str:
        """Some are overdue, most are still to come."""
        if interaction.status != Status.SCHEDULED_CALLBACK:
            return ""
        campaign, lead = interaction.campaign, interaction.lead
        after = answered_at if self.drawn.random() < 0.25 else max(answered_at, self.now)
        wished = self._local(interaction, after + timedelta(days=self.drawn.randint(1, 3)))
        wished = wished.replace(hour=self.drawn.randint(10, 15), minute=self.drawn.choice((0, 15, 30)), second=0)
        zones = candidate_zones(lead, interaction.to_number)
        openings = openings_of(campaign, zones)
        interaction.callback_at = next_open(wished.replace(microsecond=0), openings)
        local = self._local(interaction, interaction.callback_at or wished)
        return f"on {local:%A} at {local:%H:%M}"

    def _recording(self, call: PastCall, seconds: float) -> None:
        interaction = call.interaction
        if interaction.campaign.status == Campaign.Status.ARCHIVED:
            interaction.recording_state = Interaction.Recording.MISSING
            return
        audio = ContentFile(voice.record(call.spoken, seconds))
        interaction.recording.save(f"{interaction.workspace.public_id}/{interaction.public_id}.mp3", audio, save=False)
        interaction.recording_state = Interaction.Recording.STORED

    # --- what it did to the lead ---
    def _move_lead(self, row: Row, call: PastCall, ending: Ending) -> None:
        interaction = call.interaction
        if ending.status == Status.DNC:
            call.listed = DoNotCall(
                workspace=interaction.workspace,
                channel=Channel.PHONE,
                address=interaction.to_number,
                reason="Asked for on a call",
                source=interaction.public_id,
                created_at=interaction.updated_at,
            )
        if ending.lead and ending.lead != row.lead.status:
            row.changes.append(
                StatusChange(
                    lead=row.lead,
                    at=interaction.updated_at,
                    before=row.lead.status,
                    after=ending.lead,
                    reason=f"Outcome of the call: {Status(ending.status).label}",
                    interaction_public_id=interaction.public_id,
                )
            )
            row.lead.status = ending.lead

    def _then(self, row: Row, ended_at: datetime) -> None:
        assert row.history
        steps = len(row.history.then)
        for place, status in enumerate(row.history.then):
            part = (place + self.drawn.random()) / (steps + 1)
            self.leads.change(row, status, ended_at + (self.now - ended_at) * part)


def _message(role: str, text: str, at: datetime) -> dict[str, str]:
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"role": role, "message": text, "timestamp": stamp, "source": "voice_ai"}


def store(calls: list[PastCall]) -> None:
    """After the leads: the rows point at them."""
    for call in calls:
        if call.interaction.recording_state == Interaction.Recording.STORED:
            call.note(call.interaction.updated_at, "recording_stored", "The recording was copied")
    Interaction.objects.bulk_create(call.interaction for call in calls)
    CallPrompt.objects.bulk_create(call.prompt for call in calls)
    Transcript.objects.bulk_create(call.transcript for call in calls if call.transcript)
    InteractionEvent.objects.bulk_create(event for call in calls for event in call.events)
    DoNotCall.objects.bulk_create(call.listed for call in calls if call.listed)
    refresh_last_calls({call.interaction.lead_id for call in calls})
