"""The way from an empty workspace to its first call, read from what exists: nobody has to tick anything off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Exists, Model, OuterRef, QuerySet

from accounts.models import Role, Workspace
from calls.models import Dispatch, Interaction
from calls.provider_checks import CheckState, state_of_check
from campaigns.accounts import SANDBOX
from campaigns.models import CallerNumber, Campaign, PromptTemplate, ProviderAccount, VoiceAgent
from leads.models import Lead


@dataclass(frozen=True)
class Step:
    """`after` is the step without which its page has nothing to choose from."""

    key: str
    title: str
    why: str
    act: str
    url_name: str
    list_url_name: str
    role: Role = Role.ADMIN
    after: str = ""


STEPS = (
    Step(
        "account",
        "Connect a voice provider",
        "It dials, speaks and listens. LeadSail needs a key of it and hears from it when a call has ended.",
        "Add an account",
        "account_new",
        "account_list",
    ),
    Step(
        "agent",
        "Add a voice agent",
        "The voice that calls: one of the provider’s agents, with a name for your colleagues.",
        "Add an agent",
        "agent_new",
        "agent_list",
        after="account",
    ),
    Step(
        "number",
        "Add a caller number",
        "The number people see when they are called.",
        "Add a number",
        "number_new",
        "number_list",
        after="account",
    ),
    Step(
        "template",
        "Write what the agent says",
        "A prompt with the lead’s name and more filled in. It has to say that an AI calls, and how to stop the calls.",
        "Write a prompt",
        "prompt_new",
        "prompt_list",
    ),
    Step(
        "campaign",
        "Launch a campaign",
        "Who calls, with which prompt, at which hours and how often.",
        "Create a campaign",
        "campaign_new",
        "campaign_list",
        after="agent",
    ),
    Step(
        "lead",
        "Add a lead",
        "The person to call. A number in any writing is enough.",
        "Add a lead",
        "lead_new",
        "lead_list",
        Role.MEMBER,
        after="campaign",
    ),
    Step(
        "call",
        "Make the first call",
        "Open the lead and click Call. Transcript and outcome come by themselves when the call has ended.",
        "Choose a lead",
        "lead_list",
        "conversation_list",
        Role.MEMBER,
        after="lead",
    ),
)
KEYS = tuple(step.key for step in STEPS)


@dataclass(frozen=True)
class GuideStep:
    step: Step
    state: str
    """done, open or skipped"""
    waits_for: str = ""

    @property
    def key(self) -> str:
        return self.step.key


@dataclass(frozen=True)
class Guide:
    steps: list[GuideStep]
    is_closed: bool

    @property
    def done_count(self) -> int:
        return sum(step.state == "done" for step in self.steps)

    @property
    def next(self) -> GuideStep | None:
        return next((step for step in self.steps if step.state == "open"), None)

    @property
    def is_over(self) -> bool:
        return self.next is None

    def is_done(self, *keys: str) -> bool:
        return all(step.state == "done" for step in self.steps if step.key in keys)


def home_guide(workspace: Workspace) -> Guide | None:
    """For the home page: nothing once somebody has put the guide away or nothing is left to do."""
    if workspace.guide.get("closed"):
        return None
    guide = guide_of(workspace)
    return None if guide.is_over else guide


def guide_of(workspace: Workspace) -> Guide:
    done = _what_exists(workspace)
    skipped = set(workspace.guide.get("skipped", ()))
    titles = {step.key: step.title for step in STEPS}
    steps = []
    for step in STEPS:
        state = "done" if done[step.key] else "skipped" if step.key in skipped else "open"
        waits_for = "" if not step.after or done[step.after] or state == "done" else titles[step.after]
        steps.append(GuideStep(step, state, waits_for))
    return Guide(steps, is_closed=bool(workspace.guide.get("closed")))


def _what_exists(workspace: Workspace) -> dict[str, bool]:
    rows: dict[str, QuerySet[Model]] = {
        "account": ProviderAccount.objects.filter(is_active=True),
        "agent": VoiceAgent.objects.filter(is_active=True),
        "number": CallerNumber.objects.filter(is_active=True),
        "template": PromptTemplate.objects.filter(current__isnull=False),
        "campaign": Campaign.objects.filter(status=Campaign.Status.ACTIVE, production_agent__isnull=False),
        "lead": Lead.objects.all(),
        "call": Interaction.objects.filter(dispatch=Dispatch.PLACED),
    }
    questions = {key: Exists(found.filter(workspace=OuterRef("pk"))) for key, found in rows.items()}
    answers = Workspace.objects.filter(pk=workspace.pk).values_list(*questions.values()).get()
    return dict(zip(questions, answers, strict=True))


@dataclass(frozen=True)
class SandboxState:
    """How far the workspace's account at the sandbox is, if it has one."""

    check: CheckState | None

    @property
    def phase(self) -> str:
        if self.check is None:
            return "none"
        if self.check.phase in ("never", "waiting", "silent"):
            return self.check.phase
        return "failed" if self.check.state == "missing" else "ready"

    @property
    def is_pending(self) -> bool:
        return self.phase in ("waiting", "silent")

    @cached_property
    def faults(self) -> list[str]:
        results = self.check.results if self.check else []
        return [result["text"] for result in results if result["state"] == "missing"]


def sandbox_state_of(workspace: Workspace) -> SandboxState:
    accounts = ProviderAccount.objects.filter(workspace=workspace, host=SANDBOX, is_active=True)
    account = accounts.defer("api_key", "webhook_secret").order_by("pk").first()
    return SandboxState(state_of_check(account) if account else None)


def newest_lead(workspace: Workspace) -> Lead | None:
    return Lead.objects.filter(workspace=workspace).select_related("campaign").order_by("-pk").first()


def campaign_to_join(workspace: Workspace) -> Campaign | None:
    """For a lead that the guide suggests."""
    active = Campaign.objects.filter(workspace=workspace, status=Campaign.Status.ACTIVE)
    return active.order_by("-is_default", "pk").first()
