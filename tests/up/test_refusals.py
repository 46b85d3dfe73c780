"""What cannot work is said in one sentence, at once."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.up.conftest import Make
from tests.up.installation import Installation


def refusal(installation: Installation) -> str:
    installation.start()
    assert installation.wait(30) == 1
    said = installation.said().strip()
    assert len(said.splitlines()) == 1, said
    assert not installation.processes()
    assert not installation.is_ready()
    return said


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
def test_a_port_in_use_is_named_with_its_variable(make_installation: Make, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        said = refusal(make_installation(**{name: str(port)}))

    assert f"Port {port} is in use" in said
    assert f"{name}=" in said


def test_a_folder_that_cannot_be_written_is_named(make_installation: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    said = refusal(make_installation(VAR=str(tmp_path / "file" / "var")))

    assert str(tmp_path / "file" / "var") in said
    assert "VAR=" in said


def test_a_second_instance_on_the_same_folder_is_refused(running: Installation, make_installation: Make) -> None:
    second = make_installation().start()

    assert second.wait(30) == 1
    assert f"already runs on {running.var}" in second.said()
    assert running.get("/healthz") == 200
    assert running.is_ready()


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("NOW", "tomorrow", "NOW=tomorrow is not a time"),
        ("NOW", "2026-11-20T15:00:00", "with its offset"),
        ("SPEED", "fast", "SPEED=fast is not a speed"),
        ("SPEED", "0", "above 0"),
        ("SPEED", "nan", "above 0"),
        ("PORT", "80a", "PORT=80a is not a port"),
        ("SANDBOX_PORT", "70000", "SANDBOX_PORT=70000 is not a port"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(make_installation: Make, name: str, value: str, hint: str) -> None:
    assert hint in refusal(make_installation(**{name: value}))


def test_both_ports_the_same_is_refused(make_installation: Make) -> None:
    assert "are both 9123" in refusal(make_installation(PORT="9123", SANDBOX_PORT="9123"))


def test_a_database_whose_keys_are_gone_is_not_given_new_ones(make_installation: Make, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "db.sqlite3").touch()

    assert "put it back" in refusal(make_installation())
    assert not (tmp_path / "var" / "env").exists()
