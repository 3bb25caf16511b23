#pragma once
// Runs a program as a user would, and keeps what it said.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/scratch.h"

namespace reverie::test {

using Words = std::vector<std::string>;  ///< a command line

struct Outcome {
  int status = -1;  ///< exit status; -1 when a signal ended the program
  int signal = 0;   ///< 0 when it ended by itself
  std::string out, err;
};

/// What a parent needs to know of wait()'s status.
inline void record_end(int wait_status, Outcome& outcome) {
  if (WIFEXITED(wait_status)) outcome.status = WEXITSTATUS(wait_status);
  if (WIFSIGNALED(wait_status)) outcome.signal = WTERMSIG(wait_status);
}

/// A program gone wild must not take the machine with it. AddressSanitizer reserves more than any limit.
inline void limit_resources() {
  const rlimit seconds{300, 300};
  ::setrlimit(RLIMIT_CPU, &seconds);
#if !defined(__SANITIZE_ADDRESS__)
  const rlimit bytes{4ull << 30, 4ull << 30};
  ::setrlimit(RLIMIT_DATA, &bytes);
#endif
}

/// In a forked child: becomes the program, in `folder`. Does not return.
[[noreturn]] inline void become(const std::vector<std::string>& command,
                                const std::filesystem::path& folder) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  limit_resources();
  if (::chdir(folder.c_str()) == 0) ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

/// Runs `command` in `folder` to its end. Its output goes to files, so that no pipe can fill up, and its
/// standard error is not a terminal.
inline Outcome run(const std::vector<std::string>& command, const std::filesystem::path& folder) {
  const Scratch capture;
  const std::filesystem::path out = capture / "out", err = capture / "err";
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    become(command, folder);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Outcome outcome;
  record_end(status, outcome);
  outcome.out = read_bytes(out);
  outcome.err = read_bytes(err);
  return outcome;
}

}  // namespace reverie::test
