from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from campaigns.models import Campaign
from common import clock
from common.forms import TextWithNewlines, WorkspaceForm
from webhooks.access import endpoints_of
from webhooks.endpoints import LONGEST_URL, check_headers, check_url
from webhooks.events import EVENT_WORDS
from webhooks.models import WebhookEndpoint
from webhooks.shapes import MASK, masked_headers

# What the form calls otherwise than the service.
NAMES = {"campaign_code": "campaign"}


class HeaderLines(TextWithNewlines):
    """One header in a line, as they are sent: `Authorization: Bearer …`."""

    widget = forms.Textarea({"rows": 3, "spellcheck": "false", "autocomplete": "off", "placeholder": "X-Token: 3f6c…"})

    def clean(self, value: Any) -> dict[str, str]:
        lines = [line.strip() for line in super().clean(value).split("\n") if line.strip()]
        pairs = [(name.strip(), text.strip()) for name, _, text in (line.partition(":") for line in lines)]
        if len({name.lower() for name, _ in pairs}) < len(pairs):
            raise ValidationError("A header stands there twice: capital letters make no difference.")
        headers: dict[str, str] = _only(check_headers, dict(pairs))
        return headers


def _only(check: Any, value: Any) -> Any:
    """The service names its field; a field of a form has its own."""
    try:
        return check(value)
    except ValidationError as error:
        raise ValidationError([text for texts in error.message_dict.values() for text in texts]) from error


class EndpointForm(WorkspaceForm):
    url = forms.CharField(
        label="URL",
        required=False,
        max_length=LONGEST_URL,
        widget=forms.TextInput(
            {"inputmode": "url", "placeholder": "https://crm.example.com/hooks/leadsail", "autocomplete": "off"}
        ),
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=[(event, words) for event, words in EVENT_WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    headers = HeaderLines(label="Headers", required=False)

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "description", "max_tries", "timeout_seconds", "inherits")
        labels = {
            "description": "Name",
            "max_tries": "Tries",
            "timeout_seconds": "Timeout in seconds",
            "inherits": "What it does not take goes to the workspace's endpoints",
        }
        help_texts = {
            "description": "As your colleagues know it, e.g. “CRM”.",
            "max_tries": "1 to 10. The waits between them grow from seconds to hours.",
            "timeout_seconds": "1 to 120. An answer that comes later counts as none.",
            "inherits": "",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if instance:
            stored = {"events": instance.events, "headers": "\n".join(f"{n}: {v}" for n, v in _masked(instance))}
            kwargs["initial"] = {**stored, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["headers"].help_text = _hint_of_headers(bool(instance and _masked(instance)))
        if instance and not instance.campaign_code:
            del self.fields["inherits"]

    def add_prefix(self, field_name: str) -> str:
        """A form that is kept because the session had ended is kept without what is called a password."""
        name = super().add_prefix(field_name)
        return f"password_{name}" if field_name == "headers" else name

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if url:
            _only(check_url, url)
        return url

    def add_error(self, field: str | None, error: Any) -> None:
        """What the service says is said at the fields that this form has, the rest above them."""
        if field is None and hasattr(error, "error_dict"):
            for name, faults in error.error_dict.items():
                shown = NAMES.get(name, name)
                super().add_error(shown if shown in self.fields else None, faults)
            return
        super().add_error(field, error)

    def wanted(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name in self.fields and name != "seen"}


class NewEndpointForm(EndpointForm):
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(),
        label="For",
        required=False,
        empty_label="Every campaign",
        to_field_name="code",
        help_text="A campaign's own endpoint comes before the workspace's.",
        error_messages={"invalid_choice": "This campaign has an endpoint of its own already, or is none of yours."},
    )
    enabled = forms.BooleanField(label="Switched on", required=False, initial=True)
    field_order = ("campaign",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = endpoints_of(self.workspace).exclude(campaign_code="").values("campaign_code")  # type: ignore[arg-type]
        campaigns = Campaign.objects.filter(workspace=self.workspace.pk).exclude(code__in=taken)
        campaign = self.fields["campaign"]
        assert isinstance(campaign, forms.ModelChoiceField)
        campaign.queryset = campaigns.exclude(status=Campaign.Status.ARCHIVED).order_by("name")

    def wanted(self) -> dict[str, Any]:
        found = super().wanted()
        campaign = found.pop("campaign")
        # Only a campaign has something to inherit from.
        return found | ({"campaign_code": campaign.code} if campaign else {"inherits": True})


def _masked(endpoint: WebhookEndpoint) -> list[tuple[str, str]]:
    return list(masked_headers(endpoint).items())


def _hint_of_headers(has_some: bool) -> str:
    kept = f" {MASK} keeps the stored value." if has_some else ""
    return f"One in a line, sent with every delivery. They are stored encrypted and never shown again.{kept}"


class DeliveryListForm(forms.Form):
    """What the address of the log asks for; what it does not understand it ignores."""

    state = forms.ChoiceField(
        label="State",
        choices=[("", "All states"), ("pending", "Waiting"), ("delivered", "Delivered"), ("failed", "Failed")],
        required=False,
        widget=forms.Select({"data-submit-on-change": ""}),
    )
    event = forms.ChoiceField(
        label="Event",
        choices=[("", "All events"), *((event, event) for event in EVENT_WORDS), ("webhook.test", "webhook.test")],
        required=False,
        widget=forms.Select({"data-submit-on-change": ""}),
    )

    def asked(self) -> dict[str, str]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class ReplayFailedForm(forms.Form):
    days = forms.ChoiceField(
        label="That failed within", choices=[("1", "a day"), ("7", "a week"), ("30", "30 days")], initial="1"
    )

    def since(self) -> datetime:
        return clock.now() - timedelta(days=int(self.cleaned_data["days"]))
