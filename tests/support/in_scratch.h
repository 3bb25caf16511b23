#pragma once
// A working directory of its own for each test: names of outputs are relative to it.

#include <gtest/gtest.h>

#include <set>

#include "support/scratch.h"

namespace reverie::test {

class InScratch : public testing::Test {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(scratch_.path());
  }
  void TearDown() override { std::filesystem::current_path(before_); }

  /// Names of the files in a folder.
  static std::set<std::string> names_in(const std::filesystem::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      names.insert(entry.path().filename().string());
    return names;
  }

  Scratch scratch_;
  std::filesystem::path before_;
};

}  // namespace reverie::test
