from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from common.admin import Admin


def tell(form: forms.ModelForm[Any], check: Callable[..., None], *facts: Any) -> None:
    """What the service would refuse is told at the field."""
    try:
        check(*facts)
    except ValidationError as error:
        form.add_error(None, error)


class KeptAdmin(Admin):
    """Calls and campaigns name these: agents and numbers are deactivated, templates get new versions."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
