// Files of the reference's users as the real program renders them.

#include <cmath>

#include "cli/real_program.h"

namespace reverie::test {
namespace {

/// The models of these files are downloads.
Words with_our_model(const fs::path& file) {
  return {file.string(), "ViTB32=false", "perceptors=" + shipped_model()};
}

fs::path reference_file(const char* name) { return fs::path(REVERIE_REFERENCE_FILES) / name; }

std::string saved_by(const Scratch& scratch) {
  return read_bytes(scratch / "images_out/default/default_settings.txt");
}

TEST(ReferenceRuns, OfTheNotebook) {
  const Scratch scratch;
  const Outcome outcome = render(scratch.path(), with_our_model(reference_file("notebook_settings.txt")));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(scratch / "images_out/default/default_2.png"));
  const std::string saved = saved_by(scratch);
  EXPECT_TRUE(holds(saved, "\"seed\": 15291079827822783929")) << saved;
  EXPECT_FALSE(holds(saved, "resume")) << saved;
  // The seed's last digit counts, in what is drawn and not only in what is written.
  Words next = with_our_model(reference_file("notebook_settings.txt"));
  next.push_back("seed=15291079827822783928");
  ASSERT_EQ(render(scratch.path(), next).status, 0);
  EXPECT_NE(read_bytes(scratch / "images_out/default/default_1.png"),
            read_bytes(scratch / "images_out/default/default(1)_1.png"));
}

TEST(ReferenceRuns, ThatKeepAllBackups) {
  const Scratch scratch;
  Words words = with_our_model(reference_file("notebook_all_backups.txt"));
  words.push_back("save_every=1");
  ASSERT_EQ(render(scratch.path(), words).status, 0);
  for (int i = 1; i <= 4; ++i)
    EXPECT_TRUE(fs::exists(scratch / ("backup/default/default_" + std::to_string(i) + ".bak"))) << i;
  EXPECT_TRUE(holds(saved_by(scratch), "\"backups\": \"all\""));
}

TEST(ReferenceRuns, OfThePortableProgramSaveAFrameForEachMove) {
  const Scratch scratch;
  const Outcome outcome = render(scratch.path(), with_our_model(reference_file("portable_preset.yaml")));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  // 12 steps, of 3 for a frame.
  EXPECT_TRUE(fs::exists(scratch / "images_out/default/default_4.png")) << outcome.err;
  EXPECT_FALSE(fs::exists(scratch / "images_out/default/default_5.png"));
}

/// Zeros that the reference takes.
TEST(ReferenceRuns, OfZeros) {
  const Scratch scratch;
  EXPECT_EQ(
      render(scratch.path(), tiny("red", {"image_model=Limited Palette", "gamma=0", "steps_per_scene=2"}))
          .status,
      0);
  const Outcome flight = render(
      scratch.path(), tiny("red", {"animation_mode=3D", "near_plane=0", "lock_camera=1", "translate_z_3d=50",
                                   "steps_per_frame=1", "pre_animation_steps=1", "steps_per_scene=3"}));
  EXPECT_EQ(flight.status, 0) << flight.err;
}

/// Distance of two pictures' mean colours, 0..255.
double distance(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

TEST(InitWeights, HoldOnToTheFirstFrameOfAVideo) {
  const Scratch scratch;
  const std::string clip = std::string(REVERIE_SAMPLES) + "/clip.mkv";
  const auto mean_of = [&](const std::string& name, const Words& more) {
    Words words = tiny("red", {"animation_mode=Video Source", "video_path=" + clip, "width=48", "height=-1",
                               "pre_animation_steps=12", "steps_per_frame=12", "steps_per_scene=12",
                               "learning_rate=0.2", "file_namespace=" + name});
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = render(scratch.path(), words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return read_png(scratch / ("images_out/" + name + "/" + name + "_1.png")).mean;
  };
  // As if a picture of the first frame were named.
  const auto held = mean_of("held", {"direct_init_weight=20"}),
             named = mean_of("named", {"direct_init_weight=20", "init_image=" + clip}),
             free = mean_of("free", {});
  EXPECT_LT(distance(held, named), 0.5);
  EXPECT_GT(distance(held, free), 3) << "the weight acts";
}

TEST(InitWeights, WithoutAnInitImageAreSaidToHaveNoEffect) {
  const Scratch scratch;
  for (const char* weight : {"direct_init_weight=1", "semantic_init_weight=1"}) {
    const Outcome outcome = run(command("config", tiny("red", {weight})), scratch.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, std::string(weight).substr(0, std::string(weight).size() - 2)) &&
                holds(outcome.err, "no effect"))
        << outcome.err;
  }
  const Outcome missing = run(command("check", tiny("red", {"animation_mode=Video Source",
                                                            "video_path=gone.mp4", "direct_init_weight=1"})),
                              scratch.path());
  EXPECT_EQ(missing.status, 2);
  EXPECT_TRUE(holds(missing.err, "'video_path': there is no file 'gone.mp4'")) << missing.err;
}

}  // namespace
}  // namespace reverie::test
