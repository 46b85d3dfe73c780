"""A lead carries what its newest calls came to, so that lists and counts need not read every call."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from calls.models import Interaction, Status
from leads.models import Lead


@transaction.atomic
def refresh_last_calls(leads: Iterable[int]) -> None:
    """Locked first: an update that waited for another's commit would still count by what it saw before."""
    rows = Lead.objects.filter(pk__in=list(leads))
    list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    real = Q(is_test=False) | Q(lead__is_test=True)
    over = Interaction.objects.placed().filter(real, lead=OuterRef("pk")).exclude(status=Status.IN_PROGRESS)
    newest = over.order_by("-id")
    promised = Interaction.objects.filter(lead=OuterRef("pk"), callback_at__isnull=False).order_by("-id")
    rows.update(
        last_call_at=Subquery(newest.values("placed_at")[:1]),
        last_outcome=Coalesce(Subquery(newest.values("status")[:1]), Value("")),
        callback_at=Subquery(promised.values("callback_at")[:1]),
    )
