"""Time is set, not slept for."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from common import clock


class Clock:
    """Moves the business clock; it stands still unless moved."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def at(self, moment: str | datetime) -> datetime:
        when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        self._settings.CLOCK = f"{time.time()},{when.timestamp()},0"
        return when

    def move(self, **step: float) -> datetime:
        return self.at(clock.now() + timedelta(**step))
