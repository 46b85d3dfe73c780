from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import actor_of, role_required, workspace_of
from accounts.models import AuditEvent, Role
from common import phones
from common.forms import field_errors, wants_check
from common.notices import say
from common.once import redirect_once
from common.paging import page_of
from leads.do_not_call import MAX_ROWS, UPLOAD, bad_rows_of, find_listed, keep_bad_rows, upload_list
from leads.forms.dnc import DncAddForm, DncLiftForm, DncListForm, DncUploadForm
from leads.models import Channel, DoNotCall
from leads.services import add_to_do_not_call, remove_from_do_not_call

DOWNLOADED_AS = 'attachment; filename="rows-not-read.csv"'
SOURCE_WORDS = {"": "By hand", "manual": "By hand", "admin": "By the operator", UPLOAD: "Upload"}


@dataclass(frozen=True)
class DncRow:
    entry: DoNotCall

    @property
    def address(self) -> str:
        return shown(self.entry)

    @property
    def source(self) -> str:
        """How it came onto the list; a lead or a call has a page, which the template links."""
        return SOURCE_WORDS.get(self.entry.source, self.entry.source)

    @property
    def lead(self) -> str:
        return self.entry.source if self.entry.source.startswith("lead_") else ""

    @property
    def call(self) -> str:
        return self.entry.source if self.entry.source.startswith("int_") else ""

    @property
    def bulk(self) -> str:
        return self.entry.source if self.entry.source.startswith("bulk_") else ""


def shown(entry: DoNotCall) -> str:
    return entry.address if entry.channel == Channel.EMAIL else phones.display(entry.address)


@role_required(Role.VIEWER)
@require_safe
def dnc_list(request: HttpRequest) -> HttpResponse:
    form = DncListForm(request.GET)
    asked = form.asked()
    listed = find_listed(workspace_of(request), text=asked.get("q", ""), channel=asked.get("channel", ""))
    page = page_of(listed, order=("-id",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "form": form,
        "rows": [DncRow(entry) for entry in page.rows],
        "is_filtered": bool(asked),
        "next_url": page.next_url(asked),
        "previous_url": page.previous_url(asked),
    }
    return render(request, "leads/dnc_list.html", context)


@role_required(Role.MEMBER)
@require_http_methods(["GET", "HEAD", "POST"])
def dnc_add(request: HttpRequest) -> HttpResponse:
    form = DncAddForm(request.POST or None, workspace=workspace_of(request))
    if wants_check(request):
        return field_errors(request, form)
    if form.is_valid():
        try:
            return _add(request, form)
        except ValidationError as error:
            form.add_error("address", error)
    return render(request, "leads/dnc_add.html", {"form": form}, status=422 if form.errors else 200)


def _add(request: HttpRequest, form: DncAddForm) -> HttpResponse:
    def act() -> str:
        wanted, workspace = form.cleaned_data, workspace_of(request)
        known = DoNotCall.objects.filter(
            workspace=workspace, channel=wanted["channel"], address=wanted["address"]
        ).exists()
        entry = add_to_do_not_call(workspace=workspace, by=actor_of(request), **wanted)
        say(request, _words(entry, known))
        return reverse("dnc_list")

    return redirect_once(request, act)


def _words(entry: DoNotCall, known: bool) -> str:
    if known:
        return f"{shown(entry)} was on the list already; its first reason stays."
    return f"{shown(entry)} is on the list: nobody uses it from now on."


@role_required(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def dnc_lift(request: HttpRequest, pk: int) -> HttpResponse:
    form = DncLiftForm(request.POST or None)
    if form.is_valid():
        return redirect_once(request, lambda: _lift(request, pk, form.cleaned_data["reason"]))
    context = {"form": form, "row": DncRow(_entry_of(request, pk))}
    return render(request, "leads/dnc_lift.html", context, status=422 if form.errors else 200)


def _lift(request: HttpRequest, pk: int, reason: str) -> str:
    entry = _entry_of(request, pk)
    remove_from_do_not_call(entry=entry, by=actor_of(request), reason=reason)
    say(request, f"{shown(entry)} may be used again.")
    return reverse("dnc_list")


def _entry_of(request: HttpRequest, pk: int) -> DoNotCall:
    entries = DoNotCall.objects.select_related("workspace", "user")
    return get_object_or_404(entries, workspace=workspace_of(request), pk=pk)


@role_required(Role.MEMBER)
@require_http_methods(["GET", "HEAD", "POST"])
def dnc_upload(request: HttpRequest) -> HttpResponse:
    if "report" in request.GET and request.method != "POST":
        return _report(request, request.GET["report"])
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = DncUploadForm(*sent, workspace=workspace_of(request))
    if form.is_valid():
        return _upload(request, form)
    context = {"form": form, "max_rows": f"{MAX_ROWS:,}"}
    return render(request, "leads/dnc_upload.html", context, status=422 if form.errors else 200)


def _upload(request: HttpRequest, form: DncUploadForm) -> HttpResponse:
    wanted = {name: form.cleaned_data[name] for name in ("found", "channel", "reason")}
    events: list[AuditEvent] = []

    def act() -> str:
        events.append(upload_list(workspace=workspace_of(request), by=actor_of(request), **wanted))
        return f"{reverse('dnc_upload')}?report={events[0].pk}"

    answer = redirect_once(request, act)
    for event in events:
        keep_bad_rows(event, wanted["found"])
    return answer


def _report(request: HttpRequest, number: str) -> HttpResponse:
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404("There is no such upload.")
    events = AuditEvent.objects.filter(workspace=workspace_of(request), verb="dnc.uploaded")
    event = get_object_or_404(events.select_related("user"), pk=int(number))
    rows = bad_rows_of(event)
    if "csv" in request.GET and rows is not None:
        return _as_csv(rows)
    is_all = event.data["not_readable"] == len(event.data["bad_rows"])
    context = {"event": event, "told": event.data, "is_all": is_all, "can_download": rows is not None}
    return render(request, "leads/dnc_report.html", context)


def _as_csv(rows: list[list[Any]]) -> HttpResponse:
    response = HttpResponse(
        "\ufeff", content_type="text/csv; charset=utf-8", headers={"Content-Disposition": DOWNLOADED_AS}
    )
    writer = csv.writer(response)
    writer.writerow(["Row", "Read", "Why not"])
    writer.writerows([row, _harmless(text), why] for row, text, why in rows)
    return response


def _harmless(cell: str) -> str:
    """A spreadsheet would take it for a formula and run it."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
