#pragma once
// Files that a Python script of the test's folder writes, once for all tests.

#include "support/process.h"

namespace reverie::test {

/// A folder that lasts as long as this, in which `python folder/script <this folder>` has run.
class WrittenFiles {
 public:
  WrittenFiles(const std::string& python, const std::string& folder, const std::string& script) {
    const Outcome outcome = run({python, folder + "/" + script, scratch_.path().string()}, scratch_.path());
    if (outcome.status != 0) throw std::runtime_error(script + " failed: " + outcome.err);
  }
  const std::filesystem::path& path() const { return scratch_.path(); }

 private:
  Scratch scratch_;
};

}  // namespace reverie::test
