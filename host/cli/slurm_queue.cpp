#include "cli/slurm_queue.h"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>

#include "cli/words.h"
#include "reverie/error.h"

namespace reverie::cli {
namespace {

constexpr int kNotFound = 127;  // of a shell

struct Answer {
  int status = kNotFound;
  std::string text;  ///< both streams
};

Answer ask(const std::string& command) {
  Answer answer;
  std::FILE* const pipe = ::popen((command + " 2>&1 </dev/null").c_str(), "re");
  if (!pipe) return answer;
  std::array<char, 4096> buffer;
  for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    answer.text.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  answer.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  return answer;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string submit(const std::filesystem::path& script) {
  const Answer answer = ask("sbatch --parsable " + shell_word(script.string()));
  if (answer.status == kNotFound)
    throw Error(
        ErrorKind::usage, "there is no program 'sbatch' on this machine, which --launcher slurm needs",
        "give the command on a machine that submits jobs to Slurm; without Slurm, --claim and --list share "
        "a sweep between machines (docs/distributed.md)");
  // "1234" or "1234;cluster", in the last line: sites may print more before it.
  std::string line, job;
  for (std::istringstream lines(answer.text); std::getline(lines, line);)
    if (!line.empty()) job = line.substr(0, line.find(';'));
  const bool number =
      !job.empty() && std::all_of(job.begin(), job.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (answer.status != 0 || !number)
    throw Error(ErrorKind::usage, "sbatch did not take the job: " + first_line(answer.text),
                "the job script is " + script.string() +
                    "; an array that is too large for this Slurm is made smaller by --slurm tasks=N, and "
                    "--slurm array_parallelism=N limits what runs at the same time");
  return job;
}

std::optional<std::map<std::int64_t, std::string>> task_states(const std::string& job) {
  const Answer answer =
      ask("squeue --noheader --array --states=all --format='%K %T' --jobs=" + shell_word(job));
  std::map<std::int64_t, std::string> states;
  if (answer.status != 0) {
    if (answer.text.find("Invalid job id") != std::string::npos) return states;
    return std::nullopt;
  }
  std::istringstream lines(answer.text);
  std::int64_t task = 0;
  for (std::string state; lines >> task >> state;) states[task] = state;
  return states;
}

bool is_over(const std::string& state) {
  // All other states may lead to RUNNING, COMPLETING and PREEMPTED among them: a task may be queued again.
  constexpr const char* kOver[] = {"COMPLETED", "CANCELLED",     "FAILED",   "TIMEOUT",
                                   "NODE_FAIL", "OUT_OF_MEMORY", "DEADLINE", "BOOT_FAIL"};
  return std::find(std::begin(kOver), std::end(kOver), state) != std::end(kOver);
}

}  // namespace reverie::cli
