from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass
class Clock:
    """One clock for all processes: business time runs from its own origin at its own speed, until it is set anew."""

    real_origin: float = 0.0
    business_origin: float = 0.0
    speed: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Clock:
        if not text.strip():
            return cls()
        try:
            real, business, speed = (float(part) for part in text.split(","))
        except ValueError:
            raise ValueError(
                f'CLOCK must be "real_origin,business_origin,speed", three numbers, not "{text}".'
            ) from None
        if not 0 < speed < float("inf"):
            raise ValueError(f"The speed in CLOCK must be above 0, not {speed}.")
        return cls(real, business, speed)

    def set(self, other: Clock) -> None:
        """In place: everything that asks the time holds this one."""
        self.real_origin, self.business_origin, self.speed = other.real_origin, other.business_origin, other.speed

    def now(self) -> float:
        return self.business_origin + (time.time() - self.real_origin) * self.speed
