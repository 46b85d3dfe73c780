from __future__ import annotations

from leadsail.demo.voice import FRAME_BYTES, FRAME_SECONDS, SILENT_FRAME, Spoken, record


def frames(audio: bytes) -> list[bytes]:
    return [audio[at : at + FRAME_BYTES] for at in range(0, len(audio), FRAME_BYTES)]


def test_every_frame_begins_with_its_header() -> None:
    audio = record([Spoken("user", 0.5, 1), Spoken("agent", 2, 9)], 12)
    assert {frame[:2] for frame in frames(audio)} == {b"\xff\xf3"}
    assert {len(frame) for frame in frames(audio)} == {FRAME_BYTES}


def test_it_is_as_long_as_the_call() -> None:
    audio = record([Spoken("user", 0.5, 1), Spoken("agent", 2, 9)], 30)
    assert abs(len(frames(audio)) * FRAME_SECONDS - 30) < 2 * FRAME_SECONDS


def test_a_turn_is_heard_when_the_transcript_has_it() -> None:
    heard = frames(record([Spoken("agent", 5, 2)], 20))
    first = next(place for place, frame in enumerate(heard) if frame != SILENT_FRAME)
    assert abs(first * FRAME_SECONDS - 5) < 2 * FRAME_SECONDS


def test_nobody_speaks_in_an_empty_recording() -> None:
    assert set(frames(record([], 3))) == {SILENT_FRAME}
