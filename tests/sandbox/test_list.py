from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.harness import Tenant

TO = "+15555550145"
PATH = "/v1/convai/conversations"


def listed(tenant: Tenant, **query: Any) -> list[str]:
    return [found["conversation_id"] for found in tenant.ok("GET", PATH, **query)["conversations"]]


def test_pages_are_newest_first_and_complete(tenant: Tenant) -> None:
    made = [tenant.call(TO) for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = tenant.ok("GET", PATH, page_size=2, **({"cursor": cursor} if cursor else {}))
        seen += [found["conversation_id"] for found in page["conversations"]]
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        if not page["has_more"]:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize("query", [{"page_size": 101}, {"page_size": "x"}, {"cursor": "?"}])
def test_wrong_paging_gets_422(tenant: Tenant, query: dict[str, Any]) -> None:
    assert tenant.request("GET", PATH, **query).status_code == 422


def test_filters_by_agent_user_and_start(tenant: Tenant) -> None:
    first = tenant.call(TO)
    start = tenant.conversation(first)["metadata"]["start_time_unix_secs"]
    tenant.agent_id = tenant.create_agent({})
    second = tenant.call(TO, client_data={"user_id": "lead-2"})
    assert listed(tenant, agent_id=tenant.agent_id) == [second]
    assert listed(tenant, user_id="lead-1") == [first]
    assert listed(tenant, call_start_after_unix=start - 1, call_start_before_unix=start + 60) == [second, first]
    assert listed(tenant, call_start_before_unix=start - 1) == []
    assert listed(tenant, call_start_after_unix=start + 60) == []


@pytest.mark.parametrize(
    ("params", "matches"),
    [
        (["city:eq:Łódź: east"], True),
        (["city:eq:Lodz"], False),
        (["city:neq:Lodz", "score:gte:7"], True),
        (["score:gt:7"], False),
        (["score:lte:7", "vip:eq:true"], True),
        (["city:in:Paris|Łódź: east"], True),
        (["city:in:Paris|Rome"], False),
        (["other:eq:"], True),
        (["city:eq:"], False),
        (["city:neq:"], True),
    ],
)
def test_filters_by_dynamic_variables(tenant: Tenant, params: list[str], matches: bool) -> None:
    made = tenant.call(TO, variables={"city": "Łódź: east", "score": 7, "vip": True})
    assert listed(tenant, dynamic_variable_params=params) == ([made] if matches else [])


def test_malformed_variable_filter_gets_422(tenant: Tenant) -> None:
    tenant.call(TO)
    for text in ("city", "city:like:x", "score:gt:many"):
        assert tenant.request("GET", PATH, dynamic_variable_params=text).status_code == 422


def test_running_call_is_listed_at_once(tenant: Tenant) -> None:
    made = tenant.call("+15555550162")
    found = tenant.lost("+15555550162")
    assert [item["conversation_id"] for item in found] == [made]
    assert found[0]["status"] == "initiated"


def test_deleted_conversation_is_gone(tenant: Tenant) -> None:
    made = tenant.call(TO)
    tenant.finished(made)
    tenant.ok("DELETE", f"{PATH}/{made}")
    assert tenant.request("GET", f"{PATH}/{made}").status_code == 404
    assert listed(tenant) == []
