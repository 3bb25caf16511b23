// The same command with --restore always works: whatever the run has left, nothing, too. And what it has left
// is trusted no more than a stranger's.

#include <sys/wait.h>

#include <csignal>
#include <thread>

#include "cli/real_program.h"
#include "engine/backup.h"
#include "engine/run_lock.h"

namespace reverie::test {
namespace {

constexpr const char* kImages = "images_out/default/";
constexpr const char* kBackups = "backup/default/";

/// The seed comes from the clock.
Words clocked(const Words& more = {}) {
  Words words = tiny("red", {"save_every=2", "--restore"});
  std::erase(words, "seed=1");
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string seed_line(const fs::path& settings) {
  const std::string text = read_bytes(settings);
  const std::size_t at = text.find("\"seed\"");
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

TEST(Restart, WithoutARunOneBegins) {
  const Scratch scratch;
  const Outcome outcome = render(scratch.path(), clocked());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "restore: ") && holds(outcome.err, "'default'")) << outcome.err;
  EXPECT_TRUE(fs::exists(scratch / (std::string(kImages) + "default_2.png")));
}

TEST(Restart, ARunThatEndedBeforeItsFirstBackupBeginsAgainAsItself) {
  const Scratch scratch;
  ASSERT_EQ(render(scratch.path(), clocked()).status, 0);
  const fs::path settings = scratch / (std::string(kImages) + "default_settings.txt");
  const fs::path picture = scratch / (std::string(kImages) + "default_2.png");
  const std::string seed = seed_line(settings), pixels = read_bytes(picture);
  // As it is when it is killed after its settings are written.
  fs::remove_all(scratch / "backup");
  for (const int number : {1, 2})
    fs::remove(scratch / (std::string(kImages) + "default_" + std::to_string(number) + ".png"));
  const Outcome outcome = render(scratch.path(), clocked());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "restore: the run 'default'")) << outcome.err;
  EXPECT_EQ(seed_line(settings), seed);
  EXPECT_TRUE(read_bytes(picture) == pixels);
  EXPECT_FALSE(fs::exists(scratch / (std::string(kImages) + "default(1)_settings.txt")));
}

/// Killed while its models are loaded, a run leaves the empty file that holds its name.
TEST(Restart, ANameThatWasOnlyReservedIsTakenAgain) {
  const Scratch scratch;
  fs::create_directories(scratch / kImages);
  scratch.write(std::string(kImages) + "default_settings.txt", "");
  const Outcome outcome = render(scratch.path(), clocked());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(scratch / (std::string(kImages) + "default_2.png"))) << outcome.err;
  EXPECT_FALSE(fs::exists(scratch / (std::string(kImages) + "default(1)_2.png")));
}

/// The newer run is continued, not the older one that has backups.
TEST(Restart, TheRunThatBeganLastCounts) {
  const Scratch scratch;
  ASSERT_EQ(render(scratch.path(), tiny("red", {"save_every=2"})).status, 0);
  ASSERT_EQ(render(scratch.path(), tiny("red", {"save_every=2", "seed=2"})).status, 0);
  for (const int number : {1, 2})
    fs::remove(scratch / (std::string(kBackups) + "default(1)_" + std::to_string(number) + ".bak"));
  const Outcome outcome = render(scratch.path(), clocked());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "restore: the run 'default(1)'")) << outcome.err;
  EXPECT_TRUE(fs::exists(scratch / (std::string(kBackups) + "default(1)_2.bak")));
}

/// Whatever comes first, they never make two runs of it.
TEST(Restart, TwoThatBeginOneRunExcludeEachOther) {
  const Scratch scratch;
  std::array<Outcome, 2> outcomes;
  std::vector<std::thread> runs;
  for (Outcome& outcome : outcomes)
    runs.emplace_back([&] { outcome = render(scratch.path(), clocked({"file_namespace=tw"})); });
  for (std::thread& run : runs) run.join();
  for (const std::string& file : files_below(scratch.path())) EXPECT_FALSE(holds(file, "tw(1)")) << file;
  EXPECT_TRUE(outcomes[0].status == 0 || outcomes[1].status == 0);
  for (const Outcome& outcome : outcomes)
    EXPECT_TRUE(outcome.status == 0 || holds(outcome.err, "another process")) << outcome.err;
}

class WithBackups : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(render(scratch_.path(), tiny("red", {"save_every=2"})).status, 0); }
  fs::path backup(int number) const {
    return scratch_ / (std::string(kBackups) + "default_" + std::to_string(number) + ".bak");
  }
  Outcome restore() const {
    return render(scratch_.path(), tiny("red", {"save_every=2", "--restore", "steps_per_scene=6"}));
  }
  Scratch scratch_;
};

TEST_F(WithBackups, OneThatIsLargerThanAnyMemoryIsPassedOver) {
  for (const std::string& start : {read_bytes(backup(2)), std::string("\xff\xff\xff\xff\xff\xff\xff\x7f")}) {
    std::ofstream(backup(2), std::ios::binary) << start;
    std::error_code error;
    fs::remove(backup(3), error);  // of the round before
    fs::resize_file(backup(2), std::uintmax_t{1} << 40, error);
    if (error) GTEST_SKIP() << "this file system has no such files: " << error.message();
    const Outcome outcome = restore();
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "default_2.bak") && holds(outcome.err, "backup number 1")) << outcome.err;
    EXPECT_EQ(fs::file_size(backup(3)), fs::file_size(backup(1))) << "it has gone on to the end";
  }
}

/// A checksum is not a signature.
TEST_F(WithBackups, NumbersInThemMayBeNonsense) {
  const engine::Backup sound = engine::read_backup(backup(2));
  for (const auto& [name, value] : std::map<std::string, std::string>{{"scene", "x"},
                                                                      {"step", "-1"},
                                                                      {"steps", "99999999999999999999"},
                                                                      {"frames", "7"},
                                                                      {"steps", ""}}) {
    engine::Backup changed = sound;
    changed.metadata[name] = value;
    engine::write_backup(backup(2), changed);
    fs::remove(backup(3));  // of the round before
    const Outcome outcome = restore();
    EXPECT_EQ(outcome.status, 0) << name << " " << value << "\n" << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "'" + name + "'") && holds(outcome.err, "default_2.bak")) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "backup number 1")) << outcome.err;
  }
}

TEST_F(WithBackups, DamagedSettingsBesideThemCountAsMissing) {
  const fs::path settings = scratch_ / (std::string(kImages) + "default_settings.txt");
  const std::string whole = read_bytes(settings);
  for (const std::string& damaged : {whole.substr(0, whole.size() / 2), std::string(200, '\0')}) {
    std::ofstream(settings, std::ios::binary) << damaged;
    // They do not suffice without words to render.
    const Outcome refused = render(scratch_.path(), {"--restore", "width=64"});
    EXPECT_EQ(refused.status, 2);
    EXPECT_TRUE(holds(refused.err, "default_settings.txt")) << refused.err;
    EXPECT_TRUE(holds(refused.err, "scenes")) << refused.err;
    const Outcome outcome = restore();
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "default_settings.txt") && holds(outcome.err, "cannot be read"))
        << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "backup number")) << outcome.err;
    EXPECT_GT(read_bytes(settings).size(), damaged.size()) << "they are written again, whole";
  }
}

TEST_F(WithBackups, AFolderThatIsCalledLikeOneIsPassedOver) {
  for (const int number : {3, 7}) {
    fs::create_directories(backup(number));
    std::ofstream(backup(number) / "a file of somebody's");
  }
  const Outcome outcome = restore();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "default_7.bak' is a folder")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "backup number 2")) << outcome.err;
  EXPECT_TRUE(fs::exists(scratch_ / (std::string(kImages) + "default_3.png")));
  EXPECT_TRUE(fs::exists(backup(7) / "a file of somebody's"));
  // Where there is nothing else, the run has none.
  for (const int number : {1, 2}) fs::remove(backup(number));
  const Outcome again = restore();
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_TRUE(holds(again.err, "before its first backup")) << again.err;
}

TEST_F(WithBackups, OneProcessAtATimeContinuesARun) {
  const engine::OutputNames names{scratch_ / "images_out/default", "default"};
  {
    const engine::RunLock lock(names);
    const Outcome outcome = restore();
    EXPECT_EQ(outcome.status, 1);
    EXPECT_TRUE(holds(outcome.err, "'default'") && holds(outcome.err, "another process")) << outcome.err;
    EXPECT_FALSE(fs::exists(backup(3)));
  }
  // What a process has held that was killed is free.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const engine::RunLock lock(names);
    [[maybe_unused]] const ssize_t written = ::write(ends[1], "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const Outcome outcome = restore();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(backup(3)));
  EXPECT_FALSE(fs::exists(names.folder / ".default.lock"));
}

}  // namespace
}  // namespace reverie::test
