"""Bars drawn on the server: a style attribute would need a weaker content policy, and a script a page that moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 100.0
LEAST = 1.5


@dataclass(frozen=True)
class Segment:
    """One colour of a column, with its place in a box of 100."""

    family: str
    label: str
    count: int
    y: float = 0
    height: float = 0


@dataclass(frozen=True)
class Column:
    label: str
    url: str
    segments: tuple[Segment, ...]

    @property
    def total(self) -> int:
        return sum(segment.count for segment in self.segments)

    @property
    def words(self) -> str:
        parts = [f"{segment.count} {segment.label.lower()}" for segment in self.segments if segment.count]
        return f"{self.label}: {', '.join(parts) or 'none'}"


@dataclass(frozen=True)
class Bar:
    """A lying bar with its number and the list behind it (templates/parts/_bars.html)."""

    label: str
    count: int
    family: str
    share: float
    url: str


def stack(columns: Sequence[Column]) -> list[Column]:
    """Heights against the fullest column; what is there at all can be seen."""
    most = max((column.total for column in columns), default=0) or 1
    return [Column(column.label, column.url, _place(column.segments, most)) for column in columns]


def _place(segments: Sequence[Segment], most: int) -> tuple[Segment, ...]:
    placed, bottom = [], HEIGHT
    for segment in segments:
        height = max(segment.count / most * HEIGHT, LEAST) if segment.count else 0
        bottom -= height
        placed.append(Segment(segment.family, segment.label, segment.count, round(bottom, 2), round(height, 2)))
    return tuple(placed)


def share(count: int, most: int) -> float:
    """The length of a lying bar, in per cent of the longest."""
    return round(max(count / most * 100, LEAST), 2) if count and most else 0
