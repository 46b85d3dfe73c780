from __future__ import annotations

from typing import Any

from common.forms import WorkspaceForm


def changed_values(form: WorkspaceForm) -> dict[str, Any]:
    """What differs from what the form showed: the rest may be somebody else's change of this very moment."""
    return {name: form.cleaned_data[name] for name in form.changed_data if name in form.cleaned_data}
