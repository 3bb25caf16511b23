#!/usr/bin/env python3
"""Sweeps and ranks under a real Slurm of one machine, which is started here. slurm_test.py PROGRAM SOURCES

Needs Debian's packages slurmctld, slurmd, slurm-client and munge; without them, it is skipped with exit status 77.
"""
import os
import re
import signal
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from PIL import Image

from slurm import Slurm, free_port, missing, until

SOURCES = Path(sys.argv.pop(2)).resolve()
PROGRAM = Path(sys.argv.pop(1)).resolve()
RUNS = [1, 2, 3, 4]
SWEEP = ["-m", "scenes=a red heart", "perceptors=tiny_vit", "width=64", "height=64", "cutouts=8", "steps_per_scene=60",
         "save_every=5", "seed=" + ",".join(map(str, RUNS)), "file_namespace=run_${seed}"]
LAUNCH = ["--launcher", "slurm", "--slurm", "cpus_per_task=1", "hydra.launcher.timeout_min=30"]
ALONE = dict(os.environ, OMP_NUM_THREADS="1")


def pictures(folder):
    """The pixels of all pictures; their files also hold the settings."""
    return {str(path.relative_to(folder)): Image.open(path).convert("RGB").tobytes()
            for path in sorted((folder / "images_out").rglob("*.png"))}


def render(folder, *words, environment=ALONE):
    return subprocess.run([str(PROGRAM), "render", *words], cwd=folder, env=environment, capture_output=True, text=True)


class SlurmTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.slurm = Slurm(cpus=2)
        cls.addClassCleanup(cls.slurm.stop)
        cls.slurm.start()
        with tempfile.TemporaryDirectory() as folder:
            done = render(folder, *SWEEP)
            assert done.returncode == 0, done.stderr
            cls.expected = pictures(Path(folder))
        assert len(cls.expected) == 12 * len(RUNS), list(cls.expected)

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="reverie-sweep-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def launch(self, *words, sweep=SWEEP):
        """Starts the sweep; what it says on standard error is in `said`."""
        with open(self.folder / "said", "wb") as said:
            process = subprocess.Popen([str(PROGRAM), "render", *sweep, *LAUNCH, *words], cwd=self.folder, env=self.slurm.environment,
                                       stdout=subprocess.PIPE, stderr=said, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def said(self):
        return (self.folder / "said").read_text()

    def job(self):
        return until(lambda: re.search(r"submitted job (\d+)", self.said()), 60, "a job")[1]

    def log_of(self, run):
        return "".join(path.read_text() for path in self.folder.glob(f"slurm/*/{run}.log"))

    def at_work(self, run):
        """Waits until a run has made a picture that is not its last."""
        until(lambda: f"run_{run}_2.png" in self.log_of(run), 240, f"run {run}")
        self.assertNotIn("done: ", self.log_of(run))

    def end(self, process):
        out, _ = process.communicate(timeout=300)
        return process.returncode, out

    def test_a_sweep_with_tasks_that_are_queued_again_makes_the_same_pictures(self):
        process = self.launch("--slurm", "array_parallelism=2", "--slurm", "partition=main", "--slurm", "mem_gb=null")
        job = self.job()
        self.at_work(1)
        self.slurm.signal_script(job, 1, signal.SIGUSR1)  # as before the time limit
        self.at_work(3)
        self.slurm.run("scontrol", "requeue", f"{job}_3")  # as Slurm does when a task is preempted
        status, out = self.end(process)
        self.assertEqual(status, 0, self.said() + out)
        self.assertIn("4 runs: 4 done, 0 failed", out)
        self.assertEqual([self.slurm.restarts(job, task) for task in RUNS], [1, 0, 1, 0])
        for run in (1, 3):
            self.assertIn(f"continuing 'run_{run}' from its backup", self.log_of(run))
            self.assertIn("interrupted after ", self.log_of(run))  # it saved its last step
        self.assertEqual(pictures(self.folder), self.expected)

    def test_tasks_of_several_ranks_are_queued_again_and_make_the_same_pictures(self):
        sweep = ["seed=1,2" if word.startswith("seed=") else word for word in SWEEP]
        with tempfile.TemporaryDirectory() as alone:
            self.assertEqual(render(alone, *sweep, "cutout_groups=16").returncode, 0)
            expected = pictures(Path(alone))
        process = self.launch("--ranks", "2", "--slurm", "array_parallelism=1", sweep=sweep)
        job = self.job()
        self.at_work(1)
        self.slurm.signal_script(job, 1, signal.SIGUSR1)  # as before the time limit: to the script, which passes it on
        self.at_work(2)
        self.slurm.run("scontrol", "requeue", f"{job}_2")  # SIGTERM to all processes of the task, and SIGUSR1 by the script
        status, out = self.end(process)
        self.assertEqual(status, 0, self.said() + out)
        self.assertEqual([self.slurm.restarts(job, task) for task in (1, 2)], [1, 1])
        for run in (1, 2):
            self.assertIn("interrupted after ", self.log_of(run))
            self.assertIn(f"continuing 'run_{run}' from its backup", self.log_of(run))
        self.assertEqual(pictures(self.folder), expected)

    def test_runs_that_did_not_end_are_continued_with_restore(self):
        process = self.launch("--slurm", "array_parallelism=2", "--slurm", "max_num_timeout=0")
        job = self.job()
        self.at_work(1)
        self.slurm.signal_script(job, 1, signal.SIGUSR1)  # the time is up for good
        self.at_work(2)
        self.slurm.run("scancel", f"{job}_2")
        status, out = self.end(process)
        self.assertEqual(status, 130, self.said() + out)
        self.assertRegex(out, r"interrupted +seed=1 ")
        self.assertRegex(out, r"interrupted +seed=2 .*CANCELLED")
        self.assertIn("4 runs: 2 done", out)
        self.assertIn("--restore", self.said())
        status, out = self.end(self.launch())
        self.assertEqual(status, 2, "earlier runs are only continued when that is said")
        process = self.launch("--restore")
        second = self.job()
        status, out = self.end(process)
        self.assertEqual(status, 0, self.said() + out)
        self.assertEqual(sorted(self.slurm.states(second)), [1, 2], "only what was not done")
        self.assertEqual(pictures(self.folder), self.expected)

    def test_who_stops_watching_can_watch_again(self):
        process = self.launch("--slurm", "tasks=2")
        job = self.job()
        self.at_work(1)
        process.send_signal(signal.SIGINT)
        status, out = self.end(process)
        self.assertEqual(status, 130)
        self.assertIn(f"job {job} goes on", self.said())
        process = self.launch("--slurm", "tasks=2")
        until(lambda: f"job {job} is at work" in self.said(), 60, "the same job")
        status, out = self.end(process)
        self.assertEqual(status, 0, self.said() + out)
        self.assertEqual(sorted(self.slurm.states(job)), [1, 2])
        self.assertEqual(pictures(self.folder), self.expected)

    def test_mistakes_are_found_before_anything_waits(self):
        for words, part in [(["cutouts=none"], "cutouts"), (["file_namespace=one"], "file_namespace"),
                            (["--slurm", "partition=nowhere"], "nowhere"), (["--slurm", "partitoin=main"], "partition"),
                            (["--slurm", "nodes=2"], "srun"), (["--shard=1/2"], "shard")]:
            done = render(self.folder, *SWEEP, *LAUNCH, *words, environment=self.slurm.environment)
            self.assertEqual(done.returncode, 2, (words, done.stderr))
            self.assertIn(part, done.stderr)
        done = render(self.folder, *SWEEP, *LAUNCH, environment=dict(self.slurm.environment, PATH=str(self.folder)))
        self.assertEqual(done.returncode, 2)
        self.assertIn("no program 'sbatch'", done.stderr)
        self.assertEqual(self.slurm.run("squeue", "--noheader").stdout, "")

    def test_the_example_script_queues_its_tasks_again(self):
        environment = dict(self.slurm.environment, PATH=f"{PROGRAM.parent}:{os.environ['PATH']}")
        sent = subprocess.run(["sbatch", "--parsable", "--array=1-2", "--cpus-per-task=1", "--open-mode=append", "--output=%a.log",
                               str(SOURCES / "examples/sweep.sbatch"), *SWEEP[1:]],
                              cwd=self.folder, env=environment, capture_output=True, text=True)
        job = sent.stdout.strip()
        self.assertTrue(job.isdigit(), sent.stdout + sent.stderr)
        log = self.folder / "1.log"
        until(lambda: log.exists() and "run_1_2.png" in log.read_text(), 240, "a run")
        self.slurm.signal_script(job, 1, signal.SIGUSR1)
        until(lambda: set(self.slurm.states(job).values()) == {"COMPLETED"}, 240, "the end")
        self.assertEqual([self.slurm.restarts(job, task) for task in (1, 2)], [1, 0])
        self.assertIn("continuing 'run_1' from its backup", log.read_text())
        self.assertEqual(pictures(self.folder), self.expected)

    def test_ranks_started_by_srun_make_the_pictures_of_one_process(self):
        words = ["scenes=a red heart", "perceptors=tiny_vit", "width=64", "height=64", "cutouts=19", "steps_per_scene=6", "seed=1",
                 "save_every=2"]
        environment = dict(self.slurm.environment, OMP_NUM_THREADS="1", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free_port()))
        done = subprocess.run(["srun", "--ntasks=2", str(PROGRAM), "render", *words], cwd=self.folder, env=environment,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("rank 0 of 2", done.stderr)
        with tempfile.TemporaryDirectory() as alone:
            self.assertEqual(render(alone, *words, "cutout_groups=16").returncode, 0)
            expected = pictures(Path(alone))
        self.assertEqual(len(expected), 3)
        self.assertEqual(pictures(self.folder), expected)


if __name__ == "__main__":
    if missing():
        print("skipped: not installed are " + ", ".join(missing()) + " (Debian: slurmctld, slurmd, slurm-client, munge)")
        sys.exit(77)
    unittest.main(verbosity=2)
