// A job type for Flamenco 3: sweeps and animations of Reverie on a render farm (docs/distributed.md).
// Copy this file into the folder "scripts" beside flamenco-manager, and restart the manager.

const JOB_TYPE = {
  label: "Reverie",
  description: "Pictures and animations from text prompts",
  settings: [
    { key: "folder", type: "string", subtype: "dir_path", required: true,
      description: "Folder on the shared storage in which the runs work: images_out and backup are made in it" },
    { key: "settings_file", type: "string", required: true,
      description: "Settings file, seen from the folder; a picture that Reverie has made will do, too" },
    { key: "words", type: "string", default: "",
      description: "name=value as on the command line; commas make a sweep: seed=1,2,3 'file_namespace=hill_${seed}'" },
    { key: "parts", type: "int32", default: 1, propargs: { min: 1 },
      description: "Number of tasks that a sweep is shared into: at most one for each run. Each run then needs a file_namespace " +
        "of its own. An animation is one run, and takes one part" },
    { key: "threads", type: "int32", default: 0, propargs: { min: 0 }, visible: "submission",
      description: "Threads of a task; 0: as many as the worker has processors" },
    { key: "videos", type: "string", default: "",
      description: "Runs to make videos of when all are done, such as images_out/flight; several are separated by blanks" },
    { key: "program", type: "string", default: "reverie", visible: "submission",
      description: "The program, on all workers: a path, a name of PATH, or a variable of Flamenco such as {reverie}" },
  ],
};

function compileJob(job) {
  const settings = job.settings;
  const parts = settings.parts === undefined ? 1 : settings.parts; // jobs of other programs may leave out what has a default
  if (!(parts >= 1) || parts !== Math.floor(parts)) {
    throw "parts is " + parts + ", not a whole number from 1";
  }
  const renders = [];
  for (var part = 1; part <= parts; part++) {
    // A task that is given to another worker continues what the first has saved.
    const words = ["render", "--multirun", settings.settings_file]
      .concat(shellSplit(settings.words || ""))
      .concat(["--restore", "--shard=" + part + "/" + parts]);
    const task = author.Task("render-" + part + "-of-" + parts, "misc");
    task.addCommand(author.Command("exec", run(settings, words)));
    job.addTask(task);
    renders.push(task);
  }
  const videos = shellSplit(settings.videos || "");
  for (var i = 0; i < videos.length; i++) {
    const encode = author.Task("video-" + videos[i], "misc");
    encode.addCommand(author.Command("exec", run(settings, ["encode", videos[i]])));
    for (var k = 0; k < renders.length; k++) {
      encode.addDependency(renders[k]);
    }
    job.addTask(encode);
  }
}

// Parameters of "exec", which starts programs in the worker's own folder: env changes to that of the job.
function run(settings, words) {
  const before = ["--chdir=" + settings.folder];
  if (settings.threads > 0) {
    before.push("OMP_NUM_THREADS=" + settings.threads);
  }
  return { exe: "env", args: before.concat([settings.program || "reverie"], words) };
}
