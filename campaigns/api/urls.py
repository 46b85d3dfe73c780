from __future__ import annotations

from django.urls import path

from campaigns.api import agents, campaigns, numbers, providers, templates, variables

urlpatterns = [
    path("campaigns", campaigns.Campaigns.as_view(), name="api_campaigns"),
    path("campaigns/<slug:campaign_id>", campaigns.CampaignDetail.as_view(), name="api_campaign"),
    path("campaigns/<slug:campaign_id>/status", campaigns.CampaignStatus.as_view(), name="api_campaign_status"),
    path("campaigns/<slug:campaign_id>/checklist", campaigns.CampaignChecklist.as_view(), name="api_checklist"),
    path("agents", agents.Agents.as_view(), name="api_agents"),
    path("agents/<slug:agent_id>", agents.AgentDetail.as_view(), name="api_agent"),
    path("numbers", numbers.Numbers.as_view(), name="api_numbers"),
    path("numbers/<slug:number_id>", numbers.NumberDetail.as_view(), name="api_number"),
    path("templates", templates.Templates.as_view(), name="api_templates"),
    path("templates/preview", templates.TemplatePreview.as_view(), name="api_template_preview"),
    path("templates/<slug:template_id>", templates.TemplateDetail.as_view(), name="api_template"),
    path("templates/<slug:template_id>/restore", templates.TemplateRestore.as_view(), name="api_template_restore"),
    path("templates/<slug:template_id>/versions", templates.TemplateVersions.as_view(), name="api_template_versions"),
    path(
        "templates/<slug:template_id>/versions/<int:version>",
        templates.TemplateVersionDetail.as_view(),
        name="api_template_version",
    ),
    path("variables", variables.Variables.as_view(), name="api_variables"),
    path("variables/<slug:name>", variables.VariableDetail.as_view(), name="api_variable"),
    path("provider-accounts", providers.ProviderAccounts.as_view(), name="api_provider_accounts"),
    path("provider-accounts/<slug:account_id>", providers.ProviderAccountDetail.as_view(), name="api_provider_account"),
    path(
        "provider-accounts/<slug:account_id>/check",
        providers.ProviderAccountCheck.as_view(),
        name="api_provider_account_check",
    ),
    path(
        "provider-accounts/<slug:account_id>/directory",
        providers.ProviderAccountDirectory.as_view(),
        name="api_provider_account_directory",
    ),
]
