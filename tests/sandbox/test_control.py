from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from sandbox.faults import FAULTS, pick, strike
from tests.sandbox.harness import SPEED, Box, Tenant

DEFAULTS = {"speed": SPEED, "seed": 1, "faults": {}, "clock": ""}
MIXED = "+15555550171"


@pytest.fixture(autouse=True)
def put_back(box: Box) -> Iterator[None]:
    yield
    assert box.control(**DEFAULTS).status_code == 200


def test_get_shows_what_is_set(box: Box) -> None:
    assert requests.get(f"{box.url}/control", timeout=5).json() == DEFAULTS


def test_change_is_partial(box: Box) -> None:
    assert box.control(seed=7).json() == {**DEFAULTS, "seed": 7}
    assert box.control(faults={"no_webhook": 0.5}).json() == {**DEFAULTS, "seed": 7, "faults": {"no_webhook": 0.5}}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sped": 2}, 'There is no setting "sped". Known settings: speed, seed, faults, clock.'),
        ({"speed": 0}, "speed must be a number above 0 and at most 100000."),
        ({"speed": "fast"}, "speed must be a number above 0 and at most 100000."),
        ({"speed": True}, "speed must be a number above 0 and at most 100000."),
        ({"seed": 1.5}, "seed must be a whole number."),
        ({"clock": 7}, "clock must be a text: real_origin,business_origin,speed."),
        ({"clock": "now"}, 'clock must be "real_origin,business_origin,speed", three numbers, not "now".'),
        ({"clock": "0,0,0"}, "The speed in clock must be above 0, not 0.0."),
        ({"faults": []}, "faults must be an object of fault names and probabilities."),
        ({"faults": {"no_webhook": 2}}, 'The probability of "no_webhook" must be a number from 0 to 1.'),
    ],
)
def test_wrong_change_is_refused_with_a_sentence_and_changes_nothing(
    box: Box, changes: dict[str, object], sentence: str
) -> None:
    answer = requests.post(f"{box.url}/control", json={"seed": 99, **changes}, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, sentence)
    assert requests.get(f"{box.url}/control", timeout=5).json() == DEFAULTS


def test_unknown_fault_is_refused_with_the_known_ones(box: Box) -> None:
    error = box.control(faults={"fire": 1}).json()["error"]
    assert error.startswith('There is no fault "fire". Known faults: timeout_after_accept, ')


@pytest.mark.parametrize("body", ["{", "[]", "3"])
def test_body_that_is_no_object_is_refused(box: Box, body: str) -> None:
    assert requests.post(f"{box.url}/control", data=body, timeout=5).status_code == 400


def test_certain_fault_hits_numbers_without_a_magic_ending_only(tenant: Tenant) -> None:
    tenant.box.control(faults={"error_before_accept": 1})
    assert tenant.post(tenant.body(MIXED)).status_code == 500
    assert tenant.post(tenant.body("+15555550100")).status_code == 200


def test_duplicate_fault_delivers_twice(tenant: Tenant) -> None:
    tenant.box.control(faults={"duplicate_webhook": 1})
    first, second = tenant.reported(tenant.call(MIXED), 2)
    assert first.body == second.body


def test_faults_and_outcomes_depend_only_on_seed_number_and_count() -> None:
    half = dict.fromkeys(FAULTS, 0.5)
    numbers = [f"+155555{middle:03}71" for middle in range(200)]
    drawn = [pick(number, 1, 7, half) for number in numbers]
    assert drawn == [pick(number, 1, 7, half) for number in numbers]
    assert drawn != [pick(number, 2, 7, half) for number in numbers]
    assert drawn != [pick(number, 1, 8, half) for number in numbers]


def test_a_fault_strikes_as_often_as_asked() -> None:
    struck = sum(bool(strike({"no_webhook": 0.1}, 1, f"+15555{middle:05}71", 1)) for middle in range(5000))
    assert 400 < struck < 600


def test_speed_change_counts_for_calls_under_way(tenant: Tenant) -> None:
    tenant.box.control(speed=1)
    conversation_id = tenant.call("+15555550100")
    tenant.box.control(speed=5000)
    assert tenant.finished(conversation_id)["status"] == "done"
