from __future__ import annotations

from sandbox.events import signature

# From the official verifier: it accepts exactly this header for this secret, time and body.
SECRET = "wsec_test_0123456789"
MOMENT = 1790000000
BODY = (
    '{"type":"post_call_transcription","event_timestamp":1790000000,'
    '"data":{"conversation_id":"conv_01test","note":"Привет"}}'
).encode()
HEX = "1b6e3d3f520fbce7bb5f3a0a1d8caa04c5e3fd8bf6b0336841deabd7332025b4"


def test_good_signature_equals_the_official_vector() -> None:
    assert signature("good", SECRET, MOMENT, BODY) == f"t={MOMENT},v0={HEX}"


def test_two_values_keep_the_good_one_first() -> None:
    assert signature("two", SECRET, MOMENT, BODY).startswith(f"t={MOMENT},v0={HEX},v0=")


def test_stale_and_future_are_signed_but_far_away() -> None:
    assert signature("stale", SECRET, MOMENT, BODY).startswith(f"t={MOMENT - 7200},v0=")
    assert signature("future", SECRET, MOMENT, BODY).startswith(f"t={MOMENT + 86400},v0=")


def test_wrong_secret_and_malformed_do_not_contain_the_good_value() -> None:
    for style in ("wrong_secret", "malformed"):
        header = signature(style, SECRET, MOMENT, BODY)
        assert not header.startswith(f"t={MOMENT},v0={HEX}")
