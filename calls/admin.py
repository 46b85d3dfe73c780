from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest

from accounts.access import actor_of
from calls.dialer.entries import take_out
from calls.models import (
    CallPrompt,
    DialerEntry,
    DialerState,
    InboxEvent,
    Interaction,
    InteractionEvent,
    Transcript,
)
from calls.services import cancel_call
from common.admin import ReadOnlyAdmin, ReadOnlyInline


class EventInline(ReadOnlyInline):
    model = InteractionEvent
    fields = ("at", "kind", "text")
    ordering = ("id",)


@admin.register(Interaction)
class InteractionAdmin(ReadOnlyAdmin):
    inlines = (EventInline,)
    actions = ("cancel",)
    list_display = (
        *("public_id", "lead", "to_number", "status", "dispatch", "origin", "is_test"),
        *("duration", "workspace", "created_at"),
    )
    list_filter = ("status", "machine_status", "dispatch", "origin", "direction", "is_test", "recording_state")
    list_select_related = ("lead", "workspace")
    search_fields = ("public_id", "to_number", "conversation_id", "lead__public_id")
    ordering = ("-id",)
    # The file's address in the storage means nothing without the product's own view of it.
    exclude = ("recording",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interaction]:
        rows: QuerySet[Interaction] = super().get_queryset(request)
        return rows.select_related(
            *("lead", "workspace", "campaign", "agent", "account", "caller_number", "prompt_version__template"),
            *("user", "api_key", "corrected_by"),
        )

    @admin.action(description="Cancel those that are still queued")
    def cancel(self, request: HttpRequest, calls: QuerySet[Interaction]) -> None:
        done = [cancel_call(interaction=call, by=actor_of(request)) for call in calls]
        self.message_user(request, f"Cancelled {sum(done)} of {len(done)}; the others were not queued any more.")


@admin.register(CallPrompt)
class CallPromptAdmin(ReadOnlyAdmin):
    list_display = ("interaction", "first_message")
    list_select_related = ("interaction",)
    search_fields = ("interaction__public_id",)


@admin.register(Transcript)
class TranscriptAdmin(ReadOnlyAdmin):
    list_display = ("interaction",)
    list_select_related = ("interaction",)
    search_fields = ("interaction__public_id",)


@admin.register(InteractionEvent)
class InteractionEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "interaction", "kind", "text")
    list_filter = ("kind",)
    list_select_related = ("interaction",)
    search_fields = ("interaction__public_id",)
    ordering = ("-id",)


@admin.register(InboxEvent)
class InboxEventAdmin(ReadOnlyAdmin):
    """The body holds what people said on the phone: only its length is shown."""

    list_display = ("received_at", "event_type", "conversation_id", "state", "note", "account", "body_length")
    list_filter = ("state", "event_type")
    list_select_related = ("account", "interaction")
    search_fields = ("conversation_id", "key")
    ordering = ("-id",)
    readonly_fields = ("body_length",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboxEvent]:
        rows: QuerySet[InboxEvent] = super().get_queryset(request)
        return rows.defer("body").annotate(length=Length("body"))

    @admin.display(description="Length of the body in bytes")
    def body_length(self, event: InboxEvent) -> int:
        return int(getattr(event, "length", 0))


@admin.register(DialerEntry)
class DialerEntryAdmin(ReadOnlyAdmin):
    actions = ("take_out_of_dialer",)
    list_display = ("lead", "campaign", "state", "lane", "due_at", "why", "faults", "workspace")
    list_filter = ("state", "lane", "why")
    list_select_related = ("lead", "campaign", "workspace")
    search_fields = ("lead__public_id", "lead__phone", "campaign__code")
    ordering = ("-id",)

    @admin.action(description="Take out of the auto-dialer")
    def take_out_of_dialer(self, request: HttpRequest, entries: QuerySet[DialerEntry]) -> None:
        leads = [entry.lead for entry in entries.select_related("lead__workspace", "lead__campaign")]
        done = [take_out(lead=lead, by=actor_of(request)) for lead in leads]
        self.message_user(request, f"Took out {sum(done)} of {len(done)}; the others were not in it any more.")


@admin.register(DialerState)
class DialerStateAdmin(ReadOnlyAdmin):
    list_display = ("campaign", "held_why", "held_text", "served_at", "resume_at")
    list_filter = ("held_why",)
    list_select_related = ("campaign",)
    search_fields = ("campaign__code", "campaign__name")
