"""Recordings of past calls: two synthetic voices that murmur in the rhythm of the transcript, as small MP3 files.

Every frame of a constant bit rate has the same length and its own header, so a file is put together from encoded
pieces; only the pieces cost time.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import lameenc

RATE = 16_000
KBPS = 16
FRAME_BYTES = 72
FRAME_SECONDS = 576 / RATE
# An MPEG-2 mono frame with empty side information decodes to silence.
SILENT_FRAME = bytes.fromhex("fff328c4").ljust(FRAME_BYTES, b"\0")

PITCH = {"agent": 205, "user": 118}
# The first two formants of a, e, i, o, u.
VOWELS = ((730, 1090), (530, 1840), (270, 2290), (570, 840), (300, 870))
LOUDNESS = (0.25, 0.6, 0.9, 1.0, 1.0, 0.95, 0.8, 0.5, 0.25)
SENTENCE_SECONDS = (0.6, 1.4, 2.4, 3.6, 5.2)


@dataclass(frozen=True)
class Spoken:
    role: str
    start: float
    seconds: float


def record(turns: Iterable[Spoken], seconds: float) -> bytes:
    """An MP3 of this length in which each turn is heard where the transcript has it."""
    spoken = sorted(turns, key=lambda turn: turn.start)
    silent_until, *ends = [*(turn.start for turn in spoken), seconds]
    audio = bytearray(_silence(silent_until))
    for turn, end in zip(spoken, ends, strict=True):
        audio += _murmur(turn.role, turn.seconds)
        audio += _silence(end - len(audio) / FRAME_BYTES * FRAME_SECONDS)
    return bytes(audio)


def _silence(seconds: float) -> bytes:
    return SILENT_FRAME * max(0, round(seconds / FRAME_SECONDS))


def _murmur(role: str, seconds: float) -> bytes:
    """Whole sentences, the longest that fit, with breaths between them."""
    audio = bytearray()
    while True:
        left = seconds - len(audio) / FRAME_BYTES * FRAME_SECONDS
        fitting = [length for length in SENTENCE_SECONDS if length + 0.25 <= left]
        if audio and not fitting:
            return bytes(audio)
        audio += _sentence(role, fitting[-1] if fitting else SENTENCE_SECONDS[0]) + _silence(0.15)


@cache
def _sentence(role: str, seconds: float) -> bytes:
    drawn = random.Random(f"{role} {seconds}")
    samples = array("h")
    while len(samples) < seconds * RATE:
        # The pitch falls towards the end of a sentence.
        fall = 1.12 - 0.24 * len(samples) / (seconds * RATE)
        samples += _syllable(PITCH[role] * fall * drawn.uniform(0.95, 1.05), drawn)
        samples.frombytes(bytes(2 * int(RATE * drawn.choice((0.01, 0.02, 0.03, 0.08)))))
    return _encode(samples)


def _syllable(pitch: float, drawn: random.Random) -> array[int]:
    period = int(RATE / pitch)
    wave = _period(period, drawn.choice(VOWELS))
    stretch = drawn.choice((2, 3, 4))
    samples = array("h")
    for before, after in pairwise(LOUDNESS):
        for step in range(stretch):
            loudness = before + (after - before) * step / stretch
            samples.extend(int(loudness * value) for value in wave)
    return samples


@cache
def _period(length: int, vowel: tuple[int, int]) -> tuple[float, ...]:
    """One swing of the vocal cords: harmonics, loud where the vowel's formants are."""
    pitch = RATE / length
    harmonics = range(1, max(2, int(3200 / pitch)))
    gains = [sum(1 / (1 + ((k * pitch - formant) / 110) ** 2) for formant in vowel) + 0.12 / k for k in harmonics]
    wave = [
        sum(gain * math.sin(2 * math.pi * k * i / length) for k, gain in zip(harmonics, gains, strict=True))
        for i in range(length)
    ]
    loudest = max(map(abs, wave))
    return tuple(11_000 * value / loudest for value in wave)


def _encode(samples: array[int]) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(KBPS)
    encoder.set_in_sample_rate(RATE)
    encoder.set_channels(1)
    encoder.set_quality(7)
    encoder.silence()
    return bytes(encoder.encode(samples.tobytes()) + encoder.flush())
