"""Phone numbers: any writing in, E.164 out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from django.core.exceptions import ValidationError
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult


@dataclass(frozen=True)
class Phone:
    e164: str
    valid: bool
    """False for a form that is possible but assigned to nobody: accepted, with a warning where people see it."""


def parse_phone(text: str, *, country: str = "US") -> Phone | None:
    """None when no such number can exist."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    # "Possible" alone would take a number without its area code.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE or number.extension:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return Phone(e164=e164, valid=phonenumbers.is_valid_number(number))


def normalize_phone(text: str, *, country: str = "US") -> str:
    phone = parse_phone(text, country=country)
    if phone is None:
        raise ValidationError(
            f"“{text}” cannot be a phone number: write it with the country code, e.g. +1 415 555 0132.", code="phone"
        )
    return phone.e164


@lru_cache(maxsize=4096)
def is_valid(e164: str) -> bool:
    phone = parse_phone(e164)
    return phone is not None and phone.valid


@lru_cache(maxsize=4096)
def display(e164: str) -> str:
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return e164


def has_area(e164: str) -> bool:
    """Whether the digits say where the phone is: not for toll-free, premium and other numbers without a place."""
    number = phonenumbers.parse(e164)
    placeless = {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.VOIP,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
        PhoneNumberType.UNKNOWN,
    }
    return phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) not in placeless


def written_digits(text: str) -> str | None:
    """The digits of what may be a number or a part of one, as a search compares them; None where it is other text."""
    if re.search(r"[^\d\s()+./-]", text):
        return None
    return re.sub(r"\D", "", text).lstrip("0")
