#include "app/run_trial.h"

#include <ATen/Parallel.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>

#include "app/failure.h"
#include "app/render_run.h"
#include "engine/cutout_groups.h"
#include "engine/memory_report.h"
#include "log/log.h"
#include "prompts/steady.h"

namespace reverie::app {

using engine::AddressRange;
using engine::bytes_text;
using engine::choose_device;
using engine::GroupClock;
using engine::OutputNames;
using engine::process_memory;
using engine::ProcessMemory;
using engine::program_ranges;
using engine::RequestedControl;
using engine::resident_parts;
using engine::RunEvent;
using log::write_log;

namespace {

/// As many cutouts as the run has are tried where that is quick: few of them, or small perceptors, by the
/// sizes of their files. Else as many as are quick and a third of them, and their difference gives the rest.
constexpr std::int64_t kLeast = 12, kPart = 3;
constexpr std::int64_t kQuick = 2'000'000'000;  // cutouts times bytes
constexpr std::int64_t kSteps = 3;
constexpr std::int64_t kSeconds = 120;  // that a part of the trial may take

void set_number(Settings& settings, const std::string& name, double number) {
  SettingValue value = *settings.find(name);
  value.null = false;
  value.number = number;
  settings.set(name, value);
}

void set_list(Settings& settings, const std::string& name, std::vector<std::string> list) {
  SettingValue value = *settings.find(name);
  value.list = std::move(list);
  value.location = Location::program();
  settings.set(name, value);
}

/// The same run, but short, small, and without anybody who watches. `frames`: each step makes a frame.
Plan shortened(const Plan& plan, std::int64_t cutouts, std::int64_t groups, bool counts, bool frames) {
  Plan result = plan;
  result.restored.reset();
  result.again.reset();
  result.notices.clear();
  // Its steps are at other t than the run's.
  result.script = steady(plan.script, plan.settings);
  result.script.cutouts.reset();
  Settings& settings = result.settings;
  set_number(settings, "cutouts", static_cast<double>(cutouts));
  set_number(settings, "gradient_accumulation_steps", 1);
  if (groups >= 0) set_number(settings, "cutout_groups", static_cast<double>(groups));
  // Enough steps to time, also of a run that has few.
  constexpr double kTimedSteps = 16;
  if (!frames)
    set_number(settings, "steps_per_scene", std::max(kTimedSteps, settings.get<double>("steps_per_scene")));
  if (frames)
    for (const char* name : {"pre_animation_steps", "steps_per_frame", "save_every"})
      set_number(settings, name, 1);
  set_number(settings, "seed", 1);
  set_number(settings, "show_graphs", 0);
  set_number(settings, "use_tensorboard", 0);
  set_number(settings, "approximate_vram_usage", counts);
  set_number(settings, "loop", 0);  // it leaves out the first pictures
  for (const char* sizes : {"upscale_from", "upscale_at"})
    set_list(settings, sizes, {});  // the largest counts
  set_list(settings, "viewers", {});
  SettingValue backups = *settings.find("backups");
  backups.text = "0";
  settings.set("backups", backups);
  return result;
}

/// Measures the memory that a run's steps need.
class Gauge {
 public:
  void look() {
    const ProcessMemory memory = process_memory();
    own_ = memory.own;
    files_ = std::max(files_, memory.resident - memory.own);  // the system takes what rests
  }
  std::int64_t resident() const { return own_ + files_; }

 private:
  std::int64_t own_ = 0, files_ = 0;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Times steps: the part that ranks share, and the rest.
class Stopwatch {
 public:
  /// After a step. Whether there are enough of them.
  bool look() {
    using Clock = std::chrono::steady_clock;
    constexpr std::size_t kFirst = 2;  // which allocate and choose kernels
    constexpr std::size_t kMost = 11, kLeastTimed = 3;
    constexpr double kLongEnough = 15;
    const Clock::time_point now = Clock::now();
    const double before = sums_;
    sums_ = clock_.seconds;
    if (++looks_ > kFirst) {
      const double all = std::chrono::duration<double>(now - last_).count();
      parallel_.push_back(sums_ - before);
      serial_.push_back(all - parallel_.back());
      seconds_ += all;
    }
    last_ = now;
    return parallel_.size() >= kMost || (parallel_.size() >= kLeastTimed && seconds_ > kLongEnough);
  }
  std::int64_t steps() const { return static_cast<std::int64_t>(serial_.size()); }
  distributed::MeasuredStep step() const {
    return {serial_.empty() ? 0 : median(serial_), parallel_.empty() ? 0 : median(parallel_), clock_.bytes,
            0};
  }

 private:
  GroupClock clock_;
  double sums_ = 0, seconds_ = 0;
  std::size_t looks_ = 0;
  std::chrono::steady_clock::time_point last_;
  std::vector<double> serial_, parallel_;
};

/// A copy of a process has no pages of files until it touches them.
void load_again(const std::vector<AddressRange>& pages) {
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (const AddressRange& range : pages)
    for (std::uintptr_t address = range.begin; address < range.end; address += page)
      static_cast<void>(*reinterpret_cast<const volatile char*>(address));
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

std::int64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string name, unit; file >> name;) {
    std::int64_t kilobytes = 0;
    file >> kilobytes;
    std::getline(file, unit);
    if (name == "MemAvailable:") return kilobytes * 1024;
  }
  return 0;
}

/// Of the perceptors' files.
std::int64_t weights_of(const RunPlan& run_plan) {
  std::uintmax_t bytes = 0;
  for (const ChosenPerceptor& chosen : run_plan.perceptors) {
    std::error_code unknown;
    const auto& weights = chosen.setup.weights;
    const std::uintmax_t size = weights ? std::filesystem::file_size(weights->origin(), unknown) : 0;
    if (!unknown) bytes += size;
  }
  return static_cast<std::int64_t>(bytes);
}

/// The last line that the program said when it was ended: it names the plugin (plugins/plugin_call.h).
std::string last_words(int file) {
  std::string text(4096, '\0');
  const off_t size = ::lseek(file, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::pread(file, text.data(), text.size(), from))));
  const std::string mark = "reverie: ";
  const std::size_t at = text.rfind(mark);
  return at == std::string::npos ? "" : text.substr(at + mark.size(), text.find('\n', at) - at - mark.size());
}

/// The line through what the steps with few and with more cutouts needed, at `cutouts`.
template <typename Figures>
std::int64_t extrapolate(const Figures& few, const Figures& more, std::int64_t cutouts) {
  const double each = static_cast<double>(std::max<std::int64_t>(0, more.steps - few.steps)) /
                      static_cast<double>(more.cutouts - few.cutouts);
  return more.steps + static_cast<std::int64_t>(each * static_cast<double>(cutouts - more.cutouts));
}

}  // namespace

RunTrial::RunTrial(const Plan& plan, const PluginRegistry& registry, bool of_ranks)
    : plan_(plan),
      registry_(registry),
      batch_(plan.settings.get<std::int64_t>("cutouts") /
             plan.settings.get<std::int64_t>("gradient_accumulation_steps")) {
  if (threads_of_process() > 1) {
    obstacle_ = "a plugin has begun to work when it was loaded";
    return;
  }
  std::error_code none;
  std::string name = (std::filesystem::temp_directory_path(none) / "reverie-trial-XXXXXX").string();
  if (none || !::mkdtemp(name.data())) {
    obstacle_ = "no temporary folder can be made";
    return;
  }
  folder_ = name;
  for (const AddressRange& range : program_ranges())
    for (const AddressRange& part : resident_parts(range)) loaded_.push_back(part);
  parts_.resize(of_ranks ? 5 : 3);  // one to begin() with, two for memory(), two for rank_step()
  for (Part& part : parts_) start(part);
}

void RunTrial::start(Part& part) {
  int go[2], answer[2];
  if (::pipe2(go, O_CLOEXEC) != 0 || ::pipe2(answer, O_CLOEXEC) != 0) {
    obstacle_ = "no pipe can be made";
    return;
  }
  part.said = ::memfd_create("said", MFD_CLOEXEC);
  part.process = ::fork();
  if (part.process == 0) {
    for (const Part& other : parts_) {
      if (other.go >= 0) ::close(other.go);
      if (other.answer >= 0) ::close(other.answer);
    }
    ::close(go[1]);
    ::close(answer[0]);
    be(go[0], answer[1], part.said);
  }
  ::close(go[0]);
  ::close(answer[1]);
  part.go = go[1];
  part.answer = answer[0];
  if (part.process < 0) obstacle_ = "no process can be made";
}

RunTrial::~RunTrial() {
  for (const Part& part : parts_) {
    if (part.go >= 0) ::close(part.go);
    if (part.answer >= 0) ::close(part.answer);
    if (part.said >= 0) ::close(part.said);
    if (part.process <= 0) continue;
    ::kill(part.process, SIGKILL);
    ::waitpid(part.process, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

/// In the copy of the process: waits for the order, tries, answers and ends.
void RunTrial::be(int go, int answer, int said) const {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  watch_this_process();
  Order order;
  if (::read(go, &order, sizeof order) != sizeof order) ::_exit(0);
  std::ofstream("/proc/self/oom_score_adj") << 1000;  // rather this than what else runs here
  const int nowhere = ::open("/dev/null", O_RDWR);
  ::dup2(nowhere, STDIN_FILENO);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(said >= 0 ? said : nowhere, STDERR_FILENO);
  load_again(loaded_);
  std::string text;
  try {
    const Figures figures = try_run(order);
    std::ostringstream words;
    words.precision(9);
    words << "+" << figures.most << " " << figures.steps << " " << figures.step.serial << " "
          << figures.step.parallel << " " << figures.step.bytes << " " << figures.timed;
    text = words.str();
  } catch (const SettingsError&) {
    // Its advice is about what was rendered.
    const Failure failure = current_failure();
    text = "-" + std::to_string(failure.status) + failure.message + "\n";
  } catch (...) {
    const Failure failure = current_failure();
    text = "-" + std::to_string(failure.status) + failure.message + "\n" + failure.advice;
  }
  const bool sent = ::write(answer, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::_exit(sent ? 0 : 1);  // without the end of a program: what it shares with its parent stays
}

RunTrial::Figures RunTrial::try_run(const Order& order) const {
  const bool on_gpu = !choose_device(plan_.settings.get<std::string>("device")).is_cpu();
  const auto control = std::make_shared<RequestedControl>();
  if (order.threads > 0) at::set_num_threads(order.threads);
  Gauge gauge;
  std::optional<Stopwatch> watch;
  if (order.timed) watch.emplace();
  RunOptions options;
  options.follow = [&](const RunEvent& event) {
    if (const auto* step = std::get_if<RunUpdate::Step>(&event))
      if (watch ? watch->look() : step->number >= order.steps) control->stop();
    if (std::holds_alternative<RunUpdate::File>(event)) gauge.look();
  };
  options.control = control;
  options.output = OutputNames{folder_, folder_.filename().string()};
  const RunOutcome outcome =
      render_run(shortened(plan_, order.cutouts, order.groups, on_gpu && !order.timed, !order.timed),
                 registry_, options);
  Figures figures{on_gpu ? outcome.memory_at_peak : process_memory().most,
                  on_gpu ? outcome.memory_at_peak : gauge.resident(), order.cutouts};
  if (watch) {
    figures.step = watch->step();
    figures.timed = watch->steps();
  }
  return figures;
}

RunTrial::Answer RunTrial::give(Part& part, const Order& order) {
  if (::write(part.go, &order, sizeof order) != sizeof order) return {{}, "the trial could not begin"};
  const std::optional<std::string> text = read_all(part.answer);
  if (!text) {
    // It would go on with the folder that the next part needs.
    ::kill(part.process, SIGKILL);
    ::waitpid(part.process, nullptr, 0);
    part.process = -1;
    return {{},
            "a trial took longer than " + std::to_string(kSeconds) +
                " seconds; with fewer pixels or cutouts it would be known"};
  }
  if (text->empty()) {
    int status = 0;
    ::waitpid(part.process, &status, 0);
    part.process = -1;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
      return {{}, "the trial was ended; there may be too little memory"};
    std::string words = last_words(part.said);
    if (words.empty())
      words = WIFSIGNALED(status) ? "it crashed (" + std::string(::strsignal(WTERMSIG(status))) + ")"
                                  : "it ended with exit status " + std::to_string(WEXITSTATUS(status));
    throw Error(ErrorKind::plugin, "the run would end at its beginning; in a trial, " + words);
  }
  if ((*text)[0] != '+') {
    const std::size_t end = text->rfind('\n');
    const bool mistake = text->compare(1, 1, "2") == 0;
    throw Error(mistake ? ErrorKind::settings : ErrorKind::model,
                "the run would fail: " + text->substr(2, end - 2), text->substr(end + 1));
  }
  Figures figures;
  figures.cutouts = order.cutouts;
  std::istringstream(text->substr(1)) >> figures.most >> figures.steps >> figures.step.serial >>
      figures.step.parallel >> figures.step.bytes >> figures.timed;
  write_log(LogLevel::debug, "a trial with " + std::to_string(order.cutouts) + " cutouts: its steps needed " +
                                 bytes_text(figures.steps) + ", at most there were " +
                                 bytes_text(figures.most));
  return {figures, ""};
}

std::string RunTrial::begin() {
  if (!obstacle_.empty()) return obstacle_;
  const Answer answer = give(parts_[0], {1, 2});
  begun_ = answer.figures;
  return answer.obstacle;
}

RunTrial::RankStep RunTrial::rank_step(const RunPlan& run_plan, std::int64_t groups, int threads) {
  RankStep result;
  result.obstacle = obstacle_;
  if (!result.obstacle.empty()) return result;
  const auto all = plan_.settings.get<std::int64_t>("cutouts");
  // Groups come one after another, so that fewer of the same size take a part of the time.
  const std::int64_t quick = quick_cutouts(run_plan);
  Order order;
  order.groups = groups;
  while (order.groups > 1 && all * order.groups / groups > quick) order.groups /= 2;
  order.cutouts = std::max<std::int64_t>(1, all * order.groups / groups);
  order.steps = kSteps;
  order.threads = threads;
  const Answer memory = give(parts_[3], order);
  if (!(result.obstacle = memory.obstacle).empty()) return result;
  time(order, result);
  result.step.memory = memory.figures.most;
  return result;
}

RunTrial::RankStep RunTrial::timed_step() {
  RankStep result;
  result.obstacle = obstacle_;
  Order order;
  order.cutouts = plan_.settings.get<std::int64_t>("cutouts");
  if (result.obstacle.empty()) time(order, result);
  return result;
}

void RunTrial::time(Order order, RankStep& result) {
  order.timed = true;
  const Answer time = give(parts_[4], order);
  if (!(result.obstacle = time.obstacle).empty()) return;
  if (time.figures.timed == 0) {
    result.obstacle = "it has too few steps";
    return;
  }
  const double all = static_cast<double>(plan_.settings.get<std::int64_t>("cutouts"));
  result.step = time.figures.step;
  result.step.parallel *= all / static_cast<double>(order.cutouts);
  result.steps = time.figures.timed;
  result.cutouts = order.cutouts;
}

bool RunTrial::may_be_large(const RunPlan& run_plan) const {
  // Activations of one cutout, with their gradients, are less than half of the network that makes them.
  const std::int64_t most = begun_.most + batch_ * (weights_of(run_plan) / 2);
  constexpr std::int64_t kSmallGpu = 8'000'000'000;
  const std::int64_t there = run_plan.host->device().is_cpu() ? available_memory() : kSmallGpu;
  return most > there / 2;
}

std::int64_t RunTrial::quick_cutouts(const RunPlan& run_plan) const {
  const std::int64_t quick = kQuick / std::max<std::int64_t>(weights_of(run_plan), 1);
  return std::min(batch_, std::max(kLeast, quick));
}

std::string RunTrial::memory(const RunPlan& run_plan) {
  const auto unknown = [](const std::string& why) {
    return "peak memory: cannot be predicted, because " + why;
  };
  if (!obstacle_.empty()) return unknown(obstacle_);
  const std::int64_t most = quick_cutouts(run_plan);
  std::vector<std::int64_t> numbers = {most};
  if (most < batch_) numbers = {most / kPart, most};
  std::vector<Figures> figures;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Answer answer = give(parts_[i + 1], {numbers[i], kSteps});
    if (!answer.obstacle.empty()) return unknown(answer.obstacle);
    figures.push_back(answer.figures);
  }
  const std::string steps = "a trial of " + std::to_string(kSteps) + " steps";
  if (numbers.size() == 1)
    return "peak memory: about " + bytes_text(figures[0].most) + " (measured in " + steps + ")";
  const std::int64_t all = extrapolate(figures[0], figures[1], batch_);
  return "peak memory: about " + bytes_text(std::max(all, figures[1].most)) + " (from " + steps + " with " +
         std::to_string(numbers[0]) + " and with " + std::to_string(most) + " cutouts)";
}

}  // namespace reverie::app
