from __future__ import annotations

from typing import Any

from django.db import migrations


def fill(apps: Any, schema_editor: Any) -> None:
    from django.db.models import OuterRef, Q, Subquery, Value
    from django.db.models.functions import Coalesce

    real = Q(is_test=False) | Q(lead__is_test=True)
    calls = apps.get_model("calls", "Interaction").objects.filter(real, lead=OuterRef("pk"), placed_at__isnull=False)
    newest = calls.exclude(status="in_progress").order_by("-id")
    apps.get_model("leads", "Lead").objects.update(
        last_call_at=Subquery(newest.values("placed_at")[:1]),
        last_outcome=Coalesce(Subquery(newest.values("status")[:1]), Value("")),
    )


class Migration(migrations.Migration):
    dependencies = [("calls", "0002_the_face"), ("leads", "0002_the_face")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
