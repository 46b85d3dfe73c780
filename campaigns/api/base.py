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


class CampaignsView(ApiView):
    def handle_exception(self, exc: Exception) -> Response:
        """The services tell mistakes at the model's fields."""
        if isinstance(exc, ValidationError) and hasattr(exc, "error_dict"):
            exc = ValidationError({NAMES.get(name, name): told for name, told in _told(exc).items()})
        return super().handle_exception(exc)


def _told(error: ValidationError) -> dict[str, list[Any]]:
    return {name or NON_FIELD_ERRORS: list(errors) for name, errors in error.error_dict.items()}
