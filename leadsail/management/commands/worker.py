"""`manage.py worker dial` places calls, `manage.py worker default` does everything else that is queued."""

from __future__ import annotations

from typing import Any

import django_rq
from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from rq.job import Job
from rq.queue import Queue
from rq.worker import SimpleWorker

from calls.dispatch.pool import DIALS
from common.process import Heartbeat, new_token
from webhooks import pool as webhook_pool

# In this order: what a provider has told us does not wait behind what we want to ask it.
QUEUES = {"dial": ["dial"], "default": ["events", "default"]}


class Worker(SimpleWorker):
    """No fork per job; after an outage of the queue it is back within two seconds instead of a minute."""

    max_connection_wait_time = 2.0

    def execute_job(self, job: Job, queue: Queue) -> None:
        # A connection that broke with the database's restart must not fail every job from then on.
        close_old_connections()
        super().execute_job(job, queue)
        close_old_connections()


class Command(BaseCommand):
    help = "Works its queues until SIGTERM, then finishes what it has begun."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queue", choices=["dial", "default"])

    def handle(self, *args: Any, **options: Any) -> None:
        queues = [django_rq.get_queue(name) for name in QUEUES[options["queue"]]]
        connection = queues[0].connection
        # Short for those who enqueue; a worker waits for its next job far longer than that.
        connection.connection_pool.connection_kwargs["socket_timeout"] = None
        token = new_token()
        heartbeat = Heartbeat(kind=options["queue"], token=token)
        heartbeat.start()
        try:
            Worker(queues, name=f"{options['queue']}-{token}", connection=connection).work(logging_level="WARNING")
        finally:
            DIALS.drain()
            webhook_pool.drain()
            heartbeat.stop()
