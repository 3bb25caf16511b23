#!/usr/bin/env python3
"""Runs every command that the documentation shows, small enough to be quick, and fails where one fails.

    commands_test.py PROGRAM SOURCES [DOCUMENT ...]

A command is a line of a code block that begins with reverie, ./reverie, python3 or curl; \\ at its end goes on in the next
line. The commands of a document run in one folder, in their order, so that a later one finds what an earlier one made.
Blocks that begin with "# NAME.yaml" are settings files, written before anything runs.
"""
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM, SOURCES = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
DOCUMENTS = sys.argv[3:] or ["README.md", "models/README.md", "examples/plugins/README.md"] + sorted(
    str(path.relative_to(SOURCES)) for path in (SOURCES / "docs").glob("*.md"))

# What is appended to each rendering command, so that it takes a second. The last word of a name counts.
QUICK = {"width": "40", "height": "30", "pixel_size": "1", "cutouts": "2", "steps_per_scene": "6", "save_every": "2",
         "pre_animation_steps": "2", "steps_per_frame": "1", "interpolation_steps": "0", "palettes": "2",
         "gradient_accumulation_steps": "1"}

# Files that a document speaks of as the reader's own.
THEIRS = {
    "portrait.yaml": "scenes: ${demo_words}\n".replace("${demo_words}", "a face"),
    "my_settings.yaml": "scenes: a red heart\n",
    "hill.yaml": "scenes: a hill\n",
    "backup/hill/hill_changes.json": '{"changes": [{"step": 2, "settings": {"learning_rate": "0.02"}}]}\n',
    "run.yaml": "scenes: a hill\nanimation_mode: 2D\ntranslate_x: 1\nfile_namespace: run\n",
    "config/conf/demo.yaml": "# @package _global_\nscenes: a red heart\n",
    "config/conf/night.yaml": "# @package _global_\nscenes: a night sky\n",
}

# What the reader of a document has done before.
BEFORE = {
    "docs/outputs.md": ["reverie render portrait.yaml"] * 3,
    "docs/motion-examples.md": [
        "mkdir -p images_out/restyle_inputs",
        "ffmpeg -v error -f lavfi -i testsrc=size=64x48:rate=12:duration=1 images_out/restyle_inputs/castle.mp4"],
}

# Commands that cannot run here, and why that does not matter.
ELSEWHERE = [
    (r"models (fetch|verify|path)", "downloads, or is about what has been downloaded; tests/models runs it against a server of its own"),
    (r"\breverie test\b", "is what runs this"),
    (r"torchscript", "needs a scripted model; tests/plugins runs it with one"),
    (r"--launcher slurm(?!.* --list)", "needs Slurm; tests/distributed/slurm_test.py runs it"),
    (r"--ranks gpus", "needs cards; tests/distributed/ranks_cli_test.cpp runs it where there are none"),
    (r"/api/v3/jobs", "needs Flamenco's manager; tests/distributed/flamenco_test.py compiles such jobs and runs their commands"),
    (r"my_grid/", "needs the built plugin; tests/consumer builds and runs those that plugins new writes"),
    (r"--listen 10\.|--workers", "needs other machines; tests/serve/farm_test.py runs such servers"),
    (r"image_model=soft_grid|describe soft_grid", "needs the built example; tests/consumer builds and runs it"),
]


def blocks(text):
    """The code blocks of a Markdown text: fenced ones, and those that are indented by four."""
    block, fence, blank = [], None, True
    for line in text.split("\n") + [""]:
        mark = re.match(r"\s*(```|~~~)", line)
        if fence:
            if mark:
                yield block
                block, fence = [], None
            else:
                block.append(line)
        elif mark:
            fence = mark.group(1)
        elif line.startswith("    ") and (block or blank):
            block.append(line[4:])
        elif block and not line.strip():
            block.append("")
        elif block:
            yield block
            block = []
        blank = not line.strip()
    if block:
        yield block


def commands(block):
    command = ""
    for line in block:
        command += line
        if command.endswith("\\"):
            command = command[:-1]
            continue
        if re.match(r"(\./|\$HOME/reverie/bin/)?reverie |python3 |curl ", command):
            yield re.sub(r"\s+#.*$", "", command).strip()
        command = ""


def quick(command):
    """The command with small pictures and few steps; curl fails where the server does not do what was asked."""
    words = shlex.split(command)
    if words[0] == "curl" and "-X" not in words:  # a change may come too late for a run that is over
        command = re.sub(r"steps_per_scene: \d+", "steps_per_scene: 4", command)
        return command + " --fail --retry 60 --retry-delay 1 --retry-all-errors"
    action = next((word for word in words[1:] if not word.startswith("-")), "")
    if action not in ("render", "preview-motion", "paint"):
        return command
    small = dict(QUICK)
    if "--restore" in words and "steps_per_scene=" in command:
        small["steps_per_scene"] = "12"  # taken further
    return command + " " + " ".join(f"{name}={value}" for name, value in small.items())


class Folder:
    """Where the commands of one document run."""

    def __init__(self, path, settings):
        self.path, self.server = path, None
        for name in ("docs", "examples", "models", "benchmarks"):
            (path / name).symlink_to(SOURCES / name)
        bin_folder = path / ".bin"
        bin_folder.mkdir()
        (bin_folder / "reverie").symlink_to(PROGRAM)
        (path / "reverie").symlink_to(PROGRAM)
        for name, text in {**THEIRS, **settings}.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text)
        home = path / ".home"
        home.mkdir()
        (home / "reverie").symlink_to(PROGRAM.parent.parent)  # where an installation may be
        self.environment = dict(os.environ, HOME=str(home), PATH=f"{bin_folder}:{os.environ['PATH']}", OMP_NUM_THREADS="1")
        self.environment.pop("REVERIE_PLUGIN_PATH", None)

    def run(self, command):
        """What went wrong; empty when nothing did."""
        if re.search(r"reverie serve(?! --help)", command):
            return self.serve(command)
        done = subprocess.run(["bash", "-c", quick(command)], cwd=self.path, env=self.environment, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)
        return "" if done.returncode == 0 else f"exit status {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-2000:]}"

    def serve(self, command):
        """Starts a server; the address and token that it prints are there as $URL and $TOKEN from then on."""
        self.end_server()
        self.server = subprocess.Popen(["bash", "-c", "exec " + command + " --port 0"], cwd=self.path, env=self.environment,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = ""
        for line in self.server.stdout:
            said += line
            address = re.search(r"(http://[^/\s]+)/?\?token=(\S+)", line)
            if address:
                self.environment["URL"], self.environment["TOKEN"] = address.groups()
                return ""
        return "the server ended without an address:\n" + said

    def end_server(self):
        if self.server:
            self.server.send_signal(signal.SIGTERM)
            self.server.communicate()
        self.server = None


def main():
    failed = done = 0
    for name in DOCUMENTS:
        all_blocks = list(blocks((SOURCES / name).read_text()))
        settings = {}
        for block in all_blocks:
            title = re.match(r"# ([\w/]+\.ya?ml)$", block[0]) if block else None
            if title:
                settings[title.group(1)] = "\n".join(block) + "\n"
        todo = [command for block in all_blocks for command in commands(block)]
        if not todo:
            continue
        path = Path(tempfile.mkdtemp(prefix="reverie-docs-"))
        folder = Folder(path, settings)
        try:
            for command in BEFORE.get(name, []) + todo:
                why = next((why for pattern, why in ELSEWHERE if re.search(pattern, command)), None)
                if why:
                    print(f"{name}: not run: {command}\n    ({why})")
                    continue
                begin = time.monotonic()
                problem = folder.run(command)
                done += 1
                print(f"{name}: {'FAILED' if problem else 'ok'} ({time.monotonic() - begin:.1f} s): {command}", flush=True)
                if problem:
                    failed += 1
                    print("    " + problem.replace("\n", "\n    "), flush=True)
        finally:
            folder.end_server()
            shutil.rmtree(path, ignore_errors=True)
    print(f"{done} commands, {failed} failed")
    return 1 if failed or not done else 0


if __name__ == "__main__":
    sys.exit(main())
