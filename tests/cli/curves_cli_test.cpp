// Keyframes in settings files, what `reverie curves` shows of them, and what a run makes of them.

#include <sstream>

#include "cli/real_program.h"

namespace reverie::test {
namespace {

/// Rows of a table without commas in its cells.
std::vector<std::vector<std::string>> cells(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string>& row = rows.emplace_back();
    std::istringstream all(line);
    for (std::string cell; std::getline(all, cell, ',');) row.push_back(cell);
  }
  return rows;
}

constexpr const char* kFlight = R"(scenes: a hill
animation_mode: 2D
pre_animation_steps: 2
steps_per_frame: 1
steps_per_scene: 14
frames_per_second: 4
bpm: 60
rotate_2d: '0:(1), 10:(6)'
translate_x:
  - {frame: 0, value: 0, ease: in_quad}
  - {frame: 10, value: 100}
translate_y: {0: 0, 2.5s: 30}
zoom_x_2d: beat*scene + p
)";

TEST(Curves, AreWhatKeyframesSayFrameByFrame) {
  const Scratch folder;
  folder.write("flight.yaml", kFlight);
  const Outcome outcome = run(command("curves", {"flight.yaml"}), folder.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto rows = cells(outcome.out);
  ASSERT_EQ(rows.size(), 1 + 13u) << outcome.out;  // frame 0 of two steps, and twelve of one
  const auto column = [&](const std::string& name) {
    const auto found = std::find(rows[0].begin(), rows[0].end(), "\"" + name + "\"");
    EXPECT_NE(found, rows[0].end()) << outcome.out;
    return static_cast<std::size_t>(found - rows[0].begin());
  };
  const std::size_t turn = column("rotate_2d"), right = column("translate_x"), down = column("translate_y"),
                    zoom = column("zoom_x_2d");
  for (std::size_t row = 2; row < rows.size(); ++row) {
    const double f = static_cast<double>(row) - 2, end = std::min(f, 10.0);
    EXPECT_NEAR(std::stod(rows[row][1]), f / 4, 1e-6) << row;
    EXPECT_NEAR(std::stod(rows[row][turn]), 1 + end / 2, 1e-6) << row;
    EXPECT_NEAR(std::stod(rows[row][right]), end * end, 1e-6) << row;
    EXPECT_NEAR(std::stod(rows[row][down]), 3 * end, 1e-6) << row;  // 2.5 s are 10 frames
    EXPECT_NEAR(std::stod(rows[row][zoom]), (f + 2) / 14, 1e-6) << row;
  }
  const Outcome drawn = run(command("curves", {"flight.yaml", "--svg=flight.svg"}), folder.path());
  ASSERT_EQ(drawn.status, 0) << drawn.err;
  // One file holds one drawing, and no other command makes one.
  for (const Words& words : {command("curves", {"flight.yaml", "flight.yaml", "--svg=two.svg"}),
                             command("render", {"flight.yaml", "--svg=two.svg"})})
    EXPECT_EQ(run(words, folder.path()).status, 2);
  EXPECT_FALSE(fs::exists(folder / "two.svg"));
  const std::string drawing = read_bytes(folder / "flight.svg");
  std::size_t lines = 0;
  for (std::size_t at = drawing.find("<polyline"); at != std::string::npos;
       at = drawing.find("<polyline", at + 1))
    ++lines;
  EXPECT_EQ(lines, 4u);
}

TEST(Curves, LeaveOutWhatOnlyTheRunKnows) {
  const Scratch folder;
  const Outcome outcome =
      run(command("curves", {"scenes=a hill:[0: 1, 1: 0]", "animation_mode=3D", "translate_z_3d=mu/8"}),
          folder.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "translate_z_3d")) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "scene 1")) << outcome.out;
}

TEST(Keyframes, OutOfRangeAreNamedWithTheirMoment) {
  const Scratch folder;
  const Outcome outcome = run(command("check", tiny("red", {"steps_per_frame=1", "pre_animation_steps=0",
                                                            "learning_rate=0: 0.1, 3: -0.2"})),
                              folder.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "'learning_rate'")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "step 2")) << outcome.err;  // 0.1, 0, ...
}

TEST(Keyframes, MistakesInListsNameWhatIsMissing) {
  const Scratch folder;
  folder.write("list.yaml",
               "scenes: a hill\nanimation_mode: 2D\nrotate_2d:\n  - {frame: 0, value: 1}\n  - {frame: 3}\n");
  const Outcome outcome = run(command("check", {"list.yaml"}), folder.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "'value'")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "list.yaml:3")) << outcome.err;
}

// Keyframes that say the same as a number make the same picture; a prompt that is faded out at once is as if
// it were not there.
TEST(Keyframes, MakeThePicturesThatTheirValuesMake) {
  const auto picture = [](const std::string& scenes, const Words& more) {
    const Scratch folder;
    const Outcome outcome = run(command("render", tiny(scenes, more)), folder.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return read_png(folder / "images_out/default/default_1.png").pixels;
  };
  const auto plain = picture("red", {"learning_rate=0.05"});
  EXPECT_EQ(plain, picture("red", {"learning_rate=0: 0.05, 60: 0.05"}));
  EXPECT_NE(plain, picture("red", {"learning_rate=-1: 0.05, -0.9: 0.5"}));
  EXPECT_EQ(picture("red | blue:0", {}), picture("red:[0: 1, 9: 1] | blue:[-9: 0, 9: 0]", {}));
}

}  // namespace
}  // namespace reverie::test
