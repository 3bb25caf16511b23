#include "engine/viewers.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "engine/memory_account.h"

#include "log/log.h"

namespace reverie::engine {

using log::write_log;
namespace {

/// Viewers get what the render leaves of the processors.
void yield_to_render() { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 10); }

/// Leaves out every second step, so that a graph keeps its shape.
void thin_out(std::vector<RunUpdate::Step>& steps) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < steps.size(); i += 2) steps[kept++] = std::move(steps[i]);
  steps.resize(kept);
}

/// Puts an event to what a viewer has not seen yet.
struct AddTo {
  RunUpdate& waiting;

  void operator()(const RunUpdate::Step& step) const {
    if (waiting.steps.size() >= Viewers::kMostWaiting) thin_out(waiting.steps);
    waiting.steps.push_back(step);
  }
  void operator()(const RunDisplay& display) const {
    waiting.picture = RunUpdate::Picture{display.moment.steps, display.image(), display.palette};
  }
  void operator()(const RunUpdate::File& file) const { waiting.saved.push_back(file); }
  void operator()(const std::vector<RunUpdate::Memory>& memory) const { waiting.memory = memory; }
  void operator()(const RunUpdate::Message& message) const {
    if (waiting.messages.size() >= Viewers::kMostMessages) waiting.messages.erase(waiting.messages.begin());
    waiting.messages.push_back(message);
  }
  void operator()(const RunEnd& end) const {
    waiting.state = end.state;
    waiting.message = end.message;
  }
};

}  // namespace

/// One viewer, its thread, and what waits for it.
class Viewers::Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  Mailbox(std::string name, std::shared_ptr<Viewer> viewer, std::shared_ptr<const void> needed)
      : name_(std::move(name)),
        shows_progress_(viewer->shows_progress()),
        needed_(std::move(needed)),
        viewer_(std::move(viewer)) {}

  void start() {
    // The thread keeps this alive: it may outlast the run.
    thread_ = std::thread([self = shared_from_this()] { self->deliver(); });
  }

  template <typename Change>
  void put(Change&& change) {
    {
      const std::lock_guard lock(mutex_);
      if (over_) return;
      change(waiting_);
      news_ = true;
    }
    changed_.notify_all();
  }

  bool shows_progress() const {
    const std::lock_guard lock(mutex_);
    return shows_progress_ && !over_;
  }

  /// Whether the viewer took its last update in time.
  bool wait_until(std::chrono::steady_clock::time_point limit) {
    std::unique_lock lock(mutex_);
    const bool ended = changed_.wait_until(lock, limit, [this] { return over_; });
    forsaken_ = !ended;
    lock.unlock();
    ended ? thread_.join() : thread_.detach();
    return ended;
  }

  const std::string& name() const { return name_; }

 private:
  void deliver() {
    yield_to_render();
    own_memory_of_thread(kViewerMemory);
    bool last = false;
    while (!last) {
      RunUpdate update;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return news_; });
        std::swap(update, waiting_);
        news_ = false;
      }
      last = update.state != RunUpdate::State::running;
      std::string failure;
      try {
        viewer_->update(update);
      } catch (const std::exception& error) {
        failure = error.what();
      } catch (...) {
        failure = "an exception of unknown type";
      }
      if (failure.empty()) continue;
      // First of all: messages must find no listener here any more.
      if (end()) write_log(LogLevel::warning, name_ + " shows nothing more: " + failure);
      return;
    }
    end();
  }

  /// Whether anybody still waits for it.
  bool end() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    waiting_ = {};
    changed_.notify_all();
    return !forsaken_;
  }

  std::string name_;
  bool shows_progress_;
  std::shared_ptr<const void> needed_;  // outlives the viewer
  std::shared_ptr<Viewer> viewer_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  RunUpdate waiting_;
  bool news_ = false, over_ = false;
  bool forsaken_ = false;  // the run is over, and did not wait any longer
  std::thread thread_;
};

Viewers::Viewers(Host& host, std::chrono::milliseconds patience) : host_(host), patience_(patience) {}

Viewers::~Viewers() {
  post(RunEnd{RunUpdate::State::failed, "the run ended early"});
  wait();
}

void Viewers::add(const std::string& name, std::shared_ptr<Viewer> viewer,
                  std::shared_ptr<const void> needed) {
  mailboxes_.push_back(std::make_shared<Mailbox>(name, std::move(viewer), std::move(needed)));
  mailboxes_.back()->start();
}

bool Viewers::show_progress() const {
  return std::any_of(mailboxes_.begin(), mailboxes_.end(),
                     [](const auto& mailbox) { return mailbox->shows_progress(); });
}

void Viewers::post(const RunEvent& event) {
  const bool is_message = std::holds_alternative<RunUpdate::Message>(event);
  for (const auto& mailbox : mailboxes_)
    if (!is_message || mailbox->shows_progress())
      mailbox->put([&](RunUpdate& waiting) { std::visit(AddTo{waiting}, event); });
}

void Viewers::wait() {
  const auto limit = std::chrono::steady_clock::now() + patience_;
  for (const auto& mailbox : mailboxes_)
    if (!mailbox->wait_until(limit))
      host_.log(LogLevel::warning,
                mailbox->name() + " did not take the end of the run in time; going on without");
  mailboxes_.clear();
}

}  // namespace reverie::engine
