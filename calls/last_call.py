"""A lead carries the outcome of its newest finished call, so that lists filter by it without reading every call."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from calls.models import Interaction, Status
from leads.models import Lead


def refresh_last_calls(leads: Iterable[int]) -> None:
    real = Q(is_test=False) | Q(lead__is_test=True)
    over = Interaction.objects.placed().filter(real, lead=OuterRef("pk")).exclude(status=Status.IN_PROGRESS)
    newest = over.order_by("-id")
    Lead.objects.filter(pk__in=list(leads)).update(
        last_call_at=Subquery(newest.values("placed_at")[:1]),
        last_outcome=Coalesce(Subquery(newest.values("status")[:1]), Value("")),
    )
