from __future__ import annotations

from typing import Any

from django.forms import BaseForm

from common.forms import WorkspaceForm


def place_errors(form: BaseForm, error: Any) -> None:
    """What the service says of fields that this form has is said there, the rest above them."""
    for name, faults in error.error_dict.items():
        place = name.split(".")
        if name in form.fields:
            form.add_error(name, faults)
        elif place[0] == "steps" and len(place) == 3:
            form.add_error(None, [f"Step {int(place[1]) + 1} of the auto-dialer: {text}" for text in _texts(faults)])
        else:
            form.add_error(None, faults)


def _texts(faults: Any) -> list[str]:
    return [text for fault in faults for text in fault.messages]


def changed_values(form: WorkspaceForm) -> dict[str, Any]:
    """What differs from what the form showed: the rest may be somebody else's change of this very moment."""
    return {name: form.cleaned_data[name] for name in form.changed_data if name in form.cleaned_data}
