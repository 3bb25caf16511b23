/// Video Source: the picture follows the motion of a video.
///
/// Frame k shows the video's frame k * frame_stride, or its last. Each move estimates how things went from
/// the present frame to the next, and moves the present picture along; or, with reencode_each_frame and at
/// cuts, starts from the video's frame again. Either way the losses get their targets: the present
/// picture moved along, and where that can be trusted (consistency.h). Where it cannot, because something has
/// come into view, a picture from 1, 3, 7, ... frames before the present one may have shown it: these are the
/// long-term samples (Ruder, Dosovitskiy & Brox 2016, "Artistic Style Transfer for Videos", section 5.2),
/// each of which counts where the ones before it say nothing.
///
/// Frames that are not optimised (cadence) are the present picture moved along in either case.
///
/// Where the mask of flow_stabilization_weight is black, the estimator is shown the same noise in both
/// frames: it sees no motion there.
///
/// All is looked up backwards: with w the flow from the next frame to an earlier one, the next picture has at
/// p what the earlier picture has at p + w(p).

#include <algorithm>
#include <vector>

#include "consistency.h"
#include "footage.h"
#include "moves.h"
#include "reverie/leaves_out_frames.h"
#include "reverie/plugin.h"
#include "video_mix.h"

namespace reverie::animation {
namespace {

constexpr ParamSpec kParams[] = {
    integer("frame_stride", 1)
        .of_host()
        .help("frames of the video, and of mask videos, for each rendered frame"),
    boolean("reencode_each_frame", true)
        .help("start each frame from the video frame instead of the warped output"),
    number(kVideoMix, 0)
        .range(0, 1)
        .is_animatable()
        .help("with reencode_each_frame: false, how much of the video's frame shows through the picture that "
              "was moved along, "
              "f(t)"),
    choice("video_mix_where", "everywhere", "everywhere|bright|dark|changed|unchanged|near|far")
        .help("where it does: where the video's frame is bright or dark, differs from the picture or does "
              "not, or is near or far"),
    integer("flow_long_term_samples", 1)
        .range(0, 8)
        .fixed("as many earlier frames are kept")
        .help("also use flows from 2, 4, ... 2^n frames before the next one; 0 off"),
    kSamplingMode,
    kInfillMode,
    kTile,
};

/// At a cut, less than this part of the video's frame can be trusted and has the colours of the frame before,
/// within this distance (root of the mean square over the channels). Estimators that prefer smooth flows find
/// consistent ones between any two pictures; colours tell.
constexpr double kCut = 0.03, kSameColour = 0.1;

class VideoSource final : public AnimationMode, public LeavesOutFrames {
 public:
  VideoSource(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        stride_(params.get<std::int64_t>("frame_stride")),
        samples_(params.get<std::int64_t>("flow_long_term_samples")),
        reencode_(params.get<bool>("reencode_each_frame")),
        mix_(params),
        resampling_(params),
        footage_(setup.size, host.device()) {}

  Needs needs() const override {
    Needs needs;
    needs.flow = needs.video = true;
    needs.depth = mix_.needs_depth() && !reencode_;
    return needs;
  }

  void* extension(std::string_view id) override {
    return id == LeavesOutFrames::kId ? static_cast<LeavesOutFrames*>(this) : nullptr;
  }
  void will_be_optimised(bool optimised) override { optimised_ = optimised; }
  bool begins_again() const override { return cut_; }

  std::optional<at::Tensor> first_image(const Tools& tools) override { return frame(tools, 0); }

  Move advance(const FrameContext& context, ImageModel& model, const Tools& tools) override {
    at::NoGradGuard no_grad;
    if (!tools.flow)
      throw Error(ErrorKind::plugin, "the animation mode Video Source was given no flow estimator");
    const std::int64_t present = context.frame * stride_;
    const std::optional<at::Tensor> next = footage_.last_frame(video_of(tools), present, present + stride_);
    const at::Tensor picture = model.decode_final();
    Move move;
    move.finished = !next;
    if (!next) {
      move.image = picture;
      return move;
    }

    const Expectation seen = expect(tools, context, picture, *next);
    cut_ = seen.cut;
    move.image = *next;
    move.flow = seen.forth;
    move.expected = seen.picture;
    move.reliable = seen.trust;
    move.reset_optimiser = show(model, picture, *next, seen, context, tools);
    remember(picture);
    footage_.forget_before((context.frame + 1 - frames_back(samples_)) * stride_);
    return move;
  }

  std::map<std::string, at::Tensor> state() const override {
    if (history_.empty()) return {};
    return {{"history", at::cat(history_)}};
  }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    history_.clear();
    const auto found = state.find("history");
    if (found == state.end()) return;
    if (found->second.dim() != 4)
      throw Error(ErrorKind::model, "the saved state is not of the animation mode Video Source");
    for (const at::Tensor& picture : found->second.to(host_.device()).split(1)) remember(picture);
  }

 private:
  /// What is known of the next frame from earlier ones.
  struct Expectation {
    at::Tensor picture, trust;
    at::Tensor back, forth;  // the flows between the next frame and the present
    bool cut = false;        // the present frame says nothing about the next
  };

  /// How long before the present the frame of a sample was.
  static std::int64_t frames_back(std::int64_t sample) { return (std::int64_t{1} << sample) - 1; }

  static FrameSource& video_of(const Tools& tools) {
    if (!tools.video)
      throw Error(ErrorKind::settings, "the animation mode Video Source has no video",
                  "set 'video_path' to a video file");
    return *tools.video;
  }

  at::Tensor frame(const Tools& tools, std::int64_t index) {
    if (auto found = footage_.frame(video_of(tools), index)) return *found;
    throw Error(ErrorKind::file, "the video has no frame " + std::to_string(index));
  }

  /// From `one` to `other`, and back.
  static std::pair<at::Tensor, at::Tensor> flows_between(const Tools& tools, const at::Tensor& one,
                                                         const at::Tensor& other) {
    auto flows = tools.flow->estimate_both(one, other);
    for (const at::Tensor& flow : {flows.first, flows.second})
      if (!flow.isfinite().all().item<bool>())
        throw Error(ErrorKind::model, "the flow estimator gave values that are not numbers",
                    "choose another with 'flow_model'");
    return flows;
  }

  Expectation expect(const Tools& tools, const FrameContext& context, const at::Tensor& picture,
                     const at::Tensor& next) {
    const std::int64_t present = context.frame;
    at::Tensor still;
    if (context.may_move) still = at::rand(next.sizes(), host_.generator(), next.options());
    const auto mobile = [&](const at::Tensor& frame) {
      return still.defined() ? at::lerp(still, frame, *context.may_move) : frame;
    };
    const at::Tensor to_see = mobile(next);
    const at::Tensor here = pixel_places(next.size(2), next.size(3), next.device());
    Expectation result;
    at::Tensor sum;
    for (std::int64_t sample = 0; sample <= samples_; ++sample) {
      const std::int64_t ago = frames_back(sample);
      if (ago > std::min(static_cast<std::int64_t>(history_.size()), present)) break;
      const at::Tensor earlier = frame(tools, (present - ago) * stride_);
      const at::Tensor& shown =
          ago == 0 ? picture : history_[history_.size() - static_cast<std::size_t>(ago)];
      const at::Tensor seen = mobile(earlier);
      const auto [back, forth] = flows_between(tools, to_see, seen);
      const at::Tensor trust = reliability(back, forth);
      const at::Tensor moved = resampled(shown, here + back, resampling_).clamp_(0, 1);
      if (sample == 0) {
        const at::Tensor there = warp(earlier, here + back, Sampling::bilinear, Infill::smear);
        const at::Tensor same = (there - next).square().mean(1, /*keepdim=*/true) < kSameColour * kSameColour;
        result = {moved, trust, back, forth, (trust * same).mean().item<double>() < kCut};
        sum = moved * trust;
        continue;
      }
      sum += moved * (trust - result.trust).clamp_min_(0);
      result.trust = at::maximum(result.trust, trust);
      result.picture = at::where(result.trust > 0, sum / result.trust, result.picture);
    }
    return result;
  }

  /// Whether the parameters were encoded again.
  bool show(ImageModel& model, const at::Tensor& picture, const at::Tensor& next, const Expectation& seen,
            const FrameContext& context, const Tools& tools) {
    if (seen.cut) {
      model.encode(next);
      return true;
    }
    bool encoded = false;
    const bool afresh = reencode_ && optimised_;
    if (!afresh || model.canvas())
      encoded = move_model(
          model, resampling_, [&](std::int64_t h, std::int64_t w) { return places(seen.back, h, w); },
          picture);
    if (!reencode_) {
      const auto mixed = mix_(model.decode_final(), next, context, tools);
      if (mixed) model.encode_next(*mixed);
      return encoded || mixed;
    }
    if (!afresh) return encoded;
    model.encode_next(next);
    return true;
  }

  /// Where the pixels of a canvas come from, which may be larger than the picture's.
  static at::Tensor places(const at::Tensor& back, std::int64_t height, std::int64_t width) {
    const at::Tensor here = pixel_places(height, width, back.device());
    if (back.size(2) == height && back.size(3) == width) return here + back;
    const at::Tensor scale = at::tensor({static_cast<double>(width) / static_cast<double>(back.size(3)),
                                         static_cast<double>(height) / static_cast<double>(back.size(2))},
                                        back.options());
    return here + at::adaptive_avg_pool2d(back, {height, width}) * scale.view({1, 2, 1, 1});
  }

  void remember(const at::Tensor& picture) {
    history_.push_back(picture.clone());
    if (static_cast<std::int64_t>(history_.size()) > frames_back(samples_)) history_.erase(history_.begin());
  }

  Host& host_;
  std::int64_t stride_, samples_;
  bool reencode_;
  bool optimised_ = true, cut_ = false;  // the frame of this move
  VideoMix mix_;
  Resampling resampling_;
  Footage footage_;
  std::vector<at::Tensor>
      history_;  // what the frames before the present one showed at their end, oldest first
};

}  // namespace

REVERIE_EXPORT_PLUGIN(VideoSource, AnimationMode, "video_source", "1.0", "follows the motion of a video",
                      kParams, "Video Source", "video_path");

}  // namespace reverie::animation
