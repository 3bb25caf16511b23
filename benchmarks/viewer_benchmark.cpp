// What those who watch cost a run: the processor's time that the render's thread takes for a step when nobody
// watches, with viewers, and with viewers that are slow, blocked or gone. They take turns from step to step
// of one run, so that a busy machine disturbs all alike: trust the ratios. Usage: viewer_benchmark [STEPS
// [NAME=VALUE...]]

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
#include <memory>
#include <thread>

#include "app/render_run.h"
#include "engine/host_services.h"
#include "engine/memory.h"
#include "engine/viewers.h"
#include "log/log.h"

namespace {

using namespace reverie;

double seconds_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Times {
  std::vector<double> processor;  ///< that the render's thread had
  std::vector<double> wall;
};

/// Those who watch, in turns.
struct Watchers {
  const char* name;
  std::unique_ptr<engine::Viewers> viewers;  ///< none: nobody
  Times times;
};

/// After each step, sends it to the next observers, with a picture, and keeps how long that and the next step
/// take.
class Turns {
 public:
  explicit Turns(std::vector<Watchers>& audiences) : audiences_(audiences) {}
  void step(const RunUpdate::Step& step) {
    const std::int64_t done = step.number;
    if (done > 10) {  // the first ones warm up
      present_->times.processor.push_back(seconds_of(CLOCK_THREAD_CPUTIME_ID) - processor_);
      present_->times.wall.push_back(seconds_of(CLOCK_MONOTONIC) - wall_);
    }
    present_ = &audiences_[static_cast<std::size_t>(done) % audiences_.size()];
    processor_ = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    wall_ = seconds_of(CLOCK_MONOTONIC);
    if (!present_->viewers) return;
    present_->viewers->post(step);
    present_->viewers->post(engine::RunDisplay{{done, 0}, [this] { return picture_; }, std::nullopt});
  }

 private:
  std::vector<Watchers>& audiences_;
  Watchers* present_ = nullptr;
  at::Tensor picture_ = at::full({1, 3, 512, 512}, 0.3);
  double processor_ = 0, wall_ = 0;
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

/// The time that a quarter of the steps stays below: what else the machine does only ever adds to it.
double undisturbed(std::vector<double> values) {
  const auto quarter = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 4);
  std::nth_element(values.begin(), quarter, values.end());
  return *quarter;
}

/// What the render's thread does itself for a viewer that takes nothing, a step: the ratios' noise hides it.
double seconds_of_posting() {
  engine::HostServices host({"cpu", 1, "", ""});
  std::promise<void> gate;
  engine::Viewers viewers(host);
  viewers.add("blocked", std::make_shared<Blocked>(gate.get_future().share()));
  const at::Tensor image = at::zeros({1, 3, 256, 256});
  const engine::RunDisplay picture{{}, [&] { return image; }, std::nullopt};
  constexpr std::int64_t kSteps = 200'000;
  const double start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
  for (std::int64_t n = 1; n <= kSteps; ++n) {
    viewers.post(RunUpdate::Step{
        n, 0, 0, 0, {{"a prompt of a usual length", 1}, {"another prompt", 1}, {"smoothing", 1}}});
    viewers.post(picture);
  }
  const double seconds = (seconds_of(CLOCK_THREAD_CPUTIME_ID) - start) / kSteps;
  gate.set_value();
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  engine::keep_freed_memory();
  const std::int64_t steps = argc > 1 ? std::atoi(argv[1]) : 1000;
  std::vector<std::string> words = {"scenes=a red heart | a hill:0.5",
                                    "perceptors=tiny_vit",
                                    "width=256",
                                    "height=256",
                                    "cutouts=16",
                                    "seed=1",
                                    "display_every=0",
                                    "save_every=1000000",
                                    "backups=0",
                                    "allow_overwrite=true",
                                    "viewers=[]",
                                    "steps_per_scene=" + std::to_string(steps)};
  words.insert(words.end(), argv + std::min(argc, 2), argv + argc);
  ::setenv("TERM", "xterm-256color", 1);
  log::set_log_level(LogLevel::warning);
  const std::string folder =
      (std::filesystem::temp_directory_path() / ("viewer_benchmark_" + std::to_string(::getpid()))).string();
  std::filesystem::create_directory(folder);
  std::filesystem::current_path(folder);
  const PluginRegistry registry(plugin_search_path({}, installation_prefix()));
  engine::HostServices host({"cpu", 1, "", ""});
  const app::Plan plan = app::make_plan({{}, words, {}}, registry);
  std::promise<void> gate;
  std::vector<Watchers> audiences;
  const auto add = [&](const char* name, const std::shared_ptr<Viewer>& viewer) {
    audiences.push_back({name, viewer ? std::make_unique<engine::Viewers>(host) : nullptr, {}});
    if (viewer) audiences.back().viewers->add(name, viewer);
  };
  {
    UnreadTerminal terminal;
    const PluginFile& preview = registry.find(Viewer::kKind, "terminal_preview");
    add("nobody", nullptr);
    add("slow: 50 ms for each update", std::make_shared<Slow>());
    add("blocked: never returns", std::make_shared<Blocked>(gate.get_future().share()));
    add("gone: throws", std::make_shared<Gone>());
    add("terminal_preview, terminal not read",
        create<Viewer>(preview, host, default_params(preview),
                       {folder, "name", "{}", {"a red heart"}, steps, 0, nullptr}));
    Turns turns(audiences);
    app::RunOptions options;
    options.follow = [&](const engine::RunEvent& event) {
      if (const auto* step = std::get_if<RunUpdate::Step>(&event)) turns.step(*step);
    };
    app::render_run(plan, registry, options);
    gate.set_value();
    terminal.drain();
    for (Watchers& observers : audiences) observers.viewers.reset();
  }
  const double alone = undisturbed(audiences[0].times.processor);
  const double wall_alone = undisturbed(audiences[0].times.wall);
  for (const Watchers& observers : audiences) {
    const double processor = undisturbed(observers.times.processor), wall = undisturbed(observers.times.wall);
    std::printf("%-38s %8.3f ms a step, ratio %.4f; wall %8.3f ms, ratio %.4f\n", observers.name,
                processor * 1e3, processor / alone, wall * 1e3, wall / wall_alone);
  }
  const double posting = seconds_of_posting();
  std::printf("handing over a step and a picture      %8.5f ms, %.6f of a step\n", posting * 1e3,
              posting / alone);
  std::filesystem::current_path("/");
  std::filesystem::remove_all(folder);
}
