#!/usr/bin/env python3
"""Writes what examples/beat.yaml listens to, the same bytes at every run:

    python3 examples/make_beat.py        # in the folder where the run will be started

images_out/beat_inputs/beat.wav is four seconds of a kick drum on the beat and of hi-hats between, at 120 beats a minute.
"""
import array
import math
import random
import sys
import wave
from pathlib import Path

FOLDER = Path("images_out/beat_inputs")
RATE, SECONDS = 44100, 4
KICKS = [(0.5 * beat, 1 if beat % 4 != 3 else 0.6) for beat in range(8)]                      # when, how loud
HATS = [(0.25 + 0.5 * beat, 1 if beat % 2 else 0.5) for beat in range(8)] + [(1.875, 0.8), (3.875, 0.8)]


def track():
    sound = [0.0] * (RATE * SECONDS)
    noise = random.Random(1)
    for start, loud in KICKS:  # a tone that falls from 120 to 50 Hz
        phase = 0.0
        for i in range(round(0.4 * RATE)):
            t = i / RATE
            phase += 2 * math.pi * (50 + 70 * math.exp(-t / 0.03)) / RATE
            put(sound, start, i, 0.7 * loud * math.exp(-t / 0.1) * math.sin(phase))
    for start, loud in HATS:  # noise; the second difference leaves little below 3 kHz
        last = before = 0.0
        for i in range(round(0.2 * RATE)):
            value = noise.uniform(-1, 1)
            put(sound, start, i, 0.1 * loud * math.exp(-i / RATE / 0.05) * (value - 2 * last + before))
            last, before = value, last
    return array.array("h", (round(32767 * max(-1, min(1, value))) for value in sound))


def put(sound, start, i, value):
    at = round(start * RATE) + i
    if at < len(sound):
        sound[at] += value


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    samples = track()
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(FOLDER / "beat.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


if __name__ == "__main__":
    main()
