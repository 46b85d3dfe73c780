from __future__ import annotations

from accounts.models import Workspace
from calls.models import Interaction
from calls.shapes import with_all_shown
from common.errors import UnknownIdError


def interaction_of(workspace: Workspace, public_id: str) -> Interaction:
    rows = with_all_shown(Interaction.objects.all()).select_related(
        "workspace", "prompt", "prompt_version__template", "user", "api_key", "corrected_by"
    )
    found = rows.filter(workspace=workspace, public_id=public_id).first()
    if found is None:
        raise UnknownIdError("call", public_id)
    return found
