"""A Slurm of one machine for tests: munged, slurmctld and slurmd of Debian, in a folder of their own."""
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "srun", "sinfo"]


def program(name):
    """Daemons lie where the PATH of people may not lead."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def missing():
    return [name for name in PROGRAMS if not program(name)]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(condition, seconds, what):
    """Looks again and again; the result of `condition` as soon as it is true."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    return result


class Slurm:
    def __init__(self, cpus):
        self.folder = Path(tempfile.mkdtemp(prefix="reverie-slurm-"))
        self.folder.chmod(0o755)  # munged looks at it
        self.daemons = []
        node, user = socket.gethostname().split(".")[0], pwd.getpwuid(os.geteuid()).pw_name
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        # cred_expire: so many seconds a task that was queued again waits. No accounts, cgroups or PMI of the machine are used.
        (self.folder / "slurm.conf").write_text(f"""
ClusterName=test
SlurmctldHost={node}(127.0.0.1)
SlurmctldPort={free_port()}
SlurmdPort={free_port()}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={self.folder}/munge.socket,cred_expire=5
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
SlurmctldLogFile={self.folder}/slurmctld.log
SlurmdLogFile={self.folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName={node} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes={node} Default=YES MaxTime=INFINITE State=UP
""")
        version = re.search(r"(\d+)\.(\d+)", subprocess.run([program("slurmd"), "-V"], capture_output=True, text=True).stdout)
        if version and (int(version[1]), int(version[2])) >= (23, 11):
            (self.folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        self.environment = dict(os.environ, SLURM_CONF=str(self.folder / "slurm.conf"))
        for name in list(self.environment):
            if name.startswith("SLURM_") and name != "SLURM_CONF":
                del self.environment[name]

    def start(self):
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        self.daemon("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={self.folder}/munge.socket",
                    f"--pid-file={self.folder}/munge.pid", f"--log-file={self.folder}/munge.log", f"--seed-file={self.folder}/munge.seed")
        until((self.folder / "munge.socket").exists, 20, "munged")
        self.daemon("slurmctld", "-D", "-f", str(self.folder / "slurm.conf"))
        self.daemon("slurmd", "-D", "-f", str(self.folder / "slurm.conf"))
        until(lambda: "idle" in self.run("sinfo", "--noheader", "--format=%T", check=False).stdout, 60,
              "a Slurm that works; see " + str(self.folder))

    def daemon(self, name, *words):
        with open(self.folder / (name + ".out"), "wb") as printed:
            self.daemons.append(subprocess.Popen([program(name), *words], env=self.environment, stdin=subprocess.DEVNULL,
                                                 stdout=printed, stderr=subprocess.STDOUT, cwd=self.folder))

    def stop(self):
        if len(self.daemons) == 3 and self.daemons[1].poll() is None:
            self.run("scancel", "--full", "--signal=KILL", "--user=" + pwd.getpwuid(os.geteuid()).pw_name, check=False)
            self.run("scancel", "--user=" + pwd.getpwuid(os.geteuid()).pw_name, check=False)
            try:
                until(lambda: not self.run("squeue", "--noheader", check=False).stdout.strip(), 60, "the end of all jobs")
            except AssertionError:
                pass
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, name, *words, check=True, **more):
        done = subprocess.run([program(name), *words], env=self.environment, capture_output=True, text=True, **more)
        if check and done.returncode:
            raise AssertionError(f"{name} {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def signal_script(self, job, task, number):
        """As Slurm does before the time limit. scancel --batch would do it again when the task is queued again at once."""
        wanted = {f"SLURM_ARRAY_JOB_ID={job}".encode(), f"SLURM_ARRAY_TASK_ID={task}".encode()}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                if len(words) > 1 and words[1].startswith(str(self.folder).encode()) and words[1].endswith(b"slurm_script") and \
                        wanted <= set((process / "environ").read_bytes().split(b"\0")):
                    return os.kill(int(process.name), number)
            except OSError:
                continue  # it has ended
        raise AssertionError(f"task {task} of job {job} is not running")

    def restarts(self, job, task):
        """How often a task has been queued again."""
        shown = self.run("scontrol", "show", "job", f"{job}_{task}").stdout
        return int(re.search(r"Restarts=(\d+)", shown)[1])

    def states(self, job):
        """Of the tasks of a job array."""
        lines = self.run("squeue", "--noheader", "--array", "--states=all", "--format=%K %T", f"--jobs={job}").stdout.splitlines()
        return {int(line.split()[0]): line.split()[1] for line in lines}
