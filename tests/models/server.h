#pragma once
// server.py, running for one test.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "support/process.h"

namespace reverie::test {

/// Asks again and again until the condition holds; false when it does not within a minute.
inline bool wait_until(const std::function<bool()>& condition) {
  for (int i = 0; i < 6000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

class Server {
 public:
  /// Serves `file`, or CLIP's vocabulary when it is "vocabulary"; with a certificate by https.
  explicit Server(const std::filesystem::path& file, const std::filesystem::path& certificate = {})
      : scheme_(certificate.empty() ? "http" : "https") {
    int input[2], output[2];
    if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe");
    const std::filesystem::path script =
        std::filesystem::path(REVERIE_TEST_FOLDER) / ".." / "models" / "server.py";
    std::vector<std::string> command = {REVERIE_TEST_PYTHON, script.string(), file.string(),
                                        (scratch_ / "log").string()};
    if (!certificate.empty()) command.push_back(certificate.string());
    child_ = ::fork();
    if (child_ < 0) throw std::runtime_error("cannot fork");
    if (child_ == 0) {
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(output[1], STDOUT_FILENO);
      become(command, scratch_.path());
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    std::string line;
    for (char c; ::read(output[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(output[0]);
    std::istringstream(line) >> port_ >> sha256 >> bytes >> path;
    if (port_.empty()) throw std::runtime_error("server.py did not start");
  }
  ~Server() {
    ::close(input_);
    ::waitpid(child_, nullptr, 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url(const std::string& behaviour) const {
    return scheme_ + "://127.0.0.1:" + port_ + "/" + behaviour;
  }

  /// Lets go on what waits at the gate, now and from now on.
  void open_gate() { ASSERT_EQ(::write(input_, "\n", 1), 1); }

  /// One line for each request so far, in their order.
  std::vector<std::string> requests() const {
    std::vector<std::string> lines;
    std::istringstream log(read_bytes(scratch_ / "log"));
    for (std::string line; std::getline(log, line);) lines.push_back(line);
    return lines;
  }

  std::string sha256, path;  ///< of what it serves, as Python sees it
  std::uint64_t bytes = 0;

 private:
  Scratch scratch_;
  std::string scheme_;
  pid_t child_ = -1;
  int input_ = -1;
  std::string port_;
};

}  // namespace reverie::test
