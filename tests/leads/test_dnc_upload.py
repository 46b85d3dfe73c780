from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.actors import SYSTEM
from accounts.models import Workspace
from leads import do_not_call
from leads.do_not_call import decode, read_list, upload_list
from leads.models import DoNotCall

ANNA, OLGA = "+14155550132", "+442079460018"


def addresses(text: str, *, channel: str = "phone", country: str = "US") -> list[str]:
    return list(read_list(text, channel=channel, country=country).addresses)


@pytest.mark.parametrize(
    "text",
    [
        f"{ANNA}\n{OLGA}\n",
        f"{ANNA}\r\n\r\n  {OLGA}",
        f"{ANNA}\r{OLGA}",
        f"Phone\n(415) 555-0132\n{OLGA}",
        f"Customer number;Phone number;Name\n1;{ANNA};Anna\n2;{OLGA};Olga",
        f"Rufnummer\tName\n{ANNA}\tAnna\n{OLGA}\tOlga",
        f'"Name, full","Mobile"\n"Meyer, Anna","{ANNA}"\n"Chen, Olga",{OLGA}',
        f'"Anna,{ANNA}\nPhone\n{ANNA}\n{OLGA}',
        f"{ANNA}, {OLGA}",
        f"={ANNA}\n'{OLGA}\n1.41556E+10",
    ],
)
def test_lists_are_read_as_people_write_them(text: str) -> None:
    assert addresses(text) == [ANNA, OLGA]


def test_numbers_without_a_country_code_are_the_workspaces() -> None:
    assert addresses("020 7946 0018", country="GB") == [OLGA]


def test_emails_are_read_from_their_column() -> None:
    text = "Phone,E-mail\n+14155550132,Anna@Example.com\n,nobody\n"
    assert addresses(text, channel="email") == ["anna@example.com"]
    assert addresses("mail@example.com\nphone@example.com", channel="email") == [
        "mail@example.com",
        "phone@example.com",
    ]


def test_rows_that_cannot_be_read_are_named_with_their_number() -> None:
    found = read_list(f"Name,Phone\n\nAnna,{ANNA}\nOlga,hello\nNina\n", channel="phone", country="US")
    assert [(bad.row, bad.text) for bad in found.bad] == [(4, "hello"), (5, "")]
    assert (found.rows, found.has_heading) == (3, True)


def test_an_address_that_comes_twice_is_counted() -> None:
    found = read_list(f"{ANNA}\n(415) 555-0132\n", channel="phone", country="US")
    assert (list(found.addresses), found.repeated) == ([ANNA], 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    name = "Müller" if encoding != "utf-16-le" else "Muller"
    assert addresses(decode(f"Phone,Name\n{ANNA},{name}\n{OLGA},x".encode(encoding))) == [ANNA, OLGA]


def test_garbage_is_bad_rows_and_no_error() -> None:
    found = read_list(decode(bytes(range(256)) * 40), channel="phone", country="US")
    assert not found.addresses
    assert "\0" not in str(found.bad)


def test_more_rows_than_one_upload_takes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(do_not_call, "MAX_ROWS", 2)
    assert len(addresses(f"Phone\n{ANNA}\n{OLGA}")) == 2
    with pytest.raises(ValidationError, match="split the file"):
        addresses(f"{ANNA}\n{OLGA}\nx")


def upload(workspace: Workspace, text: str, **fields: Any) -> Any:
    found = read_list(text, channel="phone", country="US")
    return upload_list(workspace=workspace, by=SYSTEM, found=found, channel="phone", reason="register").data


def test_batches_add_up(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(do_not_call, "BATCH", 3)
    numbers = [f"+1415555{i:04}" for i in range(8)]
    upload(workspace, "\n".join(numbers[:5]))
    told = upload(workspace, "\n".join([*numbers, "x"]))
    assert [told[name] for name in ("rows", "added", "listed_already", "not_readable")] == [9, 3, 5, 1]
    assert DoNotCall.objects.count() == 8


def test_a_failure_in_the_middle_leaves_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(do_not_call, "BATCH", 1)
    insert = do_not_call._insert

    def broken(workspace: Workspace, batch: list[str], **fields: Any) -> int:
        if batch == [OLGA]:
            raise RuntimeError
        return insert(workspace, batch, **fields)

    monkeypatch.setattr(do_not_call, "_insert", broken)
    with pytest.raises(RuntimeError):
        upload(workspace, f"{ANNA}\n{OLGA}")
    assert not DoNotCall.objects.exists()


def test_only_some_bad_rows_are_kept_and_all_are_counted(workspace: Workspace) -> None:
    told = upload(workspace, f"{ANNA}\n" + "no\n" * 300)
    assert (told["not_readable"], len(told["bad_rows"])) == (300, 200)
