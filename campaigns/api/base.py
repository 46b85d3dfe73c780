from __future__ import annotations

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from rest_framework.response import Response

from accounts.api.base import ApiView

# Where the API's name of a field is more than the model's in camelCase.
NAMES = {
    "account": "accountId",
    "caller_number": "callerNumberId",
    "duplicate_window_days": "duplicateDetection.windowDays",
    "e164": "number",
    "is_active": "active",
    "production_agent": "aiAgents.production",
    "template": "templateId",
    "test_agent": "aiAgents.test",
}
CAMPAIGN_NAMES = {
    **NAMES,
    "calls_per_minute": "autoDialer.callsPerMinute",
    "daily_cap": "autoDialer.dailyCap",
    "dialer_concurrency": "autoDialer.concurrency",
    "excluded_statuses": "autoDialer.excludedStatuses",
    "first_action": "firstSubmissionAction.type",
    "first_action_endpoint": "firstSubmissionAction.webhookEndpointId",
    "new_first": "autoDialer.newLeadsFirst",
    "retry_outcomes": "autoDialer.retryOutcomes",
    "review_priority": "firstSubmissionAction.priority",
    "review_reason": "firstSubmissionAction.reason",
    "ring_timeout_seconds": "autoDialer.ringTimeoutSeconds",
    "steps": "autoDialer.sequence",
    "voicemail_action": "autoDialer.voicemail.action",
    "voicemail_message": "autoDialer.voicemail.message",
}
STEP_NAMES = {
    "after_attempt": "afterAttempt",
    "agent": "agentId",
    "caller_number": "callerNumberId",
    "part_of_day": "partOfDay",
    "wait_minutes": "waitMinutes",
}


class CampaignsView(ApiView):
    names = NAMES

    def handle_exception(self, exc: Exception) -> Response:
        """The services tell mistakes at the model's fields."""
        if isinstance(exc, ValidationError) and hasattr(exc, "error_dict"):
            exc = ValidationError({self._called(name): told for name, told in _told(exc).items()})
        return super().handle_exception(exc)

    def _called(self, name: str) -> str:
        """Of a step of the sequence, too: steps.0.wait_minutes."""
        first, *rest = name.split(".")
        return ".".join([self.names.get(first, first), *(STEP_NAMES.get(word, word) for word in rest)])


def _told(error: ValidationError) -> dict[str, list[Any]]:
    return {name or NON_FIELD_ERRORS: list(errors) for name, errors in error.error_dict.items()}
