// Names of a run's files, and that every file is there whole or not at all.

#include "engine/outputs.h"

#include <sys/stat.h>

#include <chrono>
#include <memory>
#include <set>
#include <thread>

#include "engine/backup.h"
#include "reverie/atomic_file.h"
#include "support/disk_trouble.h"
#include "support/file_calls.h"
#include "support/in_scratch.h"
#include "weights/safetensors.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;
using Calls = std::vector<std::string>;

using OutputNamesTest = InScratch;

TEST_F(OutputNamesTest, TheFirstThatIsFree) {
  const auto base = [](bool overwrite = false) {
    return engine::choose_output(engine::RunPlace("hill"), overwrite).base;
  };
  EXPECT_EQ(engine::choose_output(engine::RunPlace("hill"), false).folder, fs::path("images_out/hill"));
  EXPECT_EQ(base(), "hill");
  fs::create_directories("images_out/hill");
  EXPECT_EQ(base(), "hill");
  scratch_.write("images_out/hill/hill_settings.txt", "");
  EXPECT_EQ(base(), "hill(1)");
  scratch_.write("images_out/hill/hill(1)_7.png", "");
  EXPECT_EQ(base(), "hill(2)") << "a frame alone is enough";
  scratch_.write("images_out/hill/hill(3)_0001.png", "");
  EXPECT_EQ(base(), "hill(2)");
  scratch_.write("images_out/hill/hill(2)_settings.txt", "");
  EXPECT_EQ(base(), "hill(4)");
  EXPECT_EQ(base(true), "hill");
}

TEST_F(OutputNamesTest, BackupsTakeANameToo) {
  fs::create_directories("backup/hill");
  scratch_.write("backup/hill/hill_12.bak", "");
  EXPECT_EQ(engine::choose_output(engine::RunPlace("hill"), false).base, "hill(1)");
  EXPECT_EQ(engine::choose_output(engine::RunPlace("hill"), true).base, "hill");
  scratch_.write("backup/hill/hill(1)_3.bak", "");
  EXPECT_EQ(engine::choose_output(engine::RunPlace("hill"), false).base, "hill(2)");
}

TEST_F(OutputNamesTest, OtherFilesTakeNoName) {
  fs::create_directories("images_out/hill");
  for (const char* file : {"hill_notes.txt", "hillside_1.png", "hill.png", "my_hill_1.png", "hill_1b.png",
                           "hill_.png", "hill_1.png.part", "hill_palette.png", "hill(0)_1.png"})
    scratch_.write(std::string("images_out/hill/") + file, "");
  EXPECT_EQ(engine::choose_output(engine::RunPlace("hill"), false).base, "hill");
}

TEST_F(OutputNamesTest, AFolderThatCannotBeListedIsNotTakenForAnEmptyOne) {
  scratch_.write("backup", "a file");
  EXPECT_THROW(engine::newest_run(engine::RunPlace("hill")), Error);
  EXPECT_THROW(engine::choose_output(engine::RunPlace("hill"), false), Error);
}

TEST_F(OutputNamesTest, TheNewestRunIsTheOneThatWroteABackupLast) {
  const auto newest = [](const std::string& name) {
    const auto run = engine::newest_run(engine::RunPlace(name));
    return run ? run->base : "none";
  };
  EXPECT_EQ(newest("hill"), "none");
  fs::create_directories("backup/hill");
  EXPECT_EQ(newest("hill"), "none");
  for (const char* file :
       {"hill_settings.bak", "hill_.bak", "hill_7.png", "hill_7.bak.part", "hill_-7.bak", "hill_07.bak",
        "hill_99999999999999999999.bak", "hillside_9.bak", "hill(x)_9.bak", "hill()_9.bak", "hill(01)_9.bak"})
    scratch_.write(std::string("backup/hill/") + file, "");
  EXPECT_EQ(newest("hill"), "none");
  const auto backup = [&](const std::string& name, int minute) {
    const fs::path file = scratch_.write("backup/hill/" + name, "");
    fs::last_write_time(file, fs::file_time_type(std::chrono::hours(150'000) + std::chrono::minutes(minute)));
  };
  backup("hill_500.bak", 10);
  EXPECT_EQ(newest("hill"), "hill");
  backup("hill(9)_40.bak", 20);
  backup("hill(2)_900.bak", 15);
  EXPECT_EQ(newest("hill"), "hill(9)");
  backup("hill(10)_1.bak", 20);
  EXPECT_EQ(newest("hill"), "hill(10)") << "of one time: numbers, not texts";
  // With allow_overwrite, the plain name is used again.
  backup("hill_1.bak", 30);
  EXPECT_EQ(newest("hill"), "hill") << "though its other backup is the oldest of all";
  backup("hill(2)_901.bak", 31);
  EXPECT_EQ(newest("hill"), "hill(2)");
  EXPECT_EQ(engine::newest_run(engine::RunPlace("hill"))->folder, fs::path("images_out/hill"));
  EXPECT_TRUE(engine::newest_run(engine::RunPlace("hill"))->has_backup);
  // A run that began later counts, too, though it has written no backup yet.
  fs::create_directories("images_out/hill");
  const fs::path begun = scratch_.write("images_out/hill/hill(3)_settings.txt", "{}");
  fs::last_write_time(begun, fs::file_time_type(std::chrono::hours(150'001)));
  EXPECT_EQ(newest("hill"), "hill(3)");
  EXPECT_FALSE(engine::newest_run(engine::RunPlace("hill"))->has_backup);
}

TEST_F(OutputNamesTest, AReservedNameIsTaken) {
  {
    const engine::Reservation first(engine::RunPlace("hill")), second(engine::RunPlace("hill"));
    EXPECT_EQ(first.names().folder, fs::path("images_out/hill"));
    EXPECT_EQ(first.names().base, "hill");
    EXPECT_EQ(second.names().base, "hill(1)");
    EXPECT_EQ(engine::choose_output(engine::RunPlace("hill"), false).base, "hill(2)");
    engine::write_file("images_out/hill/hill_settings.txt", "{}");
  }
  EXPECT_EQ(read_bytes("images_out/hill/hill_settings.txt"), "{}") << "what the run wrote stays";
  EXPECT_EQ(engine::choose_output(engine::RunPlace("hill"), false).base, "hill(1)")
      << "what it did not use is free again";
  { const engine::Reservation another(engine::RunPlace("dale")); }
  EXPECT_FALSE(fs::exists("images_out/dale"));
  EXPECT_TRUE(fs::exists("images_out/hill"));
  scratch_.write("file", "");
  EXPECT_THROW(engine::Reservation(engine::RunPlace("hill", "file")), Error) << "no folder to be in";
}

TEST_F(OutputNamesTest, OfRunsThatLieElsewhere) {
  const engine::RunPlace here("hill"), there("hill", "far/away", "safe");
  {
    const engine::Reservation taken(there);
    EXPECT_EQ(taken.names().folder, fs::path("far/away/hill"));
    EXPECT_EQ(engine::choose_output(there, false).base, "hill(1)");
    EXPECT_EQ(engine::choose_output(here, false).base, "hill");
  }
  EXPECT_FALSE(fs::exists("far")) << "folders that were made for it go, too";
  engine::Backups(there, "hill(4)", std::nullopt).add(1, {});
  EXPECT_TRUE(fs::exists("safe/hill/hill(4)_1.bak"));
  EXPECT_EQ(engine::newest_run(there)->folder, fs::path("far/away/hill"));
  EXPECT_EQ(engine::newest_run(there)->base, "hill(4)");
  EXPECT_FALSE(engine::newest_run(here));
}

TEST_F(OutputNamesTest, NamesOfOtherThingsThanRuns) {
  fs::create_directories("images_out/hill");
  scratch_.write("images_out/hill/hill_motion.mp4", "");
  scratch_.write("images_out/hill/hill(1)_3.png", "");
  EXPECT_EQ(engine::choose_output(engine::RunPlace("hill"), false).base, "hill") << "it is in no run's way";
  {
    const engine::Reservation first(engine::RunPlace("hill"), "motion"),
        second(engine::RunPlace("hill"), "motion");
    EXPECT_EQ(first.names().base, "hill(2)") << "not that of a run, which may be of other settings";
    EXPECT_EQ(second.names().base, "hill(3)");
    EXPECT_EQ(engine::Reservation(engine::RunPlace("hill")).names().base, "hill");
  }
  EXPECT_EQ(engine::Reservation(engine::RunPlace("hill"), "motion").names().base, "hill(2)");
  EXPECT_EQ(std::distance(fs::directory_iterator("images_out/hill"), {}), 2);
}

TEST_F(OutputNamesTest, RunsThatStartTogetherTakeDifferentNames) {
  constexpr int kRuns = 12;
  std::vector<std::string> bases(kRuns);
  std::vector<std::unique_ptr<engine::Reservation>> kept(kRuns);
  std::vector<std::thread> runs;
  for (int i = 0; i < kRuns; ++i)
    runs.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) engine::Reservation(engine::RunPlace("hill"));  // comes and goes
      kept[i] = std::make_unique<engine::Reservation>(engine::RunPlace("hill"));
      bases[i] = kept[i]->names().base;
    });
  for (std::thread& run : runs) run.join();
  EXPECT_EQ(std::set<std::string>(bases.begin(), bases.end()).size(), bases.size());
  kept.clear();
  for (const auto& entry : fs::recursive_directory_iterator(scratch_.path()))
    EXPECT_TRUE(entry.is_directory()) << entry.path();
}

TEST_F(OutputNamesTest, OddNames) {
  for (const std::string name : {"a.b", "x_1", "x_1_2", "(1)", "n(1)", "[a]*?", " ", "ü ö", "a+b{2}^$", "%d",
                                 "_", "settings", "x_settings", ".bak", "\xE9"}) {
    EXPECT_EQ(engine::choose_output(engine::RunPlace(name), false).base, name);
    EXPECT_FALSE(engine::newest_run(engine::RunPlace(name)));
    fs::create_directories("images_out/" + name);
    fs::create_directories("backup/" + name);
    scratch_.write("images_out/" + name + "/" + name + "_1.png", "");
    EXPECT_EQ(engine::choose_output(engine::RunPlace(name), false).base, name + "(1)");
    scratch_.write("backup/" + name + "/" + name + "(1)_3.bak", "");
    EXPECT_EQ(engine::choose_output(engine::RunPlace(name), false).base, name + "(2)");
    ASSERT_TRUE(engine::newest_run(engine::RunPlace(name))) << name;
    EXPECT_EQ(engine::newest_run(engine::RunPlace(name))->base, name + "(1)");
  }
}

using AtomicFile = InScratch;

TEST_F(AtomicFile, WritesAllPiecesAndNothingElse) {
  write_atomically("file", {"one ", "", std::string_view("t\0o", 3)});
  EXPECT_EQ(read_bytes("file"), std::string("one t\0o", 7));
  write_atomically("file", {});
  EXPECT_EQ(read_bytes("file"), "");
  EXPECT_EQ(names_in("."), std::set<std::string>{"file"});
}

TEST_F(AtomicFile, WhatACrashLeftIsWrittenOver) {
  scratch_.write("file", "old");
  scratch_.write("file.part", std::string(1000, 'x'));
  write_atomically("file", {"new"});
  EXPECT_EQ(read_bytes("file"), "new");
  EXPECT_EQ(names_in("."), std::set<std::string>{"file"});
}

TEST_F(AtomicFile, HasTheRightsOfAnyNewFile) {
  const mode_t before = ::umask(027);
  write_atomically("file", {"text"});
  ::umask(before);
  struct stat info {};
  ASSERT_EQ(::stat("file", &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(AtomicFile, IsOnTheDiskBeforeItHasItsName) {
  const Watching watching;
  write_atomically("file", {"one", "two"});
  EXPECT_EQ(file_calls.made, (Calls{"write", "write", "fsync", "rename", "fsync"}));
}

TEST_F(AtomicFile, NewFoldersAreOnTheDiskToo) {
  const Watching watching;
  create_folder_of("a/b/c/file");
  EXPECT_TRUE(fs::is_directory("a/b/c"));
  EXPECT_EQ(file_calls.made, Calls(3, "fsync")) << "one for each name";
  create_folder_of("a/b/c/file");
  create_folder_of("file");
  EXPECT_EQ(file_calls.made, Calls(3, "fsync")) << "nothing is to do for folders that are there";
}

TEST_F(AtomicFile, InterruptedAndShortWritesAreContinued) {
  const std::string text = "a text of more than a few bytes";
  {
    const Watching watching(  // all but rename, which never is interrupted
        [](const std::string& name, std::size_t number) {
          return name != "rename" && number % 2 ? EINTR : 0;
        },
        3);
    write_atomically("file", {text});
  }
  EXPECT_EQ(read_bytes("file"), text);
}

TEST_F(AtomicFile, AnyStepThatFailsLeavesTheOldFileAlone) {
  write_atomically("file", {"old"});
  for (const auto& [step, error, reason] : {std::tuple{0, ENOSPC, "No space left on device"},
                                            {1, EDQUOT, "Disk quota exceeded"},
                                            {2, EIO, "Input/output error"},
                                            {3, EROFS, "Read-only file system"}}) {
    std::string said, advice;
    {
      const Watching watching([step = step, error = error](const std::string&, std::size_t number) {
        return number == static_cast<std::size_t>(step) ? error : 0;
      });
      try {
        write_atomically("file", {"one", "two"});
      } catch (const Error& failure) {
        said = failure.what();
        advice = failure.advice();
      }
    }
    EXPECT_EQ(said, std::string("cannot write 'file': ") + reason);
    EXPECT_NE(advice, "");
    EXPECT_EQ(read_bytes("file"), "old");
    EXPECT_EQ(names_in("."), std::set<std::string>{"file"});
  }
}

TEST_F(AtomicFile, AFolderThatCannotBeWaitedForIsAnErrorUnlessItNeverCan) {
  const auto last_call_fails = [](int error) {
    return [error](const std::string&, std::size_t number) { return number == 3 ? error : 0; };
  };
  {
    const Watching watching(last_call_fails(EIO));
    EXPECT_THROW(write_atomically("file", {"new"}), Error);
  }
  EXPECT_EQ(read_bytes("file"), "new") << "it is whole all the same";
  const Watching watching(last_call_fails(EINVAL));
  EXPECT_NO_THROW(write_atomically("file", {"newer"})) << "some network file systems";
}

TEST_F(AtomicFile, ThingsInTheWay) {
  scratch_.write("file", "");
  fs::create_directories("folder/inside");
  fs::create_directories("taken.part");
  const auto said = [](const std::string& path) {
    try {
      engine::write_file(path, "text");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::file);
      EXPECT_NE(error.advice(), "");
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(said("file/settings.txt"), "cannot write 'file/settings.txt': Not a directory");
  EXPECT_EQ(said("file/a/settings.txt"), "cannot write 'file/a/settings.txt': Not a directory");
  EXPECT_EQ(said("folder"), "cannot write 'folder': Is a directory");
  EXPECT_EQ(said("taken"), "cannot write 'taken': Is a directory");
  const std::string long_name(300, 'n');
  EXPECT_EQ(said(long_name), "cannot write '" + long_name + "': File name too long");
  EXPECT_EQ(names_in("."), (std::set<std::string>{"file", "folder", "taken.part"}));
}

class DiskTroubles : public testing::TestWithParam<DiskTrouble> {};

TEST_P(DiskTroubles, LeaveTheOldFileAlone) {
  const at::Tensor small = at::ones({1}), large = at::ones({1000});
  const std::vector<std::function<fs::path(const fs::path&, int)>> writers = {
      [](const fs::path& folder, int version) {
        engine::write_file(folder / "settings.txt", std::string(version == 1 ? 10 : 5000, 'x'));
        return folder / "settings.txt";
      },
      [&](const fs::path& folder, int version) {
        fs::create_directories(folder);
        weights::write_safetensors(folder / "weights.safetensors", {{"a", version == 1 ? small : large}});
        return folder / "weights.safetensors";
      },
      [&](const fs::path& folder, int version) {
        engine::write_backup(folder / "hill_1.bak", {{{"a", version == 1 ? small : large}}, {{"step", "1"}}});
        return folder / "hill_1.bak";
      }};
  for (const auto& write : writers) {
    const std::string complaint = complaint_about_trouble(GetParam(), write);
    if (complaint.rfind("cannot be tried", 0) == 0) GTEST_SKIP() << complaint;
    EXPECT_EQ(complaint, "");
  }
}

INSTANTIATE_TEST_SUITE_P(All, DiskTroubles, testing::ValuesIn(disk_troubles()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace reverie::test
