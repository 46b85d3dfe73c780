from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sandbox.clock import Clock
from sandbox.faults import FAULTS

MAX_SPEED = 100_000.0


class ControlError(ValueError):
    """What was asked for is not possible; the text is a sentence for the person who asked."""


@dataclass
class Settings:
    speed: float = 1.0
    seed: int = 1
    faults: dict[str, float] = field(default_factory=dict)
    # Empty: the clock that the process was started with.
    clock: str = ""


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_speed(value: Any) -> float:
    if not is_number(value) or not 0 < value <= MAX_SPEED:
        raise ControlError(f"speed must be a number above 0 and at most {MAX_SPEED:.0f}.")
    return float(value)


def check_seed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ControlError("seed must be a whole number.")
    return value


def check_faults(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ControlError("faults must be an object of fault names and probabilities.")
    for name, probability in value.items():
        if name not in FAULTS:
            raise ControlError(f'There is no fault "{name}". Known faults: {", ".join(FAULTS)}.')
        if not is_number(probability) or not 0 <= probability <= 1:
            raise ControlError(f'The probability of "{name}" must be a number from 0 to 1.')
    return {name: float(probability) for name, probability in value.items()}


def check_clock(value: Any) -> str:
    if not isinstance(value, str):
        raise ControlError("clock must be a text: real_origin,business_origin,speed.")
    try:
        Clock.parse(value)
    except ValueError as error:
        raise ControlError(str(error).replace("CLOCK", "clock")) from None
    return value


CHECKS: dict[str, Callable[[Any], Any]] = {
    "speed": check_speed,
    "seed": check_seed,
    "faults": check_faults,
    "clock": check_clock,
}


def check(changes: Any) -> dict[str, Any]:
    if not isinstance(changes, dict):
        raise ControlError("The body must be a JSON object.")
    for key in changes:
        if key not in CHECKS:
            raise ControlError(f'There is no setting "{key}". Known settings: {", ".join(CHECKS)}.')
    return {key: CHECKS[key](value) for key, value in changes.items()}


class Control:
    """Speed, seed, faults and the clock; kept in a file, so that a restarted sandbox behaves as before."""

    def __init__(self, path: Path, clock: Clock, speed: float = 1.0) -> None:
        self.path = path
        self.clock = clock
        self._started_with = replace(clock)
        self.settings = Settings(speed=speed)
        self._changed = asyncio.Event()
        if path.exists():
            self._apply(check(json.loads(path.read_text())))

    def _apply(self, changes: dict[str, Any]) -> None:
        for key, value in changes.items():
            setattr(self.settings, key, value)
        if "clock" in changes:
            self.clock.set(Clock.parse(changes["clock"]) if changes["clock"].strip() else self._started_with)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self.settings)

    def update(self, changes: Any) -> None:
        self._apply(check(changes))
        scratch = self.path.with_suffix(".tmp")
        scratch.write_text(json.dumps(self.as_dict()))
        scratch.replace(self.path)
        self._changed.set()
        self._changed = asyncio.Event()

    @property
    def rate(self) -> float:
        """Nominal seconds that pass in one real second."""
        return self.clock.speed * self.settings.speed

    def nominal_since(self, moment: float) -> float:
        return max(0.0, self.clock.now() - moment) * self.settings.speed

    async def sleep(self, nominal: float) -> None:
        """Wait for a nominal time. A change of speed counts at once, also for those already waiting; a clock that is
        set forward has let the time pass, one that is set back makes nobody wait longer."""
        while nominal > 0:
            speed, started = self.settings.speed, self.clock.now()
            try:
                async with asyncio.timeout(nominal / self.rate):
                    await self._changed.wait()
            except TimeoutError:
                return
            nominal -= max(0.0, self.clock.now() - started) * speed
