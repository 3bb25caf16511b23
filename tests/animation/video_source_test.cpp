// The mode Video Source, over real clips.

#include "animation/clips.h"
#include "animation/stage.h"
#include "reverie/resize.h"

namespace reverie::test {
namespace {

constexpr std::int64_t kWidth = 96, kHeight = 64;

/// The mode, a clip and a flow estimator.
class Cinema {
 public:
  explicit Cinema(const std::string& clip, const std::map<std::string, std::string>& settings = {},
                  ImageSize size = {kWidth, kHeight}, std::shared_ptr<FlowEstimator> flow = nullptr)
      : stage_("video_source", size, settings), flow_(std::move(flow)) {
    const PluginFile& source = plugins().find(FrameSource::kKind, "ffmpeg");
    video_ = create<FrameSource>(source, stage_.host(), default_params(source), {clips() / clip, 0});
    if (!flow_) flow_ = make<FlowEstimator>(plugins().find(FlowEstimator::kKind, "dis"), stage_.host());
  }

  Stage& stage() { return stage_; }
  AnimationMode& mode() { return stage_.mode(); }
  AnimationMode::Tools tools() { return {nullptr, flow_.get(), video_.get()}; }
  at::Tensor frame(std::int64_t index) { return *video_->read(index); }

  /// From frame `from` to the one after it.
  AnimationMode::Move move(ImageModel& model, std::int64_t from,
                           const std::optional<at::Tensor>& may_move = std::nullopt) {
    FrameContext context = stage_.context({});
    context.frame = from;
    context.may_move = may_move;
    return mode().advance(context, model, tools());
  }

 private:
  Stage stage_;
  std::shared_ptr<FlowEstimator> flow_;
  std::shared_ptr<FrameSource> video_;
};

/// What a run has made of a frame: something else, but of the same things.
at::Tensor painted(const at::Tensor& frame) { return 1 - frame.flip(1); }

double difference(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weight) {
  return (((a - b).abs() * weight).sum() / (3 * weight.sum())).item<double>();
}

TEST(VideoSource, ThePictureFollowsASquare) {
  Cinema cinema("square.mkv", {{"reencode_each_frame", "false"}});
  const auto model = cinema.stage().model(painted(cinema.frame(0)));
  for (std::int64_t k = 0; k < 4; ++k) {
    const AnimationMode::Move move = cinema.move(*model, k);
    EXPECT_FALSE(move.reset_optimiser);
    EXPECT_FALSE(move.finished);
    EXPECT_TRUE(at::equal(move.image, cinema.frame(k + 1)));
    const auto square = [&](const at::Tensor& x) {  // where it is in frame k + 1, less its border
      return x.slice(2, 20 + k + 1, 36 + k + 1).slice(3, 24 + 3 * (k + 1), 40 + 3 * (k + 1));
    };
    const at::Tensor wanted = painted(cinema.frame(k + 1)), shown = model->decode_final();
    const at::Tensor all = at::ones({1, 1, 16, 16});
    EXPECT_LT(difference(square(shown), square(wanted), all), 0.02) << k;
    EXPECT_GT(difference(square(painted(cinema.frame(k))), square(wanted), all), 0.1) << "it moves";
    EXPECT_GT(square(*move.reliable).mean().item<double>(), 0.9);
    const at::Tensor ground = at::ones({1, 1, kHeight, 12});
    EXPECT_LT(difference(shown.slice(3, 80, 92), wanted.slice(3, 80, 92), ground), 0.02);
    // From the last frame to this, right and down.
    const at::Tensor flow = move.flow->slice(2, 20 + k, 36 + k).slice(3, 24 + 3 * k, 40 + 3 * k).mean({2, 3});
    EXPECT_NEAR(flow[0][0].item<double>(), 3, 0.2);
    EXPECT_NEAR(flow[0][1].item<double>(), 1, 0.2);
  }
}

TEST(VideoSource, StartsEachFrameFromTheVideosUnlessToldOtherwise) {
  Cinema cinema("square.mkv");
  const auto model = cinema.stage().model(painted(cinema.frame(0)));
  for (std::int64_t k = 0; k < 3; ++k) {
    model->encode(painted(cinema.frame(k)));
    const AnimationMode::Move move = cinema.move(*model, k);
    EXPECT_TRUE(move.reset_optimiser);
    EXPECT_TRUE(at::equal(model->decode_final(), cinema.frame(k + 1)));
    EXPECT_GT(move.reliable->mean().item<double>(), 0.7);
    EXPECT_LT(difference(*move.expected, painted(cinema.frame(k + 1)), *move.reliable), 0.02)
        << "what was painted, moved along";
  }
}

/// What the frame after `from` begins with, and what it would without any mix.
std::pair<at::Tensor, at::Tensor> mixed(const std::map<std::string, std::string>& settings, double share,
                                        DepthEstimator* depth = nullptr) {
  const auto begin = [&](double mix) {
    std::map<std::string, std::string> all = settings;
    all["reencode_each_frame"] = "false";
    Cinema cinema("square.mkv", all);
    const auto model = cinema.stage().model(painted(cinema.frame(0)));
    FrameContext context = cinema.stage().context({{"video_mix", {mix}}});
    context.frame = 0;
    AnimationMode::Tools tools = cinema.tools();
    tools.depth = depth;
    EXPECT_EQ(cinema.mode().advance(context, *model, tools).reset_optimiser, mix > 0);
    return model->decode_final().clone();
  };
  return {begin(share), begin(0)};
}

TEST(VideoMix, IsAShareOfTheVideosFrame) {
  const at::Tensor next = Cinema("square.mkv").frame(1);
  const auto [half, moved] = mixed({}, 0.5);
  EXPECT_LT(largest(half - (moved + next) / 2), 1e-6);
  const auto [whole, ignored] = mixed({}, 1);
  EXPECT_LT(largest(whole - next), 1e-6);
}

TEST(VideoMix, IsWhereItIsAskedFor) {
  const at::Tensor next = Cinema("square.mkv").frame(1);
  const at::Tensor luma =
      (next * at::tensor({0.2126f, 0.7152f, 0.0722f}).view({1, 3, 1, 1})).sum(1, /*keepdim=*/true);
  const auto [bright, moved] = mixed({{"video_mix_where", "bright"}}, 0.5);
  EXPECT_LT(largest(bright - (moved + (next - moved) * luma / 2)), 1e-6);
  const auto [dark, again] = mixed({{"video_mix_where", "dark"}}, 1);
  EXPECT_LT(largest(dark - (next + (moved - next) * luma)), 1e-6);
  const at::Tensor change = ((moved - next).abs().mean(1, true) * 2).clamp(0, 1);
  EXPECT_LT(largest(mixed({{"video_mix_where", "unchanged"}}, 1).first - (next + (moved - next) * change)),
            1e-6);
}

/// The left half is near, the right half far.
class Halves : public DepthEstimator {
 public:
  Range range() const override { return {1, 10}; }
  bool differentiable() const override { return false; }
  at::Tensor estimate(const at::Tensor& image) override {
    at::Tensor depth = at::full({1, 1, image.size(2), image.size(3)}, 2.0f);
    depth.slice(3, image.size(3) / 2).fill_(7);
    return depth;
  }
};

TEST(VideoMix, IsNearOrFar) {
  Halves halves;
  const at::Tensor next = Cinema("square.mkv").frame(1);
  const auto [near, moved] = mixed({{"video_mix_where", "near"}}, 1, &halves);
  EXPECT_LT(largest((near - next).slice(3, 0, kWidth / 2)), 1e-6);
  EXPECT_LT(largest((near - moved).slice(3, kWidth / 2)), 1e-6);
  Cinema asks("square.mkv", {{"video_mix_where", "far"}, {"reencode_each_frame", "false"}});
  EXPECT_TRUE(asks.mode().needs().depth);
}

TEST(VideoSource, NoticesACut) {
  for (const char* estimator : {"dis", "farneback", "horn_schunck"}) {
    engine::HostServices host(host_options());
    Cinema cinema("shots.mkv", {{"reencode_each_frame", "false"}}, {kWidth, kHeight},
                  make<FlowEstimator>(plugins().find(FlowEstimator::kKind, estimator), host));
    const auto model = cinema.stage().model(painted(cinema.frame(0)));
    for (std::int64_t k = 0; k < 5; ++k) {
      SCOPED_TRACE(std::string(estimator) + ", frame " + std::to_string(k));
      const AnimationMode::Move move = cinema.move(*model, k);
      const bool cut = k == 2;
      EXPECT_EQ(move.reset_optimiser, cut);
      if (cut) {
        EXPECT_TRUE(at::equal(model->decode_final(), cinema.frame(3)));
      } else {
        EXPECT_GT(move.reliable->mean().item<double>(), 0.3);
        EXPECT_LT(difference(model->decode_final(), painted(cinema.frame(k + 1)), *move.reliable), 0.05);
      }
      model->encode(painted(cinema.frame(k + 1)));
    }
  }
}

// A mask through the middle of the square that moves. Estimators that look at more at once, or prefer smooth
// flows, let the motion seep over its edge.
TEST(VideoSource, WhatIsMaskedDoesNotMove) {
  constexpr std::int64_t kEdge = 28;  // the square's rows are 16 to 40
  at::Tensor mask = at::zeros({1, 1, kHeight, kWidth});
  mask.slice(2, 0, kEdge).fill_(1);
  for (const auto& [estimator, seeps] : {std::pair{"dis", 3}, {"horn_schunck", 3}, {"farneback", 9}}) {
    SCOPED_TRACE(estimator);
    engine::HostServices host(host_options());
    Cinema cinema("square.mkv", {{"reencode_each_frame", "false"}}, {kWidth, kHeight},
                  make<FlowEstimator>(plugins().find(FlowEstimator::kKind, estimator), host));
    const at::Tensor before = painted(cinema.frame(0));
    const auto model = cinema.stage().model(before);
    const AnimationMode::Move move = cinema.move(*model, 0, mask);
    const at::Tensor flow = move.flow->slice(2, 18, 24).slice(3, 24, 40).mean({2, 3});
    EXPECT_NEAR(flow[0][0].item<double>(), 3, 0.7);
    EXPECT_NEAR(flow[0][1].item<double>(), 1, 0.3);
    const auto masked = [&, &seeps = seeps](const at::Tensor& x) { return x.slice(2, kEdge + seeps); };
    EXPECT_LT(largest(masked(*move.flow)), 0.1);
    EXPECT_LT(largest(masked(model->decode_final()) - masked(before)), 0.05);
    EXPECT_GT(masked(*move.reliable).mean().item<double>(), 0.99);
  }
}

TEST(VideoSource, DrawsOnlyForMasks) {
  Cinema cinema("square.mkv"), other("square.mkv");
  const auto model = cinema.stage().model(cinema.frame(0)), same = other.stage().model(cinema.frame(0));
  const at::Tensor before = cinema.stage().host().generator().get_state();
  cinema.move(*model, 0);
  other.move(*same, 0);
  EXPECT_TRUE(at::equal(cinema.stage().host().generator().get_state(), before));
  const at::Tensor mask = at::zeros({1, 1, kHeight, kWidth});
  const at::Tensor flow = *cinema.move(*model, 1, mask).flow;
  EXPECT_FALSE(at::equal(cinema.stage().host().generator().get_state(), before));
  EXPECT_TRUE(at::equal(flow, *other.move(*same, 1, mask).flow)) << "by the seed";
}

TEST(VideoSource, EndsWithTheVideo) {
  Cinema cinema("square.mkv");  // frames 0 to 7
  const auto model = cinema.stage().model(painted(cinema.frame(0)));
  for (std::int64_t k = 0; k < 7; ++k) EXPECT_FALSE(cinema.move(*model, k).finished) << k;
  EXPECT_TRUE(at::equal(model->decode_final(), cinema.frame(7)));
  model->encode(painted(cinema.frame(7)));
  const AnimationMode::Move move = cinema.move(*model, 7);
  EXPECT_TRUE(move.finished);
  EXPECT_TRUE(at::equal(model->decode_final(), painted(cinema.frame(7)))) << "nothing has moved";
  EXPECT_TRUE(at::equal(move.image, model->decode_final()));
}

TEST(VideoSource, StridesThroughTheVideoToItsLastFrame) {
  Cinema cinema("square.mkv", {{"frame_stride", "3"}});
  const auto model = cinema.stage().model(painted(cinema.frame(0)));
  std::vector<at::Tensor> shown;
  for (std::int64_t k = 0; k < 10; ++k) {
    const AnimationMode::Move move = cinema.move(*model, k);
    if (move.finished) break;
    shown.push_back(move.image);
  }
  ASSERT_EQ(shown.size(), 3u);
  EXPECT_TRUE(at::equal(shown[0], cinema.frame(3)));
  EXPECT_TRUE(at::equal(shown[1], cinema.frame(6)));
  EXPECT_TRUE(at::equal(shown[2], cinema.frame(7)));
}

TEST(VideoSource, StartsFromTheFirstFrameAtTheSizeThatIsRendered) {
  Cinema cinema("square.mkv", {}, {40, 30});
  const at::Tensor small = lanczos_resize(cinema.frame(0), 30, 40);
  EXPECT_TRUE(at::equal(*cinema.mode().first_image(cinema.tools()), small));
  const auto model = cinema.stage().model(small);
  EXPECT_TRUE(at::equal(cinema.move(*model, 0).image, lanczos_resize(cinema.frame(1), 30, 40)));
}

/// The same motion everywhere.
class Drift final : public FlowEstimator {
 public:
  Drift(double x, double y) : x_(x), y_(y) {}
  at::Tensor estimate(const at::Tensor& from, const at::Tensor&) override {
    asked_ = -asked_;  // from the next frame to the present first, then the other way
    const at::Tensor flow = at::tensor({x_ * asked_, y_ * asked_}, at::kFloat).view({1, 2, 1, 1});
    return flow.expand({1, 2, from.size(2), from.size(3)}).clone();
  }
  bool differentiable() const override { return false; }

 private:
  double x_, y_;
  int asked_ = 1;
};

TEST(VideoSource, MovesCanvasesAtTheirOwnScale) {
  Cinema cinema("square.mkv", {{"reencode_each_frame", "false"}, {"flow_long_term_samples", "0"}},
                {kWidth, kHeight}, std::make_shared<Drift>(4, -6));
  const auto model = cinema.stage().model(random_picture(kWidth / 2, kHeight / 2, 3), "unlimited_palette",
                                          {{"pixel_size", 2}});
  const at::Tensor before = *model->canvas();
  const AnimationMode::Move move = cinema.move(*model, 0);
  EXPECT_LT(largest(*model->canvas() - at::roll(before, {-3, 2}, {2, 3})), 1e-5);
  EXPECT_EQ(move.flow->select(1, 0).min().item<double>(), 4);
  EXPECT_LT(largest(*move.expected - model->decode_final()), 1e-5);
  // What came in from the left, four pixels, and from below, six, was not there.
  EXPECT_EQ(move.reliable->slice(3, 0, 3).max().item<double>(), 0);
  EXPECT_EQ(move.reliable->slice(2, kHeight - 5, kHeight).max().item<double>(), 0);
  EXPECT_EQ(move.reliable->slice(2, 0, kHeight - 7).slice(3, 5, kWidth).min().item<double>(), 1);
}

/// Knows how the bar of door.mkv moves, by the frames' own pixels.
class DoorFlow final : public FlowEstimator {
 public:
  void show(const at::Tensor& frame) { frames_.push_back(frame); }
  at::Tensor estimate(const at::Tensor& from, const at::Tensor& to) override {
    const std::int64_t one = index_of(from), other = index_of(to);
    at::Tensor flow = at::zeros({1, 2, from.size(2), from.size(3)});
    flow.select(1, 0).slice(2, 16 + 8 * one, 32 + 8 * one).fill_(static_cast<double>(8 * (other - one)));
    return flow;
  }
  bool differentiable() const override { return false; }

 private:
  std::int64_t index_of(const at::Tensor& frame) const {
    for (std::size_t i = 0; i < frames_.size(); ++i)
      if (at::equal(frame, frames_[i])) return static_cast<std::int64_t>(i);
    throw std::invalid_argument("not a frame of the clip");
  }
  std::vector<at::Tensor> frames_;
};

// The bar hides each place for two frames. What it uncovers was last seen three frames before the present.
TEST(VideoSource, LongTermSamplesRememberWhatWasHidden) {
  for (const std::int64_t samples : {0, 1, 2}) {
    const auto flow = std::make_shared<DoorFlow>();
    Cinema cinema("door.mkv", {{"flow_long_term_samples", std::to_string(samples)}}, {kWidth, kHeight}, flow);
    for (int i = 0; i < 6; ++i) flow->show(cinema.frame(i));
    const auto model = cinema.stage().model(painted(cinema.frame(0)));
    AnimationMode::Move move;
    for (std::int64_t k = 0; k < 4; ++k) {
      model->encode(painted(cinema.frame(k)));
      move = cinema.move(*model, k);
    }
    const at::Tensor wanted = painted(cinema.frame(4));
    // Frame 4's bar is at 48; frame 3's was at 40. Two columns beside edges of motion are in doubt.
    const auto uncovered = [](const at::Tensor& x) { return x.slice(3, 42, 46); };
    const double trust = uncovered(*move.reliable).mean().item<double>();
    if (samples == 2) {
      EXPECT_GT(trust, 0.99);
      EXPECT_LT(largest(uncovered(*move.expected) - uncovered(wanted)), 1e-5);
    } else {
      EXPECT_LT(trust, 0.01);
    }
    const auto seen_all_along = [](const at::Tensor& x) { return x.slice(3, 70, 96); };
    EXPECT_LT(largest(seen_all_along(*move.expected) - seen_all_along(wanted)), 1e-5);
    EXPECT_LT(largest(seen_all_along(*move.reliable) - 1), 1e-5);
  }
}

TEST(VideoSource, StateContinuesExactly) {
  const std::map<std::string, std::string> settings = {{"flow_long_term_samples", "2"},
                                                       {"reencode_each_frame", "false"}};
  Cinema first("square.mkv", settings), second("square.mkv", settings);
  const auto model = first.stage().model(painted(first.frame(0))),
             other = second.stage().model(painted(first.frame(0)));
  for (std::int64_t k = 0; k < 5; ++k) first.move(*model, k);
  const auto state = first.mode().state();
  EXPECT_EQ(state.at("history").size(0), 3);
  second.mode().load_state(state);
  other->load_state(model->state());
  for (std::int64_t k = 5; k < 8; ++k) {
    const AnimationMode::Move one = first.move(*model, k), two = second.move(*other, k);
    ASSERT_EQ(one.finished, two.finished);
    EXPECT_EQ(one.finished, k == 7);
    EXPECT_TRUE(at::equal(one.image, two.image));
    EXPECT_TRUE(at::equal(model->decode_final(), other->decode_final()));
    if (one.finished) continue;
    EXPECT_TRUE(at::equal(*one.flow, *two.flow));
    EXPECT_TRUE(at::equal(*one.reliable, *two.reliable));
    EXPECT_TRUE(at::equal(*one.expected, *two.expected));
  }
  Cinema shorter("square.mkv", {{"flow_long_term_samples", "1"}});
  shorter.mode().load_state(state);
  EXPECT_TRUE(at::equal(shorter.mode().state().at("history"), state.at("history").slice(0, 2)));
  EXPECT_THROW(shorter.mode().load_state({{"history", at::zeros({3})}}), Error);
}

TEST(VideoSource, PalettesStayFromFrameToFrameAndChangeAtCuts) {
  Cinema cinema("shots.mkv");
  const auto model =
      cinema.stage().model(cinema.frame(0), "limited_palette", {{"palettes", 3}, {"palette_size", 4}});
  const at::Tensor palette = *model->palette_picture();
  cinema.move(*model, 0);
  cinema.move(*model, 1);
  EXPECT_TRUE(at::equal(*model->palette_picture(), palette));
  // Brightness is that of the video's frame: the root of 0.299 r^2 + 0.587 g^2 + 0.114 b^2.
  const at::Tensor weights = at::tensor({0.299f, 0.587f, 0.114f}).view({1, 3, 1, 1});
  const at::Tensor brightness = (cinema.frame(2).square() * weights).sum(1).sqrt();
  EXPECT_LT(largest(model->canvas()->select(1, 0) - brightness), 1e-5);
  cinema.move(*model, 2);
  EXPECT_GT(largest(*model->palette_picture() - palette), 0.01);
}

TEST(VideoSource, SaysWhatItLacks) {
  Cinema cinema("square.mkv");
  const auto model = cinema.stage().model(cinema.frame(0));
  const auto refuses = [&](ErrorKind kind, const std::string& words, AnimationMode::Tools tools) {
    const Error error = error_of([&] { cinema.mode().advance(cinema.stage().context({}), *model, tools); });
    EXPECT_EQ(error.kind(), kind);
    EXPECT_NE((error.what() + error.advice()).find(words), std::string::npos) << error.what();
  };
  AnimationMode::Tools tools = cinema.tools();
  refuses(ErrorKind::plugin, "flow estimator", {nullptr, nullptr, tools.video});
  refuses(ErrorKind::settings, "video_path", {nullptr, tools.flow, nullptr});
  Drift lost(NAN, 0);
  refuses(ErrorKind::model, "flow_model", {nullptr, &lost, tools.video});
  EXPECT_TRUE(at::equal(model->decode_final(), cinema.frame(0))) << "nothing has moved";
}

}  // namespace
}  // namespace reverie::test
