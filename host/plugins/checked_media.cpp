// What comes from files, goes to files, or is heard and shown; and losses.

#include <ATen/ATen.h>

#include <cmath>

#include "plugins/checked.h"
#include "reverie/audio_filter.h"
#include "reverie/frame_source.h"
#include "reverie/output_sink.h"
#include "reverie/sound_source.h"
#include "reverie/viewer.h"

namespace reverie {
namespace {

class CheckedFilter final : public AudioFilter {
 public:
  CheckedFilter(std::shared_ptr<AudioFilter> filter, Boundary boundary, std::string variable)
      : boundary_(std::move(boundary)), filter_(std::move(filter)), variable_(std::move(variable)) {}

  void begin(const Track& track) override {
    boundary_.call("begin()", [&] { filter_->begin(track); });
  }
  void hear(std::span<const float> samples) override {
    boundary_.call("hear()", [&] { filter_->hear(samples); });
  }
  void end(std::span<const float> heard) override {
    boundary_.call("end()", [&] { filter_->end(heard); });
  }
  std::map<std::string, double> analyse(double t) const override {
    auto values = boundary_.call("analyse()", [&] { return filter_->analyse(t); });
    for (const auto& [name, value] : values) boundary_.check_number("analyse()", value, name.c_str());
    if (!values.count(variable_))
      boundary_.broken("analyse()", "no value of the name '" + variable_ + "'",
                       "a value of the variable_name that the filter was made with");
    return values;
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return filter_->extension(id); });
  }

 private:
  Boundary boundary_;
  std::shared_ptr<AudioFilter> filter_;
  std::string variable_;
};

class CheckedSource final : public FrameSource {
 public:
  CheckedSource(std::shared_ptr<FrameSource> source, Boundary boundary)
      : boundary_(std::move(boundary)), source_(std::move(source)) {}

  Info info() const override {
    const Info info = boundary_.call("info()", [&] { return source_->info(); });
    boundary_.check_number("info()", info.frames_per_second, "frames_per_second");
    if (info.size.width < 1 || info.size.height < 1 || info.frames_per_second < 0 ||
        info.frames.value_or(0) < 0)
      boundary_.broken("info()",
                       std::to_string(info.size.width) + "x" + std::to_string(info.size.height) + " at " +
                           std::to_string(info.frames_per_second) + " frames per second" +
                           (info.frames ? ", " + std::to_string(*info.frames) + " frames" : ""),
                       "a size from 1x1, and neither rate nor frames below 0");
    return info;
  }
  std::optional<at::Tensor> read(std::int64_t index) override {
    auto frame = boundary_.call("read()", [&] { return source_->read(index); });
    if (!frame) return frame;
    if (!size_) size_ = info().size;
    boundary_.check_on_cpu("read()", *frame, Boundary::image(*size_));
    return frame;
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return source_->extension(id); });
  }

 private:
  Boundary boundary_;
  std::shared_ptr<FrameSource> source_;
  std::optional<ImageSize> size_;
};

class CheckedSound final : public SoundSource {
 public:
  CheckedSound(std::shared_ptr<SoundSource> source, Boundary boundary)
      : boundary_(std::move(boundary)), source_(std::move(source)) {}

  std::vector<float> next() override {
    auto samples = boundary_.call("next()", [&] { return source_->next(); });
    for (const float sample : samples)
      if (!(sample >= -1 && sample <= 1))
        boundary_.broken("next()", "a sample of " + std::to_string(sample), "samples in -1..1");
    return samples;
  }
  std::vector<std::string> notices() const override {
    return boundary_.call("notices()", [&] { return source_->notices(); });
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return source_->extension(id); });
  }

 private:
  Boundary boundary_;
  std::shared_ptr<SoundSource> source_;
};

class CheckedSink final : public OutputSink {
 public:
  CheckedSink(std::shared_ptr<OutputSink> sink, Boundary boundary)
      : boundary_(std::move(boundary)), sink_(std::move(sink)) {}

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    auto file = boundary_.call("write()", [&] { return sink_->write(image, number); });
    if (!file.empty()) check_file("write()", file);
    return file;
  }
  std::optional<std::filesystem::path> keep(const at::Tensor& image, std::int64_t step) override {
    auto file = boundary_.call("keep()", [&] { return sink_->keep(image, step); });
    if (file) check_file("keep()", *file);
    return file;
  }
  void display(const Picture& image, const std::optional<at::Tensor>& palette, std::int64_t step) override {
    boundary_.call("display()", [&] { sink_->display(image, palette, step); });
  }
  void close() override {
    boundary_.call("close()", [&] { sink_->close(); });
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return sink_->extension(id); });
  }

 private:
  void check_file(const char* method, const std::filesystem::path& file) const {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error))
      boundary_.broken(method, "'" + file.string() + "', where there is no file",
                       "the file that the picture is in");
  }

  Boundary boundary_;
  std::shared_ptr<OutputSink> sink_;
};

/// It returns nothing that the run depends on.
class CheckedViewer final : public Viewer {
 public:
  CheckedViewer(std::shared_ptr<Viewer> viewer, Boundary boundary)
      : boundary_(std::move(boundary)), viewer_(std::move(viewer)) {}

  void update(const RunUpdate& update) override {
    boundary_.call("update()", [&] { viewer_->update(update); });
  }
  bool shows_progress() const override {
    return boundary_.call("shows_progress()", [&] { return viewer_->shows_progress(); });
  }

  void* extension(std::string_view id) override {
    return boundary_.call("extension()", [&] { return viewer_->extension(id); });
  }

 private:
  Boundary boundary_;
  std::shared_ptr<Viewer> viewer_;
};

}  // namespace

std::shared_ptr<AudioFilter> checked(std::shared_ptr<AudioFilter> filter, Boundary boundary,
                                     const void* setup) {
  const std::string& variable = static_cast<const AudioFilter::Setup*>(setup)->variable_name;
  return std::make_shared<CheckedFilter>(
      std::move(filter),
      boundary.with_header("audio_filter.h").with_name(boundary.plugin() + " for '" + variable + "'"),
      variable);
}

std::shared_ptr<FrameSource> checked(std::shared_ptr<FrameSource> source, Boundary boundary, const void*) {
  return std::make_shared<CheckedSource>(std::move(source), boundary.with_header("frame_source.h"));
}

std::shared_ptr<SoundSource> checked(std::shared_ptr<SoundSource> source, Boundary boundary, const void*) {
  return std::make_shared<CheckedSound>(std::move(source), boundary.with_header("sound_source.h"));
}

std::shared_ptr<OutputSink> checked(std::shared_ptr<OutputSink> sink, Boundary boundary, const void*) {
  return std::make_shared<CheckedSink>(std::move(sink), boundary.with_header("output_sink.h"));
}

std::shared_ptr<Viewer> checked(std::shared_ptr<Viewer> viewer, Boundary boundary, const void*) {
  return std::make_shared<CheckedViewer>(std::move(viewer), boundary.with_header("viewer.h"));
}

}  // namespace reverie
