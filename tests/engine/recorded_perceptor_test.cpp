// Recorded perceptors, with recordings that do their work again on the CPU.

#include "engine/recorded_perceptor.h"

#include <ATen/core/grad_mode.h>

#include "engine/host_services.h"
#include "engine/studio.h"
#include "log/log.h"

namespace reverie::test {
namespace {

struct Tape : engine::Recording {
  std::function<void()> work;
  void replay() override {
    const at::AutoGradMode as_when_it_was_recorded(true);
    work();
  }
};
int recordings = 0;

void record(const std::function<void()>& work, std::unique_ptr<engine::Recording>& recording) {
  ++recordings;
  for (int i = 0; i < 3; ++i) work();
  auto tape = std::make_unique<Tape>();
  tape->work = work;
  recording = std::move(tape);
}
/// Whose replay does nothing: the result stays that of the recording.
void record_once(const std::function<void()>& work, std::unique_ptr<engine::Recording>& recording) {
  work();
  auto tape = std::make_unique<Tape>();
  tape->work = [] {};
  recording = std::move(tape);
}
void fail(const std::function<void()>&, std::unique_ptr<engine::Recording>&) {
  TORCH_CHECK(false, "operation not permitted when stream is capturing");
}
void run_out(const std::function<void()>&, std::unique_ptr<engine::Recording>&) {
  throw c10::OutOfMemoryError({__func__, __FILE__, __LINE__}, "CUDA out of memory.");
}

/// A perceptor that is not linear.
class Squares final : public Perceptor {
 public:
  std::int64_t input_size() const override { return 4; }
  std::int64_t embedding_size() const override { return 3; }
  at::Tensor embed_images(const at::Tensor& images) override {
    ++looks;
    return images.square().mean({2, 3}) + images.sum({1, 2, 3}).sin().unsqueeze(1);
  }
  at::Tensor embed_texts(const std::vector<std::string>&) override { return {}; }
  int looks = 0;
};

struct RecordedPerceptor : testing::Test {
  engine::HostServices host{{"cpu", 3, "", ""}};
  std::shared_ptr<Squares> squares = std::make_shared<Squares>();
  std::vector<std::string> warnings;
  void SetUp() override {
    recordings = 0;
    log::set_log_listener([this](LogLevel level, std::string_view text) {
      if (level == LogLevel::warning) warnings.emplace_back(text);
      return true;
    });
  }
  void TearDown() override { log::set_log_listener({}); }

  /// Whether embeddings and gradients are those of the perceptor itself.
  void expect_the_perceptors(Perceptor& perceptor, std::int64_t count, std::uint64_t seed) {
    const at::Tensor pictures = at::rand({count, 3, 4, 4}, seeded(seed)),
                     mix = at::rand({count, 3}, seeded(seed + 1));
    Squares plain;
    const at::Tensor one = pictures.clone().set_requires_grad(true),
                     other = pictures.clone().set_requires_grad(true);
    const at::Tensor seen = perceptor.embed_images(one), expected = plain.embed_images(other);
    EXPECT_LT(largest(seen - expected), 1e-6);
    (seen * mix).sum().backward();
    (expected * mix).sum().backward();
    EXPECT_LT(largest(one.grad() - other.grad()), 1e-6);
  }
};

TEST_F(RecordedPerceptor, IsThePerceptorForEachNumberOfCutouts) {
  const auto perceptor = engine::recorded(squares, "squares", host, record);
  for (std::uint64_t seed = 1; seed < 4; ++seed)
    for (const std::int64_t count : {5, 2}) expect_the_perceptors(*perceptor, count, seed);
  EXPECT_EQ(recordings, 4) << "forward and back, of two numbers";
  EXPECT_TRUE(warnings.empty());
}

TEST_F(RecordedPerceptor, IsNotRecordedWhereNoGradientIsWanted) {
  const auto perceptor = engine::recorded(squares, "squares", host, record);
  perceptor->embed_images(at::rand({2, 3, 4, 4}));
  EXPECT_EQ(recordings, 0);
  EXPECT_EQ(squares->looks, 1);
}

TEST_F(RecordedPerceptor, ForgetsTheOldest) {
  const auto perceptor = engine::recorded(squares, "squares", host, record);
  const auto most = static_cast<std::int64_t>(engine::kMostRecordings);
  for (std::int64_t count = 1; count <= most + 1; ++count) expect_the_perceptors(*perceptor, count, 1);
  recordings = 0;
  expect_the_perceptors(*perceptor, most + 1, 2);
  EXPECT_EQ(recordings, 0);
  expect_the_perceptors(*perceptor, 1, 2);
  EXPECT_EQ(recordings, 2);
}

TEST_F(RecordedPerceptor, WhatFailsOrDiffersIsLeftOutWithOneWarning) {
  for (engine::RecordWork* wrong : {&record_once, &fail}) {
    warnings.clear();
    const auto perceptor = engine::recorded(squares, "squares", host, *wrong);
    for (std::uint64_t seed = 1; seed < 4; ++seed) expect_the_perceptors(*perceptor, 3, seed);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].find("squares"), std::string::npos) << warnings[0];
  }
}

TEST_F(RecordedPerceptor, OutOfMemoryIsForTheCaller) {
  const auto perceptor = engine::recorded(squares, "squares", host, run_out);
  EXPECT_THROW(perceptor->embed_images(at::rand({2, 3, 4, 4}).set_requires_grad(true)),
               c10::OutOfMemoryError);
}

TEST_F(RecordedPerceptor, ARunIsTheSame) {
  const std::string run =
      "scenes=red | green:0.5;steps_per_scene=6;cutouts=2 + 2*(f // "
      "2);steps_per_frame=1;pre_animation_steps=0";
  Studio plain(run), taped(run);
  taped.ensemble.perceptors[0].instance = engine::recorded(taped.sense, "colour_sense", host, record);
  plain.run();
  taped.run();
  EXPECT_TRUE(at::equal(plain.model->pixels_, taped.model->pixels_));
  EXPECT_GT(recordings, 2);
}

}  // namespace
}  // namespace reverie::test
