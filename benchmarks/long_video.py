#!/usr/bin/env python3
"""Does the memory of a long animation stay flat?

    benchmarks/long_video.py [--frames 10000] [--program build/release/bin/reverie] [MODE ...]

Renders so many frames of each mode (2D, 3D, "Video Source"; all by default), 32 pixels square and of one step each,
into pictures and a video, with everything on that keeps something from frame to frame: backups, stabilisation of every
kind that the mode has, and for Video Source long-term samples of a clip of that many frames. Prints the resident memory
and the number of open files when a tenth of the frames is done, at the half, and at the last.
"""
import argparse
import subprocess
import tempfile
import time
from pathlib import Path

STABILISED = ["direct_stabilization_weight=1", "semantic_stabilization_weight=0.1", "edge_stabilization_weight=1"]
MODES = {
    "2D": ["translate_x=sin(t)", "rotate_2d=1", "zoom_x_2d=0.2", "zoom_y_2d=0.2"],
    "3D": ["translate_z_3d=0.02*r", "rotate_3d=[1, 0, 0, 0.004*sin(t)]", "depth_model=tiny_depth",
           "depth_stabilization_weight=0.1"],
    "Video Source": ["video_path=clip.mkv", "reencode_each_frame=false", "flow_long_term_samples=2",
                     "flow_stabilization_weight=1"],
}


def resident_megabytes(process):
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


def make_clip(folder, frames):
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=32x32:rate=12", "-frames:v", str(frames),
                    "-c:v", "libx264", "-pix_fmt", "yuv420p", folder / "clip.mkv"], check=True)


def measure(program, mode, frames):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if mode == "Video Source":
            make_clip(folder, frames)
        command = [program, "render", "scenes=a hill", "perceptors=tiny_vit", "cutouts=1", "width=32", "height=32", "seed=1",
                   f"steps_per_scene={frames}", "steps_per_frame=1", "pre_animation_steps=1", "save_every=1",
                   "display_every=0", "outputs=[png_sequence, video_file]", f"animation_mode={mode}", *STABILISED,
                   *MODES[mode]]
        process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        done, output, sizes, start = 0, [], [], time.monotonic()
        print(mode)
        for line in process.stderr:
            output = output[-5:] + [line]
            if not line.startswith("saved ") or not line.rstrip().endswith(".png"):
                continue
            done += 1
            if done in (frames // 10, frames // 2, frames):
                files = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
                sizes.append(resident_megabytes(process))
                print(f"  frame {done:6d}   {sizes[-1]:7.1f} MB   {files:3d} open files   {time.monotonic() - start:6.0f} s",
                      flush=True)
        if process.wait() != 0 or done < frames:
            raise SystemExit(f"{mode}: stopped after {done} frames\n" + "".join(output))
    print(f"  the last over the first: {sizes[-1] / sizes[0]:.3f}", flush=True)


def main():
    root = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=10000)
    parser.add_argument("--program", default=root / "build/release/bin/reverie")
    parser.add_argument("modes", nargs="*", choices=[[], *MODES], metavar="MODE")
    arguments = parser.parse_args()
    for mode in arguments.modes or MODES:
        measure(Path(arguments.program).resolve(), mode, arguments.frames)


if __name__ == "__main__":
    main()
