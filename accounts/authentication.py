from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.actors import Actor
from accounts.keys import digest_key
from accounts.models import ApiKey
from common import clock
from common.operations import METHODS, operation_of

if TYPE_CHECKING:
    # At run time this would be a circle: APIView loads the classes of this module from the settings.
    from rest_framework.views import APIView

# `last_used_at` is for people; writing it on every request would make each read a write.
LAST_USED_STEP = timedelta(minutes=1)


def find_api_key(raw: str) -> ApiKey | None:
    key = ApiKey.objects.usable(clock.now()).select_related("workspace").filter(digest=digest_key(raw)).first()
    if key and (key.last_used_at is None or clock.now() - key.last_used_at > LAST_USED_STEP):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=clock.now())
    return key


def raw_key(request: Any) -> str:
    if header := request.META.get("HTTP_X_API_KEY", ""):
        return str(header).strip()
    scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class ApiKeyAuthentication(BaseAuthentication):
    """`X-API-Key: …` or `Authorization: Bearer …`; the workspace is the key's."""

    def authenticate(self, request: Request) -> tuple[Actor, ApiKey]:
        raw = raw_key(request)
        if not raw:
            raise NotAuthenticated("Authentication required")
        key = find_api_key(raw)
        if key is None:
            raise AuthenticationFailed("The API key is not valid: it is unknown, revoked or expired")
        return Actor(api_key=key), key

    def authenticate_header(self, request: Request) -> str:
        return "ApiKey"


class HasScope(BasePermission):
    """Every method names its scope by `@operation`; one that names none is closed."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        method = request.method or ""
        if method not in METHODS or not hasattr(view, method.lower()):
            return True  # DRF answers 405 itself
        said = operation_of(view, method)
        self.message = f"This API key needs the scope {said.scope if said else ''}".strip()
        return said is not None and isinstance(request.auth, ApiKey) and said.scope in request.auth.scopes
