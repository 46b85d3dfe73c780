from __future__ import annotations

from datetime import datetime

from django.db import models

from common import clock


class Lease(models.Model):
    """Who leads where only one may: another takes over when it has run out."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=80)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} held by {self.holder}"


class ProcessHeartbeat(models.Model):
    """A worker or scheduler that says every two seconds that it lives."""

    token = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=20)
    host = models.CharField(max_length=80)
    pid = models.PositiveIntegerField()
    seen_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    queue_ok = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "seen_at"], name="heartbeat_alive")]

    def __str__(self) -> str:
        return f"{self.kind} {self.host}:{self.pid}"


class SentForm(models.Model):
    """A form that was sent: its row commits with what it made, so a second click finds the first one's result."""

    token = models.CharField(max_length=80, primary_key=True)
    url = models.CharField(max_length=500)
    sent_at = models.DateTimeField(default=clock.real_now, db_index=True)

    def __str__(self) -> str:
        return self.url
