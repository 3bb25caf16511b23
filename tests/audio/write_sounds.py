"""Sounds of many kinds, and what the ffmpeg program makes of each: write_sounds.py FOLDER

<name> is a file, <name>.s16 its samples as `ffmpeg -ac 1 -ar 44100 -f s16le` gives them.
"""

import pathlib
import subprocess
import sys
import wave

import numpy as np

FOLDER = pathlib.Path(sys.argv[1])


def ffmpeg(*arguments):
    command = ["ffmpeg", "-v", "error", "-y", "-nostdin", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, cwd=FOLDER)
    if result.returncode:
        sys.exit(" ".join(command) + "\n" + result.stderr.decode())


def write_wave(name, channels, rate):
    samples = np.round(np.clip(np.stack(channels, 1), -1, 1) * 32767).astype("<i2")
    with wave.open(str(FOLDER / name), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return samples


def tones(rate, seconds=1.5):
    t = np.arange(int(rate * seconds)) / rate
    left = 0.6 * np.sin(2 * np.pi * 220 * t) + 0.2 * np.sin(2 * np.pi * 1900 * t)
    right = 0.7 * np.sin(2 * np.pi * 330 * t) * np.exp(-t)
    return left, right


mono = write_wave("mono.wav", tones(44100)[:1], 44100)
mono.tofile(FOLDER / "mono.exact")
stereo = write_wave("stereo.wav", tones(44100), 44100)
write_wave("slow.wav", tones(8000)[:1], 8000)
write_wave("fast.wav", tones(96000), 96000)
# One sample at full scale in silence, at a known place.
click = np.zeros(44100)
click[12345] = 1
write_wave("click.wav", [click], 44100)

ffmpeg("-i", "stereo.wav", "-c:a", "pcm_s24le", "deep.wav")
ffmpeg("-i", "stereo.wav", "-c:a", "pcm_f32le", "float.wav")
ffmpeg("-i", "stereo.wav", "stereo.flac")
ffmpeg("-i", "stereo.wav", "-c:a", "libmp3lame", "-b:a", "128k", "stereo.mp3")
ffmpeg("-i", "stereo.wav", "-c:a", "libvorbis", "-q:a", 4, "stereo.ogg")
ffmpeg("-i", "stereo.wav", "-c:a", "libopus", "stereo.opus")
ffmpeg("-i", "stereo.wav", "-c:a", "aac", "stereo.m4a")
ffmpeg("-i", "stereo.wav", "-af", "pan=5.1|FL=c0|FR=c1|FC=c0|LFE=c1|BL=c0|BR=c1", "surround.flac")
# A video's sound, behind its pictures.
ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1.5", "-i", "stereo.wav", "-c:v", "mpeg4", "-c:a", "aac",
       "film.mp4")
# A song with its cover, larger than the part by which formats are recognised.
noise = np.random.default_rng(1).integers(0, 256, (900, 900, 3), np.uint8)
(FOLDER / "cover.ppm").write_bytes(b"P6 900 900 255\n" + noise.tobytes())
ffmpeg("-i", "cover.ppm", "cover.png")
ffmpeg("-i", "stereo.mp3", "-i", "cover.png", "-map", 0, "-map", 1, "-c", "copy", "-id3v2_version", 3,
       "-disposition:v", "attached_pic", "song.mp3")

names = ["mono.wav", "stereo.wav", "slow.wav", "fast.wav", "click.wav", "deep.wav", "float.wav", "stereo.flac", "stereo.mp3",
         "stereo.ogg", "stereo.opus", "stereo.m4a", "surround.flac", "film.mp4", "song.mp3"]
for name in names:
    ffmpeg("-i", name, "-map", "0:a", "-ac", 1, "-ar", 44100, "-f", "s16le", name + ".s16")

# Files that are trouble.
ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=0.5", "-c:v", "mpeg4", "silent.mp4")
whole = bytearray((FOLDER / "stereo.mp3").read_bytes())
whole[9000:11000] = b"\xff" * 2000
(FOLDER / "damaged.mp3").write_bytes(whole)
whole = (FOLDER / "stereo.wav").read_bytes()
(FOLDER / "cut_off.wav").write_bytes(whole[: 44 + 4 * 20000])
(FOLDER / "empty.wav").write_bytes(b"")
(FOLDER / "text.mp3").write_text("This is not the music you are looking for.\n" * 50)
(FOLDER / "no_samples.wav").write_bytes(whole[:44])
(FOLDER / "list.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.5,\nstereo.mp3\n#EXT-X-ENDLIST\n")
(FOLDER / "list.ffconcat").write_text("ffconcat version 1.0\nfile stereo.mp3\n")
(FOLDER / "list.m3u").write_text("#EXTM3U\nstereo.mp3\n")

# Time stamps: two clicks at full scale, at 0.5 and 2.5 s of three.
clicks = np.zeros(3 * 44100)
clicks[[22050, 110250]] = 1
write_wave("clicks.wav", [clicks], 44100)
PICTURES = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=4")
ffmpeg(*PICTURES, "-itsoffset", 0.977, "-i", "clicks.wav", "-c:v", "mpeg4", "-c:a", "pcm_s16le", "late.mkv")
ffmpeg(*PICTURES, "-i", "clicks.wav", "-c:v", "mpeg4", "-c:a", "pcm_s16le", "-af", "aselect=not(between(t\\,0.8\\,2.2))", "gap.mkv")
# Two recordings, joined byte by byte: the clock begins again.
ffmpeg("-i", "clicks.wav", "-c:a", "mp2", "clicks.ts")
(FOLDER / "joined.ts").write_bytes((FOLDER / "clicks.ts").read_bytes() * 2)


def write_bytes_as_wave(name, rate, count):
    with wave.open(str(FOLDER / name), "wb") as file:
        file.setparams((1, 1, rate, 0, "NONE", ""))
        file.writeframes(bytes(range(118, 138)) * (count // 20))


write_bytes_as_wave("slowest.wav", 1, 20000)
write_bytes_as_wave("quickest.wav", 2_000_000_000, 20000)
# Three hours of silence in a few kilobytes: as a gap, and as a sound.
ffmpeg("-i", "clicks.wav", "-af", "asetpts=PTS+gt(T\\,1)*10800/TB", "-c:a", "pcm_s16le", "-ar", 8000, "far.mkv")
ffmpeg("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", 10800, "-c:a", "flac", "long.flac")
