// Many runs shared between processes: lists, shards and claims.

#include <signal.h>

#include <fstream>
#include <map>
#include <thread>

#include "cli/real_program.h"

namespace reverie::test {
namespace {

/// Four runs with folders of their own, long enough to be killed before their end.
Words sweep(const Words& more = {}) {
  Words words =
      tiny("a red heart", {"-m", "file_namespace='run_${seed}'", "save_every=12", "steps_per_scene=120"});
  for (std::string& word : words)
    if (word == "seed=1") word = "seed=1,2,3,4";
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::map<std::string, std::string> pictures(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const std::string& name : files_below(folder / "images_out"))
    if (fs::path(name).extension() == ".png") {
      const Picture picture = read_png(folder / "images_out" / name);
      files[name] = std::string(picture.pixels.begin(), picture.pixels.end());
    }
  return files;
}

/// What one process makes of all runs.
const std::map<std::string, std::string>& expected() {
  static const std::map<std::string, std::string> all = [] {
    const Scratch folder;
    EXPECT_EQ(render(folder.path(), sweep()).status, 0);
    return pictures(folder.path());
  }();
  return all;
}

Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(List, prints_commands_that_a_shell_runs_one_by_one) {
  const Scratch folder;
  const Outcome list = render(folder.path(), sweep({"--list"}));
  ASSERT_EQ(list.status, 0) << list.err;
  const Words commands = lines_of(list.out);
  ASSERT_EQ(commands.size(), 4u) << list.out;
  EXPECT_FALSE(fs::exists(folder / "images_out"));
  const std::string path = "PATH='" + fs::path(REVERIE_PROGRAM).parent_path().string() + "':\"$PATH\" ";
  for (const std::string& line : commands) {
    const Outcome outcome = run({"/bin/sh", "-c", path + line}, folder.path());
    EXPECT_EQ(outcome.status, 0) << line << "\n" << outcome.err;
  }
  EXPECT_EQ(pictures(folder.path()), expected());
}

TEST(Shards, are_all_runs_once) {
  const Scratch folder;
  for (const char* part : {"1/3", "2/3", "3/3"}) {
    const Scratch alone;
    const Outcome outcome = render(alone.path(), sweep({"--shard", part}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    fs::copy(alone / "images_out", folder / "images_out", fs::copy_options::recursive);
  }
  EXPECT_EQ(pictures(folder.path()), expected());
}

TEST(Shards, of_runs_in_one_folder_are_not_continued) {
  const Scratch folder;
  const Outcome outcome =
      render(folder.path(), tiny("a red heart", {"-m", "cut_pow=1,2", "--restore", "--shard", "2/2"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "file_namespace")) << outcome.err;
}

TEST(Shards, that_are_none_are_refused) {
  const Scratch folder;
  for (const char* part : {"0/3", "4/3", "1", "a/b", "1/2/3", ""}) {
    const Outcome outcome = render(folder.path(), sweep({std::string("--shard=") + part}));
    EXPECT_EQ(outcome.status, 2) << part;
    EXPECT_TRUE(holds(outcome.err, "shard")) << outcome.err;
  }
}

TEST(Claims, share_the_runs_between_processes) {
  const Scratch folder;
  std::vector<Outcome> outcomes(3);
  std::vector<std::thread> processes;
  for (Outcome& outcome : outcomes)
    processes.emplace_back([&] {
      outcome = render(folder.path(), sweep({"--claim", "claims", "--lease", "20"}));
    });
  for (std::thread& process : processes) process.join();
  std::string said;
  for (const Outcome& outcome : outcomes) {
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    said += outcome.out;
  }
  EXPECT_EQ(pictures(folder.path()), expected());
  // Every run was rendered once: each of its lines "done" stands in one summary.
  for (const char* seed : {"seed=1", "seed=2", "seed=3", "seed=4"}) {
    std::size_t times = 0;
    for (const std::string& line : lines_of(said)) times += holds(line, seed) && holds(line, "  done  ");
    EXPECT_EQ(times, 1u) << seed << "\n" << said;
  }
  for (const std::string& name : files_below(folder / "claims"))
    EXPECT_EQ(fs::path(name).extension(), ".done") << name;
}

TEST(Claims, of_a_process_that_died_are_taken_over_and_continued) {
  const Scratch folder;
  const fs::path backups = folder / "backup/run_1";
  fs::create_directories(backups);
  const Words claimed = sweep({"--claim", "claims", "--lease", "2"});
  const pid_t first = ::fork();
  if (first == 0) {
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(::open("/dev/null", O_WRONLY), stream);
    become(command("render", claimed), folder.path());
  }
  int status = 0;
  bool ended = false;
  while (!fs::exists(backups / "run_1_1.bak") && !ended) ended = ::waitpid(first, &status, WNOHANG) == first;
  ASSERT_FALSE(ended);
  ::kill(first, SIGKILL);
  ::waitpid(first, &status, 0);
  const Outcome second = render(folder.path(), claimed);
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_TRUE(holds(second.err, "continuing 'run_1' from its backup")) << second.err;
  EXPECT_EQ(pictures(folder.path()), expected());
}

TEST(Claims, need_a_folder_for_each_run) {
  const Scratch folder;
  const Outcome outcome =
      render(folder.path(), tiny("a red heart", {"-m", "cut_pow=1,2", "--claim", "claims"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "file_namespace")) << outcome.err;
}

TEST(Claims, with_other_settings_are_of_other_runs) {
  const Scratch folder;
  const Words one = tiny("a red heart", {"-m", "file_namespace='run_${seed}'", "--claim", "claims"});
  EXPECT_EQ(render(folder.path(), one).status, 0);
  Words longer = one;
  longer.push_back("steps_per_scene=6");
  const Outcome outcome = render(folder.path(), longer);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(holds(outcome.out, "  done  ")) << outcome.out;
}

TEST(Claims, make_no_sense_with_ranks) {
  const Scratch folder;
  for (const Words& options : {Words{"--claim", "c", "--ranks", "2"}, Words{"--lease", "5"},
                               Words{"--claim", "c", "--list"}, Words{"--claim", "c", "--lease", "0"}}) {
    const Outcome outcome = render(folder.path(), sweep(options));
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_FALSE(fs::exists(folder / "images_out"));
  }
}

TEST(Claims, of_runs_that_failed_are_not_tried_again) {
  const Scratch folder;
  const Words words = sweep({"--claim", "claims", "init_image=nowhere.png"});
  EXPECT_EQ(render(folder.path(), words).status, 2);
  const Words files = files_below(folder / "claims");
  ASSERT_EQ(files.size(), 4u);
  for (const std::string& name : files) {
    EXPECT_EQ(fs::path(name).extension(), ".failed");
    EXPECT_TRUE(holds(read_bytes(folder / "claims" / name), "nowhere.png"));
  }
  const Outcome again = render(folder.path(), words);
  EXPECT_NE(again.status, 0);
  EXPECT_FALSE(holds(again.err, "nowhere.png")) << again.err;
}

}  // namespace
}  // namespace reverie::test
