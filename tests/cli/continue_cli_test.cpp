// Which run is continued, what its settings may still change, and names that runs do not share.

#include <thread>

#include "cli/real_program.h"
#include "support/png_pictures.h"

namespace reverie::test {
namespace {

constexpr const char* kSettings = "images_out/default/default_settings.txt";

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

void write_picture(const fs::path& path, unsigned char grey) {
  write_png(path, 8, 8, std::vector<unsigned char>(64, grey));
}

TEST(Restore, WhatOnlyActsAtTheStartIsToldAndStaysAsItWas) {
  const Scratch scratch;
  write_picture(scratch / "a.png", 100);
  write_picture(scratch / "b.png", 200);
  const Words words = tiny("red", {"image_model=limited_palette", "save_every=2", "init_image=a.png"});
  ASSERT_EQ(render(scratch.path(), words).status, 0);
  Words again = words;
  again.insert(again.end(), {"--restore", "steps_per_scene=6"});
  const Outcome same = render(scratch.path(), again);
  EXPECT_EQ(same.status, 0) << same.err;
  EXPECT_FALSE(holds(same.err, "no effect")) << same.err;
  EXPECT_TRUE(fs::exists(scratch / "images_out/default/default_3.png"));

  again.insert(again.end(), {"steps_per_scene=8", "SEED=5", "init_image=b.png", "target_pallete=b.png",
                             "lock_palette=true", "random_initial_palette=true"});
  const Outcome other = render(scratch.path(), again);
  EXPECT_EQ(other.status, 0) << other.err;
  for (const char* line : {"seed has no effect on a restored run: its random state continues",
                           "init_image has no effect on a restored run: its picture continues",
                           "target_palette has no effect on a restored run: its palette continues",
                           "lock_palette has no effect on a restored run: its palette continues",
                           "random_initial_palette has no effect on a restored run: its palette continues"})
    EXPECT_EQ(count(other.err, line), 1) << line << " in\n" << other.err;
  EXPECT_TRUE(fs::exists(scratch / "images_out/default/default_4.png"));
  const std::string saved = read_bytes(scratch / kSettings);
  for (const char* line :
       {"\"seed\": 1,", "\"init_image\": \"a.png\"", "\"target_palette\": \"\"", "\"lock_palette\": false",
        "\"random_initial_palette\": false", "\"steps_per_scene\": 8"})
    EXPECT_TRUE(holds(saved, line)) << line << " in\n" << saved;
}

TEST(Restore, ASeedFromTheClockIsNoneThatIsMissed) {
  const Scratch scratch;
  scratch.write("run.yaml",
                "scenes: red\nwidth: 8\nheight: 8\ncutouts: 1\nsteps_per_scene: 2\nseed: ${now:%f}\n"
                "perceptors: " +
                    shipped_model() + "\n");
  ASSERT_EQ(render(scratch.path(), {"run.yaml"}).status, 0);
  const std::string saved = read_bytes(scratch / kSettings);
  const Outcome outcome = render(scratch.path(), {"run.yaml", "--restore"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_FALSE(holds(outcome.err, "no effect")) << outcome.err;
  EXPECT_EQ(read_bytes(scratch / kSettings), saved);
}

TEST(Restore, OfARunThatIsFinishedSaysSo) {
  const Scratch scratch;
  ASSERT_EQ(render(scratch.path(), tiny("red")).status, 0);
  const Words before = files_below(scratch.path());
  const Outcome again = render(scratch.path(), tiny("red", {"--restore"}));
  EXPECT_EQ(again.status, 0) << again.err;
  for (const char* part : {"'default' was finished already, after 4 steps", "steps_per_scene"})
    EXPECT_TRUE(holds(again.err, part)) << part << " in\n" << again.err;
  EXPECT_EQ(files_below(scratch.path()), before);
  const Outcome longer = render(scratch.path(), tiny("red", {"--restore", "steps_per_scene=5"}));
  EXPECT_FALSE(holds(longer.err, "finished already")) << longer.err;
}

TEST(Restore, SeveralRunsOfOneNamespaceAreRefused) {
  const Scratch scratch;
  const Words words = tiny("red", {"steps_per_scene=2"});
  ASSERT_EQ(render(scratch.path(), words).status, 0);
  const Words before = files_below(scratch.path());
  Words sweep = words;
  sweep.insert(sweep.end(), {"-m", "cut_pow=1,2", "restore=true"});
  const Outcome outcome = render(scratch.path(), sweep);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err,
                    "'restore' continues one run of a file_namespace, but [cut_pow=1] and "
                    "[cut_pow=2] are both in 'default'"))
      << outcome.err;
  EXPECT_EQ(files_below(scratch.path()), before);

  // In folders of their own there is no doubt.
  Words apart = words;
  apart.insert(apart.end(), {"-m", "file_namespace=a,b"});
  ASSERT_EQ(render(scratch.path(), apart).status, 0);
  apart.insert(apart.end(), {"--restore", "steps_per_scene=3"});
  const Outcome both = render(scratch.path(), apart);
  EXPECT_EQ(both.status, 0) << both.err;
  for (const char* base : {"a", "b"})
    EXPECT_TRUE(holds(both.err, "continuing '" + std::string(base) + "' from its backup number 1"))
        << both.err;
}

TEST(Restore, TakesTheRunThatWroteLast) {
  const Scratch scratch;
  const auto at = [&](const std::string& base, int minute) {
    fs::last_write_time(scratch / ("backup/default/" + base + "_1.bak"),
                        fs::file_time_type(std::chrono::hours(150'000) + std::chrono::minutes(minute)));
  };
  ASSERT_EQ(render(scratch.path(), tiny("red", {"steps_per_scene=2"})).status, 0);
  ASSERT_EQ(render(scratch.path(), tiny("red", {"steps_per_scene=2"})).status, 0);
  at("default", 2);
  at("default(1)", 1);
  const Outcome outcome = render(scratch.path(), tiny("red", {"steps_per_scene=3", "restore=true"}));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "continuing 'default' from its backup number 1")) << outcome.err;
}

TEST(Names, RunsThatStartTogetherDoNotShareThem) {
  const Scratch scratch;
  std::array<Outcome, 3> outcomes;
  std::vector<std::thread> runs;
  for (Outcome& outcome : outcomes)
    runs.emplace_back([&] { outcome = render(scratch.path(), tiny("red", {"steps_per_scene=2"})); });
  for (std::thread& run : runs) run.join();
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(files_below(scratch.path()),
            (Words{"backup/default/default(1)_1.bak", "backup/default/default(2)_1.bak",
                   "backup/default/default_1.bak", "images_out/default/default(1)_1.png",
                   "images_out/default/default(1)_settings.txt", "images_out/default/default(2)_1.png",
                   "images_out/default/default(2)_settings.txt", "images_out/default/default_1.png",
                   "images_out/default/default_settings.txt"}));
}

}  // namespace
}  // namespace reverie::test
