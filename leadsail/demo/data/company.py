"""The demo's company: its people, what it may say, where it calls from, and its campaigns."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.models import Role
from campaigns.models import CallerNumber, Campaign, business_hours

NAME = "Harbour Kitchens"
COUNTRY = "US"
ZONE = "America/New_York"
OWNER_EMAIL = "demo@leadsail.example"
OWNER_NAME = ("Dana", "Whitfield")
ACCOUNT_NAME = "Sandbox"

Hours = dict[str, list[list[str]]]


@dataclass(frozen=True)
class Person:
    email: str
    first_name: str
    last_name: str
    role: Role


TEAM = (
    Person("amir@leadsail.example", "Amir", "Haddad", Role.ADMIN),
    Person("maya@leadsail.example", "Maya", "Lindqvist", Role.MEMBER),
    Person("tom@leadsail.example", "Tom", "Okafor", Role.MEMBER),
    Person("vera@leadsail.example", "Vera", "Stein", Role.VIEWER),
)


@dataclass(frozen=True)
class Number:
    e164: str
    label: str
    kind: CallerNumber.Kind = CallerNumber.Kind.TWILIO


# Callers as well as leads have numbers reserved for fiction.
NUMBERS = {
    "new_york": Number("+12125550100", "New York"),
    "san_francisco": Number("+14155550100", "San Francisco"),
    "london": Number("+442079460000", "London"),
    "trunk": Number("+61255500000", "Sydney SIP trunk", CallerNumber.Kind.SIP),
}


@dataclass(frozen=True)
class Agent:
    name: str
    number: str
    template: str


AGENTS = {
    "nora": Agent("Nora", "new_york", "Kitchen enquiry"),
    "oliver": Agent("Oliver", "london", "Showroom invitation"),
    "kirra": Agent("Kirra", "trunk", "Showroom invitation"),
    "luna": Agent("Luna", "san_francisco", "Kitchen enquiry"),
    "rehearsal": Agent("Nora (rehearsal)", "san_francisco", "Rehearsal"),
}


def weekly(weekdays: list[list[str]], saturday: list[list[str]] | None = None) -> Hours:
    week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), weekdays)
    return {**week, "sat": saturday} if saturday else week


AROUND_THE_CLOCK: Hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), [["00:00", "24:00"]])


@dataclass(frozen=True)
class CampaignRow:
    name: str
    agent: str
    status: Campaign.Status = Campaign.Status.ACTIVE
    is_default: bool = False
    hours: Hours = field(default_factory=business_hours)
    template: str = ""
    number: str = ""
    min_gap_minutes: int = 240
    max_attempts: int = 6


CAMPAIGNS = {
    "kitchens": CampaignRow("Spring kitchens", "nora", is_default=True),
    "london": CampaignRow(
        "London showroom",
        "oliver",
        hours=weekly([["09:00", "12:30"], ["13:30", "17:30"]], [["10:00", "14:00"]]),
        max_attempts=5,
    ),
    "pacific": CampaignRow(
        "Sydney and Pacific",
        "kirra",
        hours=weekly([["08:30", "17:00"]], [["09:00", "13:00"]]),
        min_gap_minutes=1440,
        max_attempts=4,
    ),
    # Magic numbers can be tried at any hour, again and again.
    "night": CampaignRow("Around the clock", "luna", hours=AROUND_THE_CLOCK, min_gap_minutes=0, max_attempts=100_000),
    "clearance": CampaignRow(
        "Winter clearance",
        "nora",
        status=Campaign.Status.INACTIVE,
        template="Clearance reminder",
        number="san_francisco",
        max_attempts=3,
    ),
    "fair": CampaignRow("Trade fair follow-up", "oliver", status=Campaign.Status.ARCHIVED, max_attempts=3),
}


@dataclass(frozen=True)
class VariableRow:
    name: str
    default: str
    example: str


DECLARED = (
    VariableRow("current_offer", "a free design appointment", "20 % off oak fronts until Sunday"),
    VariableRow("showroom_address", "our showroom at the harbour", "12 Pier Road"),
    VariableRow("delivery_weeks", "eight", "six"),
)
CUSTOM_FIELDS = ("kitchen_style", "budget", "move_in_month")
