"""The Do-Not-Call list: read, added to, taken from."""

from __future__ import annotations

from typing import Annotated, TypedDict

from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import ApiView
from common.operations import operation
from leads.access import entry_of, lead_of
from leads.do_not_call import addresses_on, find_listed, is_address, judge, read_address, upload_list
from leads.models import Channel, Lead, LeadStatus
from leads.queries import entries_of
from leads.serializers.dnc import BarLeadSerializer, LiftQuery, ListedQuery, ListManySerializer, ListSerializer
from leads.services import add_to_do_not_call, bar_lead, remove_from_do_not_call
from leads.shapes import DoNotCallShape, do_not_call_json

TAG, READ, WRITE = "Do-Not-Call", "do_not_call:read", "do_not_call:write"
API = "api"
ENTRY = {
    "id": "12",
    "channel": "phone",
    "address": "+14155550132",
    "reason": "Asked by e-mail",
    "source": "api",
    "createdBy": None,
    "createdAt": "2026-11-20T15:04:05.000Z",
    "confirmedAt": None,
}


class ListedShape(TypedDict):
    entries: list[DoNotCallShape]
    nextCursor: str | None
    hasMore: bool


class InvalidAddressShape(TypedDict):
    """One that could not be listed."""

    address: Annotated[str, "As it was sent."]
    message: str


class ManyListedShape(TypedDict):
    added: int
    alreadyListed: Annotated[int, "Those keep their first reason."]
    invalid: list[InvalidAddressShape]


class LeadDoNotCallShape(TypedDict):
    """What nobody may use of a lead's addresses."""

    isDnc: Annotated[bool, "As in the lead's flags: it said no, or its main number is barred."]
    channels: list[str]
    entries: list[DoNotCallShape]


class DoNotCallList(ApiView):
    @operation(
        "listDoNotCall",
        "List the Do-Not-Call list",
        tag=TAG,
        scope=READ,
        query=ListedQuery,
        data=ListedShape,
        example={"entries": [ENTRY], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        asked = self.query()
        known = find_listed(self.workspace)
        rows = find_listed(self.workspace, text=asked.get("search", ""), channel=asked.get("channel", ""))
        if address := asked.get("address"):
            rows = rows.filter(is_address(address, country=self.workspace.country))
        page = self.page(rows, known=known, by="id")
        found: ListedShape = {
            "entries": [do_not_call_json(entry) for entry in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)

    @operation(
        "addDoNotCall",
        "Put an address on the Do-Not-Call list",
        tag=TAG,
        scope=WRITE,
        description="Holds at once, for every lead that has the address. One that is listed already keeps its first "
        "reason, and its entry is the answer.",
        body=ListSerializer,
        data=DoNotCallShape,
        idempotent=True,
        body_example={"address": "+1 415 555 0132", "channel": "phone", "reason": "Asked by e-mail"},
        example=ENTRY,
    )
    def post(self, request: Request) -> Response:
        asked = self.body()
        try:
            read_address(asked["address"], channel=asked["channel"], country=self.workspace.country)
        except ValidationError as error:
            raise ValidationError({"address": error.messages}) from None
        entry = add_to_do_not_call(workspace=self.workspace, by=self.actor, source=API, **asked)
        return self.answer(do_not_call_json(entry))


class DoNotCallBulk(ApiView):
    @operation(
        "addManyDoNotCall",
        "Put many addresses on the Do-Not-Call list",
        tag=TAG,
        scope=WRITE,
        description="Up to 5,000. Those that cannot be read are named, the others are listed.",
        body=ListManySerializer,
        data=ManyListedShape,
        idempotent=True,
        body_example={"addresses": ["+1 415 555 0132", "call me"], "channel": "phone", "reason": "Asked by e-mail"},
        example={
            "added": 1,
            "alreadyListed": 0,
            "invalid": [{"address": "call me", "message": "Not a phone number: write it with the country code."}],
        },
    )
    def post(self, request: Request) -> Response:
        asked = self.body()
        channel, addresses = asked["channel"], asked["addresses"]
        found = judge(addresses, channel=channel, country=self.workspace.country)
        event = upload_list(
            workspace=self.workspace,
            by=self.actor,
            found=found,
            channel=channel,
            reason=asked["reason"],
            source=API,
        )
        done: ManyListedShape = {
            "added": event.data["added"],
            "alreadyListed": event.data["listed_already"],
            "invalid": [{"address": addresses[bad.row - 1], "message": bad.why} for bad in found.bad],
        }
        return self.answer(done)


class DoNotCallEntry(ApiView):
    @operation(
        "getDoNotCall",
        "Get an entry of the Do-Not-Call list",
        tag=TAG,
        scope=READ,
        data=DoNotCallShape,
        example=ENTRY,
    )
    def get(self, request: Request, entry_id: str) -> Response:
        return self.answer(do_not_call_json(entry_of(self.workspace, entry_id)))

    @operation(
        "removeDoNotCall",
        "Take an address off the Do-Not-Call list",
        tag=TAG,
        scope=WRITE,
        description="Say why in `reason`: it is kept in the audit trail. Only this channel of this address is free "
        "again, and a lead whose status is `dnc` is still not called.",
        query=LiftQuery,
    )
    def delete(self, request: Request, entry_id: str) -> Response:
        reason = self.query()["reason"]
        remove_from_do_not_call(entry=entry_of(self.workspace, entry_id), by=self.actor, reason=reason)
        return self.answer(None)


class LeadDoNotCall(ApiView):
    @operation(
        "getLeadDoNotCall",
        "Get what is barred of a lead",
        tag=TAG,
        scope=READ,
        data=LeadDoNotCallShape,
        example={"isDnc": True, "channels": ["phone"], "entries": [ENTRY]},
    )
    def get(self, request: Request, lead_id: str) -> Response:
        return self.answer(_barred(lead_of(self.workspace, lead_id)))

    @operation(
        "barLead",
        "Put a lead on the Do-Not-Call list",
        tag=TAG,
        scope=WRITE,
        description="Lists the lead's own addresses of these channels: all its numbers, or its e-mail. The status "
        "stays. An entry is taken off by its id.",
        body=BarLeadSerializer,
        data=LeadDoNotCallShape,
        idempotent=True,
        body_example={"channels": ["phone", "sms"], "reason": "Asked on the phone"},
        example={
            "isDnc": True,
            "channels": ["phone", "sms"],
            "entries": [ENTRY, {**ENTRY, "id": "13", "channel": "sms"}],
        },
    )
    def post(self, request: Request, lead_id: str) -> Response:
        lead, asked = lead_of(self.workspace, lead_id), self.body()
        bar_lead(lead=lead, addresses=addresses_on(lead, asked["channels"]), by=self.actor, reason=asked["reason"])
        return self.answer(_barred(lead))


def _barred(lead: Lead) -> LeadDoNotCallShape:
    entries = entries_of(lead, lead.numbers())
    main = any(entry.channel == Channel.PHONE and entry.address == lead.phone for entry in entries)
    return {
        "isDnc": main or lead.status == LeadStatus.DNC,
        "channels": list(dict.fromkeys(entry.channel for entry in entries)),
        "entries": [do_not_call_json(entry) for entry in entries],
    }
