from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from leadsail.demo import calls, credentials, leads
from leadsail.demo.company import create_company
from leadsail.demo.data.company import TEAM


@transaction.atomic
def create_demo(say: Callable[[str], None]) -> credentials.Demo:
    """All or nothing: a start that is broken off leaves an empty database, and the next one begins again."""
    say("Demo: creating the workspace, its people, agents and campaigns…")
    company, made = create_company()
    say("Demo: inventing leads from all over the world…")
    builder = leads.LeadBuilder(company)
    rows = builder.build()
    say("Demo: inventing a month of calls, with transcripts and recordings…")
    past = calls.CallBuilder(company, builder).build(rows)
    leads.store(rows, company.workspace)
    calls.store(past)
    say(f"Demo: {company.workspace.name} has {len(company.campaigns)} campaigns, {len(rows)} leads, {len(past)} calls.")
    demo = credentials.Demo(email=made.email, password=made.password, api_key=made.api_key)
    team = ", ".join(f"{person.email} ({person.role.label.lower()})" for person in TEAM)
    say(f"Demo: the owner's password also opens {team}.")
    # Before the commit: a demo whose password nobody knows would be worse than a file without a demo.
    credentials.write(demo)
    return demo
