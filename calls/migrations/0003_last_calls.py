from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import Max, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

BATCH = 5000


def fill(apps: Any, schema_editor: Any) -> None:
    """By ranges of ids, each committed by itself: people go on working meanwhile."""
    leads = apps.get_model("leads", "Lead").objects.using(schema_editor.connection.alias)
    calls = apps.get_model("calls", "Interaction").objects.using(schema_editor.connection.alias)
    last = leads.aggregate(last=Max("pk"))["last"] or 0
    for start in range(0, last + 1, BATCH):
        called = calls.filter(lead__gte=start, lead__lt=start + BATCH).values("lead")
        _fill(leads.filter(pk__in=called), calls)


def _fill(leads: Any, calls: Any) -> None:
    real = Q(is_test=False) | Q(lead__is_test=True)
    over = (
        calls.filter(real, lead=OuterRef("pk"), placed_at__isnull=False).exclude(status="in_progress").order_by("-id")
    )
    promised = calls.filter(lead=OuterRef("pk"), callback_at__isnull=False).order_by("-id")
    leads.update(
        last_call_at=Subquery(over.values("placed_at")[:1]),
        last_outcome=Coalesce(Subquery(over.values("status")[:1]), Value("")),
        callback_at=Subquery(promised.values("callback_at")[:1]),
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("calls", "0002_the_face"), ("leads", "0002_the_face")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
