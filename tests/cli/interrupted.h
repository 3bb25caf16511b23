#pragma once
// A render that gets a signal at a moment that it says itself.

#include <csignal>

#include "cli/real_program.h"

namespace reverie::test {

/// Starts a render whose errors go through a pipe, waits until it says `sign`, and sends `signal`.
inline Outcome interrupted_render(const fs::path& folder, const Words& words, const std::string& sign,
                                  int signal) {
  const Words line = command("render", words);
  int pipe_ends[2];
  EXPECT_EQ(::pipe(pipe_ends), 0);
  const fs::path out = folder / "stdout";
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    ::dup2(pipe_ends[1], STDERR_FILENO);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    become(line, folder);
  }
  ::close(pipe_ends[1]);
  Outcome outcome;
  bool sent = false;
  char buffer[4096];
  for (ssize_t n; (n = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;) {
    outcome.err.append(buffer, static_cast<std::size_t>(n));
    if (!sent && holds(outcome.err, sign)) {
      ::kill(child, signal);
      sent = true;
    }
  }
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  record_end(status, outcome);
  outcome.out = read_bytes(out);
  EXPECT_TRUE(sent) << outcome.err;
  return outcome;
}

}  // namespace reverie::test
