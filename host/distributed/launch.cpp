#include "distributed/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>
#include <thread>

#include "base/end_requests.h"
#include "distributed/environment.h"
#include "distributed/ranks.h"
#include "reverie/error.h"

namespace reverie::distributed {
namespace {

constexpr auto kGrace = std::chrono::seconds(20);  // for rank 0 to close its files, once another has ended
constexpr int kEndSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
constexpr int kBySignal = 128;  // added to its number, an exit status

/// A private folder for the file by which the ranks meet, and for what they print.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "reverie-ranks-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw Error(ErrorKind::file, "cannot make a folder for the ranks in " +
                                       std::filesystem::temp_directory_path().string() + ": " +
                                       std::generic_category().message(errno));
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Process {
  pid_t id = 0;
  bool running = true;
  int status = 0;  // of waitpid()
};

std::filesystem::path printed_file(const std::filesystem::path& folder, std::int64_t rank) {
  return folder / ("rank" + std::to_string(rank) + ".txt");
}

const sigset_t& end_signals() {
  static const sigset_t all = [] {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : kEndSignals) ::sigaddset(&set, number);
    return set;
  }();
  return all;
}

[[noreturn]] void become_rank(std::int64_t rank, std::int64_t ranks, const std::filesystem::path& folder,
                              const std::vector<std::string>& words, pid_t parent) {
  set_rank_environment(rank, ranks, folder / "store");
  const unsigned threads = std::max(1U, std::thread::hardware_concurrency() / static_cast<unsigned>(ranks));
  ::setenv("OMP_NUM_THREADS", std::to_string(threads).c_str(), 0);
  ::setenv("REVERIE_RANKS_LAUNCHER", std::to_string(parent).c_str(), 1);
  if (rank > 0) {
    const int printed =
        ::open(printed_file(folder, rank).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(printed, STDOUT_FILENO);
    ::dup2(printed, STDERR_FILENO);
  }
  // A signal that comes before the rank can save anything waits until it handles them.
  ::sigprocmask(SIG_SETMASK, &end_signals(), nullptr);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv("/proc/self/exe", arguments.data());
  constexpr int kCannotRun = 126;
  ::_exit(kCannotRun);
}

/// How a process has ended, for people; "" for success.
std::string end_of(const Process& process) {
  if (WIFSIGNALED(process.status)) {
    const int number = WTERMSIG(process.status);
    const char* name = ::sigabbrev_np(number);  // signals of applications have none
    return name ? std::string("it was ended by SIG") + name
                : "it was ended by signal " + std::to_string(number);
  }
  const int status = WEXITSTATUS(process.status);
  return status == 0 ? "" : "it left with exit status " + std::to_string(status);
}

int exit_status(const Process& process) {
  return WIFSIGNALED(process.status) ? kBySignal + WTERMSIG(process.status) : WEXITSTATUS(process.status);
}

}  // namespace

int launch(std::int64_t ranks, const std::vector<std::string>& words) {
  const Folder folder;
  std::signal(SIGCHLD, SIG_DFL);  // the parent may have it ignored, and the kernel would wait in our place
  // Waited for rather than handled, so that no signal is lost between two checks.
  sigset_t awaited = end_signals();
  ::sigaddset(&awaited, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &awaited, nullptr);
  std::vector<Process> processes(static_cast<std::size_t>(ranks));
  const pid_t self = ::getpid();
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    const pid_t child = ::fork();
    if (child == 0) become_rank(rank, ranks, folder.path(), words, self);
    if (child < 0) {
      const std::string why = std::generic_category().message(errno);
      for (const Process& process : processes)
        if (process.id) ::kill(process.id, SIGKILL);
      throw Error(ErrorKind::device, "cannot start rank " + std::to_string(rank) + ": " + why);
    }
    processes[static_cast<std::size_t>(rank)].id = child;
  }
  const auto signal_all = [&](int number) {
    for (const Process& process : processes)
      if (process.running) ::kill(process.id, number);
  };
  EndRequests requests;
  std::int64_t first_to_fail = -1, running = ranks;
  int ended_by = 0;  // the signal of a second request
  bool waited_for = false;
  std::chrono::steady_clock::time_point latest;
  while (running > 0) {
    const timespec pause = {1, 0};
    siginfo_t about = {};
    const int number = ::sigtimedwait(&awaited, &about, &pause);
    if (number == SIGHUP || number == SIGUSR1) signal_all(number);
    // A rank that was also signalled by others, such as a terminal or a batch system, knows copies by itself.
    if (number == SIGINT || number == SIGTERM) {
      const std::uint32_t request = requests.add(about.si_pid, ::getppid());
      if (request == 1) signal_all(number);
      if (request > 1) {  // a rank may not have come to handling signals
        ended_by = number;
        signal_all(SIGKILL);
      }
    }
    for (std::size_t i = 0; i < processes.size(); ++i) {
      Process& process = processes[i];
      if (!process.running || ::waitpid(process.id, &process.status, WNOHANG) != process.id) continue;
      process.running = false;
      --running;
      const std::string end = end_of(process);
      if (end.empty() || first_to_fail >= 0) continue;
      first_to_fail = static_cast<std::int64_t>(i);
      latest = std::chrono::steady_clock::now() + kGrace;
      // Those that wait for it learn it from here.
      note_end(folder.path() / "store", first_to_fail, end);
    }
    // A rank that computes for long, or hangs, must not outlive the run.
    if (first_to_fail >= 0 && running > 0 && std::chrono::steady_clock::now() > latest) {
      waited_for = waited_for || processes[0].running;
      signal_all(SIGKILL);
    }
  }
  if (ended_by) return kBySignal + ended_by;
  if (first_to_fail < 0) return 0;
  const Process& failed = processes[static_cast<std::size_t>(first_to_fail)];
  const bool first_killed =
      first_to_fail == 0 && WIFSIGNALED(failed.status) && WTERMSIG(failed.status) == SIGKILL;
  if (waited_for || first_killed)  // rank 0 cannot have said it
    std::cerr
        << "reverie: rank " << first_to_fail << " of " << ranks << " has ended: " << end_of(failed)
        << (waited_for ? "; another did not end within " + std::to_string(kGrace.count()) +
                             " s after that, and was ended, too"
                       : std::string())
        << ". Everything up to the last backup is whole; the same command with --restore goes on from there"
        << std::endl;
  // What it threw, rank 0 knows and says; a crash is only described there.
  if (first_to_fail > 0 && WIFSIGNALED(failed.status)) {
    std::ifstream printed(printed_file(folder.path(), first_to_fail));
    if (printed.peek() != std::ifstream::traits_type::eof())
      std::cerr << "reverie: rank " << first_to_fail << " printed:\n" << printed.rdbuf();
  }
  const int of_first = exit_status(processes[0]);
  return of_first != 0 ? of_first : exit_status(failed);
}

void end_with_launcher() {
  const char* launcher = std::getenv("REVERIE_RANKS_LAUNCHER");
  if (!launcher) return;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (std::to_string(::getppid()) != launcher) ::raise(SIGKILL);  // it died before; SIGTERM is blocked
}

}  // namespace reverie::distributed
