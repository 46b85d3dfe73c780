from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.access import actor_of, membership_of, role_required, workspace_of
from accounts.models import Role, Workspace
from calls.guide import KEYS, Guide, GuideStep, SandboxState, campaign_to_join, guide_of, newest_lead, sandbox_state_of
from calls.guide_changes import close_guide, skip_step
from calls.sandbox_setup import request_set_up, sandbox_accounts, use_sandbox
from common.notices import say
from common.once import redirect_once

STOP_POLLING = 286
MADE_BY_SANDBOX = ("account", "agent", "number", "template", "campaign")


@dataclass(frozen=True)
class Suggestion:
    """A number that the sandbox answers in a known way; docs/sandbox.md has all of them."""

    phone: str
    first_name: str
    last_name: str
    what_happens: str


SUGGESTIONS = (
    Suggestion("+14155550101", "Ada", "Quill", "Is interested: becomes Qualified."),
    Suggestion("+14155550103", "Ben", "Harper", "Wants to be called back tomorrow."),
    Suggestion("+14155550105", "Cleo", "Marsh", "Asks not to be called again: goes on the Do-Not-Call list."),
    Suggestion("+14155550107", "Dan", "Okoro", "Has a voicemail that answers."),
    Suggestion("+14155550108", "Eva", "Lind", "Does not pick up."),
)


@role_required(Role.MEMBER)
@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    context = _page_of(request)
    sandbox: SandboxState = context["sandbox"]
    if request.htmx and request.GET.get("part") == "body":  # type: ignore[attr-defined]
        if sandbox.is_pending and request.GET.get("v") == sandbox.phase:
            return HttpResponse(status=204)
        status = 200 if sandbox.is_pending else STOP_POLLING
        return render(request, "calls/_guide.html", context | {"is_partial": True}, status=status)
    return render(request, "calls/guide.html", context)


def _page_of(request: HttpRequest) -> dict[str, Any]:
    workspace, is_admin = workspace_of(request), membership_of(request).at_least(Role.ADMIN)
    found, sandbox = guide_of(workspace), sandbox_state_of(workspace)
    return {
        "guide": found,
        "steps": [step for step in found.steps if membership_of(request).at_least(step.step.role)],
        "sandbox": sandbox,
        "offers_sandbox": is_admin and _offers_sandbox(found, sandbox),
        "suggestions": SUGGESTIONS if sandbox.phase == "ready" and not found.is_done("lead") else (),
        "campaign": campaign_to_join(workspace),
        "lead": _lead_to_call(workspace, found),
        "waits_for_admin": not is_admin and not found.is_done(*MADE_BY_SANDBOX),
    }


def _offers_sandbox(found: Guide, sandbox: SandboxState) -> bool:
    if not settings.SANDBOX_URL:
        return False
    return sandbox.phase in ("waiting", "silent", "failed") or not found.is_done(*MADE_BY_SANDBOX)


def _lead_to_call(workspace: Workspace, found: Guide) -> Any:
    return newest_lead(workspace) if _step(found, "call").state == "open" and found.is_done("lead") else None


def _step(found: Guide, key: str) -> GuideStep:
    return next(step for step in found.steps if step.key == key)


@role_required(Role.ADMIN)
@require_POST
def guide_sandbox(request: HttpRequest) -> HttpResponse:
    """Everything for a first call; with `account` only the provider's side of that one, made or mended."""
    if not settings.SANDBOX_URL:
        raise Http404("No sandbox runs beside this installation.")
    workspace = workspace_of(request)
    if public_id := request.POST.get("account"):
        account = get_object_or_404(sandbox_accounts(workspace), public_id=public_id)
        request_set_up(account)
        return redirect(f"{reverse('account_edit', args=[account.public_id])}#check")
    return redirect_once(request, lambda: _use_sandbox(request))


def _use_sandbox(request: HttpRequest) -> str:
    use_sandbox(workspace=workspace_of(request), by=actor_of(request))
    return reverse("guide")


@role_required(Role.ADMIN)
@require_POST
def guide_skip(request: HttpRequest) -> HttpResponse:
    step, skipped = request.GET.get("step", ""), request.GET.get("skipped") == "1"
    if step not in KEYS:
        raise Http404("The guide has no such step.")
    skip_step(workspace=workspace_of(request), step=step, skipped=skipped, by=actor_of(request))
    return redirect(f"{reverse('guide')}#{step}")


@role_required(Role.ADMIN)
@require_POST
def guide_close(request: HttpRequest) -> HttpResponse:
    closed = request.GET.get("closed") == "1"
    close_guide(workspace=workspace_of(request), closed=closed, by=actor_of(request))
    if not closed:
        return redirect("guide")
    say(request, "The guide is put away.", undo=f"{reverse('guide_close')}?closed=0")
    return redirect("home")
