// `reverie check --ranks`: how fast a run over ranks would be.

#include "distributed/shared_runs.h"

namespace reverie::test {
namespace {

/// The numbers that `reverie check --ranks` prints, by the words before them.
struct Forecast {
  double serial = 0, parallel = 0, share = 1, transfer = 0, bytes = 0, step = 0, memory = 0;
};

double number_behind(const std::string& text, const std::string& words) {
  const std::size_t at = text.find(words);
  EXPECT_NE(at, std::string::npos) << words << " in\n" << text;
  return at == std::string::npos ? 0 : std::stod(text.substr(at + words.size()));
}

Forecast forecast(const Words& words) {
  const Scratch folder;
  const Outcome outcome = run(command("check", words), folder.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(fs::is_empty(folder.path()));
  const std::string& text = outcome.out;
  Forecast found{number_behind(text, "which every rank does: "), number_behind(text, "the cutouts: "),
                 number_behind(text, "the largest share is ") / 100};
  if (holds(text, "transfer: ")) {
    found.transfer = number_behind(text, "transfer: ");
    found.bytes = number_behind(text, " s for ");
  }
  found.step = number_behind(text, "predicted step: ");
  found.memory = number_behind(text, "memory of each rank: about ");
  return found;
}

// Figures are printed with four digits.
constexpr double kRounding = 2e-3;

TEST(RankForecast, is_the_sum_of_its_parts) {
  const Words words = tiny("a heart | a sky", {"cutouts=19", "steps_per_scene=20"});
  const Forecast one = forecast(with(words, {"--ranks", "1"}));
  EXPECT_NEAR(one.step, one.serial + one.parallel, one.step * kRounding);
  EXPECT_EQ(one.share, 1);
  EXPECT_GT(one.serial, 0);
  EXPECT_GT(one.parallel, 0);
  const Forecast two = forecast(with(words, {"--ranks", "2", "--bandwidth", "0.1"}));
  // The gradient of 64 x 64 pixels and three numbers for each of the prompts, in single precision; 19 cutouts
  // in 16 groups are 9 and 10.
  EXPECT_EQ(two.bytes, 4 * (3 * 64 * 64 + 3 * 2));
  EXPECT_NEAR(two.transfer, two.bytes * 8 / 0.1e9, two.transfer * kRounding);
  EXPECT_NEAR(two.share, 10.0 / 19, kRounding);
  EXPECT_NEAR(two.step, two.serial + two.parallel * two.share + two.transfer, two.step * kRounding);
  // On this machine, where the exchange is tried.
  const Forecast here = forecast(with(words, {"--ranks", "2"}));
  EXPECT_GT(here.transfer, 0);
  EXPECT_NEAR(here.step, here.serial + here.parallel * here.share + here.transfer, here.step * kRounding);
}

TEST(RankForecast, of_one_rank_needs_the_memory_of_a_plain_run) {
  const Words words = tiny("a heart", {"cutouts=16", "steps_per_scene=20"});
  const Scratch folder;
  const Outcome plain = run(command("check", with(words, {"--memory", "cutout_groups=16"})), folder.path());
  const double memory = number_behind(plain.out, "peak memory: about ");
  EXPECT_NEAR(forecast(with(words, {"--ranks", "1"})).memory, memory, memory * 0.3) << plain.out;
}

TEST(RankForecast, refuses_what_render_refuses) {
  const Scratch folder;
  const Outcome many = run(command("check", tiny("a", {"--ranks", "4", "cutout_groups=2"})), folder.path());
  EXPECT_EQ(many.status, 2);
  EXPECT_TRUE(holds(many.err, "4 ranks") && holds(many.err, "2 groups")) << many.err;
  for (const Words& words :
       {Words{"--bandwidth", "1"}, {"--ranks", "2", "--bandwidth", "0"}, {"--ranks", "0"}})
    EXPECT_EQ(run(command("check", with(tiny("a"), words)), folder.path()).status, 2) << words.back();
}

}  // namespace
}  // namespace reverie::test
