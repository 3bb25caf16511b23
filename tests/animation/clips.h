#pragma once
// What write_clips.py makes.

#include "support/written_files.h"

namespace reverie::test {

inline const std::filesystem::path& clips() {
  static const WrittenFiles files(REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER, "write_clips.py");
  return files.path();
}

}  // namespace reverie::test
