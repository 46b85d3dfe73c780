"""The plan of a week made real: workspace, accounts, campaigns and leads in the product, the same at the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from accounts.actors import SYSTEM
from accounts.models import Workspace
from calls.dialer.control import set_dialer
from calls.dialer.entries import send_to_dialer
from calls.models import DialerEntry
from calls.sandbox_setup import set_up_sandbox
from campaigns.dialing import StepValues
from campaigns.models import CallerNumber, Campaign, VoiceAgent
from campaigns.services import create_campaign
from leads.do_not_call import ReadList, upload_list
from leads.intake import Sent, submit_lead
from leads.models import Channel, Lead, TimezoneSource
from leads.services import set_status
from tests.simulation.plan import JSON
from tests.world import make_account, make_agent, make_number, make_template

COLUMNS = (
    *("name", "hours", "hours_zone", "holidays", "min_gap_minutes", "max_attempts", "max_attempts_per_day"),
    *("retry_outcomes", "excluded_statuses", "calls_per_minute", "daily_cap", "new_first", "first_action"),
)
CHUNK = 1000


def sandbox_key(account: int) -> str:
    return f"sk_sandbox_simulation_{account}"


class World:
    def __init__(self, plan: JSON) -> None:
        self.plan = plan
        self.workspace = Workspace.objects.create(name="Simulation", timezone=plan["workspace_zone"])
        self.numbers: dict[str, CallerNumber] = {}
        self.agents = [self._agent(place, account) for place, account in enumerate(plan["accounts"])]
        self.campaigns = [self._campaign(campaign) for campaign in plan["campaigns"]]
        # The plan's number of each lead of the product.
        self.known: dict[int, int] = {}
        self.leads: dict[int, Lead] = {}

    def _agent(self, place: int, account: JSON) -> VoiceAgent:
        limits = {name: account[name] for name in ("name", "calls_per_second", "concurrency")}
        keys = {"host": "sandbox", "api_key": sandbox_key(place), "webhook_secret": ""}
        made = make_account(self.workspace, **limits, **keys)
        for number in account["numbers"]:
            self.numbers[number["e164"]] = make_number(made, number["e164"], daily_cap=number["daily_cap"])
        agent = make_agent(made, template=make_template(self.workspace))
        set_up_sandbox(made.pk)
        return agent

    def _campaign(self, campaign: JSON) -> Campaign:
        made = create_campaign(
            workspace=self.workspace,
            by=SYSTEM,
            status=Campaign.Status.ACTIVE,
            production_agent=self.agents[campaign["account"]],
            caller_number=self.numbers[campaign["number"]],
            dialer_concurrency=campaign["concurrency"],
            steps=[self._step(step) for step in campaign["steps"]],
            **{name: campaign[name] for name in COLUMNS},
        )
        set_dialer(campaign=made, act="start", by=SYSTEM)
        return Campaign.objects.get(pk=made.pk)

    def _step(self, step: JSON) -> StepValues:
        return StepValues(
            after_attempt=step["after_attempt"],
            outcomes=tuple(step["outcomes"]),
            wait_minutes=step["wait_minutes"],
            part_of_day=step["part_of_day"],
            caller_number=self.numbers.get(step["number"]),
        )

    def fill(self) -> None:
        """Everyone who is there from the beginning, sent to the dialer."""
        self.list_numbers(self.plan["listed"])
        people = [lead for lead in self.plan["leads"] if not lead["submitted"]]
        for start in range(0, len(people), CHUNK):
            chunk = people[start : start + CHUNK]
            made = Lead.objects.bulk_create([self._lead(lead) for lead in chunk])
            for lead, row in zip(chunk, made, strict=True):
                self._keep(lead["id"], row)
            send_to_dialer(leads=made, by=SYSTEM)

    def _lead(self, lead: JSON) -> Lead:
        campaign = self.campaigns[lead["campaign"]]
        return Lead(workspace=self.workspace, campaign=campaign, status=lead["status"], **self._fields(lead))

    def _fields(self, lead: JSON) -> dict[str, Any]:
        source = TimezoneSource.USER_INPUT if lead["given"] else ""
        names = {"first_name": f"Lead {lead['id']}", "last_name": "", "email": f"lead{lead['id']}@example.com"}
        return {**names, "phone": lead["phone"], "timezone": lead["given"], "timezone_source": source}

    def _keep(self, number: int, lead: Lead) -> None:
        self.known[lead.pk], self.leads[number] = number, lead

    # --- what happens in between ---
    def do(self, event: JSON) -> None:
        getattr(self, f"_{event['do']}")(event)

    def _submit(self, event: JSON) -> None:
        lead = self.plan["leads"][event["lead"]]
        sent = Sent(fields=self._fields(lead), payload={})
        submission = submit_lead(campaign=self.campaigns[lead["campaign"]], sent=sent, by=SYSTEM)
        self._keep(lead["id"], submission.lead)

    def _list(self, event: JSON) -> None:
        self.list_numbers(event["numbers"])

    def _status(self, event: JSON) -> None:
        set_status(lead=self.leads[event["lead"]], status=event["status"], by=SYSTEM)

    def _pause(self, event: JSON) -> None:
        set_dialer(campaign=self.campaigns[event["campaign"]], act="pause", by=SYSTEM)

    def _resume(self, event: JSON) -> None:
        set_dialer(campaign=self.campaigns[event["campaign"]], act="resume", by=SYSTEM)

    def list_numbers(self, numbers: Sequence[str]) -> None:
        found = ReadList(rows=len(numbers), addresses={number: row for row, number in enumerate(numbers, 1)})
        upload_list(workspace=self.workspace, by=SYSTEM, found=found, channel=Channel.PHONE, reason="asked", source="")

    # --- what is left at the end ---
    def left(self) -> Iterator[JSON]:
        for entry in DialerEntry.objects.select_related("lead").order_by("pk"):
            due_at = entry.due_at.timestamp() if entry.due_at else None
            number = self.known[entry.lead_id]
            status = entry.lead.status
            yield {"lead": number, "state": entry.state, "due_at": due_at, "why": entry.why, "status": status}
