#include "conformance/run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <tuple>

#include "base/texts.h"
#include "reverie/error.h"

namespace reverie::conformance {
namespace {

using Clock = std::chrono::steady_clock;

/// Ends of the suite's processes that are looked into, before the plugin counts as hopeless.
constexpr int kBadEnds = 5;
/// LibTorch and the plugin have to be loaded before the first promise begins.
constexpr std::chrono::seconds kStart{120};
/// What the suite prints besides its report is kept up to here, for the reason of a crash.
constexpr std::size_t kWordsKept = 16 << 10;

/// A folder for the suite's temporary files, gone at the end even when the suite crashes.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "reverie-conformance-XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw Error(ErrorKind::file, "cannot make the folder '" + name + "': " + std::strerror(errno));
    path_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Of a child that runs the suite.
struct Child {
  pid_t pid = -1;
  int report = -1, words = -1;  ///< pipes of its report and its output; -1: closed
};

std::vector<std::string> command_of(const Request& request, const std::vector<Test>& done, int report) {
  std::vector<std::string> command = {request.program.string(), "--plugin", request.plugin.string(),
                                      "--report", std::to_string(report)};
  if (!request.sample.empty()) command.insert(command.end(), {"--sample", request.sample.string()});
  for (const Test& test : done) command.insert(command.end(), {"--done", test.name});
  command.push_back("--");
  command.insert(command.end(), request.parameters.begin(), request.parameters.end());
  return command;
}

Child start(const Request& request, const std::vector<Test>& done, const std::filesystem::path& scratch) {
  int report[2], words[2];
  if (::pipe2(report, O_CLOEXEC) != 0 || ::pipe2(words, O_CLOEXEC) != 0)
    throw Error(ErrorKind::plugin,
                std::string("cannot start the conformance suite: ") + std::strerror(errno));
  std::vector<std::string> command = command_of(request, done, report[1]);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid(), child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::setpgid(0, 0);  // so that what the plugin starts ends with it
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::setenv("TMPDIR", scratch.c_str(), 1);
    ::setenv("OMP_NUM_THREADS", "1", 0);  // the suite's pictures are small
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(words[1], STDOUT_FILENO);
    ::dup2(words[1], STDERR_FILENO);
    ::fcntl(report[1], F_SETFD, 0);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(report[1]);
  ::close(words[1]);
  if (child < 0)
    throw Error(ErrorKind::plugin, std::string("cannot start a process: ") + std::strerror(errno));
  return {child, report[0], words[0]};
}

/// Reads what is there. False at its end.
bool read_some(int& file, std::string& into) {
  char buffer[4096];
  const ssize_t count = ::read(file, buffer, sizeof buffer);
  if (count > 0) into.append(buffer, static_cast<std::size_t>(count));
  if (count > 0 || (count < 0 && errno == EINTR)) return true;
  ::close(file);
  file = -1;
  return false;
}

/// The last thing that the host's watch over plugins said, of what the suite printed.
std::string last_words(const std::string& printed) {
  const std::string mark = "reverie: ";
  std::string result;
  for (const std::string& line : split(printed, "\n"))
    if (line.rfind(mark, 0) == 0) result = line.substr(mark.size());
  return result;
}

/// Why a process ended, in the form of the host's own checks where the plugin's method is known.
std::string end_of(int status, const std::string& printed, const std::string& plugin) {
  const std::string words = last_words(printed), name = "the plugin " + plugin;
  for (const auto& [way, separator, what] :
       {std::tuple{" crashed in ", ": ", "it crashed: "},
        {" ended the program in ", ", by ", "it ended the program, by "}}) {
    const auto place = words.rfind(separator);
    if (words.rfind(name + way, 0) != 0 || place == std::string::npos) continue;
    const std::size_t method = name.size() + std::strlen(way);
    return name + " failed in " + words.substr(method, place - method) + ": " + what +
           words.substr(place + std::strlen(separator));
  }
  if (!words.empty()) return words;
  if (WIFSIGNALED(status)) return std::string("it crashed: ") + ::strsignal(WTERMSIG(status));
  return "it ended the program";
}

/// Follows a child to its end; true when it came to the end of the suite.
bool follow(Child child, const Request& request, Report& report) {
  std::string lines, printed;
  bool done = false, in_time = true;
  auto limit = Clock::now() + kStart;
  while (child.report >= 0 && !done) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limit - Clock::now()).count();
    pollfd wait[] = {{child.report, POLLIN, 0}, {child.words, POLLIN, 0}};
    const int ready = ::poll(wait, 2, static_cast<int>(std::max<std::int64_t>(0, left)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      in_time = false;
      break;
    }
    if (wait[1].revents && read_some(child.words, printed) && printed.size() > 2 * kWordsKept)
      printed.erase(0, printed.size() - kWordsKept);
    if (wait[0].revents) read_some(child.report, lines);
    for (std::size_t end; !done && (end = lines.find('\n')) != std::string::npos; lines.erase(0, end + 1)) {
      const std::string line = lines.substr(0, end);
      done = line == "done";
      report.take(line);
      limit = Clock::now() + (line.rfind("end\t", 0) == 0 || line == "end" ? kStart : request.limit);
    }
  }
  // What the plugin has started may go on for ever.
  if (!in_time || done) ::kill(-child.pid, SIGKILL);
  if (!in_time) ::kill(child.pid, SIGKILL);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  ::kill(-child.pid, SIGKILL);
  // What it said at its end may still be on its way; a process that it left behind may hold the pipe open.
  if (child.words >= 0) ::fcntl(child.words, F_SETFL, O_NONBLOCK);
  while (child.words >= 0 && read_some(child.words, printed)) {
  }
  for (const int file : {child.report, child.words})
    if (file >= 0) ::close(file);
  if (done || !report.rejected.empty()) return true;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && printed.empty() && report.plugin.empty())
    throw Error(ErrorKind::plugin, "cannot start '" + request.program.string() + "'");
  const bool loading = report.plugin.empty() && !report.at_work();
  if (!in_time)
    report.fail(loading ? "it was not loaded within " + std::to_string(kStart.count()) + " s"
                        : "it did not return within " + std::to_string(request.limit.count()) + " s");
  else
    report.fail(end_of(status, printed, report.plugin));
  return false;
}

}  // namespace

Report run(const Request& request) {
  const Scratch scratch;
  Report report;
  for (int bad = 0; bad < kBadEnds; ++bad) {
    const Child child = start(request, report.tests, scratch.path());
    if (follow(child, request, report) || report.ended_early) return report;
  }
  report.ended_early = "the suite was ended " + std::to_string(kBadEnds) + " times";
  return report;
}

}  // namespace reverie::conformance
