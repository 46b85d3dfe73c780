from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from calls.models import Interaction
from leads.models import Lead
from tests import world

AUDIO = bytes(range(256)) * 4


@pytest.fixture
def call(lead: Lead, settings: Any, tmp_path: Path) -> Interaction:
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    made = world.make_interaction(lead, status="completed", dispatch="placed", recording_state="stored")
    made.recording.save("x.mp3", ContentFile(AUDIO))
    return made


def get(api: Client, call: Interaction, **headers: str) -> Any:
    return api.get(f"/api/v1/interactions/{call.public_id}/recording", headers=headers)


def test_the_interaction_says_where_it_is(api: Client, call: Interaction) -> None:
    url = api.get(f"/api/v1/interactions/{call.public_id}").json()["data"]["call"]["recordingUrl"]
    assert url == f"http://testserver/api/v1/interactions/{call.public_id}/recording"
    answer = api.get(url)
    assert (answer.status_code, answer["Content-Type"], answer["Accept-Ranges"]) == (200, "audio/mpeg", "bytes")
    assert b"".join(answer.streaming_content) == AUDIO  # type: ignore[attr-defined]


def test_a_range_gives_a_part(api: Client, call: Interaction) -> None:
    answer = get(api, call, Range="bytes=10-19")
    assert (answer.status_code, answer["Content-Range"]) == (206, "bytes 10-19/1024")
    assert b"".join(answer.streaming_content) == AUDIO[10:20]


def test_a_range_beyond_the_end_is_refused_in_the_envelope(api: Client, call: Interaction) -> None:
    answer = get(api, call, Range="bytes=5000-")
    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */1024")
    assert (answer.json()["success"], answer.json()["error"]["code"]) == (False, "RANGE_NOT_SATISFIABLE")


@pytest.mark.parametrize("state", ["none", "due", "missing"])
def test_a_call_without_a_recording_is_a_404_in_the_envelope(api: Client, call: Interaction, state: str) -> None:
    Interaction.objects.update(recording_state=state)
    answer = get(api, call)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert "no recording" in answer.json()["error"]["message"]


def test_a_file_that_is_gone_is_a_404_too(api: Client, call: Interaction, alice_client: Client) -> None:
    Path(call.recording.path).unlink()
    assert get(api, call).status_code == 404
    assert alice_client.get(f"/recordings/{call.public_id}").status_code == 404
