"""Which webhook event tells of what happened to a call. Each commits with the change that it tells of, or not at all.

    what happened                                                    event
    -----------------------------------------------------------------------------------------------------------------
    the provider took it, also where that was learned late           call.started
    assumed, for the provider could not be asked for a day           call.started, then call.failed
    it ended with an outcome other than error                        call.completed
    it ended in status error: rejected, withdrawn by the gate,       call.failed
      expired, not placed, a fault of ours or of the provider's,
      no report until the deadline, cancelled (errorCode CANCELLED)
    answered; a summary, transcript or outcome after its end;        interaction.updated
      a correction; its recording was stored
    throttled, put back, not known to be placed; a replayed report   nothing

Every call that was asked for ends with one `call.completed` or `call.failed`, so that whoever counts open calls needs
no third rule; that is why a cancelled one counts as failed. What is learned of it afterwards is `interaction.updated`,
also a better outcome after `NO_REPORT`. Only a call that was told as failed because nobody knew that it had been placed
begins anew: `call.started`, and `call.completed` with its first outcome. Neither ever comes twice.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.db import Error as DatabaseFailure

from calls.models import Interaction, Status
from calls.shapes import interaction_json, with_all_shown
from webhooks.services import emit

log = structlog.get_logger(__name__)
STARTED, COMPLETED, FAILED, UPDATED = "call.started", "call.completed", "call.failed", "interaction.updated"
# Of no concern to who reads the call: they are not in its shape.
UNSEEN = {"answered_by_machine", "recording_state", "recording_due_at", "check_at"}


def tell(event: str, interaction: Interaction | int) -> None:
    """In the transaction of the change. A fault in the telling must not undo what happened on the line; one of the
    database undoes both, for both are tried again."""
    try:
        row = _with_owners(interaction) if isinstance(interaction, int) else interaction
        emit(
            event,
            workspace=row.workspace,
            campaign_code=row.campaign.code,
            object_id=row.public_id,
            payload=lambda: _payload(row.pk),
        )
    except DatabaseFailure:
        raise
    except Exception as error:
        log.exception("event_not_told", event_type=event, interaction=str(interaction), exc_info=error)


def event_of_outcome(interaction: Interaction, *, before: str) -> str:
    """Of an outcome just reported or guessed; `before` is the status that stood until now. Read before it is noted."""
    if interaction.status == Status.ERROR:
        return FAILED if before == Status.IN_PROGRESS else UPDATED
    return UPDATED if interaction.events.filter(kind="outcome").exists() else COMPLETED


def _with_owners(pk: int) -> Interaction:
    return Interaction.objects.select_related("workspace", "campaign").get(pk=pk)


def _payload(pk: int) -> dict[str, Any]:
    data = interaction_json(with_all_shown(Interaction.objects.filter(pk=pk)).get())
    return {**{name: data[name] for name in ("interactionId", "leadId", "campaignId", "status")}, "data": data}
