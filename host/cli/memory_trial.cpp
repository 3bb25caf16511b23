#include "cli/memory_trial.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "cli/batch.h"
#include "cli/render_run.h"
#include "engine/memory_report.h"
#include "log/log.h"

namespace reverie {
namespace {

/// As many cutouts as the run has are tried where that is quick: few of them, or small perceptors, by the
/// sizes of their files. Else as many as are quick and a third of them, and what lies between tells the rest.
constexpr std::int64_t kLeast = 12, kPart = 3;
constexpr std::uintmax_t kQuick = 2'000'000'000;  // cutouts times bytes
constexpr std::int64_t kSteps = 3;
constexpr std::int64_t kSeconds = 120;  // that a part of the trial may take

/// What a part of a trial tells.
struct Figures {
  std::int64_t most = 0;   ///< ever
  std::int64_t steps = 0;  ///< that the steps needed
  std::int64_t cutouts = 0;
};

void set_number(Settings& settings, const std::string& name, double number) {
  SettingValue value = *settings.find(name);
  value.null = false;
  value.number = number;
  settings.set(name, value);
}

void set_list(Settings& settings, const std::string& name, std::vector<std::string> list) {
  SettingValue value = *settings.find(name);
  value.list = std::move(list);
  value.location = {"trial", 0};
  settings.set(name, value);
}

/// The same run, but short, small, and without anybody who watches.
Plan shortened(const Plan& plan, std::int64_t cutouts, bool counts) {
  Plan result = plan;
  result.restored.reset();
  Settings& settings = result.settings;
  set_number(settings, "cutouts", static_cast<double>(cutouts));
  set_number(settings, "gradient_accumulation_steps", 1);
  set_number(settings, "pre_animation_steps", 1);
  set_number(settings, "steps_per_frame", 1);
  set_number(settings, "save_every", 1);
  set_number(settings, "seed", 1);
  set_number(settings, "show_graphs", 0);
  set_number(settings, "use_tensorboard", 0);
  set_number(settings, "approximate_vram_usage", counts);
  set_list(settings, "viewers", {});
  SettingValue backups = *settings.find("backups");
  backups.text = "0";
  settings.set("backups", backups);
  return result;
}

/// Ends a run after a few steps, and sees what they needed.
class Stopwatch final : public Progress {
 public:
  explicit Stopwatch(RunControl& control) : Progress(kSteps, false), control_(control) {}
  void step(std::int64_t done, const std::vector<RunUpdate::Loss>&) override {
    if (done >= kSteps) control_.stop();
  }
  void saved(const std::filesystem::path&) override {
    const ProcessMemory memory = process_memory();
    own_ = memory.own;
    files_ = std::max(files_, memory.resident - memory.own);  // the system takes what rests
  }
  std::int64_t resident() const { return own_ + files_; }

 private:
  RunControl& control_;
  std::int64_t own_ = 0, files_ = 0;
};

Figures try_run(const Plan& plan, const PluginRegistry& registry, std::int64_t cutouts,
                const std::filesystem::path& folder) {
  const bool on_gpu = !choose_device(plan.settings.get<std::string>("device")).is_cpu();
  const auto control = std::make_shared<RequestedControl>();
  Stopwatch progress(*control);
  RunWishes wishes;
  wishes.progress = &progress;
  wishes.control = control;
  wishes.output = OutputNames{folder, folder.filename().string()};
  const RunOutcome outcome = render_run(shortened(plan, cutouts, on_gpu), registry, wishes);
  if (on_gpu) return {outcome.memory_at_peak, outcome.memory_at_peak};
  return {process_memory().most, progress.resident()};
}

/// A copy of a process has no pages of files until it touches them.
void load_again(const std::vector<AddressRange>& pages) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (const AddressRange& range : pages)
    for (std::uintptr_t address = range.begin; address < range.end; address += page)
      static_cast<void>(*reinterpret_cast<const volatile char*>(address));
}

/// In the copy of the process: waits for the word to go, tries, tells and ends.
[[noreturn]] void be_part(const Plan& plan, const PluginRegistry& registry,
                          const std::filesystem::path& folder, const std::vector<AddressRange>& loaded,
                          int go, int answer) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::int64_t cutouts = 0;
  if (::read(go, &cutouts, sizeof cutouts) != sizeof cutouts) ::_exit(0);
  std::ofstream("/proc/self/oom_score_adj") << 1000;  // rather this than what else runs here
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, stream);
  load_again(loaded);
  std::string text;
  try {
    const Figures figures = try_run(plan, registry, cutouts, folder);
    text = "+" + std::to_string(figures.most) + " " + std::to_string(figures.steps);
  } catch (...) {
    const Failure failure = current_failure();
    text = "-" + failure.message + "\n" + failure.advice;
  }
  const bool told = ::write(answer, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::_exit(told ? 0 : 1);  // without the end of a program: what it shares with its parent stays
}

std::size_t threads_of_process() {
  std::error_code error;
  const std::filesystem::directory_iterator tasks("/proc/self/task", error), end;
  return error ? 1 : static_cast<std::size_t>(std::distance(begin(tasks), end));
}

/// All that comes until the other end is closed; nothing after too long.
std::optional<std::string> read_all(int file) {
  std::string text;
  char buffer[4096];
  pollfd wait{file, POLLIN, 0};
  for (;;) {
    const int ready = ::poll(&wait, 1, static_cast<int>(kSeconds * 1000));
    if (ready == 0) return std::nullopt;
    const ssize_t n = ready > 0 ? ::read(file, buffer, sizeof buffer) : -1;
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) return text;
  }
}

/// The line through what the steps with few and with more cutouts needed, at `cutouts`.
std::int64_t extrapolate(const Figures& few, const Figures& more, std::int64_t cutouts) {
  const double each = static_cast<double>(std::max<std::int64_t>(0, more.steps - few.steps)) /
                      static_cast<double>(more.cutouts - few.cutouts);
  return more.steps + static_cast<std::int64_t>(each * static_cast<double>(cutouts - more.cutouts));
}

}  // namespace

MemoryTrial::MemoryTrial(const Plan& plan, const PluginRegistry& registry)
    : plan_(plan),
      registry_(registry),
      batch_(plan.settings.get<std::int64_t>("cutouts") /
             plan.settings.get<std::int64_t>("gradient_accumulation_steps")) {
  if (threads_of_process() > 1) {
    obstacle_ = "a plugin has begun to work when it was loaded";
    return;
  }
  std::error_code none;
  std::string name = (std::filesystem::temp_directory_path(none) / "reverie-memory-XXXXXX").string();
  if (none || !::mkdtemp(name.data())) {
    obstacle_ = "no temporary folder can be made";
    return;
  }
  folder_ = name;
  for (const AddressRange& range : program_ranges())
    for (const AddressRange& part : resident_parts(range)) loaded_.push_back(part);
  parts_.resize(batch_ > kLeast ? 2 : 1);
  for (Part& part : parts_) start(part);
}

void MemoryTrial::start(Part& part) {
  int go[2], answer[2];
  if (::pipe2(go, O_CLOEXEC) != 0 || ::pipe2(answer, O_CLOEXEC) != 0) {
    obstacle_ = "no pipe can be made";
    return;
  }
  part.process = ::fork();
  if (part.process == 0) {
    for (const Part& other : parts_) {
      if (other.go >= 0) ::close(other.go);
      if (other.answer >= 0) ::close(other.answer);
    }
    ::close(go[1]);
    ::close(answer[0]);
    be_part(plan_, registry_, folder_, loaded_, go[0], answer[1]);
  }
  ::close(go[0]);
  ::close(answer[1]);
  part.go = go[1];
  part.answer = answer[0];
  if (part.process < 0) obstacle_ = "no process can be made";
}

MemoryTrial::~MemoryTrial() {
  for (const Part& part : parts_) {
    if (part.go >= 0) ::close(part.go);
    if (part.answer >= 0) ::close(part.answer);
    if (part.process <= 0) continue;
    ::kill(part.process, SIGKILL);
    ::waitpid(part.process, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

std::int64_t MemoryTrial::quick_cutouts(const Cast& cast) const {
  std::uintmax_t bytes = 0;
  for (const auto& [plugin, setup] : cast.perceptors) {
    std::error_code unknown;
    const std::uintmax_t size =
        setup.weights ? std::filesystem::file_size(setup.weights->origin(), unknown) : 0;
    if (!unknown) bytes += size;
  }
  const auto quick = static_cast<std::int64_t>(kQuick / std::max<std::uintmax_t>(bytes, 1));
  return std::min(batch_, std::max(kLeast, quick));
}

std::string MemoryTrial::result(const Cast& cast) {
  const auto unknown = [](const std::string& why) { return "peak memory: cannot be told, because " + why; };
  if (!obstacle_.empty()) return unknown(obstacle_);
  std::signal(SIGPIPE, SIG_IGN);  // a part that is gone is an answer, too
  const std::int64_t most = quick_cutouts(cast);
  std::vector<std::int64_t> numbers = {most};
  if (most < batch_) numbers = {most / kPart, most};
  std::vector<Figures> figures;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Part& part = parts_[i];
    const std::int64_t cutouts = numbers[i];
    if (::write(part.go, &cutouts, sizeof cutouts) != sizeof cutouts)
      return unknown("the trial could not begin");
    const std::optional<std::string> text = read_all(part.answer);
    if (!text) return unknown("a trial took longer than " + std::to_string(kSeconds) + " seconds");
    if (text->empty()) return unknown("the trial was ended; there may be too little memory");
    if ((*text)[0] != '+') {
      const std::size_t end = text->rfind('\n');
      throw Error(ErrorKind::model, "the run would fail: " + text->substr(1, end - 1), text->substr(end + 1));
    }
    const std::size_t space = text->find(' ');
    figures.push_back({std::stoll(text->substr(1)), std::stoll(text->substr(space)), cutouts});
    write_log(LogLevel::debug, "a trial with " + std::to_string(cutouts) + " cutouts: its steps needed " +
                                   bytes_text(figures.back().steps) + ", at most there were " +
                                   bytes_text(figures.back().most));
  }
  const std::string steps = "a trial of " + std::to_string(kSteps) + " steps";
  if (numbers.size() == 1)
    return "peak memory: about " + bytes_text(figures[0].most) + " (measured in " + steps + ")";
  const std::int64_t all = extrapolate(figures[0], figures[1], batch_);
  return "peak memory: about " + bytes_text(std::max(all, figures[1].most)) + " (from " + steps + " with " +
         std::to_string(numbers[0]) + " and with " + std::to_string(most) + " cutouts)";
}

}  // namespace reverie
