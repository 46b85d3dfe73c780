"""The lead list: which leads it shows, and in which order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import Workspace
from common import phones
from leads.models import Lead, LeadPhone

PAGE_SIZE = 50
START_HERE = "call me first"
MAX_WORDS = 6
MIN_DIGITS = 4


@dataclass(frozen=True)
class Page:
    leads: list[Lead]
    newer: int | None
    older: int | None


def find_leads(workspace: Workspace, *, text: str = "", status: str = "") -> QuerySet[Lead]:
    leads = Lead.objects.filter(workspace=workspace)
    if status:
        leads = leads.filter(status=status)
    return leads.filter(_matches(workspace, text.strip())) if text.strip() else leads


def page_of(leads: QuerySet[Lead], *, older: int | None = None, newer: int | None = None) -> Page:
    """By id, so that the hundredth page costs what the first does."""
    leads = leads.select_related("campaign")
    if newer is not None:
        found = list(leads.filter(pk__gt=newer).order_by("id")[: PAGE_SIZE + 1])
        more, rows = len(found) > PAGE_SIZE, found[:PAGE_SIZE][::-1]
        return Page(rows, newer=rows[0].pk if rows and more else None, older=rows[-1].pk if rows else None)
    found = list((leads.filter(pk__lt=older) if older is not None else leads).order_by("-id")[: PAGE_SIZE + 1])
    more, rows = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    first = rows[0].pk if rows and older is not None else None
    return Page(rows, newer=first, older=rows[-1].pk if more else None)


def _matches(workspace: Workspace, text: str) -> Q:
    by_words = Q()
    for word in text.split()[:MAX_WORDS]:
        by_words &= Q(first_name__icontains=word) | Q(last_name__icontains=word) | Q(email__icontains=word)
    return by_words | Q(public_id=text.lower()) | _has_number(workspace, text)


def _has_number(workspace: Workspace, text: str) -> Q:
    """Any writing of a whole number, or some of its digits."""
    if re.search(r"[^\d\s()+./-]", text):
        return Q(pk__in=[])
    phone = phones.parse_phone(text, country=workspace.country)
    digits = re.sub(r"\D", "", text).lstrip("0")
    wanted = Q(pk__in=[])
    if phone:
        wanted |= _number(workspace, Q(e164=phone.e164), Q(phone=phone.e164))
    if len(digits) >= MIN_DIGITS:
        wanted |= _number(workspace, Q(e164__contains=digits), Q(phone__contains=digits))
    return wanted


def _number(workspace: Workspace, extra: Q, main: Q) -> Q:
    further = LeadPhone.objects.filter(extra, lead__workspace=workspace)
    return main | Q(pk__in=further.values("lead"))


def leads_to_start_with(workspace: Workspace) -> list[Lead]:
    return list(Lead.objects.filter(workspace=workspace, tags__name=START_HERE).order_by("-id")[:3])
