from __future__ import annotations

import pytest

from accounts.models import Membership, Role, Workspace
from campaigns.models import CallerNumber, Campaign, PromptTemplate, PromptVariable, VoiceAgent
from campaigns.prompts import find_mistakes, render, used_names
from campaigns.queries import variable_defaults

pytestmark = pytest.mark.usefixtures("demo")


def test_every_role_and_campaign_status_occurs() -> None:
    assert set(Membership.objects.values_list("role", flat=True)) == set(Role.values)
    assert set(Campaign.objects.values_list("status", flat=True)) == set(Campaign.Status.values)
    assert Campaign.objects.filter(is_default=True, status=Campaign.Status.ACTIVE).count() == 1
    assert set(CallerNumber.objects.values_list("kind", flat=True)) == set(CallerNumber.Kind.values)


def test_campaigns_and_agents_pass_validation() -> None:
    for row in (*Campaign.objects.all(), *VoiceAgent.objects.all(), *PromptVariable.objects.all()):
        row.full_clean()


def test_templates_use_only_names_that_exist_and_render_whole(demo: Workspace) -> None:
    known = variable_defaults(demo)
    for template in PromptTemplate.objects.select_related("current"):
        assert template.current
        for text in (template.current.body, template.current.first_message):
            assert find_mistakes(text, known) == []
            assert "{" not in render(text, {}, known)


def test_templates_say_that_an_ai_calls_and_how_to_stop_it() -> None:
    for template in PromptTemplate.objects.select_related("current"):
        assert template.current
        assert "an AI assistant" in template.current.first_message
        assert "not to be called again" in template.current.body
        assert {"first_name", "contact_type", "call_direction"} <= set(used_names(template.current.body))
