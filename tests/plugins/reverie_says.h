#pragma once
// What the program itself says.

#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "fixtures/plugins_under_test.h"

namespace reverie::test {

struct Said {
  int status;
  std::string text;  // standard output and error
};

inline Said reverie_says(const std::string& arguments, const fs::path& working_directory = "/") {
  const std::string command = "cd '" + working_directory.string() + "' && '" + std::string(REVERIE_PROGRAM) +
                              "' " + arguments + " 2>&1";
  Said said{};
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    said.text.append(buffer.data(), count);
  said.status = WEXITSTATUS(::pclose(pipe));
  return said;
}

inline void expect(const Said& said, const std::string& words) {
  EXPECT_NE(said.text.find(words), std::string::npos) << "'" << words << "' in:\n" << said.text;
}

}  // namespace reverie::test
