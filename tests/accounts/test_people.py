"""Two owners who demote each other at the same time leave one."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts.actors import SYSTEM
from accounts.models import Invitation, Membership, Role, User, Workspace
from accounts.people import accept_as_new_person, accept_invitation, change_role, invite, remove_member
from common.errors import ProblemError
from tests import world


@pytest.fixture
def owners(transactional_db: None) -> list[Membership]:
    workspace = world.make_workspace("Harbour")
    for name in ("Alice", "Anton"):
        world.make_user(name, workspace, Role.OWNER)
    return list(Membership.objects.select_related("workspace", "user").order_by("id"))


def at_once(*acts: object) -> list[str]:
    """What each act, started together with the others, was refused with."""
    start, codes = threading.Barrier(len(acts)), []

    def run(act: object) -> None:
        start.wait()
        try:
            act()  # type: ignore[operator]
        except ProblemError as problem:
            codes.append(problem.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def test_two_owners_who_demote_each_other_leave_one(owners: list[Membership]) -> None:
    one, other = owners
    codes = at_once(
        lambda: change_role(member=one, role="viewer", by=SYSTEM), lambda: remove_member(member=other, by=SYSTEM)
    )
    assert codes == ["LAST_OWNER"]
    assert Membership.objects.filter(role=Role.OWNER).count() == 1


def test_an_invitation_that_is_accepted_twice_at_once_seats_one(owners: list[Membership]) -> None:
    row, _ = invite(workspace=owners[0].workspace, email="nina@example.com", role="member", by=SYSTEM)

    def accept() -> None:
        accept_as_new_person(invitation=row, name="Nina", password=world.PASSWORD)

    assert len(at_once(accept, accept)) == 1
    assert Membership.objects.filter(user__email="nina@example.com").count() == 1


def test_who_could_not_join_has_no_account(workspace: Workspace) -> None:
    row, _ = invite(workspace=workspace, email="nina@example.com", role="member", by=SYSTEM)
    Invitation.objects.update(revoked_at=row.created_at)
    with pytest.raises(ProblemError, match="no longer open"):
        accept_as_new_person(invitation=row, name="Nina", password=world.PASSWORD)
    assert not User.objects.filter(email="nina@example.com").exists()


def test_an_invitation_is_for_its_address_only(workspace: Workspace, mallory: User) -> None:
    row, _ = invite(workspace=workspace, email="nina@example.com", role="member", by=SYSTEM)
    with pytest.raises(ProblemError, match=r"for nina@example.com"):
        accept_invitation(invitation=row, user=mallory)
