#include "reverie/viewer.h"

#include <thread>

#include "conformance/promise.h"
#include "conformance/tensors.h"
#include "engine/run_control.h"
#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

using State = RunUpdate::State;
using Kind = RunUpdate::Loss::Kind;

class ViewerConformance : public testing::TestWithParam<std::string> {
 protected:
  ViewerConformance() : host_(host_options()) {}

  std::shared_ptr<Viewer> viewer(std::int64_t done = 0) {
    const PluginFile& plugin = plugins().find(Viewer::kKind, GetParam());
    return create<Viewer>(plugin, host_, usual_params(plugin),
                          {folder_ / "out",
                           "name",
                           R"({"scenes": "x"})",
                           {"a hill | a lake", "красное сердце"},
                           100,
                           done,
                           &control_});
  }

  static RunUpdate::Step step(std::int64_t number) {
    return {number,
            0.1 * static_cast<double>(number),
            number / 60,
            0.5,
            {{"a hill", 0.9, Kind::prompt, 0.5},
             {"a hill", 1.1, Kind::prompt, 1},
             {"crossing / out \x1b[2J\n\"quoted\"", -0.2, Kind::picture},
             {"not UTF-8: \xff", 1e-30}}};
  }

  /// Brings the updates as the host does: on a thread of the viewer's, each when the one before has been
  /// taken.
  static void bring(Viewer& viewer, const std::vector<RunUpdate>& updates) {
    std::thread([&] {
      for (const RunUpdate& update : updates) EXPECT_NO_THROW(viewer.update(update));
    }).join();
  }

  static RunUpdate end(State state) {
    RunUpdate update;
    update.state = state;
    if (state == State::failed) update.message = "out of paint";
    return update;
  }

  TemporaryFolder folder_;
  engine::HostServices host_;
  engine::RequestedControl control_;
};

TEST_P(ViewerConformance, TakesWhateverARunMayTellAndLeavesThePictureAsItIs) {
  promise("update()", "takes every update; pictures are only read, files are called <base_name>_*");
  const auto it = viewer();
  EXPECT_FALSE(fs::exists(folder_ / "out")) << "nothing is written before the first update";
  const at::Tensor image = random_picture(31, 17, 1), palette = random_picture(5, 3, 2);
  const at::Tensor image_before = image.clone(), palette_before = palette.clone();
  std::vector<RunUpdate> updates(5);
  updates[0].steps = {step(1)};
  updates[1].steps = {step(2), step(5), step(70)};  // some are left out for one that is slow
  updates[1].picture = RunUpdate::Picture{70, image, palette};
  updates[2].saved = {{folder_ / "out/name_1.png", 1}, {folder_ / "out/name_step_70.png", 0}};
  updates[2].memory = {{"the image model", 1000, 2000}};
  updates[2].messages = {{LogLevel::warning, "the paint is wet"}};
  updates[3].picture = RunUpdate::Picture{71, random_picture(300, 1, 3), std::nullopt};
  updates[4] = end(State::finished);
  updates[4].steps = {step(72)};
  bring(*it, updates);
  EXPECT_TRUE(at::equal(image, image_before));
  EXPECT_TRUE(at::equal(palette, palette_before));
  EXPECT_FALSE(control_.paused() || control_.stopping()) << "nobody asked for that";
  if (!fs::exists(folder_ / "out")) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "out"))
    EXPECT_EQ(entry.path().filename().string().rfind("name_", 0), 0u) << entry.path();
}

TEST_P(ViewerConformance, TakesTheEndWithoutABeginning) {
  promise("update()", "the first update may be the last");
  for (const State state : {State::failed, State::interrupted, State::finished})
    bring(*viewer(), {end(state)});
}

TEST_P(ViewerConformance, GoesOnWithARestoredRun) {
  promise("update()", "a restored run begins at the steps done before");
  std::vector<RunUpdate> first(2), second(2);
  for (std::int64_t n = 1; n <= 20; ++n) first[0].steps.push_back(step(n));
  first[0].picture = RunUpdate::Picture{20, random_picture(16, 16, 1), std::nullopt};
  first[1] = end(State::interrupted);
  bring(*viewer(), first);
  second[0].steps = {step(11), step(12)};
  second[0].picture = RunUpdate::Picture{12, random_picture(16, 16, 2), std::nullopt};
  second[1] = end(State::finished);
  bring(*viewer(10), second);
}

INSTANTIATE_TEST_SUITE_P(All, ViewerConformance, testing::ValuesIn(names_of(Viewer::kKind)), name_as_is);

}  // namespace
}  // namespace reverie::test
