"""Jobs by dotted name: whoever enqueues one does not import the code that runs it."""

from __future__ import annotations

RUN_BULK_CHANGE = "leads.jobs.run_bulk_change"
