#include "serve/run_process.h"

#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "app/failure.h"
#include "app/preview_motion.h"
#include "app/render_run.h"
#include "engine/backup.h"
#include "engine/change_log.h"
#include "engine/memory_account.h"
#include "log/log.h"
#include "serve/update_message.h"

namespace reverie::serve {

using app::current_failure;
using app::Failure;
using app::PerceptorCache;
using app::Plan;
using app::preview_motion;
using app::render_run;
using app::RunOptions;
using engine::Backups;
using engine::changes_file;
using engine::choose_output;
using engine::interrupted;
using engine::MemoryScope;
using engine::note_steps_done;
using engine::OutputNames;
using engine::RequestedControl;
using engine::RunEvent;
using engine::RunPlace;
using engine::write_file;
using log::set_log_listener;

namespace {

constexpr std::size_t kPerceptorsKept = 8;

/// Takes what the server sends, on a thread of its own, so that a run hears of it at once.
class Orders {
 public:
  explicit Orders(Channel& channel) : channel_(channel) {
    std::thread([this] { listen(); }).detach();  // until the process ends
  }

  struct Order {
    RunRecord record;
    std::shared_ptr<RequestedControl> control;
  };
  Order next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !orders_.empty(); });
    Order order = std::move(orders_.front());
    orders_.pop_front();
    return order;
  }
  /// Waits for the answer to what was sent: whether the names are this run's. Throws Error(file) when they
  /// cannot be stored.
  bool wait_until_kept() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return answer_.has_value(); });
    const Json::Value answer = *answer_;
    answer_.reset();
    if (answer["what"] == "not_kept")
      throw Error(ErrorKind::file, answer["message"].asString(), answer["advice"].asString());
    return answer["what"] == "kept";
  }

 private:
  void listen() {
    try {
      while (const auto message = channel_.receive()) take(*message);
    } catch (const std::exception&) {  // nothing that follows can be understood
    }
    ::_exit(0);  // the server is gone: another one may begin the run
  }

  void take(const Message& message) {
    const std::lock_guard lock(mutex_);
    const std::string what = message.what();
    if (what == "run") {
      control_ = std::make_shared<RequestedControl>();
      orders_.push_back({record_from_json(message.head["record"]), control_});
    } else if (what == "kept" || what == "taken" || what == "not_kept") {
      answer_ = message.head;
    } else if (what == "end") {
      interrupted = true;
    } else if (control_) {
      if (what == "pause") control_->pause();
      if (what == "resume") control_->resume();
      if (what == "keep") control_->keep_picture();
      if (what == "stop") control_->stop();
      if (what == "change") change(message.head);
    }
    changed_.notify_all();
  }

  void change(const Json::Value& head) {
    Steering::Settings settings;
    for (const std::string& name : head["settings"].getMemberNames())
      settings[name] = head["settings"][name].asString();
    control_->change(settings, [this, number = head["number"].asInt64()](const Steering::Answer& answer) {
      Json::Value said = Channel::named("changed");
      said["number"] = Json::Int64(number);
      said["step"] = Json::Int64(answer.step);
      for (const std::string& problem : answer.problems) said["problems"].append(problem);
      channel_.send(said);
    });
  }

  Channel& channel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Order> orders_;
  std::shared_ptr<RequestedControl> control_;  // of the newest order
  std::optional<Json::Value> answer_;
};

/// Sends what viewers get.
class RemoteView final : public Viewer {
 public:
  RemoteView(Channel& channel, std::int64_t id, const Viewer::Setup& setup)
      : channel_(channel), id_(id), steering_(dynamic_cast<Steering*>(setup.control)) {
    send(to_message(setup));
  }
  void update(const RunUpdate& update) override { send(to_message(update)); }

 private:
  void send(Message message) {
    message.head["id"] = Json::Int64(id_);  // one that is slow may still speak when its run is over
    if (steering_ && steering_->version() != version_) {
      version_ = steering_->version();
      message.head["changeable"] = json_of(steering_->values());
    }
    channel_.send(message.head, message.body);
  }
  Channel& channel_;
  std::int64_t id_;
  const Steering* steering_;  // outlives this
  std::uint64_t version_ = 0;
};

/// The number of the newest backup that can be used, of a run with these names.
std::optional<std::int64_t> newest_backup(const OutputNames& output) {
  std::vector<std::string> notices;
  const auto backup = Backups(RunPlace(output.folder.filename()), output.base, std::nullopt).newest(notices);
  return backup ? std::optional(backup->first) : std::nullopt;
}

void send_warning(Channel& channel, std::string_view text) {
  Json::Value head = Channel::named("warns");
  head["text"] = std::string(text);
  channel.send(head);
}

/// Sends what a run warns of while it prepares; the line is written, too. From its first step on warnings are
/// events.
class Warnings {
 public:
  explicit Warnings(Channel& channel) {
    set_log_listener([&channel](LogLevel level, std::string_view text) {
      if (level == LogLevel::warning) send_warning(channel, text);
      return false;
    });
  }
  ~Warnings() { set_log_listener({}); }
  Warnings(const Warnings&) = delete;
  Warnings& operator=(const Warnings&) = delete;
};

class Runs {
 public:
  Runs(Channel& channel, RunKind kind, const RunRules& rules)
      : channel_(channel),
        kind_(kind),
        rules_(rules),
        orders_(channel),
        shelf_(kPerceptorsKept, rules.access) {}

  void render_all() {
    for (;;) {
      const Orders::Order order = orders_.next();
      note_steps_done(0);
      channel_.send("takes");
      Json::Value head;
      try {
        const bool stopped = render(order);
        head = Channel::named("over");
        head["interrupted"] = stopped;
      } catch (...) {
        const Failure failure = current_failure();
        head = Channel::named("failed");
        head["message"] = failure.message;
        head["advice"] = failure.advice;
      }
      channel_.send(head);
    }
  }

 private:
  /// Whether it was stopped before its end.
  bool render(const Orders::Order& order) {
    const MemoryScope starting("the start of the run");
    const Warnings warnings(channel_);
    Plan plan = plan_of(order.record, rules_);
    const bool renders = kind_ == RunKind::render;
    RunOptions options;
    // Viewers see the steps of a render; a motion preview has only these.
    options.follow = [&](const RunEvent& event) {
      if (const auto* said = std::get_if<RunUpdate::Message>(&event);
          said && said->level == LogLevel::warning)
        send_warning(channel_, said->text);
      const auto* move = std::get_if<RunUpdate::Step>(&event);
      if (renders || !move) return;
      Json::Value head = Channel::named("moves");
      head["done"] = Json::Int64(move->number);
      channel_.send(head);
    };
    options.control = order.control;
    options.shelf = &shelf_;
    options.output = order.record.output;
    options.view = [&](const Viewer::Setup& setup) {
      return std::make_shared<RemoteView>(channel_, order.record.id, setup);
    };
    if (!options.output)
      options.output = begin(plan, order.record);
    else if (const auto number = renders ? newest_backup(*options.output) : std::nullopt)
      restore(plan, *options.output, *number);
    return renders ? render_run(plan, rules_.registry, options).interrupted
                   : preview_motion(plan, rules_.registry, options).interrupted;
  }

  OutputNames begin(const Plan& plan, const RunRecord& record) {
    const bool renders = kind_ == RunKind::render;
    OutputNames output;
    // In this order: if the server ends at any point, the run finds its own files again, and no others.
    // Another run, which goes elsewhere, may take the names before.
    do {
      output = choose_output(RunPlace(plan.settings), false, renders ? "settings" : "motion");
      Json::Value head = Channel::named("begins");
      head["folder"] = output.folder.string();
      head["base"] = output.base;
      channel_.send(head);
    } while (!orders_.wait_until_kept());
    // What an earlier run of the name has left there is not this one's.
    std::error_code none;
    if (renders) std::filesystem::remove(changes_file(RunPlace(plan.settings), output.base), none);
    if (renders) write_file(output.folder / (output.base + "_settings.txt"), record.settings);
    return output;
  }

  void restore(Plan& plan, const OutputNames& output, std::int64_t number) {
    plan.restored = output;
    Json::Value head = Channel::named("restored");
    head["number"] = Json::Int64(number);
    channel_.send(head);
  }

  Channel& channel_;
  RunKind kind_;
  const RunRules& rules_;
  Orders orders_;
  PerceptorCache shelf_;
};

}  // namespace

void render_runs(Channel& channel, RunKind kind, const RunRules& rules) {
  Runs(channel, kind, rules).render_all();
}

}  // namespace reverie::serve
