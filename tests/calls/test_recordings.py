from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from calls.ingest.merge import apply_report
from calls.ingest.recordings import copy_one
from calls.models import Interaction
from calls.providers.elevenlabs import reports
from common import clock as business_clock
from leads.models import Lead
from tests import provider_events as events
from tests import world
from tests.network import FakeNetwork, answer

AUDIO = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": default}


@pytest.fixture
def call(lead: Lead) -> Interaction:
    placed = world.make_interaction(lead, dispatch="placed", conversation_id="conv_1", placed_at=business_clock.now())
    report = reports.read_event(events.transcription(has_audio=True)).report
    assert report
    apply_report(placed.pk, report)
    placed.refresh_from_db()
    return placed


@pytest.fixture
def stored(call: Interaction) -> Interaction:
    call.recording.save("x.mp3", ContentFile(AUDIO))
    Interaction.objects.update(recording_state="stored")
    return call


def read(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_reported_recording_is_copied_into_our_storage(call: Interaction, network: FakeNetwork) -> None:
    assert call.recording_state == "due"
    network.on("/audio", answer(200, body=AUDIO))
    copy_one(call.pk)
    call.refresh_from_db()
    assert call.recording_state == "stored"
    assert call.recording.read() == AUDIO


def test_a_recording_that_is_not_ready_is_tried_again_and_then_marked_missing(
    call: Interaction, network: FakeNetwork
) -> None:
    network.on("/audio", answer(404))
    copy_one(call.pk)
    call.refresh_from_db()
    assert call.recording_state == "due"
    assert call.recording_due_at
    assert call.recording_due_at > business_clock.real_now()
    for _ in range(10):
        copy_one(call.pk)
    call.refresh_from_db()
    assert call.recording_state == "missing"


def test_the_job_runs_twice_and_copies_once(call: Interaction, network: FakeNetwork) -> None:
    network.on("/audio", answer(200, body=AUDIO))
    copy_one(call.pk)
    copy_one(call.pk)
    assert len(network.asked) == 1


def test_members_hear_it_whole(stored: Interaction, vera_client: Client) -> None:
    response = vera_client.get(f"/recordings/{stored.public_id}")
    assert response.status_code == 200
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Type"] == "audio/mpeg"
    assert read(response) == AUDIO


@pytest.mark.parametrize(
    ("wanted", "part", "span"),
    [
        ("bytes=0-99", AUDIO[:100], "bytes 0-99/10240"),
        ("bytes=10000-", AUDIO[10000:], "bytes 10000-10239/10240"),
        ("bytes=-40", AUDIO[-40:], "bytes 10200-10239/10240"),
        ("bytes=10000-99999", AUDIO[10000:], "bytes 10000-10239/10240"),
    ],
)
def test_a_part_is_served_by_range(
    stored: Interaction, bob_client: Client, wanted: str, part: bytes, span: str
) -> None:
    response = bob_client.get(f"/recordings/{stored.public_id}", headers={"Range": wanted})
    assert response.status_code == 206
    assert response["Content-Range"] == span
    assert int(response["Content-Length"]) == len(part)
    assert read(response) == part


def test_a_range_beyond_the_end_is_refused(stored: Interaction, bob_client: Client) -> None:
    response = bob_client.get(f"/recordings/{stored.public_id}", headers={"Range": "bytes=99999-"})
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */10240"


@pytest.mark.parametrize("nonsense", ["bytes=", "bytes=a-b", "items=0-5", "bytes=0-1,5-9"])
def test_a_range_that_is_not_understood_gives_the_whole(stored: Interaction, bob_client: Client, nonsense: str) -> None:
    assert bob_client.get(f"/recordings/{stored.public_id}", headers={"Range": nonsense}).status_code == 200


def test_a_key_of_the_workspace_hears_it(stored: Interaction, api: Client) -> None:
    assert read(api.get(f"/api/v1/interactions/{stored.public_id}/recording")) == AUDIO


def test_a_key_without_the_scope_does_not(stored: Interaction) -> None:
    key = world.make_key(stored.workspace, ("calls:write",))
    address = f"/api/v1/interactions/{stored.public_id}/recording"
    assert Client(headers={"X-API-Key": key}).get(address).status_code == 403


def test_the_other_workspace_finds_nothing(stored: Interaction, mallory_client: Client) -> None:
    assert mallory_client.get(f"/recordings/{stored.public_id}").status_code == 404


def test_without_login_or_key_it_is_refused(stored: Interaction) -> None:
    assert Client().get(f"/api/v1/interactions/{stored.public_id}/recording").status_code == 401
    assert Client().get(f"/recordings/{stored.public_id}").status_code == 302


def test_a_call_without_a_recording_has_none(call: Interaction, bob_client: Client) -> None:
    assert bob_client.get(f"/recordings/{call.public_id}").status_code == 404
