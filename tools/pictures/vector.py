"""SVG files to small RGBA pictures through librsvg, in process and cached.

Starting rsvg-convert once a file costs more than the drawing itself, so the library is called
through ctypes.  A drawing that hangs or crashes librsvg takes its worker process with it: a worker
leaves an empty cache file before it starts on a drawing, so the file that killed it is not tried
again, and the parent starts another worker on what is left.
"""

import ctypes
import ctypes.util
import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
from PIL import Image

RENDER_SIDE = 160
SECONDS_PER_FILE = 3.0


class _Rectangle(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in ("x", "y", "width", "height")]


def _library(name, package):
    path = ctypes.util.find_library(name)
    if not path:
        raise SystemExit(f"lib{name} is missing: apt install {package}")
    return ctypes.CDLL(path)


class Renderer:
    """Draws SVG files on a square transparent canvas, aspect kept."""

    def __init__(self):
        self.cairo = _library("cairo", "libcairo2")
        self.gobject = _library("gobject-2.0", "libglib2.0-0")
        self.rsvg = _library("rsvg-2", "librsvg2-2")
        self.cairo.cairo_image_surface_create.restype = ctypes.c_void_p
        self.cairo.cairo_create.restype = ctypes.c_void_p
        self.cairo.cairo_image_surface_get_data.restype = ctypes.c_void_p
        self.rsvg.rsvg_handle_new_from_file.restype = ctypes.c_void_p

    def draw(self, path):
        """Straight RGBA array [RENDER_SIDE, RENDER_SIDE, 4], or None if librsvg refuses."""
        error = ctypes.c_void_p()
        handle = self.rsvg.rsvg_handle_new_from_file(os.fsencode(path), ctypes.byref(error))
        if not handle:
            return None
        argb32 = 0
        surface = ctypes.c_void_p(self.cairo.cairo_image_surface_create(argb32, RENDER_SIDE, RENDER_SIDE))
        context = ctypes.c_void_p(self.cairo.cairo_create(surface))
        viewport = _Rectangle(0, 0, RENDER_SIDE, RENDER_SIDE)
        drawn = self.rsvg.rsvg_handle_render_document(
            ctypes.c_void_p(handle), context, ctypes.byref(viewport), ctypes.byref(error))
        self.cairo.cairo_surface_flush(surface)
        data = self.cairo.cairo_image_surface_get_data(surface)
        raw = ctypes.string_at(data, RENDER_SIDE * RENDER_SIDE * 4)
        self.cairo.cairo_destroy(context)
        self.cairo.cairo_surface_destroy(surface)
        self.gobject.g_object_unref(ctypes.c_void_p(handle))
        return _straight(np.frombuffer(raw, np.uint8).reshape(RENDER_SIDE, RENDER_SIDE, 4)) if drawn else None


def _straight(bgra):
    """Cairo's premultiplied BGRA to straight RGBA."""
    alpha = bgra[..., 3:].astype(np.float32)
    colour = bgra[..., 2::-1].astype(np.float32) * 255.0 / np.maximum(alpha, 1.0)
    return np.concatenate([np.clip(colour + 0.5, 0, 255), alpha], axis=2).astype(np.uint8)


def _work(jobs):
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)  # librsvg reports every oddity of an old drawing there
    renderer = Renderer()
    for source, target in jobs:
        target.touch()
        signal.setitimer(signal.ITIMER_REAL, SECONDS_PER_FILE)
        pixels = renderer.draw(source)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if pixels is not None:
            partial = target.with_suffix(".partial")
            Image.fromarray(pixels).save(partial, "PNG", compress_level=1)
            partial.replace(target)


def _run_until_done(jobs):
    while jobs := [job for job in jobs if not job[1].exists()]:
        worker = multiprocessing.Process(target=_work, args=(jobs,))
        worker.start()
        worker.join()


def rasterise(named_files, cache, processes=2):
    """{name: svg path} to {name: cached PNG path} of those that could be drawn."""
    folder = Path(cache) / "svg"
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(path, folder / (name.replace("/", "+") + ".png")) for name, path in sorted(named_files.items())]
    helpers = [multiprocessing.get_context("fork").Process(target=_run_until_done, args=(jobs[part::processes],))
               for part in range(processes)]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    return {name: target for (name, _), (_, target) in zip(sorted(named_files.items()), jobs)
            if target.stat().st_size}
