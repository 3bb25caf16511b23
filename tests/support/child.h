#pragma once
// Work that a test does in a process of its own, because it may end it or change it for good.

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>

namespace reverie::test {

struct ChildReport {
  std::string text;    ///< what the work returned; "threw: ..." if it threw
  bool ended = false;  ///< false if the child was killed or left early
};

/// Runs `work` in a forked child. Tensors may be used there, but nothing that needs several threads.
inline ChildReport in_child(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    std::string text;
    try {
      text = work();
    } catch (const std::exception& error) {
      text = std::string("threw: ") + error.what();
    }
    const bool written = ::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  ChildReport report;
  char buffer[4096];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    report.text.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  report.ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return report;
}

}  // namespace reverie::test
