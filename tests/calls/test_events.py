"""What webhooks are told of a call: each ending with exactly its events, and nothing twice."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actors import SYSTEM
from accounts.models import Workspace
from calls.correction import correct_outcome
from calls.dispatch import placing
from calls.dispatch.placing import dial
from calls.dispatch.sweep import expire_queued
from calls.ingest.inbox import apply_inbox_event
from calls.ingest.merge import apply_report
from calls.ingest.reconcile import reconcile_one
from calls.ingest.recordings import copy_one
from calls.models import InboxEvent, Interaction
from calls.providers.base import Placement, PlaceResult
from calls.providers.elevenlabs import reports
from calls.services import cancel_call, initiate_call
from campaigns.models import ProviderAccount
from common import clock
from common.http import Lost
from leads.models import Lead
from leads.services import add_to_do_not_call
from tests import provider_events as events
from tests.network import FakeNetwork, answer
from webhooks.events import EVENTS
from webhooks.models import WebhookEndpoint, WebhookEvent
from webhooks.services import emit


@pytest.fixture
def endpoint(workspace: Workspace) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(workspace=workspace, url="https://example.com/hook", events=list(EVENTS))


@pytest.fixture
def call(lead: Lead, endpoint: WebhookEndpoint) -> Interaction:
    return initiate_call(lead=lead, by=SYSTEM, origin="api")


@pytest.fixture
def placed(call: Interaction, network: FakeNetwork) -> Interaction:
    network.accept_calls()
    dial(call.pk, "t1")
    call.refresh_from_db()
    return call


def tell(call: Interaction, event: dict[str, Any]) -> None:
    report = reports.read_event(event).report
    assert report
    apply_report(call.pk, report)


def told() -> list[str]:
    rows = WebhookEvent.objects.exclude(type__startswith="lead.").order_by("id")
    return list(rows.values_list("type", flat=True))


def last() -> dict[str, Any]:
    row = WebhookEvent.objects.exclude(type__startswith="lead.").latest("id")
    body: dict[str, Any] = json.loads(row.body)
    return body


def ended_with(status: str, code: str | None = None) -> bool:
    return (last()["status"], last()["data"]["errorCode"]) == (status, code)


def test_a_call_that_is_only_asked_for_is_not_told(call: Interaction) -> None:
    assert told() == []


def test_a_call_that_was_taken_and_qualified(placed: Interaction, api: Client) -> None:
    tell(placed, events.transcription(wish="qualified"))
    assert told() == ["call.started", "call.completed"]
    shown = api.get(f"/api/v1/interactions/{placed.public_id}").json()["data"]
    body = last()
    assert body["data"] == shown
    assert {name: body[name] for name in ("interactionId", "leadId", "campaignId", "status")} == {
        "interactionId": placed.public_id,
        "leadId": placed.lead.public_id,
        "campaignId": placed.campaign.code,
        "status": "qualified",
    }


def test_when_it_starts_it_rings(placed: Interaction) -> None:
    assert (last()["status"], last()["data"]["call"]["state"]) == ("in_progress", "ringing")


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (events.failure(), "no_answer"),
        (events.failure(reason="busy"), "busy"),
        (events.transcription(termination="voicemail_detection tool was called."), "voicemail"),
        (events.transcription(wish="dnc"), "dnc"),
    ],
)
def test_an_outcome_that_is_no_error_completes_it(placed: Interaction, event: dict[str, Any], status: str) -> None:
    tell(placed, event)
    assert told() == ["call.started", "call.completed"]
    assert ended_with(status)


@pytest.mark.parametrize(
    ("body", "code"), [({"SipResponseCode": "404"}, "INVALID_NUMBER"), ({"sip_status_code": 503}, "PROVIDER_FAULT")]
)
def test_an_error_that_is_reported_fails_it(placed: Interaction, body: dict[str, Any], code: str) -> None:
    tell(placed, events.failure(reason="unknown", **body))
    assert told() == ["call.started", "call.failed"]
    assert ended_with("error", code)


def test_a_talk_that_is_reported_after_a_fault_of_the_provider_updates_it(placed: Interaction) -> None:
    tell(placed, events.failure(reason="unknown"))
    tell(placed, events.transcription())
    assert told() == ["call.started", "call.failed", "interaction.updated"]
    assert ended_with("completed")


def test_answered_then_ended_then_analysed(placed: Interaction) -> None:
    tell(placed, events.transcription(status="in-progress", analysis=None, turns=()))
    assert last()["data"]["call"]["state"] == "in_progress"
    tell(placed, events.transcription(analysis=None))
    tell(placed, events.transcription(wish="qualified"))
    assert told() == ["call.started", "interaction.updated", "call.completed", "interaction.updated"]
    assert ended_with("qualified")


def test_a_longer_transcript_after_the_end_updates_it_once(placed: Interaction) -> None:
    tell(placed, events.transcription(turns=events.TALK[:2]))
    for _ in range(3):
        tell(placed, events.transcription())
    assert told() == ["call.started", "call.completed", "interaction.updated"]
    assert len(last()["data"]["transcript"]) == 3


def test_a_report_delivered_again_tells_nothing(placed: Interaction, account: ProviderAccount) -> None:
    payload = events.transcription(wish="qualified")
    # In other bytes it is another event of the inbox.
    for later in (0, 0, 1, 2):
        events.post(account, payload | {"event_timestamp": payload["event_timestamp"] + later})
    for pk in [*InboxEvent.objects.values_list("pk", flat=True)] * 2:
        apply_inbox_event(pk)
    assert InboxEvent.objects.filter(state="applied").count() == 3
    assert told() == ["call.started", "call.completed"]


def test_what_readers_do_not_see_is_not_told(placed: Interaction) -> None:
    Interaction.objects.update(answered_at=clock.now(), ended_at=clock.now())
    tell(placed, events.machine())
    placed.refresh_from_db()
    assert placed.answered_by_machine
    assert told() == ["call.started"]


def test_a_refusal_of_the_provider_fails_it(call: Interaction, network: FakeNetwork) -> None:
    network.on("outbound-call", answer(401, {"detail": "Not with this key"}))
    dial(call.pk, "t1")
    assert told() == ["call.failed"]
    assert ended_with("error", "PROVIDER_REJECTED")


def test_a_call_that_is_put_back_is_not_told(call: Interaction, network: FakeNetwork) -> None:
    network.on("outbound-call", answer(429, {"detail": "busy"}))
    dial(call.pk, "t1")
    assert told() == []


def unknown(call: Interaction, network: FakeNetwork) -> None:
    network.on("outbound-call", Lost("read timeout"))
    dial(call.pk, "t1")
    assert told() == []


def test_a_call_that_proves_not_to_have_been_placed_fails(call: Interaction, network: FakeNetwork) -> None:
    unknown(call, network)
    network.on("/v1/convai/conversations", answer(200, {"conversations": [], "has_more": False}))
    Interaction.objects.update(sent_at=clock.real_now() - timedelta(hours=2))
    for _ in range(2):
        reconcile_one(call.pk)
    assert told() == ["call.failed"]
    assert ended_with("error", "NOT_PLACED")


def test_a_report_of_a_call_whose_placing_was_not_known_starts_and_completes_it(
    call: Interaction, network: FakeNetwork
) -> None:
    unknown(call, network)
    tell(call, events.transcription(correlation=call.public_id))
    assert told() == ["call.started", "call.completed"]


def test_a_call_that_had_been_given_up_begins_anew_with_its_report(call: Interaction, network: FakeNetwork) -> None:
    unknown(call, network)
    Interaction.objects.update(dispatch="not_placed", status="error", error_code="NOT_PLACED")
    for _ in range(2):
        tell(call, events.transcription(correlation=call.public_id, wish="qualified"))
    assert told() == ["call.started", "call.completed"]
    assert ended_with("qualified")


def test_an_acceptance_that_comes_after_the_end_starts_it_and_its_report_completes_it(call: Interaction) -> None:
    assert placing.claim(call.pk, "t1")
    sender = placing._load(call.pk, "t1")
    assert sender
    assert placing.mark_sent(sender)
    Interaction.objects.update(dispatch="not_placed", status="error", error_code="NOT_PLACED")
    accepted = PlaceResult(placement=Placement.ACCEPTED, conversation_id="conv_1")
    for _ in range(2):
        placing.save_result(sender, accepted)
    assert told() == ["call.started"]
    tell(call, events.transcription())
    assert told() == ["call.started", "call.completed"]
    assert ended_with("completed")


def test_a_call_withdrawn_by_the_gate_fails(call: Interaction, network: FakeNetwork) -> None:
    add_to_do_not_call(workspace=call.workspace, address=call.to_number, by=SYSTEM)
    dial(call.pk, "t1")
    assert told() == ["call.failed"]
    assert ended_with("error", "DO_NOT_CALL")


def test_a_call_that_could_not_be_prepared_fails_with_its_last_try(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.dispatch.placing.render_prompt", lambda *_, **__: 1 / 0)
    for attempt in range(3):
        assert told() == []
        Interaction.objects.update(not_before=None)
        dial(call.pk, f"t{attempt}")
    assert told() == ["call.failed"]
    assert ended_with("error", "INTERNAL_ERROR")


def test_a_call_that_nobody_took_fails(call: Interaction) -> None:
    Interaction.objects.update(queued_at=clock.real_now() - timedelta(minutes=61))
    for _ in range(2):
        expire_queued()
    assert told() == ["call.failed"]
    assert ended_with("error", "EXPIRED")


def test_a_cancelled_call_fails_with_a_code_of_its_own(call: Interaction) -> None:
    assert cancel_call(interaction=call, by=SYSTEM)
    assert not cancel_call(interaction=call, by=SYSTEM)
    assert told() == ["call.failed"]
    assert ended_with("error", "CANCELLED")


def test_a_call_that_never_reported_fails_and_its_late_report_updates_it(
    placed: Interaction, network: FakeNetwork
) -> None:
    network.on("/v1/convai/conversations", answer(404))
    Interaction.objects.update(placed_at=clock.now() - timedelta(days=1))
    for _ in range(2):
        reconcile_one(placed.pk)
    assert told() == ["call.started", "call.failed"]
    assert ended_with("error", "NO_REPORT")
    for _ in range(2):
        tell(placed, events.transcription())
    assert told() == ["call.started", "call.failed", "interaction.updated"]
    assert ended_with("completed")


def test_an_error_that_is_known_better_later_fails_it_once(placed: Interaction) -> None:
    tell(placed, events.failure(reason="unknown"))
    tell(placed, events.failure(reason="unknown", SipResponseCode="404"))
    assert told() == ["call.started", "call.failed", "interaction.updated"]
    assert ended_with("error", "INVALID_NUMBER")


def test_a_call_that_must_be_assumed_to_have_rung_starts_and_fails(call: Interaction, network: FakeNetwork) -> None:
    unknown(call, network)
    network.on("/v1/convai/conversations", answer(503))
    Interaction.objects.update(sent_at=clock.real_now() - timedelta(days=2))
    reconcile_one(call.pk)
    assert told() == ["call.started", "call.failed"]
    assert ended_with("error", "NO_REPORT")


def test_a_correction_updates_it(placed: Interaction) -> None:
    tell(placed, events.transcription())
    correct_outcome(interaction=placed, status="qualified", reason="I listened", by=SYSTEM)
    assert told() == ["call.started", "call.completed", "interaction.updated"]
    assert last()["data"]["correction"]["reportedStatus"] == "completed"


def test_a_no_that_is_reported_after_a_correction_updates_it(placed: Interaction) -> None:
    tell(placed, events.transcription())
    correct_outcome(interaction=placed, status="qualified", reason="I listened", by=SYSTEM)
    tell(placed, events.transcription(wish="dnc"))
    assert told() == ["call.started", "call.completed", "interaction.updated", "interaction.updated"]
    assert ended_with("dnc")


def test_a_stored_recording_updates_it_and_a_missing_one_does_not(
    placed: Interaction, network: FakeNetwork, settings: Any, tmp_path: Path
) -> None:
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    tell(placed, events.transcription(has_audio=True))
    network.on("/audio", answer(404), answer(200, body=b"sound"))
    copy_one(placed.pk)
    assert told() == ["call.started", "call.completed"]
    for _ in range(2):
        copy_one(placed.pk)
    assert told() == ["call.started", "call.completed", "interaction.updated"]
    assert last()["data"]["call"]["recordingUrl"].endswith(f"{placed.public_id}/recording")


def test_a_fault_in_the_telling_does_not_undo_the_placement(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.events.interaction_json", lambda _: 1 / 0)
    network.accept_calls()
    dial(call.pk, "t1")
    tell(call, events.transcription())
    call.refresh_from_db()
    assert (call.dispatch, call.status, told()) == ("placed", "completed", [])


def test_an_event_is_told_with_its_change_or_not_at_all(
    call: Interaction, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a database that goes away between the two, both are kept when it is back."""
    away = [1, 1]

    def broken(*args: Any, **kwargs: Any) -> Any:
        if away:
            away.pop()
            raise OperationalError("the connection was lost")
        return emit(*args, **kwargs)

    monkeypatch.setattr("calls.events.emit", broken)
    monkeypatch.setattr("calls.dispatch.placing.close_old_connections", lambda: None)
    monkeypatch.setattr("time.sleep", lambda _: None)
    network.accept_calls()
    dial(call.pk, "t1")
    call.refresh_from_db()
    assert (call.dispatch, told()) == ("placed", ["call.started"])
    assert call.events.filter(kind="placed").count() == 1


def test_where_nobody_listens_a_placement_asks_for_listeners_and_no_more(lead: Lead, network: FakeNetwork) -> None:
    call = initiate_call(lead=lead, by=SYSTEM, origin="api")
    network.accept_calls()
    with CaptureQueriesContext(connection) as seen:
        dial(call.pk, "t1")
    asked = [query["sql"] for query in seen.captured_queries if "SAVEPOINT" not in query["sql"]]
    [placement] = [index for index, sql in enumerate(asked) if sql.startswith("UPDATE") and "'conv_1'" in sql]
    note, listeners, circuit = asked[placement + 1 :]
    assert note.startswith('INSERT INTO "calls_interactionevent"')
    assert 'FROM "webhooks_webhookendpoint"' in listeners
    assert 'FROM "campaigns_provideraccount"' in circuit
    assert WebhookEvent.objects.count() == 0
