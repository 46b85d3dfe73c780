from __future__ import annotations

from typing import TypedDict

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import PageQuery
from calls.provider_checks import ask_for_check, state_of_check
from campaigns.access import account_of, accounts_of
from campaigns.accounts import CHECKED, create_account, set_account_active, update_account
from campaigns.api import examples
from campaigns.api.base import CampaignsView
from campaigns.models import ProviderAccount
from campaigns.serializers.provider import NewProviderAccountSerializer, ProviderAccountFieldsSerializer
from campaigns.shapes import DirectoryShape, ProviderAccountShape, directory_json, provider_account_json
from common.operations import operation

TAG = "Provider accounts"


class ProviderAccountListShape(TypedDict):
    providerAccounts: list[ProviderAccountShape]
    nextCursor: str | None
    hasMore: bool


class ProviderAccountView(CampaignsView):
    def answer_account(self, public_id: str) -> Response:
        """As it is stored now."""
        return self.answer(_shown(account_of(self.workspace, public_id)))


def _shown(account: ProviderAccount) -> ProviderAccountShape:
    return provider_account_json(account, state_of_check(account).phase)


class ProviderAccounts(ProviderAccountView):
    @operation(
        "listProviderAccounts",
        "List provider accounts",
        tag=TAG,
        scope="providers:read",
        query=PageQuery,
        data=ProviderAccountListShape,
        example={"providerAccounts": [examples.ACCOUNT], "nextCursor": None, "hasMore": False},
    )
    def get(self, request: Request) -> Response:
        known = accounts_of(self.workspace)
        page = self.page(known, known=known)
        found: ProviderAccountListShape = {
            "providerAccounts": [_shown(account) for account in page.rows],
            "nextCursor": page.next_cursor,
            "hasMore": page.has_more,
        }
        return self.answer(found)

    @operation(
        "createProviderAccount",
        "Add a provider account",
        tag=TAG,
        scope="providers:write",
        description="It is checked at once, in the background: read it again for what was found.",
        body=NewProviderAccountSerializer,
        data=ProviderAccountShape,
        idempotent=True,
        body_example=examples.NEW_ACCOUNT,
        example=examples.ACCOUNT
        | {"hasWebhookSecret": False, "checkState": "waiting", "checkedAt": None, "checkResults": []},
    )
    def post(self, request: Request) -> Response:
        with transaction.atomic():
            account = create_account(workspace=self.workspace, by=self.actor, **self.body())
            ask_for_check(account)
        return self.answer_account(account.public_id)


class ProviderAccountDetail(ProviderAccountView):
    @operation(
        "getProviderAccount",
        "Get a provider account",
        tag=TAG,
        scope="providers:read",
        description="With what the last check found.",
        data=ProviderAccountShape,
        example=examples.ACCOUNT,
    )
    def get(self, request: Request, account_id: str) -> Response:
        return self.answer_account(account_id)

    @operation(
        "updateProviderAccount",
        "Change a provider account",
        tag=TAG,
        scope="providers:write",
        description="Secrets are replaced by what is sent, and never shown. Another host or secret is checked at once.",
        body=ProviderAccountFieldsSerializer,
        data=ProviderAccountShape,
        body_example={"callsPerSecond": 2.5, "concurrency": 20},
        example=examples.ACCOUNT | {"concurrency": 20},
    )
    def patch(self, request: Request, account_id: str) -> Response:
        account = account_of(self.workspace, account_id)
        fields = self.body()
        active = fields.pop("is_active", None)
        with transaction.atomic():
            changed = update_account(account=account, by=self.actor, **fields)
            if active is not None:
                set_account_active(account=account, active=active, by=self.actor)
            if CHECKED & changed:
                ask_for_check(account)
        return self.answer_account(account_id)


class ProviderAccountCheck(ProviderAccountView):
    @operation(
        "checkProviderAccount",
        "Check a provider account",
        tag=TAG,
        scope="providers:write",
        description="Asks the provider in the background whether calls can work: key, agents, numbers, webhook. Read "
        "the account again until `checkState` is `done`.",
        data=ProviderAccountShape,
        example=examples.ACCOUNT | {"checkState": "waiting"},
    )
    def post(self, request: Request, account_id: str) -> Response:
        ask_for_check(account_of(self.workspace, account_id))
        return self.answer_account(account_id)


class ProviderAccountDirectory(CampaignsView):
    @operation(
        "getProviderAccountDirectory",
        "List what the provider has",
        tag=TAG,
        scope="providers:read",
        description="The agents and numbers that the provider listed at the last check, to choose their ids from.",
        data=DirectoryShape,
        example={
            "agents": [{"providerAgentId": "agent_01jx3v9k2mf8r9t0", "name": "Nora"}],
            "numbers": [
                {
                    "providerNumberId": "phnum_01jx3v9k2mf8r9t0",
                    "number": "+14155550100",
                    "kind": "twilio",
                    "label": "Oakland office",
                }
            ],
        },
    )
    def get(self, request: Request, account_id: str) -> Response:
        return self.answer(directory_json(account_of(self.workspace, account_id)))
