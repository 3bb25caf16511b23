#include "engine/frame_writer.h"

#include <ATen/core/Tensor.h>

#include "log/printable.h"
#include "plugins/crash_stack.h"
#include "reverie/takes_opacity.h"
#include "reverie/vector_drawing.h"

namespace reverie::engine {
namespace {

/// Gives a picture to a sink: with opacity to the part of it that takes that, which is known to be there.
template <typename WithOpacity, typename Plain>
auto give(OutputSink& sink, const at::Tensor& image, const WithOpacity& with_opacity, const Plain& plain) {
  if (image.size(1) == 3) return plain(image.clone());  // what a sink does to it, the next one must not see
  auto* part = extension_of<TakesOpacity>(sink);
  if (!part) throw Error(ErrorKind::plugin, "it takes no picture with opacity");
  return with_opacity(*part, image.narrow(1, 0, 3).contiguous(), image.narrow(1, 3, 1).contiguous());
}

/// Gives a drawing to a sink that takes it, of the file that its picture is in.
void give_drawing(OutputSink& sink, const std::string& svg, const std::filesystem::path& picture) {
  if (svg.empty() || picture.empty()) return;
  if (auto* part = extension_of<TakesDrawing>(sink)) part->write_drawing(svg, picture);
}

}  // namespace

FrameWriter::FrameWriter(Host& host, const std::vector<Member<OutputSink>>& sinks, Backups* backups,
                         RunEvents& events)
    : host_(host), sinks_(sinks), backups_(backups), events_(events), thread_([this] { work(); }) {
  events.subscribe([this](const RunEvent& event) {
    if (const auto* shown = std::get_if<RunDisplay>(&event)) display(*shown);
  });
}

FrameWriter::~FrameWriter() { stop(); }

void FrameWriter::save(const at::Tensor& image, const RunPosition& moment, const std::string& svg) {
  post([this, image, moment = moment.in_last_step(), number = moment.frames + 1, svg] {
    last_frame_.clear();
    for (const auto& [name, sink] : sinks_) {
      const auto file = call_plugin(name, moment, [&, &sink = *sink] {
        auto written = give(
            sink, image,
            [&](TakesOpacity& part, const at::Tensor& colours, const at::Tensor& opacity) {
              return part.write(colours, opacity, number);
            },
            [&](const at::Tensor& picture) { return sink.write(picture, number); });
        give_drawing(sink, svg, written);
        return written;
      });
      if (file.empty()) continue;
      events_.publish(RunUpdate::File{file, number});
      if (last_frame_.empty()) last_frame_ = file;
    }
  });
}

void FrameWriter::keep(const at::Tensor& image, const RunPosition& moment, const std::string& svg) {
  post([this, image, moment = moment.in_last_step(), steps = moment.steps, svg] {
    bool kept = false;
    for (const auto& [name, sink] : sinks_) {
      const auto file = call_plugin(name, moment, [&, &sink = *sink] {
        auto written = give(
            sink, image,
            [&](TakesOpacity& part, const at::Tensor& colours, const at::Tensor& opacity) {
              return part.keep(colours, opacity, steps);
            },
            [&](const at::Tensor& picture) { return sink.keep(picture, steps); });
        if (written) give_drawing(sink, svg, *written);
        return written;
      });
      if (!file) continue;
      kept = true;
      events_.publish(RunUpdate::File{*file, 0});
    }
    if (!kept)
      host_.log(LogLevel::warning, "the picture was not kept: no output of this run keeps single ones");
  });
}

void FrameWriter::back_up(std::int64_t number, Backup backup) {
  post([this, number, backup = std::move(backup)] {
    const MemoryScope memory(kBackupMemory);
    backups_->add(number, backup);
  });
}

void FrameWriter::display(const RunDisplay& display) {
  for (const auto& [name, sink] : sinks_) {
    const auto palette = display.palette ? std::optional(display.palette->clone()) : std::nullopt;
    call_plugin(name, display.moment.in_last_step(), [&, &sink = *sink] {
      sink.display([&] { return display.image().clone(); }, palette, display.moment.steps);
    });
  }
}

void FrameWriter::post(Job job) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return failed_ || jobs_.size() <= kMostWaiting; });
  rethrow();
  if (failed_) return;
  jobs_.push_back(std::move(job));
  changed_.notify_all();
}

void FrameWriter::check() {
  const std::lock_guard lock(mutex_);
  rethrow();
}

void FrameWriter::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return jobs_.empty(); });
  rethrow();
}

void FrameWriter::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
  try {
    check();
  } catch (const std::exception& error) {
    host_.log(LogLevel::warning, "not everything was written: " + log::shown(error.what()));
  }
}

void FrameWriter::rethrow() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void FrameWriter::work() {
  const CrashStack stack;
  own_memory_of_thread(kOutputMemory);
  write_activity_apart();
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    lock.unlock();
    std::exception_ptr failure;
    try {
      job();
    } catch (...) {
      failure = std::current_exception();
    }
    job = nullptr;  // the picture's memory is free before anybody hears that it is written
    lock.lock();
    jobs_.pop_front();
    if (failure) {
      failure_ = failure;
      failed_ = true;
      jobs_.clear();
    }
    changed_.notify_all();
  }
}

}  // namespace reverie::engine
