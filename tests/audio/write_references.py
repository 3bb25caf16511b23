"""Tracks, and what SciPy and NumPy make of them, for the tests of the audio filters.

Usage: write_references.py FOLDER. Tracks are float32; numbers are text, a case a line.
"""

import sys

import numpy as np
from scipy.signal import butter, sosfilt

folder = sys.argv[1]
rng = np.random.default_rng(1)


def words(*numbers):
    return " ".join(f"{float(x):.17g}" for x in numbers)


def write_lines(name, lines):
    with open(f"{folder}/{name}", "w") as file:
        file.write("\n".join(lines) + "\n")


def track(seconds, rate):
    """Tones that swell and fade, bursts of noise, and a silent stretch."""
    t = np.arange(int(seconds * rate)) / rate
    x = sum(np.sin(2 * np.pi * f * t + f) * (1 + np.sin(2 * np.pi * t * r)) for f, r in [(60, 0.7), (430, 1.3), (3100, 2.1)])
    x += rng.standard_normal(t.size) * (np.sin(2 * np.pi * 2.5 * t) > 0.6)
    x[(t > 1.5) & (t < 1.8)] = 0
    return (x / np.abs(x).max()).astype(np.float32)


def window(t, fps, rate, samples):
    """Samples of the frame at t; halves are rounded up."""
    begin = int(np.floor(t * rate + 0.5))
    end = int(np.floor((t + 1 / fps) * rate + 0.5))
    return begin, min(end, samples)


# Bands: low and narrow, wide (with real poles), up to both ends, of both parities.
bands = [
    (105, 65, 44100), (200, 40, 44100), (5000, 9980, 44100), (11000, 21990, 44100), (1000, 1, 44100),
    (30, 20, 44100), (15000, 8000, 44100), (20000, 4000, 44100), (440, 200, 8000), (1900, 3700, 8000), (150, 299.9, 48000),
]
sections = []
for f_center, f_width, rate in bands:
    low, high = f_center - f_width / 2, f_center + f_width / 2
    for order in [1, 2, 3, 4, 5, 6, 8, 11]:
        sos = butter(order, [low, high], btype="bandpass", fs=rate, output="sos")
        sections.append(words(order, low, high, rate, *np.delete(sos, 3, axis=1).ravel()))
write_lines("sections.txt", sections)

filtered, values, continuous, envelopes = [], [], [], []
for rate in [44100, 8000]:
    x = track(3.1, rate)
    x.tofile(f"{folder}/track_{rate}.f32")
    exact = x.astype(np.float64)
    for order, f_center, f_width in [(5, 105, 65), (2, 105, 65), (5, 2000, 1000), (1, 440, 200), (3, 2000, 3900)]:
        sos = butter(order, [f_center - f_width / 2, f_center + f_width / 2], btype="bandpass", fs=rate, output="sos")
        y = sosfilt(sos, exact)
        filtered.append(words(order, f_center - f_width / 2, f_center + f_width / 2, rate, *y[::97]))
        for fps, offset in [(12, 0), (29.97, 0.137), (24, 1.0)]:
            times = [offset + k / fps for k in range(int((3.0 - offset) * fps))]
            case = (order, f_center, f_width, rate, fps, offset)
            loudest = [np.abs(y[slice(*window(t, fps, rate, x.size))]).max() for t in times]
            continuous.append(words(*case, *(np.array(loudest) / np.abs(y).max())))
            # Each window filtered by itself, over the loudest of the track's windows.
            alone = lambda t: np.abs(sosfilt(sos, exact[slice(*window(t, fps, rate, x.size))])).max()
            most = max(alone(k / fps) for k in range(int(np.ceil(x.size / rate * fps))))
            values.append(words(*case, *(min(1, alone(t) / most) for t in times)))
    for fps, offset in [(12, 0), (29.97, 0.137), (0.25, 0)]:
        length = int(np.floor(rate / fps + 0.5))
        most = np.convolve(exact**2, np.ones(length)).max() if length < 10000 else (exact**2).sum()
        times = [offset + k / fps for k in range(max(1, int((3.1 - offset) * fps)))]
        sums = [(exact[slice(*window(t, fps, rate, x.size))] ** 2).sum() for t in times]
        envelopes.append(words(rate, fps, offset, *np.minimum(1, np.sqrt(np.array(sums) / most))))
write_lines("filtered.txt", filtered)
write_lines("values.txt", values)
write_lines("continuous.txt", continuous)
write_lines("envelopes.txt", envelopes)


def onsets(x, rate, low, high, size):
    """Strengths of onsets by sample: local maxima of the spectral flux, a quarter of a spectrum before its end."""
    hop = size // 8
    hann = np.sin(np.pi * np.arange(size) / size) ** 2
    padded = np.concatenate([np.zeros(size), x.astype(np.float64), np.zeros(2 * size)])
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    first, last = np.argmin(np.abs(frequencies - low)), np.argmin(np.abs(frequencies - high))
    spectra = []
    for j in range(-1, -(-x.size // hop) + 8):
        end = (j + 1) * hop + size
        spectra.append(np.abs(np.fft.rfft(padded[end - size:end] * hann))[first:last + 1])
    flux = np.maximum(np.diff(np.array(spectra), axis=0), 0).sum(1)
    found = {}
    for j in range(flux.size):
        around = flux[max(j - 8, 0):j + 9]
        if flux[j] > 0 and flux[j] == around.max():
            found[min(max((j + 1) * hop - size // 4, 0), x.size - 1)] = flux[j] / flux.max()
    return found


lines = []
for rate, size in [(44100, 1024), (8000, 256)]:
    x = np.fromfile(f"{folder}/track_{rate}.f32", np.float32)
    for low, high in [(0, rate / 2), (100, 900)]:
        found = onsets(x, rate, low, high, size)
        for fps in [12, 29.97]:
            times = [k / fps for k in range(int(3.1 * fps))]
            inside = lambda t, s: window(t, fps, rate, x.size)[0] <= s < window(t, fps, rate, x.size)[1]
            strongest = [max([v for s, v in found.items() if inside(t, s)], default=0) for t in times]
            lines.append(words(rate, low, high, fps, *strongest))
write_lines("onsets.txt", lines)
