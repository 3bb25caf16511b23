// A run's backups: which are kept, which is the newest, and that at no moment there is none.

#include "engine/backup.h"

#include <ATen/ATen.h>
#include <unistd.h>

#include <cerrno>

#include "reverie/error.h"
#include "support/child.h"
#include "support/file_calls.h"
#include "support/in_scratch.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

TEST(BackupsSetting, TakesANumberOrAll) {
  EXPECT_EQ(engine::parse_backups_setting("3"), 3);
  EXPECT_EQ(engine::parse_backups_setting("0"), 0);
  EXPECT_EQ(engine::parse_backups_setting("007"), 7);
  EXPECT_EQ(engine::parse_backups_setting("123456789012345678"), 123456789012345678);
  EXPECT_EQ(engine::parse_backups_setting("all"), std::nullopt);
  EXPECT_EQ(engine::parse_backups_setting("All"), std::nullopt);
  for (const char* text : {"", "-1", "3.0", "1e3", " 3", "3 ", "+3", "none", "al", "alle", "0x3", "３",
                           "99999999999999999999"}) {
    try {
      engine::parse_backups_setting(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::settings);
      EXPECT_EQ(error.what(), "'backups' is '" + std::string(text) + "'");
      EXPECT_NE(error.advice().find("all"), std::string::npos);
    }
  }
}

engine::Backup numbered(std::int64_t number) {
  return {{{"number", at::full({3}, number, at::kLong)}}, {{"number", std::to_string(number)}}};
}

class BackupsOfARun : public InScratch {
 protected:
  /// The newest one's number, -1 if there is none; its contents are those of that number.
  std::int64_t newest(const engine::Backups& backups) {
    notices_.clear();
    const auto found = backups.newest(notices_);
    if (!found) return -1;
    EXPECT_EQ(found->second.metadata.at("number"), std::to_string(found->first));
    EXPECT_TRUE(at::equal(found->second.tensors.at("number"), at::full({3}, found->first, at::kLong)));
    return found->first;
  }
  static void damage(const fs::path& file) {
    std::string bytes = read_bytes(file);
    bytes.back() ^= 1;
    std::ofstream(file, std::ios::binary) << bytes;
  }
  std::vector<std::string> notices_;
};

TEST_F(BackupsOfARun, KeepsAsManyAsAsked) {
  const auto left = [](std::optional<std::int64_t> keep) {
    fs::remove_all("backup");
    engine::Backups backups(engine::RunPlace("hill"), "hill(2)", keep);
    for (std::int64_t number = 1; number <= 12; ++number) backups.add(number, numbered(number));
    return fs::exists("backup/hill") ? names_in("backup/hill") : Names{};
  };
  EXPECT_EQ(left(0), Names{});
  EXPECT_EQ(left(1), Names{"hill(2)_12.bak"});
  EXPECT_EQ(left(3), (Names{"hill(2)_10.bak", "hill(2)_11.bak", "hill(2)_12.bak"}));
  EXPECT_EQ(left(100).size(), 12u);
  EXPECT_EQ(left(std::nullopt).size(), 12u);
}

TEST_F(BackupsOfARun, TheNewestByNumber) {
  engine::Backups backups(engine::RunPlace("hill"), "hill", std::nullopt);
  EXPECT_EQ(newest(backups), -1);
  for (const std::int64_t number : {2, 9, 10}) backups.add(number, numbered(number));
  EXPECT_EQ(newest(backups), 10);
  EXPECT_TRUE(notices_.empty());
}

TEST_F(BackupsOfARun, OthersAreLeftAlone) {
  fs::create_directories("backup/hill");
  const Names others = {"hill(1)_1.bak",  "hill_2_3.bak",      "hillside_1.bak", "hill_x.bak",
                        "hill_1.bak.old", "hill_settings.txt", "hill_01.bak",    "_1.bak"};
  for (const std::string& name : others) scratch_.write("backup/hill/" + name, "other");
  engine::Backups backups(engine::RunPlace("hill"), "hill", 1);
  EXPECT_EQ(newest(backups), -1);
  EXPECT_TRUE(notices_.empty());
  backups.add(5, numbered(5));
  backups.add(6, numbered(6));
  Names expected = others;
  expected.insert("hill_6.bak");
  EXPECT_EQ(names_in("backup/hill"), expected);
  backups.remove_all();
  EXPECT_EQ(names_in("backup/hill"), others);
}

TEST_F(BackupsOfARun, DamagedOnesArePassedOver) {
  engine::Backups backups(engine::RunPlace("hill"), "hill", 4);
  for (std::int64_t number = 1; number <= 4; ++number) backups.add(number, numbered(number));
  damage("backup/hill/hill_4.bak");
  EXPECT_EQ(newest(backups), 3);
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_NE(notices_[0].find("'backup/hill/hill_4.bak'"), std::string::npos) << notices_[0];
  EXPECT_NE(notices_[0].find("damaged"), std::string::npos) << notices_[0];
  fs::resize_file("backup/hill/hill_3.bak", 100);
  fs::remove("backup/hill/hill_2.bak");
  fs::create_directory("backup/hill/hill_2.bak");
  EXPECT_EQ(newest(backups), 1);
  EXPECT_EQ(notices_.size(), 3u);
  damage("backup/hill/hill_1.bak");
  EXPECT_EQ(newest(backups), -1);
  EXPECT_EQ(notices_.size(), 4u);
}

TEST_F(BackupsOfARun, WhatIsWrittenIsTheNewest) {
  engine::Backups backups(engine::RunPlace("hill"), "hill", std::nullopt);
  for (std::int64_t number = 1; number <= 5; ++number) backups.add(number, numbered(number));
  damage("backup/hill/hill_5.bak");
  damage("backup/hill/hill_4.bak");
  EXPECT_EQ(newest(backups), 3);
  backups.add(4, numbered(4));  // the run went on from 3
  EXPECT_EQ(newest(backups), 4);
  EXPECT_TRUE(notices_.empty());
  EXPECT_EQ(names_in("backup/hill"), (Names{"hill_1.bak", "hill_2.bak", "hill_3.bak", "hill_4.bak"}));
}

TEST_F(BackupsOfARun, IsOnTheDiskBeforeTheOldestGoes) {
  engine::Backups backups(engine::RunPlace("hill"), "hill", 1);
  backups.add(1, numbered(1));
  const Watching watching;
  backups.add(2, numbered(2));
  EXPECT_EQ(file_calls.made,
            (std::vector<std::string>{"write", "write", "fsync", "rename", "fsync", "remove"}));
}

// The program is ended before each call that changes a file, one after the other, also between two parts of
// what is written. What is there then must be enough to go on, and going on must end as if nothing had been.
TEST_F(BackupsOfARun, SurvivesACrashAtAnyMoment) {
  for (const std::int64_t keep : {1, 3}) {
    Names expected;
    for (std::int64_t number = 5 - keep; number < 5; ++number)
      expected.insert("hill_" + std::to_string(number) + ".bak");
    std::size_t crashes = 0;
    for (bool ended = false; !ended; ++crashes) {
      fs::remove_all("backup");
      engine::Backups backups(engine::RunPlace("hill"), "hill", keep);
      for (std::int64_t number = 1; number < 4; ++number) backups.add(number, numbered(number));
      const ChildReport report = in_child([&]() -> std::string {
        const Watching watching(
            [&](const std::string&, std::size_t number) {
              if (number == crashes) ::_exit(9);
              return 0;
            },
            50);
        backups.add(4, numbered(4));
        return "";
      });
      ended = report.ended;
      const std::int64_t found = newest(backups);
      EXPECT_TRUE(found == 3 || found == 4) << found << " after " << crashes << " calls";
      EXPECT_TRUE(notices_.empty()) << notices_[0];
      backups.add(4, numbered(4));
      EXPECT_EQ(newest(backups), 4);
      EXPECT_EQ(names_in("backup/hill"), expected) << "after " << crashes << " calls";
    }
    EXPECT_GT(crashes, 8u);
  }
}

TEST_F(BackupsOfARun, ADiskThatFailsLeavesTheEarlierOnes) {
  engine::Backups backups(engine::RunPlace("hill"), "hill", 1);
  backups.add(1, numbered(1));
  for (int call = 0; call < 4; ++call) {
    const Watching watching([call](const std::string&, std::size_t number) {
      return number == static_cast<std::size_t>(call) ? ENOSPC : 0;
    });
    EXPECT_THROW(backups.add(2, numbered(2)), Error) << call;
    file_calls = {};
    EXPECT_EQ(newest(backups), 1) << call;
    EXPECT_EQ(names_in("backup/hill"), Names{"hill_1.bak"}) << call;
  }
  const Watching watching([](const std::string& name, std::size_t) { return name == "remove" ? EACCES : 0; });
  EXPECT_THROW(backups.add(2, numbered(2)), Error) << "the disk would fill up unnoticed";
  file_calls = {};
  EXPECT_EQ(newest(backups), 2);
}

}  // namespace
}  // namespace reverie::test
