"""A campaign's auto-dialer: switched, watched, and who is in it."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from calls.api import examples
from calls.dialer.control import set_dialer
from calls.dialer.figures import live_of
from calls.dialer.listing import entries_of
from calls.dialer_shapes import DialerShape, ListedDialerLeadShape, dialer_json, listed_json
from calls.serializers import DialerActSerializer, DialerLeadsQuery
from campaigns.access import campaign_of
from common.errors import ProblemError
from common.operations import operation

TAG = "Auto-dialer"
NO_CURSOR = "The cursor is not one of ours: take nextCursor of the page before, or leave it out."


class DialerLeadListShape(TypedDict):
    leads: list[ListedDialerLeadShape]
    nextCursor: str | None
    hasMore: bool


class CampaignDialer(ApiView):
    @operation(
        "getDialer",
        "Watch a campaign's auto-dialer",
        tag=TAG,
        scope="campaigns:read",
        description="Calls under way, leads who wait, pace against caps, and what came of today's calls.",
        data=DialerShape,
        example=examples.DIALER,
    )
    def get(self, request: Request, campaign_id: str) -> Response:
        return self._answer_dialer(campaign_id)

    @operation(
        "setDialer",
        "Start, pause, resume or stop a campaign's auto-dialer",
        tag=TAG,
        scope="campaigns:write",
        description="`pause` keeps the list and dials nobody, `stop` switches it off and empties the list. Either "
        "holds at once: calls on the line finish, calls that still wait are withdrawn. What it is already is no "
        "error; what cannot follow is `DIALER_STATE`, as pausing one that is off. An inactive campaign dials nobody "
        "whatever its auto-dialer says.",
        body=DialerActSerializer,
        data=DialerShape,
        body_example={"act": "start"},
        example=examples.DIALER,
        error_examples={400: examples.DIALER_REFUSED},
    )
    def post(self, request: Request, campaign_id: str) -> Response:
        campaign = campaign_of(self.workspace, campaign_id)
        set_dialer(campaign=campaign, act=self.body()["act"], by=self.actor)
        return self._answer_dialer(campaign.code)

    def _answer_dialer(self, code: str) -> Response:
        campaign = campaign_of(self.workspace, code)
        return self.answer(dialer_json(campaign, live_of(campaign)))


class DialerLeads(ApiView):
    @operation(
        "listDialerLeads",
        "List the leads in a campaign's auto-dialer",
        tag=TAG,
        scope="campaigns:read",
        description="Of one state: who waits, the soonest first; `parked` are those who wait without a time; of the "
        "others those first in which something changed last. After a change of the campaign's rules, times by the old "
        "ones may stand here for a few seconds; `GET /leads/{leadId}/auto-dialer` always has that of now.",
        query=DialerLeadsQuery,
        data=DialerLeadListShape,
        example={"leads": [examples.LISTED_LEAD], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request, campaign_id: str) -> Response:
        campaign = campaign_of(self.workspace, campaign_id)
        asked = self.query()
        state = asked["state"]
        after = _read_cursor(asked["cursor"], state) if "cursor" in asked else ""
        page = entries_of(campaign, state, after=after, size=asked["limit"])
        found: DialerLeadListShape = {
            "leads": [listed_json(entry, campaign) for entry in page.rows],
            "nextCursor": _write_cursor(page.after, state) if page.after else None,
            "hasMore": bool(page.after),
        }
        return self.answer(found)


def _write_cursor(after: str, state: str) -> str:
    """Letters that mean nothing in an address."""
    return urlsafe_b64encode(f"{state} {after}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str, state: str) -> str:
    try:
        of_state, _, after = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
    except ValueError:
        of_state, after = "", ""
    if of_state != state or not after:
        raise ProblemError("VALIDATION_ERROR", NO_CURSOR, details=[f"cursor: {NO_CURSOR}"])
    return after
