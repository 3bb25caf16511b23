"""Pictures in every format and depth, and what their pixels are.

usage: write_pictures.py FOLDER

Writes FOLDER/manifest.txt, a line "file tolerance" for each picture; beside each lies <file>.expected: height and width
(int32), then the pixels [3, height, width] (float32, 0..1). PNGs are written here byte by byte, other formats by Pillow;
expected values are the arrays that went in, or for lossy formats what Pillow reads.
"""

import io
import pathlib
import struct
import sys
import zlib

import numpy as np
from PIL import Image

FOLDER = pathlib.Path(sys.argv[1])
H, W = 37, 53  # odd
EXACT, ROUNDED, LOSSY = 1e-6, 1.01 / 255, 4 / 255

y, x = np.mgrid[0:H, 0:W]
WAVES = np.stack([np.sin(x / 9) / 2 + 0.5, np.cos(y / 7) / 2 + 0.5, (x + y) / (H + W)], -1)
ALPHA = ((x * 5 + y * 3) % 256) / 255
RGB8 = np.round(WAVES * 255).astype(np.uint8)
RGB16 = np.round(WAVES * 65535).astype(np.uint16)
manifest = []


def expect(name, pixels, tolerance):
    pixels = np.asarray(pixels, dtype=np.float64)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, 2)
    header = struct.pack("<ii", *pixels.shape[:2])
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)).astype("<f4")
    (FOLDER / (name + ".expected")).write_bytes(header + planes.tobytes())
    manifest.append(f"{name} {tolerance:.8f}\n")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(name, samples, depth, colour_type, before_data=b""):
    """`samples` [H, W] or [H, W, channels] of integers below 2^depth. PNG specification, sections 7 and 11."""
    rows = samples.reshape(samples.shape[0], -1)
    if depth == 16:
        packed = [row.astype(">u2").tobytes() for row in rows]
    else:
        bits = (rows[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        packed = [np.packbits(row.reshape(-1).astype(np.uint8)).tobytes() for row in bits]
    data = zlib.compress(b"".join(b"\0" + row for row in packed))
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], depth, colour_type, 0, 0, 0)
    (FOLDER / name).write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before_data + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def write_pngs():
    alpha8, alpha16 = np.round(ALPHA * 255).astype(int), np.round(ALPHA * 65535).astype(int)
    for depth, samples, alpha in ((8, RGB8.astype(int), alpha8), (16, RGB16.astype(int), alpha16)):
        top = 2 ** depth - 1
        write_png(f"rgb{depth}.png", samples, depth, 2)
        expect(f"rgb{depth}.png", samples / top, EXACT)
        write_png(f"grey{depth}.png", samples[..., 0], depth, 0)
        expect(f"grey{depth}.png", samples[..., 0] / top, EXACT)
        opaque = alpha / top
        write_png(f"rgba{depth}.png", np.dstack([samples, alpha]), depth, 6)
        expect(f"rgba{depth}.png", samples / top * opaque[..., None], EXACT)
        write_png(f"grey_alpha{depth}.png", np.dstack([samples[..., 1], alpha]), depth, 4)
        expect(f"grey_alpha{depth}.png", samples[..., 1] / top * opaque, EXACT)
    for depth in (1, 2, 4):
        grey = (x + 2 * y) % 2 ** depth
        write_png(f"grey{depth}.png", grey, depth, 0)
        expect(f"grey{depth}.png", grey / (2 ** depth - 1), EXACT)
    for depth in (1, 2, 4, 8):
        colours = np.random.RandomState(depth).randint(0, 256, (2 ** depth, 3))
        opaque = np.random.RandomState(9).randint(0, 256, 2 ** depth)
        index = (3 * x + y) % 2 ** depth
        palette = chunk(b"PLTE", colours.astype(np.uint8).tobytes())
        write_png(f"palette{depth}.png", index, depth, 3, palette)
        expect(f"palette{depth}.png", colours[index] / 255, EXACT)
        palette += chunk(b"tRNS", opaque.astype(np.uint8).tobytes())
        write_png(f"clear_palette{depth}.png", index, depth, 3, palette)
        expect(f"clear_palette{depth}.png", colours[index] / 255 * (opaque[index] / 255)[..., None], EXACT)
    # One colour is transparent.
    key = RGB8[5, 7].astype(int)
    write_png("colour_key.png", RGB8.astype(int), 8, 2, chunk(b"tRNS", key.astype(">u2").tobytes()))
    expect("colour_key.png", RGB8 / 255 * (RGB8 != key).any(-1, keepdims=True), EXACT)
    for name, shape in (("one.png", (1, 1)), ("wide.png", (1, 300)), ("tall.png", (211, 1))):
        grey = np.arange(shape[0] * shape[1]).reshape(shape) % 256
        write_png(name, grey, 8, 0)
        expect(name, grey / 255, EXACT)


def write_other_formats():
    picture = Image.fromarray(RGB8)
    for name, options in (("a.bmp", {}), ("a.tif", {}), ("lzw.tif", {"compression": "tiff_lzw"}), ("a.ppm", {}),
                          ("a.webp", {"lossless": True}), ("a.tga", {}), ("a.sgi", {}), ("a.jp2", {})):
        picture.save(FOLDER / name, **options)
        expect(name, RGB8 / 255, EXACT)
    alpha = np.round(ALPHA * 255).astype(np.uint8)
    for name, options in (("clear.tif", {}), ("clear.tga", {}), ("clear.webp", {"lossless": True, "exact": True})):
        Image.fromarray(np.dstack([RGB8, alpha])).save(FOLDER / name, **options)
        expect(name, RGB8 / 255 * (alpha / 255)[..., None], EXACT)
    Image.fromarray(RGB16[..., 0]).save(FOLDER / "grey16.tif")
    expect("grey16.tif", RGB16[..., 0] / 65535, EXACT)
    few = picture.quantize(17)
    few.save(FOLDER / "a.gif")
    few.save(FOLDER / "clear.gif", transparency=3)
    seen = np.asarray(few.convert("RGB")) / 255
    expect("a.gif", seen, EXACT)
    expect("clear.gif", seen * (np.asarray(few) != 3)[..., None], EXACT)
    for name, mode, options in (("fine.jpg", "RGB", {"subsampling": 0}), ("usual.jpg", "RGB", {"subsampling": 2}),
                                ("progressive.jpg", "RGB", {"progressive": True}), ("grey.jpg", "L", {}),
                                ("cmyk.jpg", "CMYK", {}), ("a_lossy.webp", "RGB", {})):
        picture.convert(mode).save(FOLDER / name, quality=95, **options)
        expect(name, np.asarray(Image.open(FOLDER / name).convert("RGB")) / 255, LOSSY)
    # What cameras put behind a picture: another one, a video, a preview, anything.
    small = io.BytesIO()
    picture.resize((24, 16)).save(small, "JPEG")
    for name, behind in (("two.jpg", small.getvalue()), ("movie.jpg", b"\0\0\0\x18ftypmp42" + bytes(4) + b"mp42isom" + small.getvalue()),
                         ("notes.jpg", b"notes\n" * 40)):
        (FOLDER / name).write_bytes((FOLDER / "usual.jpg").read_bytes() + behind)
        expect(name, np.asarray(Image.open(FOLDER / "usual.jpg").convert("RGB")) / 255, LOSSY)
    picture.convert("CMYK").save(FOLDER / "cmyk.tif")
    expect("cmyk.tif", RGB8 / 255, ROUNDED)  # FFmpeg multiplies in whole numbers
    # What a file holds counts, not what it is called.
    (FOLDER / "really_a_png.jpg").write_bytes((FOLDER / "rgb8.png").read_bytes())
    expect("really_a_png.jpg", RGB8 / 255, EXACT)


def tags(orientation):
    """EXIF's block of tags with one, Orientation; CIPA DC-008, sections 4.5 and 4.6."""
    return b"MM\0*" + struct.pack(">IH HHIHH I", 8, 1, 0x112, 3, 1, orientation, 0, 0)


def as_shown(pixels, orientation):
    """By the words of CIPA DC-008: which side of the scene the stored first row and first column are."""
    row = {1: "top", 2: "top", 3: "bottom", 4: "bottom", 5: "left", 6: "right", 7: "right", 8: "left"}[orientation]
    column = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}[orientation]
    if row in ("left", "right"):
        pixels, row, column = pixels.transpose(1, 0, 2), column, row
    if row == "bottom":
        pixels = pixels[::-1]
    if column == "right":
        pixels = pixels[:, ::-1]
    return pixels


def write_orientations():
    picture = Image.fromarray(RGB8)
    plain = io.BytesIO()
    picture.save(plain, "jpeg", quality=95, subsampling=0)
    jpeg, decoded = plain.getvalue(), np.asarray(Image.open(plain)) / 255
    for number in range(1, 9):
        content = b"Exif\0\0" + tags(number)
        segment = b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content
        (FOLDER / f"turned{number}.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])
        expect(f"turned{number}.jpg", as_shown(decoded, number), LOSSY)
        write_png(f"turned{number}.png", RGB8.astype(int), 8, 2, chunk(b"eXIf", tags(number)))
        expect(f"turned{number}.png", as_shown(RGB8 / 255, number), EXACT)
        picture.save(FOLDER / f"turned{number}.webp", lossless=True, exif=b"Exif\0\0" + tags(number))
        expect(f"turned{number}.webp", as_shown(RGB8 / 255, number), EXACT)
        picture.save(FOLDER / f"turned{number}.tif", tiffinfo={0x112: number})
        expect(f"turned{number}.tif", as_shown(RGB8 / 255, number), EXACT)


def write_exr(name, channels):
    """Uncompressed scan lines of floats; OpenEXR File Layout. `channels` name -> [H, W]."""
    def attribute(title, kind, value):
        return title.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value

    names = sorted(channels)
    window = struct.pack("<4i", 0, 0, W - 1, H - 1)
    header = b"\x76\x2f\x31\x01" + struct.pack("<i", 2)
    header += attribute("channels", "chlist", b"".join(
        n.encode() + b"\0" + struct.pack("<iB3xii", 2, 0, 1, 1) for n in names) + b"\0")
    header += attribute("compression", "compression", b"\0") + attribute("dataWindow", "box2i", window)
    header += attribute("displayWindow", "box2i", window) + attribute("lineOrder", "lineOrder", b"\0")
    header += attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
    header += attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0))
    header += attribute("screenWindowWidth", "float", struct.pack("<f", 1)) + b"\0"
    lines = [struct.pack("<ii", row, 4 * W * len(names)) + b"".join(channels[n][row].astype("<f4").tobytes() for n in names)
             for row in range(H)]
    first = len(header) + 8 * H
    offsets = struct.pack(f"<{H}Q", *(first + row * len(lines[0]) for row in range(H)))
    (FOLDER / name).write_bytes(header + offsets + b"".join(lines))


def without_segment(jpeg, marker):
    start = jpeg.index(marker)
    return jpeg[:start] + jpeg[start + 2 + struct.unpack(">H", jpeg[start + 2:start + 4])[0]:]


def rename_components(jpeg, names):
    """In the headers of the frame and of its one scan; ITU-T T.81, B.2.2 and B.2.3."""
    jpeg = bytearray(jpeg)
    frame, scan = jpeg.index(b"\xff\xc0"), jpeg.index(b"\xff\xda")
    for i, name in enumerate(names):
        jpeg[frame + 10 + 3 * i] = jpeg[scan + 5 + 2 * i] = name
    return bytes(jpeg)


def write_rare_jpegs():
    """Components that are red, green and blue themselves, and YCCK as Photoshop writes it."""
    stored = io.BytesIO()
    # What Pillow turns into Y'CbCr and back, so that after the change of names the components are the picture.
    as_luma_and_chroma = Image.fromarray(RGB8, "YCbCr")
    as_luma_and_chroma.save(stored, "jpeg", quality=100, subsampling=0)
    jpeg = without_segment(stored.getvalue(), b"\xff\xe0")
    (FOLDER / "named_rgb.jpg").write_bytes(rename_components(jpeg, b"RGB"))
    expect("named_rgb.jpg", RGB8 / 255, LOSSY)
    adobe = b"\xff\xee\0\x0eAdobe\0d\0\0\0\0\0"
    (FOLDER / "adobe_rgb.jpg").write_bytes(jpeg[:2] + adobe + jpeg[2:])
    expect("adobe_rgb.jpg", RGB8 / 255, LOSSY)

    # Inks as Y'CbCr, and black, which is stored inverted as Adobe does; Pillow inverts what it writes.
    red, green, blue = 255 - RGB8.astype(float).transpose(2, 0, 1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    light = 255 - (x + y)
    planes = [luma, 128 + (blue - luma) / 1.772, 128 + (red - luma) / 1.402, light]
    samples = np.clip(np.round(np.stack(planes, -1)), 0, 255).astype(np.uint8)
    stored = io.BytesIO()
    Image.fromarray(255 - samples, "CMYK").save(stored, "jpeg", quality=100, subsampling=0)
    jpeg = bytearray(rename_components(stored.getvalue(), b"\1\2\3\4"))
    jpeg[jpeg.index(b"Adobe") + 11] = 2
    (FOLDER / "ycck.jpg").write_bytes(jpeg)
    expect("ycck.jpg", RGB8 / 255 * (light / 255)[..., None], 6 / 255)


def write_linear_light():
    """Brighter than white, darker than black and not a number are there, too."""
    light = WAVES * 1.25 - 0.05
    light[3, 4] = np.nan
    seen = np.clip(np.nan_to_num(light, nan=0), 0, 1)
    srgb = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    channels = dict(zip("RGB", light.transpose(2, 0, 1)))
    write_exr("light.exr", channels)
    expect("light.exr", srgb, 1e-5)
    write_exr("clear.exr", {**channels, "A": ALPHA})  # whose colours are already multiplied by alpha
    expect("clear.exr", srgb, 1e-5)


def write_damaged():
    """Not in the manifest: they must be refused."""
    for name in ("rgb8.png", "fine.jpg", "usual.jpg", "progressive.jpg", "a.tif", "a.webp", "a.ppm", "a.jp2"):
        data = (FOLDER / name).read_bytes()
        (FOLDER / ("half_" + name)).write_bytes(data[: len(data) // 2])
    data = bytearray((FOLDER / "rgb8.png").read_bytes())
    data[len(data) // 2] ^= 1
    (FOLDER / "flipped.png").write_bytes(data)
    header = struct.pack(">IIBBBBB", 40000, 40000, 8, 2, 0, 0, 0)
    (FOLDER / "huge.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))
    Image.fromarray(RGB8).save(FOLDER / "jpeg.tif", compression="jpeg")
    # Small files that claim many pixels; the first within what their readers allow.
    rows = zlib.compress(bytes(15001) * 64, 9)
    header = struct.pack(">IIBBBBB", 15000, 15000, 8, 0, 0, 0, 0)
    (FOLDER / "bomb.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    (FOLDER / "bomb.gif").write_bytes(b"GIF89a" + struct.pack("<HHBBB", 15000, 15000, 0x80, 0, 0) + bytes(6) + b","
                                      + struct.pack("<HHHHB", 0, 0, 15000, 15000, 0) + b"\x02\x02\x4c\x01\x00;")
    # QOI: runs of 62 pixels.
    (FOLDER / "bomb.qoi").write_bytes(b"qoif" + struct.pack(">IIBB", 15000, 15000, 3, 0) + b"\xfd" * 4000 + bytes(7) + b"\1")
    pages = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    pages[0].save(FOLDER / "animated.webp", save_all=True, append_images=pages[1:], duration=100)
    (FOLDER / "light.pfm").write_bytes(b"PF\n2 1\n-1.0\n" + bytes(24))
    (FOLDER / "text.png").write_text("A picture is worth a thousand words.\n" * 30)
    (FOLDER / "page.jpg").write_text("<!DOCTYPE html><html><body>Not found</body></html>\n")
    (FOLDER / "empty.png").write_bytes(b"")
    (FOLDER / "zeros.png").write_bytes(bytes(10000))


write_pngs()
write_other_formats()
write_orientations()
write_rare_jpegs()
write_linear_light()
write_damaged()
(FOLDER / "manifest.txt").write_text("".join(manifest))
