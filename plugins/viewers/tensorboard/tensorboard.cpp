/// TensorBoard: losses, prompts, pictures and settings as files of events, in <base>_tensorboard/.
///
/// `tensorboard --logdir images_out` shows all runs. A restored run goes on in a file of its own.

#include <fcntl.h>
#include <unicode/utf8.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>

#include "../../io/png_file.h"
#include "events.h"
#include "reverie/atomic_file.h"
#include "reverie/plugin.h"
#include "reverie/viewer.h"
#include "web/loss_history.h"

namespace reverie {
namespace {

namespace fs = std::filesystem;
using namespace tensorboard;

/// A name as part of a tag: without slashes, which would make groups, and what is not text.
std::string clean(const std::string& name) {
  constexpr std::size_t kMost = 100;
  std::string tag;
  for (std::int32_t i = 0, size = static_cast<std::int32_t>(name.size()); i < size && tag.size() < kMost;) {
    const std::int32_t from = i;
    UChar32 character;
    U8_NEXT(name.data(), i, size, character);
    if (character < ' ' || character == 0x7F || character == '/')
      tag += '_';
    else
      tag.append(name, static_cast<std::size_t>(from), static_cast<std::size_t>(i - from));
  }
  return tag;
}

const char* group(RunUpdate::Loss::Kind kind) {
  return kind == RunUpdate::Loss::Kind::prompt    ? "prompts/"
         : kind == RunUpdate::Loss::Kind::picture ? "pictures/"
                                                  : "losses/";
}

/// As a block of code.
std::string as_code(const std::string& text) {
  std::string code = "    ";
  for (const char c : text) code += c == '\n' ? "\n    " : std::string(1, c);
  return code;
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

class TensorBoard final : public Viewer {
 public:
  TensorBoard(Host&, const Params&, const Setup& setup)
      : folder_(setup.folder / (setup.base_name + "_tensorboard")),
        settings_(setup.settings),
        scenes_(setup.scenes),
        done_(setup.done) {}

  void update(const RunUpdate& update) override {
    if (!file_ && update.steps.empty() && !update.picture) return;
    std::string records;
    if (!file_) records = begin();
    for (const RunUpdate::Step& step : update.steps) {
      Message summary;
      const std::vector<std::string> names = distinct_names(step.losses);
      for (std::size_t i = 0; i < names.size(); ++i)
        summary.part(1, scalar(group(step.losses[i].kind) + clean(names[i]), step.losses[i].value));
      summary.part(1, scalar("run/scene", static_cast<double>(step.scene + 1)));
      if (step.seconds > 0)
        summary.part(1,
                     scalar("run/steps_per_second", static_cast<double>(step.number - done_) / step.seconds));
      records += event(began_ + step.seconds, step.number, summary);
    }
    if (update.picture) {
      Message summary;
      const auto add = [&](const char* tag, const at::Tensor& image) {
        const io::Pixels8 pixels = io::pixels_of(image);
        summary.part(1, picture(tag, pixels.width, pixels.height, io::png_of(pixels, "")));
      };
      add("picture", update.picture->image);
      if (update.picture->palette) add("palette", *update.picture->palette);
      records += event(now(), update.picture->step, summary);
    }
    // All at once: a run that is killed leaves whole records, and TensorBoard finds them while the run goes.
    if (!file_->write(records)) detail::cannot_write(path_, errno);
  }

 private:
  static std::string event(double time, std::int64_t step, const Message& summary) {
    return record(Message().real64(1, time).whole(2, static_cast<std::uint64_t>(step)).part(5, summary));
  }

  /// Opens the file; its first records.
  std::string begin() {
    if (done_ == 0) remove_earlier();
    char host[64] = "host";
    ::gethostname(host, sizeof host - 1);
    began_ = now();
    // TensorBoard reads files in the order of their names.
    char name[128];
    std::snprintf(name, sizeof name, "events.out.tfevents.%017.6f.%s", began_, host);
    path_ = folder_ / name;
    create_folder_of(path_);
    file_.emplace(path_, O_WRONLY | O_CREAT | O_EXCL);
    if (!file_->is_open()) detail::cannot_write(path_, errno);
    std::string records = record(Message().real64(1, began_).text(3, "brain.Event:2"));
    // A session that starts at a step makes TensorBoard forget what an earlier one had from there on.
    constexpr int kStart = 1;
    if (done_ > 0)
      records += record(Message()
                            .real64(1, began_)
                            .whole(2, static_cast<std::uint64_t>(done_ + 1))
                            .part(7, Message().whole(1, kStart)));
    std::string scenes;
    for (std::size_t i = 0; i < scenes_.size(); ++i)
      scenes += std::to_string(i + 1) + ".\n\n" + as_code(scenes_[i]) + "\n\n";
    return records +
           event(began_, done_,
                 Message().part(1, words("scenes", scenes)).part(1, words("settings", as_code(settings_))));
  }

  /// What a run that is written over has left.
  void remove_earlier() const {
    std::error_code ignored;
    for (fs::directory_iterator entry(folder_, ignored), end; !ignored && entry != end;
         entry.increment(ignored))
      if (entry->path().filename().string().starts_with("events.out.tfevents."))
        fs::remove(entry->path(), ignored);
  }

  fs::path folder_, path_;
  std::string settings_;
  std::vector<std::string> scenes_;
  std::int64_t done_;
  double began_ = 0;
  std::optional<detail::Descriptor> file_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(TensorBoard, Viewer, "tensorboard", "1.0", "files of events for TensorBoard", kNoParams,
                      "", "use_tensorboard");

}  // namespace reverie
