#!/usr/bin/env python3
"""The job type for Flamenco, without Flamenco's manager: a JavaScript engine compiles jobs with an `author` of our own that keeps
what it is given, and the commands are run as a worker would. flamenco_test.py PROGRAM SOURCES

Needs Debian's package duktape; without it, it is skipped with exit status 77.
"""
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from PIL import Image

SOURCES = Path(sys.argv.pop(2)).resolve()
PROGRAM = Path(sys.argv.pop(1)).resolve()
JOB_TYPE = PROGRAM.parent.parent / "share/reverie/flamenco/reverie_render.js"  # where it is installed
TINY = "perceptors=tiny_vit width=64 height=64 cutouts=4 steps_per_scene=4 save_every=2"

# What Flamenco gives to job types, as far as this one uses it: internal/manager/job_compilers of Flamenco 3.
FLAMENCO = """
var author = {
  Task: function (name, type) {
    if (!name || !type) throw "a task needs a name and a type";
    return { name: name, type: type, commands: [], dependencies: [],
             addCommand: function (command) { this.commands.push(command); },
             addDependency: function (task) { this.dependencies.push(task.name); } };
  },
  Command: function (name, parameters) { return { name: name, parameters: parameters }; }
};
function shellSplit(text) {
  if (!(text in SPLIT)) throw "unexpected text: " + text;
  return SPLIT[text];
}
"""


def compile_job(settings, defaults=True):
    """The tasks of a job whose submitter gave these settings, and the others their defaults, as Blender's add-on does."""
    texts = {text: shlex.split(text) for text in ["", *(value for value in settings.values() if isinstance(value, str))]}
    script = f"""
var SPLIT = {json.dumps(texts)};
{FLAMENCO}
{JOB_TYPE.read_text()}
var given = {json.dumps(settings)}, job = {{ settings: {{}}, tasks: [], addTask: function (task) {{ this.tasks.push(task); }} }};
for (var i = 0; i < JOB_TYPE.settings.length; i++) {{
  var setting = JOB_TYPE.settings[i];
  if (setting.key in given) job.settings[setting.key] = given[setting.key];
  else if (setting.required) throw "required: " + setting.key;
  else if ({json.dumps(defaults)}) job.settings[setting.key] = setting.default;
}}
compileJob(job);
print(JSON.stringify({{ type: JOB_TYPE, tasks: job.tasks }}));
"""
    with tempfile.NamedTemporaryFile("w", suffix=".js") as file:
        file.write(script)
        file.flush()
        done = subprocess.run(["duk", file.name], capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stdout + done.stderr)
    return json.loads(done.stdout)


def pictures(folder):
    return {str(path.relative_to(folder)): Image.open(path).convert("RGB").tobytes()
            for path in sorted((folder / "images_out").rglob("*.png"))}


class FlamencoTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="reverie flamenco "))  # with blanks, as people have them
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "hill.yaml").write_text("scenes: a hill\n")
        self.settings = {"folder": str(self.folder), "settings_file": "hill.yaml", "program": str(PROGRAM), "threads": 1}

    def work(self, task):
        """As a worker does: without a shell, in a folder of its own, until a command fails."""
        for command in task["commands"]:
            self.assertEqual(command["name"], "exec")
            self.assertEqual(sorted(command["parameters"]), ["args", "exe"])
            done = subprocess.run([command["parameters"]["exe"], *command["parameters"]["args"]], cwd="/", capture_output=True, text=True)
            if done.returncode:
                return done.stderr
        return ""

    def test_its_settings_are_what_flamenco_knows(self):
        known = {"key", "type", "subtype", "choices", "propargs", "description", "label", "default", "eval", "evalInfo", "visible",
                 "required", "editable"}  # AvailableJobSetting of Flamenco's interface
        job_type = compile_job(self.settings)["type"]
        self.assertTrue(job_type["label"])
        for setting in job_type["settings"]:
            self.assertLessEqual(set(setting), known, setting["key"])
            self.assertIn(setting["type"], {"string", "int32", "float", "bool"})
            self.assertIn(setting.get("visible", "visible"), {"visible", "hidden", "submission", "web"})
            if "default" in setting:
                self.assertIsInstance(setting["default"], {"string": str, "int32": int}[setting["type"]])

    def test_settings_may_be_left_out(self):
        needed = {"folder": "/farm", "settings_file": "hill.yaml"}
        tasks = compile_job(needed, defaults=False)["tasks"]
        self.assertEqual(tasks, compile_job(needed)["tasks"])
        self.assertEqual(tasks[0]["commands"][0]["parameters"],
                         {"exe": "env", "args": ["--chdir=/farm", "reverie", "render", "--multirun", "hill.yaml", "--restore", "--shard=1/1"]})

    def test_a_sweep_in_parts_makes_the_pictures_of_one_process(self):
        words = TINY + " seed=1,2,3 'file_namespace=hill_${seed}'"
        tasks = compile_job({**self.settings, "words": words, "parts": 2})["tasks"]
        self.assertEqual([task["name"] for task in tasks], ["render-1-of-2", "render-2-of-2"])
        for task in reversed(tasks):  # workers take them in any order
            self.assertEqual(self.work(task), "")
        self.assertEqual(self.work(tasks[0]), "", "a task that is given out twice has nothing to do")
        with tempfile.TemporaryDirectory() as alone:
            shutil.copy(self.folder / "hill.yaml", alone)
            subprocess.run([str(PROGRAM), "render", "-m", "hill.yaml", *shlex.split(words)], cwd=alone, check=True, capture_output=True,
                           env=dict(os.environ, OMP_NUM_THREADS="1"))
            expected = pictures(Path(alone))
        self.assertEqual(len(expected), 6)
        self.assertEqual(pictures(self.folder), expected)

    def test_an_animation_is_rendered_before_its_video(self):
        words = TINY + " animation_mode=2D translate_x=1 steps_per_frame=1 pre_animation_steps=1 file_namespace=flight"
        tasks = compile_job({**self.settings, "words": words, "videos": "images_out/flight"})["tasks"]
        self.assertEqual([task["dependencies"] for task in tasks], [[], ["render-1-of-1"]])
        for task in tasks:
            self.assertEqual(self.work(task), "")
        self.assertGreater(len(pictures(self.folder)), 1)
        self.assertTrue(list(self.folder.glob("images_out/flight/*.mp4")))

    def test_mistakes_are_said(self):
        with self.assertRaisesRegex(ValueError, "parts is 0"):
            compile_job({**self.settings, "parts": 0})
        task = compile_job({**self.settings, "words": TINY + " cutouts=none"})["tasks"][0]
        self.assertIn("cutouts", self.work(task))


if __name__ == "__main__":
    if not shutil.which("duk"):
        print("skipped: the JavaScript engine duk is not installed (Debian: duktape)")
        sys.exit(77)
    unittest.main(verbosity=2)
