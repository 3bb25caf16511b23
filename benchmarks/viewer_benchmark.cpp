// What those who watch cost a run: the processor's time that the render's thread takes for a step, without
// viewers, and with some that are slow, blocked or gone. Runs of all kinds alternate, so that a busy machine
// disturbs all alike: trust the ratios of the medians. Usage: viewer_benchmark [ROUNDS [STEPS
// [NAME=VALUE...]]]

#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <future>
#include <map>
#include <thread>

#include "cli/render_run.h"
#include "engine/host_services.h"
#include "engine/memory.h"
#include "engine/viewers.h"
#include "log/log.h"

namespace {

using namespace reverie;

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Keeps the time of each step, and says when the last one is over.
class Stopwatch final : public Progress {
 public:
  Stopwatch(std::int64_t total, std::function<void()> over)
      : Progress(total, false), total_(total), over_(std::move(over)) {}
  void step(std::int64_t done, const std::vector<RunUpdate::Loss>&) override {
    const double now = thread_seconds();
    if (done > 3) seconds.push_back(now - last_);  // the first ones warm up
    if (done == total_) over_();
    last_ = thread_seconds();
  }
  void saved(const std::filesystem::path&) override {}
  std::vector<double> seconds;

 private:
  std::int64_t total_;
  std::function<void()> over_;
  double last_ = 0;
};

class Slow final : public Viewer {
  void update(const RunUpdate&) override { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }
};
class Blocked final : public Viewer {
 public:
  explicit Blocked(std::shared_future<void> gate) : gate_(std::move(gate)) {}
  void update(const RunUpdate&) override { gate_.wait(); }

 private:
  std::shared_future<void> gate_;
};
class Gone final : public Viewer {
  void update(const RunUpdate&) override { throw std::runtime_error("gone"); }
};

/// A terminal in the place of standard error, which nobody reads before drain().
class UnreadTerminal {
 public:
  UnreadTerminal() : error_(::dup(STDERR_FILENO)) {
    int terminal = -1;
    winsize size{50, 180, 0, 0};
    if (::openpty(&reader_, &terminal, nullptr, nullptr, &size) != 0) std::abort();
    ::dup2(terminal, STDERR_FILENO);
    ::close(terminal);
  }
  void drain() {
    thread_ = std::thread([this] {
      char buffer[1 << 16];
      while (::read(reader_, buffer, sizeof buffer) > 0) {
      }
    });
  }
  ~UnreadTerminal() {
    ::dup2(error_, STDERR_FILENO);  // the terminal is closed with it, and reading ends
    ::close(error_);
    if (thread_.joinable()) thread_.join();
    ::close(reader_);
  }

 private:
  int error_, reader_ = -1;
  std::thread thread_;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

enum class Watched { by_nobody, slow, blocked, gone, terminal };
constexpr std::pair<Watched, const char*> kKinds[] = {
    {Watched::by_nobody, "no viewer"},
    {Watched::slow, "slow: 50 ms for each update"},
    {Watched::blocked, "blocked: never returns"},
    {Watched::gone, "gone: throws"},
    {Watched::terminal, "terminal_preview, terminal not read"}};

std::vector<double> times_of(Watched watched, const PluginRegistry& registry, PerceptorShelf& shelf,
                             std::int64_t steps, std::vector<std::string> words) {
  words.push_back("steps_per_scene=" + std::to_string(steps));
  words.push_back(watched == Watched::terminal ? "viewers=terminal_preview" : "viewers=[]");
  const Plan plan = make_plan({{}, words, {}}, registry);
  std::optional<UnreadTerminal> terminal;
  if (watched == Watched::terminal) terminal.emplace();
  std::promise<void> gate;
  Stopwatch stopwatch(steps, [&] {
    gate.set_value();
    if (terminal) terminal->drain();
  });
  RunWishes wishes;
  wishes.progress = &stopwatch;
  wishes.shelf = &shelf;
  const auto opened = gate.get_future().share();
  if (watched != Watched::by_nobody && watched != Watched::terminal)
    wishes.view = [&](const Viewer::Setup&) -> std::shared_ptr<Viewer> {
      if (watched == Watched::slow) return std::make_shared<Slow>();
      if (watched == Watched::blocked) return std::make_shared<Blocked>(opened);
      return std::make_shared<Gone>();
    };
  render_run(plan, registry, wishes);
  return stopwatch.seconds;
}

/// What the render's thread does itself for a viewer that takes nothing, a step: the ratios' noise hides it.
double seconds_of_posting() {
  HostServices host({"cpu", 1, "", ""});
  std::promise<void> gate;
  Viewers viewers(host);
  viewers.add("blocked", std::make_shared<Blocked>(gate.get_future().share()));
  const RunUpdate::Picture picture{0, at::zeros({1, 3, 256, 256}), std::nullopt};
  constexpr std::int64_t kSteps = 200'000;
  const double start = thread_seconds();
  for (std::int64_t n = 1; n <= kSteps; ++n) {
    viewers.step({n, 0, 0, 0, {{"a prompt of a usual length", 1}, {"another prompt", 1}, {"smoothing", 1}}});
    viewers.show(picture);
  }
  const double seconds = (thread_seconds() - start) / kSteps;
  gate.set_value();
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 10;
  const std::int64_t steps = argc > 2 ? std::atoi(argv[2]) : 50;
  std::vector<std::string> words = {"scenes=a red heart | a hill:0.5",
                                    "perceptors=tiny_vit",
                                    "width=256",
                                    "height=256",
                                    "cutouts=16",
                                    "seed=1",
                                    "display_every=10",
                                    "save_every=1000000",
                                    "backups=0",
                                    "allow_overwrite=true"};
  words.insert(words.end(), argv + std::min(argc, 3), argv + argc);
  ::setenv("TERM", "xterm-256color", 1);
  set_log_level(LogLevel::warning);
  const std::string folder =
      (std::filesystem::temp_directory_path() / ("viewer_benchmark_" + std::to_string(::getpid()))).string();
  std::filesystem::create_directory(folder);
  std::filesystem::current_path(folder);
  const PluginRegistry registry(plugin_search_path({}, installation_prefix()));
  PerceptorShelf shelf;
  std::map<Watched, std::vector<double>> times;
  for (int round = 0; round < rounds; ++round)
    for (const auto& [watched, name] : kKinds) {
      const std::vector<double> more = times_of(watched, registry, shelf, steps, words);
      times[watched].insert(times[watched].end(), more.begin(), more.end());
    }
  const double alone = median(times[Watched::by_nobody]);
  for (const auto& [watched, name] : kKinds) {
    const double one = median(times[watched]);
    std::printf("%-38s %8.3f ms a step, ratio %.4f\n", name, one * 1e3, one / alone);
  }
  const double posting = seconds_of_posting();
  std::printf("handing over a step and a picture      %8.3f ms, %.6f of a step\n", posting * 1e3,
              posting / alone);
  std::filesystem::current_path("/");
  std::filesystem::remove_all(folder);
}
