"""Writes files that PyTorch could have written but seldom does, and files that it never would, put together by hand.

manifest.json lists them: [file, what open_weights must complain of or null, {name: [dtype, shape, elements] or what
tensor() must complain of}, {metadata}]. Traps that a reader must not spring would create the file "sprung".
"""

import collections
import gzip
import io
import json
import os
import pickle
import struct
import sys
import tarfile
import zipfile

import numpy as np
import torch

folder = sys.argv[1]
sprung = os.path.join(folder, "sprung")
manifest = []


def expect(file, complaint=None, tensors=None, metadata=None):
    manifest.append([file, complaint, tensors or {}, metadata or {}])


def write(file, data):
    with open(os.path.join(folder, file), "wb") as out:
        out.write(data)


# Pickles by hand, after Lib/pickletools.py


def text(s):
    return b"X" + struct.pack("<I", len(s.encode())) + s.encode()


def number(i):
    return b"\x8a\x08" + struct.pack("<q", i)


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def many(*parts):
    return b"(" + b"".join(parts) + b"t"


def call(function, *arguments):
    return function + many(*arguments) + b"R"


def table(**entries):
    return b"}(" + b"".join(text(k) + v for k, v in entries.items()) + b"u"


def storage(kind="FloatStorage", key="0", elements=4, *view):
    module = "torch.storage" if kind == "UntypedStorage" else "torch"
    return many(text("storage"), name(module, kind), text(key), text("cpu"), number(elements), *view) + b"Q"


def counts(values):
    return many(*(number(v) for v in values))


def tensor(where=None, offset=0, shape=(4,), strides=(1,), function="_rebuild_tensor_v2", extra=(b"\x89", b"N")):
    function = name("torch._utils", function)
    return call(function, where or storage(), number(offset), counts(shape), counts(strides), *extra)


FLOATS = np.array([1, -2, 0.5, 3], "<f4")


def archive(root, records=None, compression=zipfile.ZIP_STORED, more=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as z:
        z.writestr("odd/data.pkl", b"\x80\x02" + root + b".")
        for key, data in ({"0": FLOATS.tobytes()} if records is None else records).items():
            z.writestr("odd/data/" + key, data)
        for entry, data in more:
            z.writestr("odd/" + entry, data)
    return out.getvalue()


def case(file, root, tensors=None, complaint=None, metadata=None, **options):
    write(file, archive(root, **options))
    expect(file, complaint, tensors, metadata)


def elements(dtype, values):
    return [dtype, list(np.shape(values)), np.ravel(values).tolist()]


GOOD = elements("float32", FLOATS)

# What PyTorch writes, or did

case("plain", table(a=tensor()), {"a": GOOD})
case("whole pickle", tensor(), {"": GOOD})
case("deflated", table(a=tensor()), {"a": GOOD}, compression=zipfile.ZIP_DEFLATED)
case("big-endian", table(a=tensor(), b=tensor(storage("ShortStorage", "1", 2), 1, (1,)),
                         c=tensor(storage("ComplexFloatStorage", "2", 1), shape=(1,))),
     {"a": GOOD, "b": elements("int16", [-3]), "c": ["complex64", [1], [1, 2]]},
     records={"0": FLOATS.astype(">f4").tobytes(), "1": np.array([7, -3], ">i2").tobytes(),
              "2": np.array([1, 2], ">f4").tobytes()}, more=[("byteorder", "big")])
case("little-endian", table(a=tensor()), {"a": GOOD}, more=[("byteorder", "little")])
case("version 1", table(a=tensor(function="_rebuild_tensor", extra=())), {"a": GOOD})
case("untyped", table(a=tensor(storage("UntypedStorage", elements=16), 2, (3,), (2,), "_rebuild_tensor_v3",
                               (b"\x89", b"N", name("torch", "uint16")))),
     {"a": elements("uint16", FLOATS.view("<u2")[2::2])})
case("parameters", table(a=call(name("torch._utils", "_rebuild_parameter"), tensor(), b"\x88", b"N"),
                         b=call(name("torch._utils", "_rebuild_parameter_with_state"), tensor(), b"\x88", b"N", b"}"),
                         c=call(name("torch._tensor", "_rebuild_from_type_v2"),
                                name("torch._utils", "_rebuild_tensor_v2"), name("some", "Class"),
                                many(storage(), number(0), counts([2]), counts([3])), b"}")),
     {"a": GOOD, "b": GOOD, "c": elements("float32", FLOATS[::3])})
case("size", table(a=call(name("torch._utils", "_rebuild_tensor_v2"), storage(), number(1),
                          call(name("torch", "Size"), counts([3])), counts([1]))),
     {"a": elements("float32", FLOATS[1:])})
case("view of a storage", table(a=tensor(storage("FloatStorage", "0", 4, many(text("9"), number(1), number(3))), 1,
                                         (2,))), {"a": elements("float32", FLOATS[2:])})
case("path for a key", table(a=tensor(storage(key="constants/5"))), {"a": GOOD}, records={},
     more=[("constants/5", FLOATS.tobytes())])
case("ordered, Python 2", call(name("collections", "OrderedDict"), b"](](" + text("a") + tensor() + b"ee"), {"a": GOOD})
case("typed", table(a=call(name("torch.jit._pickle", "restore_type_tag"), b"](" + tensor() + b"e", text("List[T]"))),
     {"a.0": GOOD})
case("bools that are neither", table(a=tensor(storage("BoolStorage", "0", 4))), {"a": elements("bool", [0, 1, 1, 1])},
     records={"0": bytes([0, 1, 2, 255])})
case("comment", table(a=tensor()), {"a": GOOD})
with zipfile.ZipFile(os.path.join(folder, "comment"), "a") as z:
    z.comment = b"PK\x05\x06 " * 9


class Stream(io.RawIOBase):
    """Cannot seek, so that sizes come after the contents."""

    def __init__(self):
        self.data = b""

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


stream = Stream()
with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("odd/data.pkl", b"\x80\x02" + table(a=tensor()) + b".")
    z.writestr("odd/data/0", FLOATS.tobytes())
write("data descriptors", stream.data)
expect("data descriptors", None, {"a": GOOD})

# What names come of

shared = torch.tensor([1.0, 2.0])
circle = {"a": shared, 5: torch.tensor(7), torch.nn.Linear: [shared], None: "x", (1, 2): {"": shared},
          "number": 0.25, "flag": True, "texts": ["left out"]}
circle["itself"] = circle
circle_tensors = {"a": ["float32", [2], [1, 2]], "5": ["int64", [], [7]],
                  "torch.nn.modules.linear.Linear.0": ["float32", [2], [1, 2]], "#4.": ["float32", [2], [1, 2]]}
for file, options in (("names.zip", {}), ("names.legacy", {"_use_new_zipfile_serialization": False}),
                      ("names 4.zip", {"pickle_protocol": 4}),
                      ("names 4.legacy", {"pickle_protocol": 4, "_use_new_zipfile_serialization": False})):
    torch.save(circle, os.path.join(folder, file), **options)
    expect(file, None, circle_tensors, {"#3": "x", "number": "0.25", "flag": "true"})

two = {"a": {"b": shared}, "a.b": torch.tensor(3.0), "c": {"d": shared}, "c.d": shared}
torch.save(two, os.path.join(folder, "two of a name"))
expect("two of a name", None, {"a.b": "two tensors have this name", "c.d": ["float32", [2], [1, 2]]})

tagged = torch.tensor([1.0, 2.0])
tagged.note = "an attribute"
torch.save({"t": tagged, "z": torch.tensor([1 + 2j]),
            "q": torch.quantize_per_tensor(shared, 0.5, 0, torch.qint8), "sparse": torch.eye(2).to_sparse()},
           os.path.join(folder, "unusual"))
expect("unusual", None, {"t": ["float32", [2], [1, 2]], "z": ["complex64", [1], [1, 2]], "q": "_rebuild_qtensor",
                         "sparse": "_rebuild_sparse_tensor"})

# Descriptions that do not fit: one tensor cannot be read, the others can

huge = 2**62
case("misfits", table(
    good=tensor(), negative=tensor(strides=(-1,)), beyond=tensor(offset=1), far=tensor(offset=huge, shape=(1,)),
    large=tensor(shape=(5,)), overflow=tensor(shape=(huge, huge), strides=(0, 0)),
    reach=tensor(shape=(huge, 2), strides=(huge, 1)), side=tensor(shape=(-1,)), lengths=tensor(shape=(2, 2)),
    broadcast=tensor(shape=(2**40,), strides=(0,)), empty=tensor(shape=(0, 2**40), strides=(1, 1)),
    wide_empty=tensor(shape=(0, huge, huge), strides=(1, 1, 1)), flat=tensor(shape=(1,) * 65, strides=(1,) * 65),
    missing=tensor(storage(key="7")), size=tensor(storage(elements=3), shape=(3,)),
    other=tensor(storage("QInt8Storage", elements=16)), overflowing=tensor(storage(elements=huge)),
    nowhere=tensor(storage(key="../data.pkl")), texts=call(name("torch._utils", "_rebuild_tensor_v2"), text("a")),
    none=call(name("torch._utils", "_rebuild_tensor_v2")),
    float8=tensor(storage("UntypedStorage", elements=16), function="_rebuild_tensor_v3",
                  extra=(b"\x89", b"N", name("torch", "float8_e4m3fn"))),
    conjugated=tensor(extra=(b"\x89", b"N", table(conj=b"\x88"))),
    trapped=tensor(call(name("os", "system"), text("touch " + sprung)))),
     {"good": GOOD, "negative": "strides", "beyond": "beyond its storage", "far": "beyond its storage",
      "large": "beyond its storage", "overflow": "overflows", "reach": "overflows", "side": "shape",
      "lengths": "do not match", "broadcast": "repeats elements", "empty": ["float32", [0, 2**40], []],
      "wide_empty": "overflows", "flat": "65 dimensions", "missing": "no entry 'odd/data/7'",
      "size": "16 bytes instead of 12", "other": "QInt8Storage", "overflowing": "overflows",
      "nowhere": "no entry", "texts": "no storage", "none": "no storage", "float8": "float8_e4m3fn",
      "conjugated": "negated or conjugated", "trapped": "no storage"})

# Pickles that are none, or that mean harm

system = name("os", "system")
command = text("touch " + sprung)
traps = {
    "reduce": call(system, command), "new": system + many(command) + b"\x81", "new_ex": system + many(command) + b"}\x92",
    "build": call(name("some", "Class")) + call(system, command) + b"b",
    "built": call(system, command) + table(x=command) + b"b", "persistent": call(system, command) + b"Q",
    "stack": text("os") + text("system") + b"\x93" + many(command) + b"R",
}
case("traps", table(good=tensor(), **traps), {"good": GOOD})
case("traps as keys", b"}(" + b"".join(trap + tensor() for trap in traps.values()) + b"u",
     {f"#{i}": GOOD for i in range(len(traps))})
case("instance", b"(" + command + b"ios\nsystem\n", complaint="instruction 105")
case("object", b"(" + system + command + b"o", complaint="instruction 111")
case("extension", b"\x82\x01", complaint="instruction 130")
case("unset memo", b"h\x05", complaint="memo 5")
case("no value", b"", complaint="stack is empty")
case("no mark", b"t", complaint="no mark")
case("beneath the mark", b"N(\x85", complaint="stack is empty")
case("key without value", b"}(" + text("a") + b"u", complaint="no value")
case("items of a number", b"K\x01K\x02a", complaint="items are added")
case("no end", b"X\xff\xff\xff\xff", complaint="middle of something")
case("endless name", b"cos", complaint="no end")
write("protocol 1", b"\x80\x01N.")
expect("protocol 1", "protocol 1;")
case("deep", b"]" * 300 + b"a" * 299, complaint="nest more than 256 deep")
case("deeper than any stack", b"]" * 1_500_000 + b"a" * 1_499_999, complaint="nest more than 256 deep")
case("bottomless", b"]q\x00" + b"h\x00a", {})
case("many", b"N0" * 2_000_001 + b"N", complaint="more than 2000000 values")
laughs = b"]q\x00"
for level in range(1, 60):
    laughs += b"](h%ch%ceq%c" % (level - 1, level - 1, level)
case("laughs", laughs, complaint="more often")
case("long keys", b"](X" + struct.pack("<I", 10**6) + b"k" * 10**6 + b"q\x00" + b"}h\x00K\x01s" * 10_000 + b"e",
     complaint="more often")

# Archives

whole = archive(table(a=tensor()))
central = whole.index(b"PK\x01\x02")
end = whole.index(b"PK\x05\x06")


def patched(file, position, data, complaint, tensors=None):
    write(file, whole[:position] + data + whole[position + len(data):])
    expect(file, complaint, tensors)


patched("encrypted", central + 8, b"\x01", "encrypted")
patched("by bzip2", central + 10, b"\x0c", "method 12")
patched("one disk of two", end + 4, b"\x01", "in several files")
patched("one entry more", end + 10, b"\x03\x00", "several files")
patched("checksum", whole.index(b"torch"), b"T", "checksum")
patched("outside", central + 42, struct.pack("<I", len(whole)), "lies outside")
second = whole.index(b"PK\x01\x02", central + 4)
patched("overlapping", second + 42, struct.pack("<I", 40), "overlaps")
patched("same name", second + 46, b"odd/data.pkl"[:10], None, {"a": "no entry 'odd/data/0'"})
local = struct.unpack_from("<I", whole, second + 42)[0]
patched("another local name", local + 30, b"x", None, {"a": "begins where it does not"})
patched("ZIP64 without record", end + 16, b"\xff\xff\xff\xff", "ZIP64 record is missing")

twice = archive(table(a=tensor()), more=[("data/1", FLOATS.tobytes())]).replace(b"odd/data/1", b"odd/data/0")
write("twice", twice)
expect("twice", "two entries 'odd/data/0'")

packed = archive(table(a=tensor(storage(elements=4096), shape=(4096,))), {"0": bytes(4 * 4096)}, zipfile.ZIP_DEFLATED)
second = packed.rindex(b"PK\x01\x02")
for file, size, complaint in (("inflates to more", 4 * 4096 - 4, "16380 bytes instead of 16384"),
                              ("inflates to less", 4 * 4096 + 4, "16388 bytes instead of 16384")):
    write(file, packed[:second + 24] + struct.pack("<I", size) + packed[second + 28:])
    expect(file, None, {"a": complaint})
for file, count in (("lies, inflates to more", 4095), ("lies, inflates to less", 4097)):
    lie = archive(table(a=tensor(storage(elements=count), shape=(count,))), {"0": bytes(4 * 4096)}, zipfile.ZIP_DEFLATED)
    second = lie.rindex(b"PK\x01\x02")
    write(file, lie[:second + 24] + struct.pack("<I", 4 * count) + lie[second + 28:])
    expect(file, None, {"a": "cannot be decompressed to the size"})
second = packed.rindex(b"PK\x01\x02")
write("bomb", packed[:second + 24] + struct.pack("<I", 2**31) + packed[second + 28:])
expect("bomb", "larger than it can be")

case("odd byte order", table(a=tensor()), complaint="byteorder", more=[("byteorder", "middle")])
np.savez(os.path.join(folder, "arrays.npz"), a=FLOATS)
expect("arrays.npz", "no 'data.pkl'")
write("nothing.zip", b"PK\x05\x06" + bytes(18))
expect("nothing.zip", "no 'data.pkl'")

# The legacy layout

MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)


def legacy(file, root, keys, data, complaint=None, tensors=None, magic=MAGIC, protocol=1001):
    parts = [magic, pickle.dumps(protocol, 2), pickle.dumps({"little_endian": False}, 2), b"\x80\x02" + root + b".",
             pickle.dumps(keys, 2), data]
    write(file, b"".join(parts))
    expect(file, complaint, tensors)


four = struct.pack("<q", 4) + FLOATS.tobytes()
legacy("legacy", table(a=tensor()), ["0"], four, None, {"a": GOOD})
legacy("legacy count", table(a=tensor()), ["0"], struct.pack("<q", 3) + FLOATS.tobytes(), None, {"a": "3 elements"})
legacy("legacy short", table(a=tensor()), ["0"], four[:-1], "ends before")
legacy("legacy long", table(a=tensor()), ["0"], four + b"\0", "something follows")
legacy("legacy repeated", table(a=tensor()), ["0", "0"], four + four, "twice")
legacy("legacy unknown", table(a=tensor()), ["0", "1"], four + four, "nothing refers to")
legacy("legacy unlisted", table(a=tensor()), [], b"", None, {"a": "not in the file"})
legacy("legacy two sizes", table(a=tensor(), b=tensor(storage(elements=3))), ["0"], four, "two sizes")
legacy("legacy protocol", table(a=tensor()), ["0"], four, "protocol 1001", protocol=1002)
legacy("another pickle", table(a=tensor()), ["0"], four, "not one of torch.save", magic=pickle.dumps([1], 2))
# Whole modules were pickled together with their source code.
legacy("legacy module", table(net=many(text("module"), name("some", "Net"), text("net.py"), text("source")) + b"Q)\x81"
                              + table(w=tensor()) + b"b"), ["0"], four, None, {"net.w": GOOD})

# Other files

tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode="w") as t:
    t.addfile(tarfile.TarInfo("storages"))
for file, data, complaint in (
        ("tar", tar.getvalue(), "tar archive"), ("preview", b"PYTORCH1" + bytes(40), "no longer reads"),
        ("gzip", gzip.compress(bytes(100)), "gzip"), ("page", b"\xef\xbb\xbf \n<HTML><body>", "web page"),
        ("list", b'{\n  "weight_map": {}}', "JSON"), ("gguf", b"GGUF" + bytes(30), "GGUF"),
        ("noise", b"\x01\x02noise", "01 02 6e 6f 69 73 65"), ("short", b"P", "50")):
    write(file, data)
    expect(file, complaint)

# An archive of 5 GiB, nearly all of it a hole: offsets and sizes of 64 bits


def sparse_archive(file, hole):
    entries = []
    with open(os.path.join(folder, file), "wb") as out:
        def add(entry, data, size):
            start = out.tell()
            wide = struct.pack("<HHQQ", 1, 16, size, size)
            out.write(struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 0, 0, 2**32 - 1, 2**32 - 1, len(entry),
                                  len(wide)) + entry + wide + data)
            out.seek(size - len(data), 1)
            entries.append((entry, start, size))

        pickled = b"\x80\x02" + table(
            moments=tensor(storage("ByteStorage", "0", hole), shape=(hole,)), wanted=tensor(storage(key="1"))) + b"."
        add(b"odd/data.pkl", pickled, len(pickled))
        add(b"odd/data/0", b"", hole)
        add(b"odd/data/1", FLOATS.tobytes(), FLOATS.nbytes)
        begin = out.tell()
        for entry, start, size in entries:
            wide = struct.pack("<HHQQQ", 1, 24, size, size, start)
            out.write(struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 0, 0, 0, 0, 2**32 - 1, 2**32 - 1,
                                  len(entry), len(wide), 0, 0, 0, 0, 2**32 - 1) + entry + wide)
        finish = out.tell()
        out.write(struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, len(entries), len(entries), finish - begin,
                              begin))
        out.write(struct.pack("<IIQI", 0x07064B50, 0, finish, 1))
        out.write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 2**16 - 1, 2**16 - 1, 2**32 - 1, 2**32 - 1, 0))


sparse_archive("sparse", 5 << 30)

with open(os.path.join(folder, "manifest.json"), "w") as file:
    json.dump(manifest, file)
