"""A workspace to try everything in: made once, connected to the sandbox at each start."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.models import User
from campaigns.models import ProviderAccount
from leadsail import embedded
from leadsail.demo import credentials, pointer, provider
from leadsail.demo.create import create_demo


class Command(BaseCommand):
    help = "Create the demo in an empty database; connect it to the sandbox and point to a lead who may be called now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--patience", type=float, default=10, help="seconds to wait for the sandbox to come up")

    def handle(self, *args: Any, **options: Any) -> None:
        if not User.objects.exists():
            create_demo(self.say)
        account = provider.demo_account()
        if account is None:
            credentials.forget()
            self.say("Demo: this database has data of its own, so nothing was added. DEMO=0 leaves the demo out.")
            return
        self.connect(account, options["patience"])
        demo = credentials.read(account.workspace) or self.renew(account)
        self.point(account, demo)
        # Under `up` the supervisor says these when everything runs.
        if demo and embedded.supervisor is None:
            self.say(f"Demo: {settings.PUBLIC_URL}  log in as {demo.email}, password {demo.password}")
            self.say(f"Demo: API key {demo.api_key}")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def connect(self, account: ProviderAccount, patience: float) -> None:
        try:
            made = provider.connect(account, patience=patience)
        except provider.NotConnected as reason:
            where = account.base_url or "an unknown address"
            self.say(f"Demo: the sandbox at {where} is not connected ({reason}); calls fail until a start finds it.")
            return
        if made:
            self.say(f"Demo: set up at the sandbox: {', '.join(made)}.")

    def renew(self, account: ProviderAccount) -> credentials.Demo | None:
        demo = credentials.renew(account.workspace)
        if demo is None:
            credentials.forget()
            return None
        self.say(
            f"Demo: no login of this database in {credentials.path()}: {demo.email} has a new password and API key."
        )
        return demo

    def point(self, account: ProviderAccount, demo: credentials.Demo | None) -> None:
        lead = pointer.point(account.workspace)
        if demo:
            credentials.point_to(demo, lead.public_id if lead else "")
        if lead is None:
            self.say("Demo: nobody may be called right now; each lead's page tells why, and from when on.")
