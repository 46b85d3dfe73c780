from __future__ import annotations

import time
from array import array

from sandbox.audio import RATE, pcm, render
from sandbox.script import Talk, Turn
from tests.sandbox.harness import Tenant

WORDS = "One two three four five six seven eight nine ten eleven twelve"
# Sampling rates and bit rates of MPEG 2 layer III, by their index in the frame header.
RATES = (22050, 24000, 16000)
BITRATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def talk(role: str, secs: int = 6) -> Talk:
    return Talk((Turn(role, WORDS, 0, secs - 1),), secs, "", "", "", None)


def pitch(sound: bytes) -> float:
    """The tone of one second, by the lag at which it resembles itself most."""
    samples = array("h", sound)[RATE : RATE + 8000]
    lags = range(RATE // 300, RATE // 80)
    best = max(lags, key=lambda lag: sum(samples[at] * samples[at + lag] for at in range(0, 7000, 2)))
    return RATE / best


def frames(mp3: bytes) -> int:
    count = at = 0
    while at + 4 <= len(mp3):
        assert mp3[at] == 0xFF
        assert mp3[at + 1] & 0xF6 == 0xF2, "MPEG 2, layer III"
        bitrate, rate = BITRATES[mp3[at + 2] >> 4], RATES[mp3[at + 2] >> 2 & 3]
        at += 72 * bitrate * 1000 // rate + (mp3[at + 2] >> 1 & 1)
        count += 1
    assert at == len(mp3)
    return count


def test_two_voices_have_clearly_different_pitches() -> None:
    low, high = pitch(pcm(talk("user"))), pitch(pcm(talk("agent")))
    assert 100 < low < 130
    assert 190 < high < 235


def test_sound_is_heard_in_a_turn_and_silent_after_it() -> None:
    samples = array("h", pcm(talk("agent", 6)))
    assert max(samples[: 5 * RATE]) > 3000
    assert not any(samples[round(5.5 * RATE) :])


def test_mp3_is_whole_and_as_long_as_the_call() -> None:
    assert abs(frames(render(talk("user", 10))) * 576 / RATE - 10) < 0.3


def test_a_minute_takes_less_than_a_second() -> None:
    render(talk("user", 2))
    started = time.process_time()
    render(talk("agent", 60))
    assert time.process_time() - started < 1


def test_recording_of_a_call_is_an_mp3_of_its_length(tenant: Tenant) -> None:
    conversation_id = tenant.call("+15555550100")
    path = f"/v1/convai/conversations/{conversation_id}/audio"
    secs = tenant.finished(conversation_id)["metadata"]["call_duration_secs"]
    first, second = tenant.request("GET", path), tenant.request("GET", path)
    assert first.headers["Content-Type"] == "audio/mpeg"
    assert abs(frames(first.content) * 576 / RATE - secs) < 0.3
    assert first.content == second.content


def test_call_that_nobody_answered_has_no_recording(tenant: Tenant) -> None:
    conversation_id = tenant.call("+15555550108")
    assert tenant.finished(conversation_id)["has_audio"] is False
    assert tenant.request("GET", f"/v1/convai/conversations/{conversation_id}/audio").status_code == 404
