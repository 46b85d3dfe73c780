from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.middleware import SEEN_EVERY, SEEN_KEY
from accounts.models import AuditEvent, User
from accounts.security import device_in_words
from common import clock
from tests import world

PROFILE = "/settings/profile/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"
    " Mobile/15E148 Safari/604.1"
)


def logged_in(user: User, user_agent: str = FIREFOX) -> Client:
    client = Client(headers={"User-Agent": user_agent})
    client.post("/accounts/login/", {"login": user.email, "password": world.PASSWORD})
    return client


@pytest.fixture
def desk(bob: User) -> Client:
    return logged_in(bob)


@pytest.fixture
def phone(bob: User) -> Client:
    return logged_in(bob, PHONE)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (PHONE, "Safari on iPhone"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36",
            "Chrome on Linux",
        ),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Mac"),
        ("curl/8.5.0", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_a_device_is_told_in_words(user_agent: str, words: str) -> None:
    assert device_in_words(user_agent) == words


def test_the_profile_lists_the_other_devices_and_marks_this_one(desk: Client, phone: Client) -> None:
    answer = desk.get(PROFILE)
    assert answer.context["this_device"] == "Firefox on Windows"
    assert [session.device for session in answer.context["sessions"]] == ["Safari on iPhone"]


def test_an_ended_session_cannot_go_on(desk: Client, phone: Client) -> None:
    session = desk.get(PROFILE).context["sessions"][0]
    assert phone.get("/leads/").status_code == 200
    desk.post(PROFILE, {"act": "end", "session": session.id})
    assert phone.get("/leads/").status_code == 302
    assert desk.get("/leads/").status_code == 200
    assert AuditEvent.objects.get(verb="user.session_ended").data == {"device": "Safari on iPhone"}


def test_all_others_are_ended_at_once(bob: User, desk: Client, phone: Client) -> None:
    third = logged_in(bob)
    desk.post(PROFILE, {"act": "end_others"})
    assert [client.get("/leads/").status_code for client in (desk, phone, third)] == [200, 302, 302]
    assert AuditEvent.objects.get(verb="user.sessions_ended").data == {"count": 2}


def test_nobody_ends_somebody_elses_session(desk: Client, mallory: User) -> None:
    client = logged_in(mallory)
    session = UserSession.objects.get(user=mallory)
    for wanted in (session.pk, "x", "", "9" * 5000):
        assert desk.post(PROFILE, {"act": "end", "session": wanted}).status_code == 404
    assert client.get("/leads/").status_code == 200


def test_a_changed_password_ends_the_others_and_keeps_this_one(desk: Client, phone: Client) -> None:
    new = {"oldpassword": world.PASSWORD, "password1": "a quite different one", "password2": "a quite different one"}
    desk.post("/accounts/password/change/", new)
    assert [client.get("/leads/").status_code for client in (desk, phone)] == [200, 302]
    assert desk.get(PROFILE).context["sessions"] == []


def test_a_session_that_ran_out_is_not_listed(desk: Client, phone: Client) -> None:
    phone.session.delete()
    assert desk.get(PROFILE).context["sessions"] == []


def test_last_seen_is_written_now_and_then_not_always(desk: Client, bob: User) -> None:
    UserSession.objects.update(last_seen_at=clock.real_now() - timedelta(days=1))
    desk.get("/leads/")
    assert UserSession.objects.get().last_seen_at < clock.real_now() - timedelta(hours=1)
    session = desk.session
    session[SEEN_KEY] = (clock.real_now() - SEEN_EVERY - timedelta(seconds=1)).timestamp()
    session.save()
    desk.get("/leads/")
    assert UserSession.objects.get().last_seen_at > clock.real_now() - timedelta(minutes=1)


def test_the_profile_costs_the_same_with_any_number_of_devices(desk: Client, bob: User) -> None:
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            desk.get(PROFILE)
        counts.append(len(queries))
        for _ in range(5):
            logged_in(bob)
    assert counts[0] == counts[1] < 12
