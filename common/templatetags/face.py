"""What every page needs: icons, badges, and times in the lead's zone that tell the viewer's own on hover."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from common import clock, hours, phones
from common.once import new_token

register = template.Library()
CAPITAL = re.compile(r"(?<=[a-z])[A-Z]")

ICONS = {
    "phone": '<path d="M5 3h3l1.5 4-2 1.5a12 12 0 0 0 6 6l1.5-2L19 14v3a2 2 0 0 1-2.2 2A15 15 0 0 1 3 5.2 2 2 0 0 1 5 3'
    'z"/>',
    "stop": '<path d="M8 3h8l5 5v8l-5 5H8l-5-5V8z"/><path d="M8.5 12h7"/>',
    "play": '<path d="M8 5.5v13l10.5-6.5z"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "warning": '<path d="M12 4 2.8 19.5h18.4z"/><path d="M12 10v4.5M12 17v.2"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "theme": '<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5v17a8.5 8.5 0 0 0 0-17z" fill="currentColor"/>',
    "chevron": '<path d="m9 6 6 6-6 6"/>',
    "back": '<path d="m15 6-6 6 6 6"/>',
    "blocked": '<circle cx="12" cy="12" r="8.5"/><path d="m6 6 12 12"/>',
    "home": '<path d="M3.5 11 12 4l8.5 7"/><path d="M6 9.5V20h12V9.5"/><path d="M10 20v-5.5h4V20"/>',
    "people": '<circle cx="9" cy="8.5" r="3.3"/><path d="M2.8 19.5a6.2 6.2 0 0 1 12.4 0"/>'
    '<path d="M15.5 5.6a3.3 3.3 0 0 1 0 5.8M17.6 14a6.2 6.2 0 0 1 3.6 5.5"/>',
    "talk": '<path d="M4 5h16v11H10l-4.5 4v-4H4z"/><path d="M8 9h8M8 12h5"/>',
    "campaign": '<path d="M4 10v4l11 4.5v-13z"/><path d="M18 9.5a4 4 0 0 1 0 5"/><path d="M7 15v4h3v-3"/>',
    "settings": '<path d="M4 7h9M17 7h3M4 12h3M11 12h9M4 17h9M17 17h3"/><circle cx="15" cy="7" r="2"/>'
    '<circle cx="9" cy="12" r="2"/><circle cx="15" cy="17" r="2"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "edit": '<path d="M4 20h4L19 9l-4-4L4 16z"/><path d="m13 7 4 4"/>',
    "note": '<path d="M5 4h14v11l-5 5H5z"/><path d="M14 20v-5h5M8 9h8M8 12.5h4"/>',
    "pause": '<path d="M8.5 5.5v13M15.5 5.5v13"/>',
    "undo": '<path d="M8 5 4 9l4 4"/><path d="M4 9h10a5.5 5.5 0 0 1 0 11H8"/>',
    "copy": '<path d="M9 9h11v11H9z"/><path d="M15 9V4H4v11h5"/>',
    "download": '<path d="M12 4v11M7.5 10.5 12 15l4.5-4.5M4 20h16"/>',
    "upload": '<path d="M12 15V4M7.5 8.5 12 4l4.5 4.5M4 20h16"/>',
    "key": '<circle cx="8" cy="15" r="4"/><path d="m11 12 8-8M16 7l3 3"/>',
    "open": '<circle cx="12" cy="12" r="8.5"/>',
    "more": '<path d="M5 12h.1M12 12h.1M19 12h.1" stroke-width="3"/>',
    "person": '<circle cx="12" cy="8.5" r="3.7"/><path d="M4.8 20a7.4 7.4 0 0 1 14.4 0"/>',
    "tag": '<path d="M4 4h7.5l8.5 8.5-7.5 7.5L4 11.5z"/><path d="M8.2 8.2v.1"/>',
    "sail": '<path d="M12.8 3v12.2h7.4C19.5 9.5 16.5 5.5 12.8 3z" fill="currentColor" stroke="none"/>'
    '<path d="M10.8 6.5v8.7H4.6c.8-3.6 3.1-6.7 6.2-8.7z" fill="currentColor" stroke="none"/>'
    '<path d="M3 18.2c1.5 1.7 3 1.7 4.5.4 1.5 1.3 3 1.3 4.5 0 1.5 1.3 3 1.3 4.5 0 1.5 1.3 3 1.3 4.5-.4"/>',
}

# Colour says the family, the text says which: new, work, reached, won, quiet, stopped, fault.
FAMILIES = {
    "new": ("new", "pending"),
    "work": (
        *("processing", "queued", "pending_action", "missing_data", "in_progress", "ringing"),
        *("scheduled_callback", "follow_up", "pending_signature", "document_sent"),
    ),
    "reached": ("contacted", "completed", "incomplete"),
    "won": ("qualified", "signed", "delivered", "accepted"),
    "quiet": ("no_answer", "voicemail", "busy", "no_contact", "duplicate", "ended"),
    "stopped": ("dnc", "disqualified", "rejected"),
    "fault": ("error", "failed"),
}
FAMILY_OF = {status: family for family, statuses in FAMILIES.items() for status in statuses}


@register.simple_tag
def icon(name: str) -> SafeString:
    return mark_safe(
        f'<svg class="icon icon-{name}" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false"'
        f' fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">'
        f"{ICONS[name]}</svg>"
    )


@register.simple_tag
def badge(status: str, label: str) -> SafeString:
    return format_html('<span class="badge badge-{}">{}</span>', FAMILY_OF.get(status, "quiet"), label)


@register.filter
def phone(e164: str) -> str:
    return phones.display(e164) if e164 else ""


@register.filter
def duration(seconds: int | None) -> str:
    """4:05 or 1:02:03."""
    if seconds is None:
        return ""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


@register.filter
def place(zone: str) -> str:
    return hours.place(zone)


@register.filter
def words(name: str) -> str:
    """A field's name as people say it, also one that a program wrote: `captureUrl`."""
    return CAPITAL.sub(lambda found: f" {found[0].lower()}", name).replace("_", " ")


@register.simple_tag
def when(moment: datetime | None, zone: str, *, named: bool = False) -> SafeString:
    """`named` is for the middle of a sentence: today 09:00 EST."""
    if moment is None:
        return mark_safe("")
    local = moment.astimezone(ZoneInfo(zone))
    day = _day(local)
    text = f"{_in_sentence(day)} {local:%H:%M} {_abbreviation(local)}" if named else f"{day} {local:%H:%M}"
    title = f"{local:%a} {local.day} {local:%b %Y, %H:%M} in {place(zone)}"
    return format_html(
        '<time datetime="{}" data-when title="{}">{}</time>', local.isoformat("T", "seconds"), title, text
    )


def _day(local: datetime) -> str:
    today = clock.now().astimezone(local.tzinfo).date()
    names = {today: "Today", today - timedelta(days=1): "Yesterday", today + timedelta(days=1): "Tomorrow"}
    year = f" {local.year}" if local.year != today.year else ""
    return names.get(local.date()) or f"{local:%a} {local.day} {local:%b}{year}"


def _in_sentence(day: str) -> str:
    return day.lower() if day in ("Today", "Yesterday", "Tomorrow") else day


def _abbreviation(local: datetime) -> str:
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in "+-" else name


@register.simple_tag
def local_time(zone: str) -> SafeString:
    """A clock that goes on: static/js/clock.js moves it."""
    local = clock.now().astimezone(ZoneInfo(zone))
    text = f"{local:%a %H:%M}"
    return format_html(
        '<time class="num" datetime="{}" data-zone="{}">{}</time>', local.isoformat("T", "minutes"), zone, text
    )


@register.simple_tag
def elapsed(since: datetime | None) -> SafeString:
    if since is None:
        return mark_safe("")
    seconds = max(0, int((clock.now() - since).total_seconds()))
    return format_html('<time class="num" data-since="{}">{}</time>', since.timestamp(), duration(seconds))


@register.simple_tag
def clock_meta() -> SafeString:
    """The business clock and its speed, so that pages count as the server does."""
    speed = settings.CLOCK.split(",")[2] if settings.CLOCK else "1"
    return format_html('<meta name="clock" content="{},{}">', f"{clock.timestamp():.3f}", speed)


SECTIONS = (
    ("Home", "home", "home", ()),
    ("Leads", "people", "lead_list", ("leads",)),
    ("Conversations", "talk", "conversation_list", ("conversations",)),
    ("Campaigns", "campaign", "campaign_list", ("campaigns", "agents", "numbers", "prompts")),
    ("Settings", "settings", "settings", ("settings",)),
)


@register.simple_tag(takes_context=True)
def main_nav(context: template.Context) -> list[dict[str, Any]]:
    path = context["request"].path
    first = path.strip("/").partition("/")[0]
    return [
        {
            "label": label,
            "icon": icon_name,
            "url": reverse(name),
            "is_current": first in parts if parts else path == "/",
            "is_exact": path == reverse(name),
        }
        for label, icon_name, name, parts in SECTIONS
    ]


CAMPAIGN_TABS = (
    ("Campaigns", "campaign_list", "viewer"),
    ("Agents", "agent_list", "viewer"),
    ("Caller numbers", "number_list", "viewer"),
    ("Prompts", "prompt_list", "viewer"),
)
SETTINGS_TABS = (
    ("Workspace", "settings_workspace", "admin"),
    ("Members", "member_list", "viewer"),
    ("Voice providers", "account_list", "admin"),
    ("API keys", "key_list", "owner"),
    ("Webhooks", "webhook_list", "admin"),
    ("Do-Not-Call", "dnc_list", "viewer"),
    ("Audit trail", "audit_list", "admin"),
    ("Profile and security", "profile", "viewer"),
)


@register.inclusion_tag("parts/_tabs.html", takes_context=True)
def campaign_tabs(context: template.Context) -> dict[str, Any]:
    return _tabs(context, "Campaigns and what they call with", CAMPAIGN_TABS)


@register.inclusion_tag("parts/_tabs.html", takes_context=True)
def settings_tabs(context: template.Context) -> dict[str, Any]:
    return _tabs(context, "Settings", SETTINGS_TABS)


def _tabs(context: template.Context, label: str, tabs: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    path, membership = context["request"].path, context.get("membership")
    shown = [
        {"label": text, "url": reverse(name), "is_current": path.startswith(reverse(name)), "count": None}
        for text, name, role in tabs
        if may(membership, role)
    ]
    return {"label": label, "tabs": shown}


@register.simple_tag(takes_context=True)
def once(context: template.Context) -> SafeString:
    """Stands in every form that writes: sent twice it acts once, and text survives a session that ran out."""
    house = context.get("workspace")
    place = house.public_id if house else ""
    return format_html('<input type="hidden" name="once" value="{}">', new_token(context["request"], place=place))


@register.filter
def may(membership: Any, role: str) -> bool:
    """`{% if membership|may:"member" %}`: what someone may not do is not shown."""
    return bool(membership) and bool(membership.at_least(role))
