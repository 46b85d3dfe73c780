"""Jobs by dotted name: whoever enqueues one does not import the code that runs it."""

from __future__ import annotations

DIAL = "calls.jobs.dial"
LOOK = "calls.jobs.look"
RECONCILE = "calls.jobs.reconcile"
APPLY_EVENT = "calls.jobs.apply_event"
COPY_RECORDING = "calls.jobs.copy_recording"
CHECK_ACCOUNT = "calls.jobs.check_account"
SET_UP_SANDBOX = "calls.jobs.set_up_sandbox"
