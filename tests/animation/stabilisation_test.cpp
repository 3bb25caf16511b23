// Each weight that stabilises motion brings what it is about closer to its target: what the picture before
// the move should have become. Real runs of the real program, with and without the weight. What is compared
// is measured without the losses' code.

#include "animation/clips.h"
#include "cli/real_program.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "reverie/resize.h"
#include "reverie/warp.h"
#include "support/numbers.h"
#include "support/png_pictures.h"

namespace reverie::test {
namespace {

constexpr std::int64_t kWidth = 96, kHeight = 64;

struct Pair {
  at::Tensor before, after;  ///< the picture that was moved, and what was made of it in eight steps
};

/// White on the left, black on the right.
void write_left_half(const fs::path& path) {
  std::vector<unsigned char> pixels;
  for (int i = 0; i < kWidth * kHeight; ++i) pixels.push_back(i % kWidth < kWidth / 2 ? 255 : 0);
  write_png(path, kWidth, kHeight, pixels);
}

at::Tensor read_picture(const fs::path& path, std::int64_t frame = 0) {
  engine::HostServices host(host_options());
  const PluginFile& reader = plugins().find(FrameSource::kKind, "ffmpeg");
  return *create<FrameSource>(reader, host, default_params(reader), {path, 0})->read(frame);
}

/// The pictures of a run in `folder`, by their numbers.
at::Tensor rendered(const Scratch& folder, int number) {
  return read_picture(folder / ("images_out/default/default_" + std::to_string(number) + ".png"));
}

/// Eight steps, a move, and `steps` more, towards a prompt that wants another picture.
Pair frames(const Words& settings, int steps = 16) {
  const Scratch folder;
  write_left_half(folder / "left.png");
  Words words = {"scenes=a red heart",
                 "init_image=" + (clips() / "square.mkv").string(),
                 "perceptors=" + shipped_model(),
                 "width=96",
                 "height=64",
                 "cutouts=4",
                 "learning_rate=0.03",
                 "pre_animation_steps=8",
                 "steps_per_frame=" + std::to_string(steps),
                 "steps_per_scene=" + std::to_string(8 + steps),
                 "save_every=8",
                 "png_bits=16",
                 "seed=3"};
  words.insert(words.end(), settings.begin(), settings.end());
  const Outcome outcome = render(folder.path(), words);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return {rendered(folder, 1), rendered(folder, 1 + steps / 8)};
}

/// The same with something that holds on to the last frame.
Pair held(Words motion, const std::string& weight, int steps = 16) {
  motion.push_back(weight);
  return frames(motion, steps);
}

// 2D, by three whole pixels to the right: what leaves the picture comes in again on the other side.
Words slide() { return {"animation_mode=2D", "translate_x=3*96/95"}; }
at::Tensor slid(const at::Tensor& x) { return at::roll(x, 3, 3); }
const Pair& free_slide() {
  static const Pair pair = frames(slide());
  return pair;
}

double root_mean_square(const at::Tensor& x) { return x.square().mean().sqrt().item<double>(); }
at::Tensor left(const at::Tensor& x) { return x.slice(3, 0, kWidth / 2); }
at::Tensor right(const at::Tensor& x) { return x.slice(3, kWidth / 2); }

/// `measure` of what a weight leaves as a fraction of the value without it.
template <typename Measure>
double part_left(const Measure& measure, const Pair& free, const Pair& held) {
  return measure(held) / measure(free);
}

TEST(Stabilisation, OfPixels) {
  const auto off = [](const Pair& pair) { return pair.after - slid(pair.before); };
  const auto all = [&](const Pair& pair) { return root_mean_square(off(pair)); };
  const auto on_the_left = [&](const Pair& pair) { return root_mean_square(left(off(pair))); };
  const auto on_the_right = [&](const Pair& pair) { return root_mean_square(right(off(pair))); };
  const Pair whole = held(slide(), "direct_stabilization_weight=100");
  EXPECT_LT(part_left(all, free_slide(), whole), 0.5);
  const Pair masked = held(slide(), "direct_stabilization_weight=100_left.png");
  EXPECT_LT(part_left(on_the_left, free_slide(), masked), 0.5);
  EXPECT_GT(part_left(on_the_right, free_slide(), masked), 0.9);
}

TEST(Stabilisation, OfMeaning) {
  engine::HostServices host(host_options());
  const auto weights = host.load_weights(shipped_model());
  const PluginFile& clip = plugins().find(Perceptor::kKind, "clip");
  const auto perceptor = create<Perceptor>(clip, host, usual_params(clip), {shipped_model(), weights});
  const std::int64_t side = perceptor->input_size();
  const auto meaning = [&](const at::Tensor& picture) {
    const at::Tensor embedding = perceptor->embed_images(lanczos_resize(picture, side, side));
    return embedding / embedding.norm();
  };
  const auto off = [&](const Pair& pair) {
    return root_mean_square(meaning(pair.after) - meaning(slid(pair.before)));
  };
  // From noise, there is nothing to hold on to before the move.
  Words from_noise = slide();
  from_noise.push_back("init_image=");
  const Pair free = frames(from_noise), bound = held(from_noise, "semantic_stabilization_weight=20");
  EXPECT_TRUE(at::equal(bound.before, free.before));
  EXPECT_LT(part_left(off, free, bound), 0.7);
}

TEST(Stabilisation, OfDepth) {
  engine::HostServices host(host_options());
  const auto estimator = make<DepthEstimator>(plugins().find(DepthEstimator::kKind, "tiny_depth"), host);
  const auto off = [&](const Pair& pair) {
    return root_mean_square(estimator->estimate(pair.after) - estimator->estimate(slid(pair.before)));
  };
  // At a higher rate, what the optimiser overshoots by covers up what the weight does.
  Words slowly = slide();
  slowly.push_back("learning_rate=0.01");
  const Pair free = frames(slowly, 32);
  EXPECT_LT(part_left(off, free, held(slowly, "depth_stabilization_weight=1", 32)), 0.5);
}

TEST(Stabilisation, OfEdges) {
  const auto edges = [](const at::Tensor& picture) {
    const at::Tensor grey =
        picture.select(1, 0) * 0.299 + picture.select(1, 1) * 0.587 + picture.select(1, 2) * 0.114;
    return at::cat({(grey.slice(2, 1) - grey.slice(2, 0, -1)).flatten(),
                    (grey.slice(1, 1) - grey.slice(1, 0, -1)).flatten()});
  };
  const auto off = [&](const Pair& pair) {
    return root_mean_square(edges(pair.after) - edges(slid(pair.before)));
  };
  EXPECT_LT(part_left(off, free_slide(), held(slide(), "edge_stabilization_weight=1000")), 0.5);
}

// All is 32 pixels away, half of the picture's height: the camera's step moves every pixel by the same three.
// The loss sees the flow by horn_schunck.
TEST(Stabilisation, OfFlowIn3D) {
  const double step = 3 / (std::tan(std::acos(-1) / 3) * 95 / 96);
  const at::Tensor wanted = at::tensor({3.0, 0.0}).view({1, 2, 1, 1});
  engine::HostServices host(host_options());
  const auto estimator = make<FlowEstimator>(plugins().find(FlowEstimator::kKind, "dis"), host);
  const auto off = [&](const Pair& pair) {
    const at::Tensor difference = estimator->estimate(pair.before, pair.after) - wanted;
    return root_mean_square(difference.slice(2, 6, -6).slice(3, 6, -6));
  };
  const Words truck = {"animation_mode=3D", "translate_x=" + std::to_string(step),
                       "lock_camera=false", "near_plane=31.99",
                       "far_plane=32.01",   "depth_model=tiny_depth"};
  const Pair free = frames(truck, 40);
  const Pair bound = held(truck, "flow_stabilization_weight=1", 40);
  EXPECT_TRUE(at::equal(bound.before, free.before)) << "before the move there is no flow";
  EXPECT_LT(part_left(off, free, bound), 0.9);
}

double psnr(const at::Tensor& a, const at::Tensor& b) { return -20 * std::log10(root_mean_square(a - b)); }

// Before the first move, and where there is none: what a run starts from is what it holds on to.
TEST(Stabilisation, HoldsOnToTheInitImageFromTheFirstStep) {
  const at::Tensor start = read_picture(clips() / "square.mkv");
  const auto distance = [&](const Words& more) {
    const Scratch folder;
    Words words = {"scenes=a red heart",
                   "init_image=" + (clips() / "square.mkv").string(),
                   "perceptors=" + shipped_model(),
                   "width=" + std::to_string(start.size(3)),
                   "height=" + std::to_string(start.size(2)),
                   "cutouts=2",
                   "pre_animation_steps=50",
                   "steps_per_scene=12",
                   "save_every=12",
                   "seed=3"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = render(folder.path(), words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return psnr(rendered(folder, 1), start);
  };
  const double free = distance({"animation_mode=off"});
  for (const std::string mode : {"animation_mode=off", "animation_mode=2D"}) {
    EXPECT_GT(distance({mode, "direct_stabilization_weight=1000"}), free + 3) << mode;
    EXPECT_GT(distance({mode, "edge_stabilization_weight=3000"}), free + 1) << mode;
  }
  for (const std::string weight : {"semantic_stabilization_weight=20", "depth_stabilization_weight=20"})
    EXPECT_NE(distance({"animation_mode=off", weight}), free) << weight;
  EXPECT_EQ(distance({"animation_mode=off", "flow_stabilization_weight=9"}), free) << "there is no flow";
}

// The first frame of a video is as near to its picture as those after the moves.
TEST(Stabilisation, HoldsOnToTheFirstFrameOfAVideo) {
  const Scratch folder;
  const Outcome outcome = render(
      folder.path(), {"scenes=a red heart", "animation_mode=Video Source",
                      "video_path=" + (clips() / "square.mkv").string(), "perceptors=" + shipped_model(),
                      "width=96", "height=64", "cutouts=2", "steps_per_frame=6", "pre_animation_steps=6",
                      "steps_per_scene=18", "save_every=6", "direct_stabilization_weight=1000", "seed=3"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  std::vector<double> off;
  for (int i = 0; i < 3; ++i) {
    const at::Tensor frame = lanczos_resize(read_picture(clips() / "square.mkv", i), 64, 96);
    off.push_back(root_mean_square(rendered(folder, i + 1) - frame));
  }
  EXPECT_LT(off[0], 1.5 * std::max(off[1], off[2]));
}

// A run that was continued before its first move still holds on to the same.
TEST(Stabilisation, OfTheStartGoesOnAfterARestore) {
  Words words = {"scenes=a red heart",
                 "init_image=" + (clips() / "square.mkv").string(),
                 "animation_mode=2D",
                 "perceptors=" + shipped_model(),
                 "width=48",
                 "height=32",
                 "cutouts=2",
                 "pre_animation_steps=50",
                 "steps_per_scene=8",
                 "save_every=4",
                 "direct_stabilization_weight=100",
                 "semantic_stabilization_weight=3",
                 "seed=3"};
  const Scratch whole, cut;
  ASSERT_EQ(render(whole.path(), words).status, 0);
  words.push_back("steps_per_scene=4");
  ASSERT_EQ(render(cut.path(), words).status, 0);
  words.back() = "steps_per_scene=8";
  words.push_back("restore=true");
  ASSERT_EQ(render(cut.path(), words).status, 0);
  EXPECT_TRUE(at::equal(rendered(cut, 2), rendered(whole, 2)));
}

// The clip's square goes right by 3 and down by 1 over a still ground.
TEST(Stabilisation, OfFlowInVideos) {
  const auto square = [](const Pair& pair) {
    return root_mean_square(pair.after.slice(2, 20, 38).slice(3, 26, 44) -
                            pair.before.slice(2, 19, 37).slice(3, 23, 41));
  };
  const auto ground = [](const Pair& pair) {
    return root_mean_square(pair.after.slice(3, 60) - pair.before.slice(3, 60));
  };
  const Words follow = {"animation_mode=Video Source", "reencode_each_frame=false",
                        "video_path=" + (clips() / "square.mkv").string()};
  const Pair free = frames(follow), all = held(follow, "flow_stabilization_weight=100");
  EXPECT_LT(part_left(square, free, all), 0.7);
  EXPECT_LT(part_left(ground, free, all), 0.7);
  const Pair masked = held(follow, "flow_stabilization_weight=100_left.png");
  EXPECT_LT(part_left(square, free, masked), 0.7);
  EXPECT_GT(part_left(ground, free, masked), 0.9);
}

}  // namespace
}  // namespace reverie::test
