"""Requests that fit the document and requests that do not, made up by Schemathesis: every answer is one of those that
the document promises, and none is a fault of ours. The cases are the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from campaigns.models import Campaign
from tests import world
from tests.api.house import make_house, the_document
from tests.network import FakeNetwork, answer

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]
CASES = 6


def without_security() -> dict[str, Any]:
    """Every request has the key: tests/api/test_access.py tries those that have none."""
    found = the_document()
    for methods in found["paths"].values():
        for said in methods.values():
            said["security"] = []
    return found


SCHEMA: Any = schemathesis.openapi.from_dict(without_security())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
FITS, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
# What reads nothing cannot be asked wrongly.
ASKED = [(row, FITS) for row in OPERATIONS] + [
    (row, WRONG) for row in OPERATIONS if [*row.iter_parameters(), *row.body]
]
BOUNDED = settings(
    max_examples=CASES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def key(campaign: Campaign, network: FakeNetwork, settings: Any) -> str:
    settings.API_REQUESTS_PER_MINUTE = 10**6
    network.on("", answer(200, {}))
    return world.make_key(campaign.workspace)


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """As Django's own test client does it: the test's transaction outlives a request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_one_connection")
@pytest.mark.parametrize(("operation", "mode"), ASKED, ids=[f"{row.label} {mode.value}" for row, mode in ASKED])
def test_every_answer_is_one_that_is_promised(
    operation: Any, mode: GenerationMode, key: str, campaign: Campaign
) -> None:
    operation.app = get_wsgi_application()
    ids = make_house(campaign)
    named = {row.name: ids[row.name] for row in operation.path_parameters}
    known = operation.as_strategy(mode, **({"path_parameters": named} if named else {}))

    @BOUNDED
    @given(st.one_of(known, known, operation.as_strategy(mode)), st.booleans())
    def holds(case: Any, of_the_house: bool) -> None:
        if of_the_house and mode == FITS:
            name_real_things(case, ids)
        with transaction.atomic():
            case.call_and_validate(headers={"X-API-Key": key}, checks=CHECKS)
            transaction.set_rollback(True)

    holds()


def name_real_things(case: Any, ids: dict[str, str]) -> None:
    for part in (case.query, case.body):
        if isinstance(part, dict):
            part.update({name: ids[name] for name in part if name in ids})
