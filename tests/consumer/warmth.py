"""How much more red than blue a picture has.

warmth.py PICTURE WANTED                  ends with an error unless that is WANTED, on average and nearly everywhere
"""

import subprocess
import sys

import numpy as np

path, wanted = sys.argv[1], float(sys.argv[2])
result = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                        capture_output=True)
if result.returncode:
    sys.exit(result.stderr.decode())
pixels = np.frombuffer(result.stdout, np.uint8).reshape(-1, 3) / 255
warmth = pixels[:, 0] - pixels[:, 2]
print(f"red less blue: {warmth.mean():.3f} on average, {warmth.min():.3f} to {warmth.max():.3f}")
# Each step changes a channel by the learning rate, 0.02.
if abs(warmth.mean() - wanted) > 0.03 or np.abs(warmth - wanted).max() > 0.1:
    sys.exit(f"wanted: {wanted}")
