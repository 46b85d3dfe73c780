"""Calls counted by days of the workspace, as the conversation list does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet

from accounts.models import Workspace
from calls.models import Interaction, Status
from campaigns.models import Campaign
from common import clock


def count_calls(workspace: Workspace, campaigns: Sequence[Campaign], *, days: int) -> dict[int, int]:
    """Calls of the last days by the campaign's id, for a whole page in one query."""
    calls = calls_of_last_days(workspace, days=days).filter(campaign__in=campaigns)
    return dict(calls.values_list("campaign").annotate(Count("id")))


def count_outcomes(campaign: Campaign, *, days: int) -> list[tuple[Status, int]]:
    """Statuses that occurred in the last days, the most frequent first."""
    calls = calls_of_last_days(campaign.workspace, days=days).filter(campaign=campaign)
    counts = calls.values_list("status").annotate(count=Count("id")).order_by("-count", "status")
    return [(Status(status), count) for status, count in counts]


def calls_of_last_days(workspace: Workspace, *, days: int) -> QuerySet[Interaction]:
    """Of today and the days before it."""
    zone = ZoneInfo(workspace.timezone)
    first = clock.now().astimezone(zone).date() - timedelta(days=days - 1)
    return Interaction.objects.filter(workspace=workspace, created_at__gte=datetime.combine(first, time(), zone))
