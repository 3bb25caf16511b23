"""Videos whose frames tell their number, made with the ffmpeg program: write_videos.py FOLDER

Value of channel c of pixel (x, y) in frame i: (3 x + 5 y + 50 c + 17 i) mod 256.
"""

import pathlib
import subprocess
import sys
import wave

import numpy as np

FOLDER = pathlib.Path(sys.argv[1])
W, H, FRAMES = 33, 21, 30


def ffmpeg(*arguments, data=None):
    command = ["ffmpeg", "-v", "error", "-y", "-nostdin" if data is None else "-hide_banner", *map(str, arguments)]
    result = subprocess.run(command, input=data, capture_output=True, cwd=FOLDER)
    if result.returncode:
        sys.exit(" ".join(command) + "\n" + result.stderr.decode())
    return result.stdout


def numbered(frames=FRAMES, width=W, height=H):
    i, y, x, c = np.ogrid[0:frames, 0:height, 0:width, 0:3]
    return ((3 * x + 5 * y + 50 * c + 17 * i) % 256).astype(np.uint8)


def encode(name, *options, rate=10, pixels=None):
    pixels = numbered() if pixels is None else pixels
    ffmpeg("-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{pixels.shape[2]}x{pixels.shape[1]}",
           "-framerate", rate, "-i", "-", *options, name, data=pixels.tobytes())


X264 = ("-c:v", "libx264rgb", "-qp", 0, "-g", 7, "-bf", 2)
FFV1 = ("-c:v", "ffv1", "-level", 3, "-slicecrc", 1, "-g", 5)


def write_lossless():
    encode("x264.mkv", *X264)
    encode("x264.mp4", *X264, "-movflags", "+faststart")
    encode("x264.ts", *X264)
    encode("x264.h264", *X264)
    encode("open.mp4", *X264, "-x264-params", "open-gop=1:keyint=9:bframes=3:b-adapt=0")
    encode("ffv1.mkv", *FFV1)
    encode("png.mov", "-c:v", "png")
    encode("a.apng", "-f", "apng")


def write_lossy():
    smooth = np.sort(numbered(width=48, height=32), axis=2)  # codecs of videos like no noise
    encode("vp9.webm", "-c:v", "libvpx-vp9", "-g", 8, "-cpu-used", 8, pixels=smooth)
    encode("mpeg4.avi", "-c:v", "mpeg4", "-g", 8, "-bf", 2, pixels=smooth)
    encode("mpeg2.mpg", "-c:v", "mpeg2video", "-g", 8, "-bf", 2, rate=25, pixels=smooth)
    encode("x264.flv", "-c:v", "libx264", "-g", 8, "-pix_fmt", "yuv420p", pixels=smooth)
    encode("jpeg.mov", "-c:v", "mjpeg", pixels=smooth)
    encode("a.gif", pixels=smooth)
    encode("a.y4m", "-pix_fmt", "yuv420p", pixels=smooth)


def write_timed():
    small = numbered(60, 8, 6)
    encode("ntsc.mkv", *FFV1, rate="30000/1001", pixels=small)  # its clock ticks in milliseconds
    encode("film.mkv", *FFV1, rate=24, pixels=small)
    encode("film.mp4", "-c:v", "libx264rgb", "-qp", 0, rate=24, pixels=small)
    # Frame n appears at n^2 / 20 s.
    encode("squares.mkv", *FFV1, "-vf", "settb=1/1000,setpts=N*N*50", "-fps_mode", "passthrough", "-enc_time_base", "1:1000", pixels=numbered(10, 8, 6))


def write_shapes():
    for turn in (90, 180, 270):
        ffmpeg("-i", "x264.mp4", "-c", "copy", "-metadata:s:v", f"rotate={turn}", f"turned{turn}.mp4")
        shown = ffmpeg("-i", f"turned{turn}.mp4", "-frames:v", 1, "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
        (FOLDER / f"turned{turn}.rgb").write_bytes(shown)
    encode("wide.mkv", *FFV1, "-vf", "setsar=2/1")
    # A video of few bytes that is to be stretched to many pixels.
    ffmpeg("-f", "lavfi", "-i", "color=size=3600x3600:rate=10:duration=0.2", "-vf", "setsar=7/1", "-c:v", "mpeg4", "stretched.mkv")
    encode("single.mkv", *FFV1, pixels=numbered(1))


def write_broken():
    data = (FOLDER / "x264.mp4").read_bytes()
    (FOLDER / "cut.mp4").write_bytes(data[: len(data) * 6 // 10])
    data = bytearray((FOLDER / "ffv1.mkv").read_bytes())
    data[len(data) * 6 // 10] ^= 0x55
    (FOLDER / "flipped.mkv").write_bytes(data)
    data = (FOLDER / "x264.ts").read_bytes()
    (FOLDER / "joined_late.ts").write_bytes(data[len(data) // 188 // 3 * 188:])
    # Two recordings, joined byte by byte: packets at the seam have missing bytes by their flags, and the clock begins again.
    (FOLDER / "joined.ts").write_bytes(data * 2)
    (FOLDER / "playlist.mp4").write_text("ffconcat version 1.0\nfile x264.mp4\n")
    (FOLDER / "playlist.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nx264.ts\n#EXT-X-ENDLIST\n")
    with wave.open(str(FOLDER / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))


# Red's and blue's weights in luma: ITU-R BT.601, BT.709, BT.2020.
WEIGHTS = {"bt470bg": (0.299, 0.114), "smpte170m": (0.299, 0.114), "bt709": (0.2126, 0.0722),
           "bt2020nc": (0.2627, 0.0593)}


def to_rgb(planes, bits, space, full):
    """[3, H, W] numbers of Y'CbCr to RGB, by inverting the matrix that made them."""
    scale = 2.0 ** (bits - 8)
    top = 2.0 ** bits - 1
    luma = planes[0] / top if full else (planes[0] - 16 * scale) / (219 * scale)
    chroma = (planes[1:] - 128 * scale) / (top if full else 224 * scale)
    if space == "ycgco":
        forward = np.array([[1, 2, 1], [-1, 2, -1], [2, 0, -2]]) / 4  # ITU-T H.273, MatrixCoefficients 8
    else:
        red, blue = WEIGHTS[space]
        row = np.array([red, 1 - red - blue, blue])
        forward = np.stack([row, (np.array([0, 0, 1]) - row) / (2 * (1 - blue)),
                            (np.array([1, 0, 0]) - row) / (2 * (1 - red))])
    rgb = np.tensordot(np.linalg.inv(forward), np.concatenate([luma[None], chroma]), 1)
    return np.clip(rgb, 0, 1)


def write_yuv(name, planes, pixel_format, bits, options, expected):
    kind = "<u2" if bits > 8 else "u1"
    height, width = planes[0].shape
    ffmpeg("-f", "rawvideo", "-pix_fmt", pixel_format, "-video_size", f"{width}x{height}", *options, "-i", "-",
           "-c:v", "ffv1", "-level", 3, *options, name, data=b"".join(np.round(p).astype(kind).tobytes() for p in planes))
    header = np.array(expected.shape[1:], "<i4").tobytes()
    (FOLDER / (name + ".expected")).write_bytes(header + expected.astype("<f4").tobytes())


def write_colours():
    draw = np.random.RandomState(3)
    cases = [("yuv444p", 8, "bt709", False), ("yuv444p", 8, "bt709", True), ("yuv444p", 8, "bt470bg", True),
             ("yuv444p", 8, "smpte170m", False), ("yuv444p10le", 10, "bt2020nc", False), ("yuv444p12le", 12, "bt709", True),
             ("yuv444p16le", 16, "bt709", False), ("yuv444p", 8, "ycgco", True), ("yuv444p", 8, None, False)]
    for pixel_format, bits, space, full in cases:
        planes = draw.randint(0, 2 ** bits, (3, H, W))
        options = ["-color_range", "pc" if full else "tv"] + (["-colorspace", space] if space else [])
        write_yuv(f"colour_{pixel_format}_{space}_{'full' if full else 'limited'}.mkv", planes, pixel_format, bits,
                  options, to_rgb(planes, bits, space or "bt470bg", full))
    # Large ones are BT.709 where they do not say.
    planes = np.broadcast_to(np.array([90, 100, 180])[:, None, None], (3, 720, 16))
    write_yuv("colour_high.mkv", planes, "yuv444p", 8, [], to_rgb(planes, 8, "bt709", False))
    planes = draw.randint(0, 256, (4, H, W))
    write_yuv("colour_alpha.mkv", planes, "yuva444p", 8, ["-color_range", "pc", "-colorspace", "bt709"],
              to_rgb(planes[:3], 8, "bt709", True) * (planes[3] / 255))


def write_sitings():
    """Chroma that rises evenly from where it was sampled rises evenly over the pixels, too."""
    y, x = np.mgrid[0:24, 0:32].astype(float)
    for name, pixel_format, across, down, location, left in (
            ("left", "yuv420p", 2, 2, "left", True), ("centre", "yuv420p", 2, 2, "center", False),
            ("422", "yuv422p", 2, 1, "left", True), ("unsaid", "yuv420p", 2, 2, None, True)):
        # Where a sample lies, in pixels: above the first of its pixels, or between them.
        at_x = x[:24 // down, :32 // across] * across + (0 if left else (across - 1) / 2)
        at_y = y[:24 // down, :32 // across] * down + (down - 1) / 2
        luma = np.full((24, 32), 120.0)
        blue, red = 90 + 2 * at_x + 2 * at_y, 150 - 2 * at_x
        expected = to_rgb(np.stack([luma, 90 + 2 * x + 2 * y, 150 - 2 * x]), 8, "bt709", False)
        options = ["-color_range", "tv", "-colorspace", "bt709"]
        write_yuv(f"siting_{name}.mkv", [luma, blue, red], pixel_format, 8,
                  options + (["-chroma_sample_location", location] if location else []), expected)


write_lossless()
write_lossy()
write_timed()
write_shapes()
write_broken()
write_colours()
write_sitings()
