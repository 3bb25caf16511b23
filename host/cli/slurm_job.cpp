#include "cli/slurm_job.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/nearest.h"
#include "cli/words.h"
#include "reverie/error.h"

namespace reverie::cli {
namespace {

constexpr const char* kHydra = "hydra.launcher.";
constexpr const char* kAdditional = "additional_parameters.";

/// A word of Hydra's submitit launcher that is an option of sbatch.
struct Directive {
  const char *name, *option;
  bool number;
  const char* unit = "";
};

constexpr Directive kDirectives[] = {{"partition", "partition", false},
                                     {"timeout_min", "time", true},
                                     {"cpus_per_task", "cpus-per-task", true},
                                     {"mem_gb", "mem", true, "G"},
                                     {"gpus_per_node", "gpus-per-node", false},
                                     {"gpus_per_task", "gpus-per-task", false},
                                     {"cpus_per_gpu", "cpus-per-gpu", true},
                                     {"mem_per_cpu", "mem-per-cpu", false},
                                     {"mem_per_gpu", "mem-per-gpu", false},
                                     {"gres", "gres", false},
                                     {"account", "account", false},
                                     {"qos", "qos", false},
                                     {"constraint", "constraint", false},
                                     {"exclude", "exclude", false},
                                     {"comment", "comment", false}};

std::int64_t number(const std::string& name, const std::string& text, std::int64_t least) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= least &&
      value <= std::numeric_limits<std::int32_t>::max())
    return value;
  throw Error(ErrorKind::usage,
              "--slurm " + name + " is '" + text + "', not a whole number from " + std::to_string(least));
}

/// What can stand in a line #SBATCH.
std::string directive_value(const std::string& name, const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\\' && c != '#';
  });
  if (!text.empty() && plain) return text.find_first_of(" '") == std::string::npos ? text : '"' + text + '"';
  throw Error(ErrorKind::usage, "--slurm " + name + " is '" + text + "', which a job script cannot hold",
              "give it a value without quotes, backslashes, # and line ends");
}

[[noreturn]] void refuse(const std::string& name) {
  std::vector<std::string> known = {
      "name",  "array_parallelism", "signal_delay_s", "max_num_timeout", "setup", "tasks",
      "nodes", "tasks_per_node"};
  for (const Directive& directive : kDirectives) known.emplace_back(directive.name);
  const std::string near = nearest(name, known);
  throw Error(ErrorKind::usage, "--slurm does not know '" + name + "'",
              near.empty() ? "any option of sbatch can be given: --slurm " + std::string(kAdditional) +
                                 "mail-type=END; docs/distributed.md lists the others"
                           : "did you mean '" + near + "'?");
}

/// A run is one process, or several of one task.
void refuse_several(const std::string& name, const std::string& value) {
  if (number(name, value, 1) > 1)
    throw Error(
        ErrorKind::usage, "--slurm " + name + " is " + value + ", but a task does whole runs on one node",
        "--ranks shares a run between processes of a task; docs/distributed.md says how srun starts one "
        "run on several nodes");
}

}  // namespace

std::vector<std::string> take_launcher_words(std::vector<std::string>& words) {
  std::vector<std::string> taken, rest;
  for (std::string& word : words) {
    if (word.starts_with(kHydra))
      taken.push_back(word.substr(std::string(kHydra).size()));
    else if (!word.starts_with("hydra/launcher="))
      rest.push_back(std::move(word));
  }
  words = std::move(rest);
  return taken;
}

bool asks_for_slurm(const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), "hydra/launcher=submitit_slurm") != words.end();
}

SlurmOptions read_slurm_options(const std::vector<std::string>& words) {
  SlurmOptions options;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(ErrorKind::usage, "--slurm takes NAME=VALUE, not '" + word + "'",
                  "for example: --slurm partition=gpu");
    const std::string name = word.substr(0, equals), value = word.substr(equals + 1);
    if (value == "null") continue;  // Hydra's word for "not given"
    const auto known = std::find_if(std::begin(kDirectives), std::end(kDirectives),
                                    [&](const Directive& directive) { return name == directive.name; });
    if (known != std::end(kDirectives)) {
      if (known->number) number(name, value, 1);
      options.directives.emplace_back(known->option, directive_value(name, value) + known->unit);
    } else if (name.starts_with(kAdditional)) {
      const std::string option = name.substr(std::string(kAdditional).size());
      options.directives.emplace_back(directive_value(name, option), directive_value(name, value));
    } else if (name == "name") {
      options.name = directive_value(name, value);
    } else if (name == "array_parallelism") {
      options.parallel = number(name, value, 1);
    } else if (name == "tasks") {
      options.tasks = number(name, value, 1);
    } else if (name == "signal_delay_s") {
      options.signal_delay = number(name, value, 1);
    } else if (name == "max_num_timeout") {
      options.most_timeouts = number(name, value, 0);
    } else if (name == "setup") {
      options.setup.push_back(value);
    } else if (name == "nodes" || name == "tasks_per_node") {
      refuse_several(name, value);
    } else {
      refuse(name);
    }
  }
  return options;
}

std::size_t task_count(const SlurmOptions& options, const SlurmJob& job) {
  return options.tasks > 0 ? std::min(job.runs.size(), static_cast<std::size_t>(options.tasks))
                           : job.runs.size();
}

std::string job_script(const SlurmOptions& options, const SlurmJob& job) {
  const std::size_t tasks = task_count(options, job);
  const std::string folder = shell_word(job.folder);
  std::string text =
      "#!/bin/bash\n"
      "# A sweep, written by reverie render --launcher slurm. Of each run, RUN.log is what it says and "
      "RUN.end its\n"
      "# exit status; docs/distributed.md explains it.\n";
  const auto add = [&](const std::string& option, const std::string& value) {
    text += "#SBATCH --" + option + "=" + value + "\n";
  };
  add("job-name", options.name);
  add("array",
      "1-" + std::to_string(tasks) + (options.parallel > 0 ? "%" + std::to_string(options.parallel) : ""));
  for (const auto& [option, value] : options.directives) add(option, value);
  add("output", directive_value("folder", job.folder) + "/task-%a.log");
  add("open-mode", "append");
  text += "#SBATCH --requeue\n";
  add("signal", "B:USR1@" + std::to_string(options.signal_delay));
  text += "folder=" + folder + " total=" + std::to_string(job.total) + " tasks=" + std::to_string(tasks) +
          " most_timeouts=" + std::to_string(options.most_timeouts) + "\nruns=(";
  for (std::size_t i = 0; i < job.runs.size(); ++i) text += (i ? " " : "") + std::to_string(job.runs[i]);
  text += ")\nexport OMP_NUM_THREADS=\"${SLURM_CPUS_PER_TASK:-1}\"\n";
  for (const std::string& line : options.setup) text += line + "\n";
  text += R"(
# USR1 comes before the time limit, TERM when the task is preempted or cancelled. The run saves its state on USR1;
# a second TERM, besides the one that Slurm may have sent it, would end it at once.
signal='' pid='' woken=''
pass_on() {
  signal=$1 woken=yes
  if [ -n "$pid" ]; then kill -USR1 "$pid"; fi
}
trap 'pass_on USR1' USR1
trap 'pass_on TERM' TERM

render() {
  )" + job.command +
          R"( --restore --shard="$1/$total" >>"$folder/$1.log" 2>&1 &
  pid=$!
  if [ -n "$signal" ]; then kill -USR1 "$pid"; fi
  while :; do # a signal ends wait before the run has ended
    woken=
    wait "$pid"
    status=$?
    if [ -z "$woken" ]; then break; fi
  done
  pid=
}

worst=0
for ((i = SLURM_ARRAY_TASK_ID - 1; i < ${#runs[@]}; i += tasks)); do
  run=${runs[i]}
  if [ -e "$folder/$run.end" ]; then continue; fi # before this task was queued again
  if [ -z "$signal" ]; then
    : >"$folder/$run.start"
    render "$run"
  else
    status=75
  fi
  if [ "$signal" = TERM ] && [ "$status" != 0 ]; then exit 130; fi # Slurm itself queues a task again that it has preempted
  if [ "$signal" = USR1 ] && { [ "$status" = 75 ] || [ "$status" = 138 ]; }; then # 138: it had hardly begun
    rm -f "$folder/$run.start"
    if [ "${SLURM_RESTART_COUNT:-0}" -lt "$most_timeouts" ]; then
      scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && exit 75
    fi
    status=130
  fi
  echo "$status" >"$folder/$run.new" && mv "$folder/$run.new" "$folder/$run.end"
  if [ "$status" -gt "$worst" ]; then worst=$status; fi
  if [ "$status" = 130 ]; then break; fi
done
exit "$worst"
)";
  return text;
}

}  // namespace reverie::cli
