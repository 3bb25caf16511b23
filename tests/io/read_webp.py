"""What Pillow, which decodes with libwebp's own decoder of animations, finds in an animated WebP file: a line of
size, frames and repetitions, one of the milliseconds that each frame is shown, its XMP property `settings`; and
the frames as 8-bit RGB in FILE.raw."""

import sys
import xml.etree.ElementTree as tree

from PIL import Image, ImageSequence

picture = Image.open(sys.argv[1])
print(*picture.size, picture.n_frames, picture.info["loop"])
shown, until = [], 0
with open(sys.argv[1] + ".raw", "wb") as raw:
    for frame in ImageSequence.Iterator(picture):
        raw.write(frame.convert("RGB").tobytes())
        shown.append(picture.info["timestamp"])
print(*shown)
xmp = picture.info.get("xmp")
print(tree.fromstring(xmp[xmp.index(b"<x:") : xmp.rindex(b"<?")]).findtext(".//{urn:reverie}settings") if xmp else "")
