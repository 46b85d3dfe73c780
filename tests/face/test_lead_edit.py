"""Adding and editing a lead: any writing of a number, mistakes at the field, custom fields kept as they were."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.actors import SYSTEM
from accounts.models import AuditEvent, User
from campaigns.models import Campaign
from leads.forms.lead import LeadForm
from leads.models import Lead, LeadPhone, Tag
from leads.services import add_tag, set_further_numbers, update_lead
from leads.views.edit import _save

NEW = reverse("lead_new")


def shown(client: Client, address: str) -> dict[str, Any]:
    """What a browser would send of the form as it is shown."""
    form = client.get(address).context["form"]
    data = {name: form[name].value() for name in form.fields if name != "custom_fields"}
    sent = {name: value for name, value in data.items() if value not in (None, False)}
    rows = form.custom_rows()
    return sent | {"custom_name": [row.name for row in rows], "custom_value": [row.text for row in rows]}


def add(client: Client, **fields: Any) -> Any:
    return client.post(NEW, shown(client, NEW) | fields)


def edit(client: Client, lead: Lead, **fields: Any) -> Any:
    address = reverse("lead_edit", args=[lead.public_id])
    response = client.post(address, shown(client, address) | fields)
    lead.refresh_from_db()
    return response


def mistakes(response: Any) -> dict[str, Any]:
    assert response.status_code == 422
    return dict(response.context["form"].errors)


def test_a_lead_is_added_with_everything(bob_client: Client, bob: User, campaign: Campaign) -> None:
    response = add(
        bob_client,
        first_name="Nora",
        phone="(212) 555-0198",
        further_numbers="+44 20 7946 0018 office\n212.555.0199",
        timezone="America/Chicago",
        owner=bob.pk,
        tag_names="VIP, solar roof",
        custom_name=["roof_size", ""],
        custom_value=["120", ""],
    )
    lead = Lead.objects.get()
    assert response.url == reverse("lead", args=[lead.public_id])
    assert (lead.phone, lead.campaign, lead.owner, lead.status) == ("+12125550198", campaign, bob, "new")
    assert (lead.timezone, lead.timezone_source) == ("America/Chicago", "user_input")
    assert dict(lead.phones.values_list("e164", "label")) == {"+442079460018": "office", "+12125550199": ""}
    assert {tag.name for tag in lead.tags.all()} == {"VIP", "solar roof"}
    assert lead.custom_fields == {"roof_size": "120"}
    assert AuditEvent.objects.filter(verb="lead.created").exists()


def test_an_unchanged_edit_changes_nothing(bob_client: Client, lead: Lead) -> None:
    kept = {"roof": 120, "rooms": ["a", "b"], "none": None, "text": "two\nlines", "empty": "", "yes": True}
    Lead.objects.filter(pk=lead.pk).update(
        custom_fields=kept, timezone="America/Denver", timezone_source="ip", country="US"
    )
    LeadPhone.objects.create(lead=lead, e164="+14155550177", label="home")
    add_tag(lead=lead, name="a tag", by=SYSTEM)
    before = AuditEvent.objects.count()
    assert edit(bob_client, lead).status_code == 302
    assert lead.custom_fields == kept
    assert (lead.timezone, lead.timezone_source) == ("America/Denver", "ip")
    assert AuditEvent.objects.count() == before


def test_custom_values_are_edited_added_and_taken_away(bob_client: Client, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(custom_fields={"roof": 120, "old": "x", "rooms": ["a"]})
    names, values = ["roof", "old", "rooms", "new"], ["130", "", '["a"]', "here"]
    edit(bob_client, lead, custom_name=names, custom_value=values)
    assert lead.custom_fields == {"roof": 130, "rooms": ["a"], "new": "here"}


@pytest.mark.parametrize(
    ("names", "values"),
    [(["", "a"], ["x", "y"]), (["n" * 64], ["x"]), (["a", "a"], ["1", "2"]), (["a"], ["v" * 2001]), (["a"], ["\0"])],
)
def test_a_custom_field_that_cannot_be_is_told_and_kept(
    bob_client: Client, campaign: Campaign, names: list[str], values: list[str]
) -> None:
    response = add(bob_client, first_name="Nora", custom_name=names, custom_value=values)
    assert list(mistakes(response)) == ["custom_fields"]
    rows = [(row.name, row.text) for row in response.context["form"].custom_rows()]
    assert set(zip(names, values, strict=True)) <= set(rows)


def test_fields_that_other_leads_have_are_offered(bob_client: Client, lead: Lead) -> None:
    update_lead(lead=lead, by=SYSTEM, custom_fields={"roof": 1})
    assert [row.name for row in bob_client.get(NEW).context["form"].custom_rows()] == ["roof", "", ""]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "hello"),
        ("phone", "555-0198"),
        ("email", "nonsense"),
        ("first_name", "x" * 121),
        ("first_name", "a\0b"),
        ("further_numbers", "no number"),
        ("further_numbers", "+14155550177 " + "x" * 41),
        ("tag_names", "x" * 51),
        ("country", "Mars"),
        ("timezone", "Mars/Olympus"),
    ],
)
def test_a_mistake_is_told_at_its_field(bob_client: Client, campaign: Campaign, field: str, value: str) -> None:
    response = add(bob_client, **{"first_name": "Nora", field: value})
    assert list(mistakes(response)) == [field]
    assert not Lead.objects.exists()


def test_somebody_without_name_and_address_is_nobody(bob_client: Client, campaign: Campaign) -> None:
    assert "at least a name" in str(mistakes(add(bob_client, city="Rome")))


def test_a_number_is_read_as_the_leads_countrys(bob_client: Client, lead: Lead) -> None:
    edit(bob_client, lead, phone="020 7946 0018", country="GB")
    assert lead.phone == "+442079460018"


def test_while_typing_the_number_says_how_it_is_read_and_who_has_it(
    bob_client: Client, lead: Lead, htmx: dict[str, str]
) -> None:
    def check(phone: str) -> str:
        response = bob_client.post(f"{NEW}?check=phone", {"phone": phone}, headers=htmx)
        assert "<html" not in response.content.decode()
        return response.content.decode()

    assert "+1 415-555-0132" in check("415.555.0132")
    assert reverse("lead", args=[lead.public_id]) in check("415.555.0132")
    assert "No such number is in use" in check("+15551234567")
    assert "cannot be a phone number" in check("hello")
    assert Lead.objects.count() == 1


def test_neither_warning_stands_in_the_way(bob_client: Client, lead: Lead) -> None:
    for phone in (lead.phone, "+15551234567"):
        assert add(bob_client, phone=phone).status_code == 302
    own = bob_client.get(reverse("lead_edit", args=[lead.public_id])).context
    assert lead not in own["others"]


def test_other_fields_are_checked_while_typing_too(bob_client: Client, campaign: Campaign, htmx: Any) -> None:
    said = bob_client.post(f"{NEW}?check=email", {"email": "nonsense"}, headers=htmx).content.decode()
    assert "Enter a valid email" in said
    assert not Lead.objects.exists()


def test_sent_twice_it_is_one_lead(bob_client: Client, campaign: Campaign) -> None:
    once = re.search(r'name="once" value="([^"]+)"', bob_client.get(NEW).content.decode().partition("novalidate")[2])
    assert once
    places = {add(bob_client, first_name="Nora", once=once[1]).url for _ in range(2)}
    assert places == {reverse("lead", args=[Lead.objects.get().public_id])}


def test_a_stale_edit_is_told_once_and_keeps_what_was_written(bob_client: Client, lead: Lead) -> None:
    address = reverse("lead_edit", args=[lead.public_id])
    mine = shown(bob_client, address) | {"city": "Rome", "custom_name": ["roof"], "custom_value": ["9"]}
    update_lead(lead=lead, by=SYSTEM, city="Oslo", custom_fields={"roof": 120})
    told = bob_client.post(address, mine)
    assert "it is now City: Oslo; Custom fields: roof 120." in told.content.decode()
    again = mine | {"seen": told.context["form"]["seen"].value()}
    assert bob_client.post(address, again).status_code == 302
    lead.refresh_from_db()
    assert lead.city == "Rome"


def test_two_who_edit_at_the_same_moment_keep_what_each_wrote(bob_client: Client, bob: User, lead: Lead) -> None:
    Lead.objects.filter(pk=lead.pk).update(custom_fields={"roof": 1, "old": "x", "both": 1})
    set_further_numbers(lead=lead, numbers={"+14155550177": "home", "+14155550178": ""}, by=SYSTEM)
    add_tag(lead=lead, name="gone", by=SYSTEM)
    address = reverse("lead_edit", args=[lead.public_id])
    seen = shown(bob_client, address)
    numbers = seen["further_numbers"].splitlines()
    one = seen | {
        **{"city": "Rome", "owner": bob.pk, "tag_names": "VIP", "further_numbers": numbers[0]},
        **{"custom_name": ["roof", "old", "both"], "custom_value": ["2", "", "1"]},
    }
    two = seen | {
        **{
            "street": "Via Roma 1",
            "tag_names": "gone, solar",
            "further_numbers": "\n".join([*numbers, "+14155550179"]),
        },
        **{"custom_name": ["roof", "old", "both", "new"], "custom_value": ["1", "x", "3", "y"]},
    }
    forms = [LeadForm(query(sent), workspace=lead.workspace, instance=Lead.objects.get()) for sent in (one, two)]
    assert [form.errors for form in forms] == [{}, {}]
    for form in forms:
        _save(form, form.instance, SYSTEM)
    lead.refresh_from_db()
    assert (lead.city, lead.street, lead.owner) == ("Rome", "Via Roma 1", bob)
    assert lead.custom_fields == {"roof": 2, "both": 3, "new": "y"}
    assert {tag.name for tag in lead.tags.all()} == {"VIP", "solar"}
    assert dict(lead.phones.values_list("e164", "label")) == {"+14155550177": "home", "+14155550179": ""}


def query(sent: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in sent.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def test_a_further_number_that_becomes_the_main_one_is_no_further_one(bob_client: Client, lead: Lead) -> None:
    set_further_numbers(lead=lead, numbers={"+14155550177": "home"}, by=SYSTEM)
    edit(bob_client, lead, phone="+14155550177")
    assert (lead.phone, lead.phones.count()) == ("+14155550177", 0)


def test_numbers_stand_in_the_order_they_were_added(bob_client: Client, lead: Lead) -> None:
    """In any other one the form would look as if somebody had changed it meanwhile."""
    set_further_numbers(lead=lead, numbers={"+14155550178": "", "+14155550177": "home"}, by=SYSTEM)
    # PostgreSQL finds a row that is written again behind the others.
    LeadPhone.objects.filter(e164="+14155550178").update(e164="+14155550179")
    form = shown(bob_client, reverse("lead_edit", args=[lead.public_id]))
    assert form["further_numbers"] == "+1 415-555-0179\n+1 415-555-0177 home"


def test_tags_are_exactly_what_is_written_and_one_with_a_comma_stays(bob_client: Client, lead: Lead) -> None:
    lead.tags.add(*(Tag.objects.create(workspace=lead.workspace, name=name) for name in ("old", "Keep", "a, b")))
    edit(bob_client, lead, tag_names="keep, new")
    assert {tag.name for tag in lead.tags.all()} == {"Keep", "a, b", "new"}


def test_it_goes_back_to_the_tab_it_came_from(bob_client: Client, lead: Lead) -> None:
    assert edit(bob_client, lead, city="Rome", tab="details").url.endswith("?tab=details")


def test_only_campaigns_and_people_of_the_workspace(
    bob_client: Client, lead: Lead, elsewhere: Campaign, mallory: User
) -> None:
    assert list(mistakes(edit(bob_client, lead, campaign=elsewhere.pk))) == ["campaign"]
    assert list(mistakes(edit(bob_client, lead, owner=mallory.pk))) == ["owner"]


def test_who_may(vera_client: Client, mallory_client: Client, lead: Lead) -> None:
    address = reverse("lead_edit", args=[lead.public_id])
    assert [vera_client.get(place).status_code for place in (NEW, address)] == [403, 403]
    assert [mallory_client.get(address).status_code, mallory_client.post(address).status_code] == [404, 404]


def test_without_a_campaign_it_says_what_comes_first(alice_client: Client, campaign: Campaign) -> None:
    campaign.delete()
    assert "A lead belongs to a campaign" in alice_client.get(NEW).content.decode()


def test_an_empty_sending_says_what_is_missing(bob_client: Client, campaign: Campaign) -> None:
    assert "campaign" in mistakes(bob_client.post(NEW, {}))
    assert not Lead.objects.exists()


def test_the_operators_admin_goes_by_the_same_services(operator_client: Client, bob: User, lead: Lead) -> None:
    tag = Tag.objects.create(workspace=lead.workspace, name="VIP")
    data = {
        **{"campaign": lead.campaign_id, "owner": bob.pk, "tags": [tag.pk], "phone": lead.phone, "status": "new"},
        **{"first_name": "Nora", "custom_fields": "{}", "phones-TOTAL_FORMS": 1, "phones-INITIAL_FORMS": 0},
        **{"phones-0-e164": "212 555 0199", "phones-0-label": "home", "phones-0-lead": lead.pk},
        **{"status_changes-TOTAL_FORMS": 0, "status_changes-INITIAL_FORMS": 0},
    }
    response = operator_client.post(f"/admin/leads/lead/{lead.pk}/change/", data)
    assert response.status_code == 302
    assert (lead.tags.get(), lead.phones.get().e164) == (tag, "+12125550199")
    verbs = set(AuditEvent.objects.filter(object_id=lead.public_id).values_list("verb", flat=True))
    assert verbs == {"lead.updated", "lead.assigned", "lead.tagged"}


def test_the_operators_admin_refuses_an_owner_from_elsewhere(
    operator_client: Client, mallory: User, lead: Lead
) -> None:
    data = {
        **{"campaign": lead.campaign_id, "owner": mallory.pk, "status": "new", "custom_fields": "{}"},
        **{"phones-TOTAL_FORMS": 0, "phones-INITIAL_FORMS": 0},
        **{"status_changes-TOTAL_FORMS": 0, "status_changes-INITIAL_FORMS": 0},
    }
    response = operator_client.post(f"/admin/leads/lead/{lead.pk}/change/", data)
    assert "not a member of the workspace" in response.content.decode()
