"""The provider's door: what is believed, what is kept, and what it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from calls.ingest.inbox import apply_inbox_event
from calls.ingest.sweep import apply_due_events
from calls.models import InboxEvent, Interaction, Status
from calls.providers.base import BadSignature
from calls.providers.elevenlabs.signature import verify
from campaigns.models import Campaign, ProviderAccount
from common import clock as business_clock
from leads.models import DoNotCall, Lead
from tests import provider_events as events
from tests import world
from tests.network import FakeNetwork, answer

VECTOR = {
    "secret": "wsec_test_0123456789",
    "body": '{"type":"post_call_transcription","event_timestamp":1790000000,'
    '"data":{"conversation_id":"conv_01test","note":"Привет"}}',
    "header": "t=1790000000,v0=1b6e3d3f520fbce7bb5f3a0a1d8caa04c5e3fd8bf6b0336841deabd7332025b4",
}


@pytest.fixture
def placed(lead: Lead) -> Interaction:
    return world.make_interaction(lead, dispatch="placed", conversation_id="conv_1", placed_at=business_clock.now())


def work_off() -> None:
    for pk in InboxEvent.objects.values_list("pk", flat=True):
        apply_inbox_event(pk)


def check(header: str, *, now: float = 1790000000, body: str = VECTOR["body"]) -> None:
    verify(header, body.encode(), secret=VECTOR["secret"], now=now, tolerance_seconds=1800)


def test_the_published_vector_is_accepted() -> None:
    check(VECTOR["header"])


@pytest.mark.parametrize("age", [1800, 0, -300])
def test_a_timestamp_within_the_tolerance_is_accepted(age: int) -> None:
    check(VECTOR["header"], now=1790000000 + age)


@pytest.mark.parametrize("age", [1801, -301, 86400, -86400])
def test_a_stale_or_future_timestamp_is_refused(age: int) -> None:
    with pytest.raises(BadSignature):
        check(VECTOR["header"], now=1790000000 + age)


def test_of_two_signatures_any_may_match() -> None:
    good = VECTOR["header"].partition(",")[2]
    check(f"t=1790000000, {good}, v0=deadbeef")
    check(f"t=1790000000,v0=deadbeef,{good}")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1790000000",
        "v0=abc",
        "t=x,v0=abc",
        "t=1790000000,v0=abc",
        "t=1,t=2,v0=a",
        "t=1790000000,v0=ü",
        "t=٣,v0=a",
    ],
)
def test_a_malformed_header_is_refused(header: str) -> None:
    with pytest.raises(BadSignature):
        check(header)


def test_a_signed_event_is_stored_byte_for_byte_and_answered_200(account: ProviderAccount, placed: Interaction) -> None:
    payload = events.transcription(note="Привет")
    assert events.post(account, payload).status_code == 200
    assert json.loads(bytes(InboxEvent.objects.get().body)) == payload


def test_a_wrong_signature_is_answered_401_and_nothing_is_kept(account: ProviderAccount) -> None:
    forged = events.signature(b"{}", secret="wsec_wrong")
    assert events.post(account, b"{}", header=forged).status_code == 401
    assert events.post(account, b"{}", header="").status_code == 401
    assert not InboxEvent.objects.exists()


def test_an_account_without_a_secret_believes_nothing(account: ProviderAccount) -> None:
    account.webhook_secret = ""
    account.save()
    assert events.post(account, b"{}", header=events.signature(b"{}", secret="")).status_code == 401


def test_an_unknown_address_is_answered_404(db: None) -> None:
    assert Client().post("/hooks/elevenlabs/nobody/", data=b"{}", content_type="application/json").status_code == 404


def test_only_post_is_answered(account: ProviderAccount) -> None:
    assert Client().get(f"/hooks/elevenlabs/{account.webhook_token}/").status_code == 405


def test_the_same_event_twice_is_kept_once_and_answered_200(account: ProviderAccount, placed: Interaction) -> None:
    payload = events.transcription()
    assert [events.post(account, payload).status_code for _ in range(3)] == [200, 200, 200]
    assert InboxEvent.objects.count() == 1


@pytest.mark.parametrize(
    "body", [b"{broken", b"", b"[]", b"null", b'"x"', b'{"type": 5, "data": []}', b"\xff\xfe", b"[" * 100_000]
)
def test_what_cannot_be_read_is_answered_200_and_set_aside(account: ProviderAccount, body: bytes) -> None:
    assert events.post(account, body).status_code == 200
    work_off()
    assert InboxEvent.objects.get().state == InboxEvent.State.IGNORED


def test_an_unknown_event_type_is_answered_200_and_set_aside(account: ProviderAccount) -> None:
    assert events.post(account, events.envelope("agent_mood_changed", {"conversation_id": "x"})).status_code == 200
    work_off()
    assert InboxEvent.objects.get().state == InboxEvent.State.IGNORED


def test_five_megabytes_are_read(account: ProviderAccount, placed: Interaction) -> None:
    turns = [("user", "x" * 1000, second) for second in range(5000)]
    assert events.post(account, events.transcription(turns=turns)).status_code == 200
    work_off()
    placed.refresh_from_db()
    assert len(placed.transcript.messages) == 5000


def test_more_than_ten_megabytes_are_answered_413(account: ProviderAccount) -> None:
    assert events.post(account, b" " * (10 * 1024 * 1024 + 1)).status_code == 413
    assert events.post(account, b" " * (10 * 1024 * 1024)).status_code == 200


def test_when_our_database_is_down_the_answer_is_503(account: ProviderAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise DatabaseError("database is locked")

    monkeypatch.setattr("calls.hooks.store_event", locked)
    assert events.post(account, events.transcription()).status_code == 503


def test_when_the_queue_is_down_the_event_is_kept_all_the_same(
    account: ProviderAccount, placed: Interaction, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    def down(*_: object, **__: object) -> None:
        raise ConnectionError("valkey is away")

    monkeypatch.setattr("common.queue._queue", down)
    assert events.post(account, events.transcription()).status_code == 200
    assert InboxEvent.objects.get().state == InboxEvent.State.NEW


def test_an_event_for_an_unknown_call_waits_and_is_then_set_aside(account: ProviderAccount, db: None) -> None:
    events.post(account, events.transcription("conv_unknown"))
    work_off()
    event = InboxEvent.objects.get()
    assert event.state == InboxEvent.State.UNMATCHED
    assert event.due_at > business_clock.real_now()
    InboxEvent.objects.update(arrived_at="2020-01-01T00:00:00Z")
    work_off()
    event.refresh_from_db()
    assert event.state == InboxEvent.State.IGNORED


def test_an_event_that_came_before_our_own_post_returned_finds_its_call(account: ProviderAccount, lead: Lead) -> None:
    placing = world.make_interaction(lead, dispatch="placing")
    events.post(account, events.transcription("conv_early", correlation=placing.public_id))
    work_off()
    placing.refresh_from_db()
    assert (placing.dispatch, placing.status) == ("placed", Status.COMPLETED)
    assert placing.conversation_id == "conv_early"


def test_a_failure_that_came_too_early_is_matched_once_the_conversation_is_known(
    account: ProviderAccount, lead: Lead
) -> None:
    placing = world.make_interaction(lead, dispatch="placing")
    events.post(account, events.failure("conv_early", "busy"))
    work_off()
    Interaction.objects.update(dispatch="placed", conversation_id="conv_early", placed_at=business_clock.now())
    work_off()
    placing.refresh_from_db()
    assert placing.status == Status.BUSY


def test_an_event_without_its_transcript_is_completed_by_asking(
    account: ProviderAccount, placed: Interaction, network: FakeNetwork
) -> None:
    excerpt = events.transcription(wish="qualified")
    del excerpt["data"]["transcript"]
    network.on("/conversations/conv_1", answer(503), answer(200, events.conversation(wish="qualified")))
    events.post(account, excerpt)
    work_off()
    placed.refresh_from_db()
    assert placed.status == Status.IN_PROGRESS
    work_off()
    placed.refresh_from_db()
    assert placed.status == Status.QUALIFIED
    assert len(placed.transcript.messages) == 3


def test_an_event_that_kills_its_job_comes_to_an_end(
    account: ProviderAccount, placed: Interaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.ingest.inbox.apply_report", lambda *_: 1 / 0)
    events.post(account, events.transcription())
    for _ in range(30):
        with pytest.raises(ZeroDivisionError):
            work_off()
    work_off()
    assert InboxEvent.objects.get().state == InboxEvent.State.IGNORED


def test_an_event_that_waited_for_workers_all_night_is_applied(
    account: ProviderAccount, placed: Interaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.ingest.sweep.enqueue", lambda *_, **__: True)
    events.post(account, events.transcription(wish="dnc"))
    for _ in range(100):
        InboxEvent.objects.update(due_at="2020-01-01T00:00:00Z")
        apply_due_events()
    work_off()
    placed.refresh_from_db()
    assert placed.status == Status.DNC


@pytest.mark.parametrize(
    "body",
    [
        b'{"type": "post_call_transcription", "data": {"conversation_id": "c", "metadata": {"x": 1e999}}}',
        b'{"type": "\\ud83d", "data": {"conversation_id": "\\ud83d"}}',
        b'{"type": "post_call_transcription", "data": {"conversation_id": "' + b"x" * 5000 + b'"}}',
        b'{"type": "post_call_transcription", "data": {"conversation_id": "c", "metadata": {"start_time_unix_secs": 1'
        + b"0" * 400
        + b"}}}",
    ],
)
def test_whatever_stands_in_an_event_it_is_stored_and_answered(account: ProviderAccount, body: bytes) -> None:
    assert events.post(account, body).status_code == 200
    work_off()


def test_with_a_secret_that_cannot_be_decrypted_the_answer_is_503(account: ProviderAccount, settings: Any) -> None:
    header = events.signature(b"{}")
    settings.FIELD_ENCRYPTION_KEYS = ["dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdDE="]
    assert events.post(account, b"{}", header=header).status_code == 503


def test_a_no_said_in_a_second_conversation_of_the_call_is_honoured(
    account: ProviderAccount, placed: Interaction
) -> None:
    events.post(account, events.transcription("conv_2", correlation=placed.public_id, wish="dnc"))
    work_off()
    assert DoNotCall.objects.filter(address=placed.to_number).exists()
    assert placed.events.filter(kind="duplicate").exists()


def test_another_accounts_secret_moves_nothing_of_this_account(
    placed: Interaction, elsewhere: Campaign, account: ProviderAccount
) -> None:
    assert elsewhere.production_agent
    stranger = elsewhere.production_agent.account
    assert events.post(stranger, events.transcription(correlation=placed.public_id)).status_code == 200
    work_off()
    placed.refresh_from_db()
    assert placed.status == Status.IN_PROGRESS


def test_the_answer_does_not_wait_for_the_work(
    account: ProviderAccount, placed: Interaction, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    with django_assert_max_num_queries(5):  # type: ignore[attr-defined]
        events.post(account, events.transcription())
    placed.refresh_from_db()
    assert placed.status == Status.IN_PROGRESS
