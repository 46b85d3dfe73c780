"""The events that endpoints may be told of."""

from __future__ import annotations

EVENT_WORDS = {
    "lead.delivered": "A lead's status became delivered.",
    "lead.disqualified": "A lead's status became disqualified.",
    "lead.failed": "A lead's status became failed.",
    "lead.queued": "A lead's status became queued.",
    "lead.first_submission_action": "A lead came in for the first time, and the campaign's first action begins.",
    "lead.processed": "A submission was taken in.",
    "lead.status_changed": "A lead's status changed, whoever changed it.",
    "lead.dnc": "A lead's number or address was put on the Do-Not-Call list.",
    "call.started": "The provider took a call: the phone rings.",
    "call.completed": "A call is over and has an outcome.",
    "call.failed": "A call could not be placed, or ended in an error.",
    "interaction.updated": "A call's data changed: answered, transcript, outcome, recording, correction.",
}
EVENTS = tuple(EVENT_WORDS)
TEST_EVENT = "webhook.test"
