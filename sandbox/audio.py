from __future__ import annotations

import math
import random
from array import array
from dataclasses import dataclass
from functools import cache

import lameenc

from sandbox.script import Talk, Turn

RATE = 16000
BITRATE = 32
PEAK = 9000
# First two formants of five vowels, in Hz.
VOWELS = ((730, 1090), (270, 2290), (570, 840), (300, 870), (530, 1840))
LENGTHS = (0.13, 0.17, 0.22)
MELODY = (0.94, 1.0, 1.07)
FORMANT_WIDTH = 160
HIGHEST = 3600
SYLLABLE_SECS = 0.2
LETTERS_PER_SYLLABLE = 3


@dataclass(frozen=True)
class Voice:
    pitch: float
    shift: float


VOICES = {"agent": Voice(210, 1.15), "user": Voice(115, 1.0)}


def loudness(frequency: float, formants: tuple[float, float]) -> float:
    return sum(math.exp(-(((frequency - formant) / FORMANT_WIDTH) ** 2)) for formant in formants) + 0.02


def period(voice: Voice, pitch: float, vowel: tuple[int, int]) -> list[float]:
    """One swing of the voice: harmonics of the pitch, louder near the vowel's formants."""
    samples = round(RATE / pitch)
    formants = (vowel[0] * voice.shift, vowel[1] * voice.shift)
    harmonics = [
        (number, loudness(number * pitch, formants) / math.sqrt(number)) for number in range(1, int(HIGHEST / pitch))
    ]
    # The ground tone stays audible, so that the two voices can be told apart by their pitch.
    harmonics[0] = (1, max(harmonics[0][1], 0.7))
    step = 2 * math.pi / samples
    return [sum(gain * math.sin(step * at * number) for number, gain in harmonics) for at in range(samples)]


def swell(place: float) -> float:
    return min(1.0, place / 0.15, (1 - place) / 0.35)


@cache
def syllables(role: str) -> list[bytes]:
    voice, made = VOICES[role], []
    for vowel in VOWELS:
        for secs in LENGTHS:
            for bend in MELODY:
                wave = period(voice, voice.pitch * bend, vowel)
                top = max(map(abs, wave))
                count = int(secs * RATE)
                shaped = (int(PEAK / top * swell(at / count) * wave[at % len(wave)]) for at in range(count))
                made.append(array("h", shaped).tobytes())
    return made


def words(turn: Turn) -> list[tuple[float, int]]:
    """When each word of a turn starts, as a share of the turn, and how many syllables it has."""
    counts = [max(1, round(len(word) / LETTERS_PER_SYLLABLE)) for word in turn.text.split()]
    total, starts, passed = sum(counts) or 1, [], 0
    for count in counts:
        starts.append((passed / total, count))
        passed += count
    return starts


def speak(sound: bytearray, turn: Turn, end: int) -> None:
    choice, sounds = random.Random(turn.text), syllables(turn.role)
    for share, count in words(turn):
        at = (turn.at + share * turn.secs) * RATE
        for number in range(count):
            start = 2 * int(at + number * SYLLABLE_SECS * RATE * 0.8)
            piece = choice.choice(sounds)
            if start + len(piece) < end:
                sound[start : start + len(piece)] = piece


def pcm(talk: Talk) -> bytes:
    length = 2 * RATE * talk.duration
    sound = bytearray(length)
    for turn in talk.turns:
        speak(sound, turn, min(length, 2 * int((turn.at + turn.secs + 0.3) * RATE)))
    return bytes(sound)


def render(talk: Talk) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(BITRATE)
    encoder.set_in_sample_rate(RATE)
    encoder.set_channels(1)
    encoder.set_quality(7)
    encoder.silence()
    return bytes(encoder.encode(pcm(talk)) + encoder.flush())
