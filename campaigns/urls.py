from __future__ import annotations

from django.urls import path

from campaigns.views import agents, campaigns, dialing, numbers, prompts, providers

urlpatterns = [
    path("campaigns/", campaigns.campaign_list, name="campaign_list"),
    path("campaigns/new/", campaigns.campaign_new, name="campaign_new"),
    path("campaigns/<slug:code>/", campaigns.campaign_page, name="campaign"),
    path("campaigns/<slug:code>/edit/", campaigns.campaign_edit, name="campaign_edit"),
    path("campaigns/<slug:code>/status/", campaigns.campaign_status, name="campaign_status"),
    path("campaigns/<slug:code>/dialer/settings/", dialing.dialer_settings, name="dialer_settings"),
    path("agents/", agents.agent_list, name="agent_list"),
    path("agents/new/", agents.agent_new, name="agent_new"),
    path("agents/<slug:public_id>/", agents.agent_edit, name="agent_edit"),
    path("numbers/", numbers.number_list, name="number_list"),
    path("numbers/new/", numbers.number_new, name="number_new"),
    path("numbers/<slug:public_id>/", numbers.number_edit, name="number_edit"),
    path("prompts/", prompts.prompt_list, name="prompt_list"),
    path("prompts/new/", prompts.prompt_new, name="prompt_new"),
    path("prompts/preview/", prompts.prompt_preview, name="prompt_preview"),
    path("prompts/variables/", prompts.variable_list, name="variable_list"),
    path("prompts/variables/new/", prompts.variable_new, name="variable_new"),
    path("prompts/variables/<int:pk>/", prompts.variable_edit, name="variable_edit"),
    path("prompts/variables/<int:pk>/delete/", prompts.variable_delete, name="variable_delete"),
    path("prompts/<slug:public_id>/", prompts.prompt_edit, name="prompt_edit"),
    path("prompts/<slug:public_id>/versions/<int:number>/", prompts.prompt_version, name="prompt_version"),
    path("prompts/<slug:public_id>/versions/<int:number>/restore/", prompts.prompt_restore, name="prompt_restore"),
    path("settings/providers/", providers.account_list, name="account_list"),
    path("settings/providers/new/", providers.account_new, name="account_new"),
    path("settings/providers/<slug:public_id>/", providers.account_edit, name="account_edit"),
    path("settings/providers/<slug:public_id>/check/", providers.account_check, name="account_check"),
    path("settings/providers/<slug:public_id>/checks/", providers.account_checks, name="account_checks"),
]
