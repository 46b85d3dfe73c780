from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from accounts.actors import Actor
from accounts.models import Workspace
from accounts.services import record
from campaigns.dialing import (
    StepValues,
    check_dialing,
    rows_of,
    rule_problems,
    standing_problems,
    steps_of,
    steps_text,
)
from campaigns.models import (
    VARIABLE_PATTERN,
    CallerNumber,
    Campaign,
    PromptTemplate,
    PromptVariable,
    PromptVersion,
    SequenceStep,
    VoiceAgent,
)
from campaigns.prompts import BUILT_IN, find_mistakes
from campaigns.queries import variable_defaults
from campaigns.signals import rules_changed
from campaigns.usage import callers_by_number, campaigns_from
from common.errors import ProblemError
from common.hours import CLOSED, DAYS, hours_or_closed
from common.ids import new_code
from common.phones import normalize_phone

CAMPAIGN_MOVES: dict[str, tuple[str, ...]] = {
    Campaign.Status.INACTIVE: (Campaign.Status.ACTIVE, Campaign.Status.ARCHIVED),
    Campaign.Status.ACTIVE: (Campaign.Status.INACTIVE, Campaign.Status.ARCHIVED),
    Campaign.Status.ARCHIVED: (Campaign.Status.INACTIVE,),
}
AGENT_NAME_TAKEN = "Another agent has this name: choose one that tells them apart."
TEMPLATE_NAME_TAKEN = "Another prompt has this name already: choose a different one."
NO_ARCHIVED_DEFAULT = (
    "An archived campaign cannot be the default: leads without a campaign would go where nobody calls."
)


# Rules by which leads in the dialer are planned: on a change they are planned again.
PLANNED_BY = frozenset(
    {
        *("hours", "hours_zone", "holidays", "min_gap_minutes", "max_attempts", "max_attempts_per_day"),
        *("retry_outcomes", "excluded_statuses", "steps", "production_agent", "test_agent", "caller_number"),
    }
)
# The same of a number: in every campaign that calls from it.
PLANNED_BY_NUMBER = frozenset({"daily_cap", "is_active"})
# Rules that steps may contradict.
BESIDE_STEPS = frozenset(
    {"hours", "hours_zone", "min_gap_minutes", "max_attempts", "retry_outcomes", "production_agent", "caller_number"}
)


@transaction.atomic
def create_campaign(*, workspace: Workspace, by: Actor, steps: Sequence[StepValues] = (), **fields: Any) -> Campaign:

    def taken(code: str) -> bool:
        return Campaign.objects.filter(workspace=workspace, code=code).exists()

    campaign = Campaign(workspace=workspace, code=new_code(taken), **fields)
    if campaign.is_default:
        _lock_default_mark(workspace.pk)
        _take_default_mark(campaign, by=by)
    _check_campaign(campaign, steps)
    campaign.save()
    _save_steps(campaign, steps)
    record(workspace=workspace, by=by, verb="campaign.created", object_type="campaign", object_id=campaign.code)
    return campaign


@transaction.atomic
def update_campaign(
    *,
    campaign: Campaign,
    by: Actor,
    days: Mapping[str, Any] | None = None,
    steps: Sequence[StepValues] | None = None,
    **fields: Any,
) -> Campaign:
    """Everything but the status and the dialer, which have rules of their own; `days` are hours of single days, the
    others stay, and `steps` are all of them."""
    if fields.get("is_default"):
        _lock_default_mark(campaign.workspace_id)
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if days:
        fields["hours"] = _with_days(campaign.hours, days)
    changes = _change(campaign, fields)
    if "is_default" in changes and campaign.is_default:
        _take_default_mark(campaign, by=by)
    stored = steps_of(campaign) if steps is not None or BESIDE_STEPS & set(changes) else []
    wanted = stored if steps is None else list(steps)
    _check_changes(campaign, changes, stored, wanted)
    if changes:
        campaign.save(update_fields=list(changes))
    if wanted != stored:
        _save_steps(campaign, wanted)
        changes["steps"] = [steps_text(stored), steps_text(wanted)]
    if changes:
        _record_campaign(campaign, "campaign.changed", changes, by=by)
    if PLANNED_BY & set(changes):
        rules_changed.send(sender=Campaign, campaign=campaign)
    return campaign


def _save_steps(campaign: Campaign, steps: Sequence[StepValues]) -> None:
    campaign.steps.all().delete()
    SequenceStep.objects.bulk_create(rows_of(campaign, steps))


@transaction.atomic
def set_dialer_state(*, campaign: Campaign, state: str, by: Actor) -> bool:
    """False when it was so already. What follows for leads and queued calls is the dialer's (calls.dialer.control)."""
    before = Campaign.objects.filter(pk=campaign.pk).values_list("dialer", flat=True).get()
    changed = before != state and Campaign.objects.filter(pk=campaign.pk, dialer=before).update(dialer=state) == 1
    if changed:
        _record_campaign(campaign, "campaign.dialer", {"dialer": [before, state]}, by=by)
        campaign.dialer = state
    return changed


@transaction.atomic
def set_campaign_status(*, campaign: Campaign, status: str, by: Actor) -> bool:
    """False when it already was so. Whether a campaign is fit to be launched is asked before (calls.launch)."""
    stored = Campaign.objects.select_for_update().get(pk=campaign.pk)
    before, campaign.status = stored.status, status
    if before == status:
        return False
    if status not in CAMPAIGN_MOVES[before]:
        labels = dict(Campaign.Status.choices)
        sentence = f"A campaign that is {labels[before].lower()} cannot become {labels[status].lower()} at once."
        raise ProblemError("CAMPAIGN_STATUS", f"{sentence} Restore it first.")
    if status == Campaign.Status.ARCHIVED and stored.is_default:
        raise ProblemError("DEFAULT_CAMPAIGN", f"{NO_ARCHIVED_DEFAULT} Make another campaign the default first.")
    Campaign.objects.filter(pk=stored.pk).update(status=status)
    _record_campaign(stored, "campaign.status", {"status": [before, status]}, by=by)
    return True


def _with_days(hours: Any, days: Mapping[str, Any]) -> dict[str, Any]:
    kept = hours if hours_or_closed(hours) != CLOSED else {}
    return {day: [] for day in DAYS} | kept | dict(days)


def _lock_default_mark(workspace_id: int) -> None:
    """Before any campaign's row: of two that take the mark at once the second finds the first one having it."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


def _take_default_mark(campaign: Campaign, *, by: Actor) -> None:
    """Exactly one campaign has the mark: whoever had it gives it up in the same transaction."""
    if campaign.status == Campaign.Status.ARCHIVED:
        raise ValidationError({"is_default": NO_ARCHIVED_DEFAULT})
    others = Campaign.objects.select_for_update().filter(workspace=campaign.workspace, is_default=True)
    for other in others.exclude(pk=campaign.pk):
        Campaign.objects.filter(pk=other.pk).update(is_default=False)
        _record_campaign(other, "campaign.changed", {"is_default": [True, False]}, by=by)


def _check_campaign(campaign: Campaign, steps: Sequence[StepValues]) -> None:
    _check_fields(campaign)
    if problems := check_dialing(campaign, steps):
        raise ValidationError(problems)


def _check_fields(campaign: Campaign) -> None:
    campaign.full_clean(exclude=["code"])
    check_caller_number(campaign.caller_number, campaign.production_agent)


def _check_changes(
    campaign: Campaign, changed: Collection[str], stored: Sequence[StepValues], wanted: Sequence[StepValues]
) -> None:
    """What has come to contradict by other ways, as an endpoint that was deleted, is no reason to refuse a new name."""
    _check_fields(campaign)
    problems = rule_problems(campaign, changed)
    if wanted != stored or BESIDE_STEPS & set(changed):
        problems |= standing_problems(campaign, stored, wanted)
    if problems:
        raise ValidationError(problems)


def check_caller_number(number: CallerNumber | None, agent: VoiceAgent | None) -> None:
    """A provider can only call from a number that its own account holds."""
    if number and agent and number.account_id != agent.account_id:
        sentence = f"{number} is held by {number.account}, but {agent.name} calls through {agent.account}"
        raise ValidationError({"caller_number": f"{sentence}: choose a number of that account."})


def _record_campaign(campaign: Campaign, verb: str, changes: dict[str, list[Any]], *, by: Actor) -> None:
    record(
        workspace=campaign.workspace,
        by=by,
        verb=verb,
        object_type="campaign",
        object_id=campaign.code,
        data={"changes": changes},
    )


@transaction.atomic
def create_agent(*, workspace: Workspace, by: Actor, **fields: Any) -> VoiceAgent:
    agent = VoiceAgent(workspace=workspace, **fields)
    _check_agent(agent)
    agent.save()
    record(workspace=workspace, by=by, verb="agent.created", object_type="agent", object_id=agent.public_id)
    return agent


@transaction.atomic
def update_agent(*, agent: VoiceAgent, by: Actor, **fields: Any) -> VoiceAgent:
    agent = VoiceAgent.objects.select_for_update().get(pk=agent.pk)
    changes = _change(agent, fields)
    _check_agent(agent)
    _save_changes(agent, changes, kind="agent", by=by)
    return agent


def _check_agent(agent: VoiceAgent) -> None:
    _check_name(agent, AGENT_NAME_TAKEN)
    agent.full_clean()
    check_caller_number(agent.caller_number, agent)


def _check_name(row: VoiceAgent | PromptTemplate, taken: str) -> None:
    """Here and not only in a form: the constraint's own sentence would say nothing of what to do."""
    others = type(row).objects.filter(workspace=row.workspace, name=row.name).exclude(pk=row.pk)
    if others.exists():
        raise ValidationError({"name": taken})


@transaction.atomic
def create_number(*, workspace: Workspace, by: Actor, e164: str, **fields: Any) -> CallerNumber:
    """Takes the number in any writing."""
    number = CallerNumber(workspace=workspace, e164=_normal_number(e164, workspace), **fields)
    _check_number(number)
    number.save()
    record(workspace=workspace, by=by, verb="number.created", object_type="number", object_id=number.public_id)
    return number


@transaction.atomic
def update_number(*, number: CallerNumber, by: Actor, **fields: Any) -> CallerNumber:
    number = CallerNumber.objects.select_for_update().get(pk=number.pk)
    if "e164" in fields:
        fields["e164"] = _normal_number(fields["e164"], number.workspace)
    changes = _change(number, fields)
    _check_number(number)
    check_number_stays(number)
    _save_changes(number, changes, kind="number", by=by)
    if PLANNED_BY_NUMBER & set(changes):
        for campaign in campaigns_from(number).order_by("pk"):
            rules_changed.send(sender=Campaign, campaign=campaign)
    return number


def _check_number(number: CallerNumber) -> None:
    if sentence := number_taken(number):
        raise ValidationError({"e164": sentence})
    number.full_clean()


def number_taken(number: CallerNumber) -> str:
    same = CallerNumber.objects.filter(account=number.account_id, e164=number.e164).exclude(pk=number.pk)
    return f"{number.account} has this number already: edit that one, or activate it again." if same.exists() else ""


def check_number_stays(number: CallerNumber) -> None:
    """Whoever calls from a number calls through its account: it cannot move away from under them."""
    before = CallerNumber.objects.values_list("account_id", flat=True).get(pk=number.pk)
    if before == number.account_id:
        return
    if callers := callers_by_number([number])[number.pk]:
        sentence = f"{', '.join(callers)} would have no number left: it is held by another account"
        raise ValidationError({"account": f"{sentence}. Add it to the new account as a number of its own."})


def _normal_number(text: str, workspace: Workspace) -> str:
    try:
        return normalize_phone(text, country=workspace.country)
    except ValidationError as error:
        raise ValidationError({"e164": error.message}) from error


def _change(row: Model, fields: dict[str, Any]) -> dict[str, list[Any]]:
    """Sets the fields and tells which of them differ, before and after, in words."""
    changes = {}
    for name, value in fields.items():
        before = getattr(row, name)
        if before != value:
            changes[name] = [_in_words(before), _in_words(value)]
            setattr(row, name, value)
    return changes


def _in_words(value: Any) -> Any:
    return str(value) if isinstance(value, Model) else value


def _save_changes(row: VoiceAgent | CallerNumber, changes: dict[str, list[Any]], *, kind: str, by: Actor) -> None:
    if not changes:
        return
    row.save(update_fields=list(changes))
    data = {"changes": changes}
    record(workspace=row.workspace, by=by, verb=f"{kind}.changed", object_type=kind, object_id=row.public_id, data=data)


def check_prompt(*, workspace: Workspace, body: str, first_message: str = "") -> None:
    if mistakes := prompt_mistakes(workspace=workspace, body=body, first_message=first_message):
        raise ValidationError(mistakes)


def prompt_mistakes(*, workspace: Workspace, body: str, first_message: str) -> dict[str, list[str]]:
    """Why such a text is not saved, by field."""
    known = variable_defaults(workspace)
    found = {
        name: mistakes
        for name, text in (("body", body), ("first_message", first_message))
        if (mistakes := find_mistakes(text, known))
    }
    if not body.strip():
        found["body"] = ["Write what the agent should do."]
    return found


@transaction.atomic
def save_template(
    *, workspace: Workspace, name: str, body: str, first_message: str, by: Actor, template: PromptTemplate | None = None
) -> PromptTemplate:
    """A changed text becomes a new version; a variable that does not exist is refused here, not on the phone."""
    body, first_message = body.replace("\r\n", "\n"), first_message.replace("\r\n", "\n")
    check_prompt(workspace=workspace, body=body, first_message=first_message)
    template = template or PromptTemplate(workspace=workspace)
    # A form has set the new name on the row it gives.
    former = PromptTemplate.objects.select_for_update().filter(pk=template.pk).values_list("name", flat=True).first()
    template.name = name
    _check_name(template, TEMPLATE_NAME_TAKEN)
    template.full_clean(exclude=["current"])
    template.save()
    current = template.current
    if current is None or (current.body, current.first_message) != (body, first_message):
        template.current = PromptVersion.objects.create(
            template=template,
            number=template.versions.count() + 1,
            body=body,
            first_message=first_message,
            created_by=by.user,
        )
        template.save(update_fields=["current"])
        _record_template(template, "template.saved", by=by)
    if former not in (None, name):
        _record_template(template, "template.renamed", by=by, **{"from": former, "to": name})
    return template


def _record_template(template: PromptTemplate, verb: str, *, by: Actor, **data: Any) -> None:
    workspace, object_id = template.workspace, template.public_id
    record(workspace=workspace, by=by, verb=verb, object_type="template", object_id=object_id, data=data)


def register_custom_fields(*, workspace: Workspace, names: Iterable[str]) -> None:
    """A lead's custom field may be used in templates from the moment a lead has it."""
    rows = [
        PromptVariable(workspace=workspace, name=name, kind=PromptVariable.Kind.CUSTOM_FIELD)
        for name in sorted(names)
        if name not in BUILT_IN and VARIABLE_PATTERN.fullmatch(name)
    ]
    PromptVariable.objects.bulk_create(rows, ignore_conflicts=True)
