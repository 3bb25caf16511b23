/// Video file: all saved frames as one video, <base>.mp4 and the like, with sound.
///
/// It is written while the run goes, so that a killed run leaves a video of what there was. An encoder's
/// state cannot be saved; a run that is restored encodes the earlier pictures again, from their PNG files,
/// which gives the same bytes. Those are png_sequence's, or, where that is not among the run's sinks, the
/// sink's own in <base>_frames/.

#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "../png_file.h"
#include "reverie/output_sink.h"
#include "reverie/plugin.h"
#include "reverie/takes_opacity.h"
#include "writer.h"

namespace reverie::video_file {
namespace {

constexpr ParamSpec kParams[] = {
    choice("video_format", "mp4", "mp4|webm|prores|prores4444|gif|lossless")
        .help("mp4: H.264; webm: VP9; prores: ProRes 422 HQ; prores4444; gif; lossless: FFV1 in Matroska"),
    integer("video_quality", 0)
        .range(0, 63)
        .may_be_null()
        .fixed("an encoder begins with it")
        .help(
            "constant rate factor of mp4 (0 to 51) and webm (0 to 63): lower is better and larger; null = 16 "
            "and 24"),
    choice("video_from", "start", "start|animation")
        .help(
            "where the video begins: start: with the first picture; animation: with that of the first move, "
            "without those of pre_animation_steps"),
    choice("video_projection", "flat", "flat|equirectangular")
        .help("equirectangular: the file says that its pictures are all around, for players that let one "
              "look around"),
    io::kFrameDigits,
    io::kPngBits,
    list("outputs", "png_sequence").of_host().help("plugins that write the finished frames"),
    boolean("alpha", false).of_host().help("whether the run's pictures have opacity"),
    text("input_audio", "").of_host().help("sound file that motion and weights can follow"),
    text("animation_mode", "off")
        .of_host()
        .help("off, 2D, 3D, Video Source, or the name of an animation plugin"),
    number("input_audio_offset", 0).of_host().unit("seconds").help("where in the file to start"),
};

std::unique_ptr<VideoWriter> make_writer(Host& host, const Params& params, const OutputSink::Setup& setup) {
  VideoSetup video;
  video.format = params.get<std::string>("video_format");
  if (params.has("video_quality")) video.quality = params.get<std::int64_t>("video_quality");
  video.frames_per_second = setup.frames_per_second;
  video.bits = io::png_bits(params);
  video.around = params.get<std::string>("video_projection") == "equirectangular";
  const std::string audio = params.get<std::string>("input_audio");
  video.audio_offset = params.get<double>("input_audio_offset");
  video.early_frames = setup.early_frames;
  if (!audio.empty()) video.audio = host.resolve_asset(audio);
  return make_video_writer(host, video);
}

class VideoFile final : public OutputSink, public TakesOpacity {
 public:
  VideoFile(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        folder_(setup.folder),
        base_(setup.base_name),
        settings_(setup.settings),
        digits_(params.get<std::int64_t>("frame_digits")),
        bits_(io::png_bits(params)),
        saved_(setup.frames),
        first_(first_of(params, setup)),
        with_opacity_(params.get<bool>("alpha")),
        writer_(make_writer(host, params, setup)) {
    const auto sinks = params.get<std::vector<std::string>>("outputs");
    const auto in_lower_case = [](std::string name) {
      for (char& c : name)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      return name;
    };
    keeps_frames_ = std::none_of(sinks.begin(), sinks.end(), [&](const std::string& name) {
      return in_lower_case(name) == "png_sequence";
    });
  }

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    if (keeps_frames_) io::write_png(kept_path(number), image, bits_, settings_);
    if (number < first_) return keeps_frames_ ? kept_path(number) : std::filesystem::path();
    const bool first = path_.empty();
    if (first) begin(number, image);
    writer_->add(image);
    if (first) writer_->publish();
    return path_;
  }

  /// Where the format keeps it.
  void* extension(std::string_view id) override {
    return id == TakesOpacity::kId && writer_->takes_opacity() ? static_cast<TakesOpacity*>(this) : nullptr;
  }
  std::filesystem::path write(const at::Tensor& image, const at::Tensor& opacity,
                              std::int64_t number) override {
    with_opacity_ = true;
    return write(at::cat({image, opacity}, 1), number);
  }
  std::optional<std::filesystem::path> keep(const at::Tensor&, const at::Tensor&, std::int64_t) override {
    return std::nullopt;
  }

  void close() override {
    // Killed behind its last frame, a run has nothing more to write, but its video may not be finished.
    if (path_.empty() && saved_ >= first_)
      if (const auto frames = earlier(saved_, {})) {
        open(base_, *frames, first_);
        writer_->publish();
      }
    if (!path_.empty()) writer_->finish();
  }

 private:
  /// The number of the first picture in the video. A run that does not move has nothing to leave out.
  static std::int64_t first_of(const Params& params, const Setup& setup) {
    std::string mode = params.get<std::string>("animation_mode");
    std::transform(mode.begin(), mode.end(), mode.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool moves = !mode.empty() && mode != "off" && mode != "false";
    const bool late = params.get<std::string>("video_from") == "animation";
    return moves && late ? std::max<std::int64_t>(setup.early_frames, 0) + 1 : 1;
  }

  std::filesystem::path kept_path(std::int64_t number) const {
    return io::frame_path(folder_ / (base_ + "_frames"), base_, number, digits_);
  }

  /// The files of the pictures from the video's first to number `count`; nothing if one is missing, or their
  /// size is not the same or not that of `image`, where there is any: a run can be restored with another.
  std::optional<std::vector<std::filesystem::path>> earlier(std::int64_t count, at::Tensor image) const {
    std::vector<std::filesystem::path> frames;
    for (std::int64_t number = first_; number <= count; ++number) {
      frames.push_back(io::frame_path(folder_, base_, number, digits_));
      if (!std::filesystem::exists(frames.back())) frames.back() = kept_path(number);
      if (!std::filesystem::exists(frames.back())) return std::nullopt;
    }
    if (frames.empty()) return frames;
    const at::Tensor first = saved_picture(frames.front());
    if (image.defined() && first.sizes() != image.sizes()) return std::nullopt;
    const io::PngSize size{first.size(3), first.size(2)};
    const auto has_size = [&](const std::filesystem::path& frame) { return io::png_size(frame) == size; };
    if (!std::all_of(frames.begin(), frames.end(), has_size)) return std::nullopt;
    return frames;
  }

  /// Starts the video, with the frames of before the run was restored.
  void begin(std::int64_t number, const at::Tensor& image) {
    if (const auto frames = earlier(number - 1, image)) return open(base_, *frames, first_);
    open(base_ + "_from_" + std::to_string(number), {}, number);
    host_.log(LogLevel::warning,
              "the earlier frames' PNG files are not all in '" + folder_.string() +
                  "' and of this size, so the video goes on in a file of its own: " + path_.string());
  }

  /// A video of these frames and those to come; `first` is the number of its first.
  void open(const std::string& name, const std::vector<std::filesystem::path>& frames, std::int64_t first) {
    const std::filesystem::path path = folder_ / (name + writer_->extension());
    writer_->open(path, first);
    for (const auto& frame : frames) writer_->add(saved_picture(frame).cpu());
    path_ = path;
  }

  /// With opacity, where the run's pictures have it.
  at::Tensor saved_picture(const std::filesystem::path& file) const {
    return with_opacity_ ? io::read_png_with_opacity(file) : host_.load_image(file.string());
  }

  Host& host_;
  std::filesystem::path folder_;
  std::string base_, settings_;
  std::int64_t digits_;
  int bits_;
  std::int64_t saved_;  ///< frames, before the run was restored
  std::int64_t first_;  ///< number of the video's first picture
  bool with_opacity_;   ///< of pictures that were saved before
  bool keeps_frames_;
  std::unique_ptr<VideoWriter> writer_;
  std::filesystem::path path_;  ///< of the video; empty before the first frame
};

}  // namespace

REVERIE_EXPORT_PLUGIN(VideoFile, OutputSink, "video_file", "1.0", "all saved frames as one video, with sound",
                      kParams, "", "encode");

}  // namespace reverie::video_file
