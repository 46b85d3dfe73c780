from __future__ import annotations

from typing import Any

from django.test import Client

from calls.models import Status
from common.templatetags.face import FAMILY_OF
from leads.models import LeadStatus


def test_it_is_for_those_who_build(alice_client: Client, settings: Any) -> None:
    assert alice_client.get("/styleguide/").status_code == 404
    settings.DEBUG = True
    assert "Families of states" in alice_client.get("/styleguide/").content.decode()


def test_every_status_has_a_family() -> None:
    assert set(LeadStatus.values) | set(Status.values) <= set(FAMILY_OF)
