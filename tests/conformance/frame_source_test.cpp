#include "reverie/frame_source.h"

#include "conformance/promise.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

/// Over the file of tests/conformance/samples that the source accepts.
class FrameSourceConformance : public testing::TestWithParam<std::string> {
 protected:
  FrameSourceConformance() : host_(host_options()) {}

  const PluginFile& plugin() const { return plugins().find(FrameSource::kKind, GetParam()); }
  std::shared_ptr<FrameSource> source(const fs::path& path, double frames_per_second = 0) {
    return create<FrameSource>(plugin(), host_, usual_params(plugin()), {path, frames_per_second});
  }
  std::shared_ptr<FrameSource> source() { return source(sample_for(plugin())); }
  /// By reading, as not every file says.
  static std::int64_t count(FrameSource& source) {
    std::int64_t frames = 0;
    while (frames < 10000 && source.read(frames)) ++frames;
    return frames;
  }

  engine::HostServices host_;
};

TEST_P(FrameSourceConformance, FramesAreWhatInfoSays) {
  promise("read()", "frames [1, 3, H, W] 0..1 of info().size on the CPU, as many as info() says");
  const auto it = source();
  const FrameSource::Info info = it->info();
  ASSERT_GT(info.size.width, 0);
  ASSERT_GT(info.size.height, 0);
  const std::int64_t frames = count(*it);
  EXPECT_GT(frames, 0);
  EXPECT_EQ(info.frames.value_or(frames), frames);
  for (std::int64_t i = 0; i < std::min<std::int64_t>(frames, 5); ++i) {
    const std::optional<at::Tensor> frame = it->read(i);
    ASSERT_TRUE(frame) << i;
    EXPECT_TRUE(is_plane(*frame, {1, 3, info.size.height, info.size.width}, 0, 1)) << i;
    EXPECT_TRUE(frame->device().is_cpu());
    EXPECT_FALSE(frame->requires_grad());
  }
}

TEST_P(FrameSourceConformance, PastTheEndThereIsNothing) {
  promise("read()", "nothing past the end");
  const auto it = source();
  const std::int64_t frames = count(*it);
  for (const std::int64_t index : {frames, frames + 1, frames + 1000000})
    EXPECT_FALSE(it->read(index)) << index;
  EXPECT_FALSE(it->read(-1));
  EXPECT_TRUE(it->read(0)) << "and the way back is open";
}

TEST_P(FrameSourceConformance, AnyOrderGivesTheSameFrames) {
  promise("read()", "any order of indexes is allowed");
  const auto it = source();
  const std::int64_t frames = std::min<std::int64_t>(count(*it), 8);
  std::vector<at::Tensor> forward;
  for (std::int64_t i = 0; i < frames; ++i) forward.push_back(it->read(i)->clone());
  for (std::int64_t i = frames - 1; i >= 0; --i)
    EXPECT_TRUE(at::equal(*it->read(i), forward[static_cast<std::size_t>(i)])) << i;
}

TEST_P(FrameSourceConformance, FramesHandedOutAreNotTouchedAgain) {
  promise("read()", "a frame that was handed out belongs to whoever has it");
  const auto it = source();
  at::Tensor first = *it->read(0);
  const at::Tensor copy = first.clone();
  it->read(1);
  EXPECT_TRUE(at::equal(first, copy));
  first.zero_();
  EXPECT_TRUE(at::equal(*it->read(0), copy));
}

TEST_P(FrameSourceConformance, RateIsThatAskedFor) {
  promise("info()", "frames_per_second is the rate asked for; 0 for a still");
  const FrameSource::Info info = source(sample_for(plugin()), 10)->info();
  // A still has none.
  EXPECT_TRUE(info.frames_per_second == 10 || info.frames_per_second == 0) << info.frames_per_second;
}

TEST_P(FrameSourceConformance, AcceptsOnlyWhatItCanRead) {
  promise("accepts()", "false for files that it cannot read");
  ASSERT_TRUE(plugin().load().accepts);
  TemporaryFolder folder;
  for (const char* name : {"a.unknown kind", "no extension", ""}) {
    const fs::path path = folder / name;
    EXPECT_FALSE(plugin().load().accepts(&path)) << name;
  }
}

TEST_P(FrameSourceConformance, UnreadableFilesAreErrorsThatNameThem) {
  promise("its constructor", "throws Error(file), naming the file, when it cannot read it");
  TemporaryFolder folder;
  const std::string extension = sample_for(plugin()).extension().string();
  const fs::path missing = folder / ("missing" + extension), empty = folder / ("empty" + extension),
                 damaged = folder / ("damaged" + extension);
  std::ofstream{empty};
  std::ofstream(damaged) << "nothing that anybody could read";
  for (const fs::path& path : {missing, empty, damaged}) {
    const Error error = error_of([&] { source(path); });
    EXPECT_EQ(error.kind(), ErrorKind::file);
    EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(All, FrameSourceConformance, testing::ValuesIn(names_of(FrameSource::kKind)),
                         name_as_is);

}  // namespace
}  // namespace reverie::test
