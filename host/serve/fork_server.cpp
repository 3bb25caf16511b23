#include "serve/fork_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>

#include "plugins/plugin_call.h"
#include "reverie/atomic_file.h"
#include "reverie/error.h"

namespace reverie::serve {

using engine::ActivityPage;
using engine::write_activity_to;

namespace {

/// What the fork server writes when a child has ended.
struct Report {
  int status = 0;  ///< as wait() gives it
  std::array<char, 200> activity{};
  std::int64_t steps = 0;
};

/// The kernel ends this process when its parent ends.
void end_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);  // it ended before
}

/// If the system runs out of memory, it ends a child rather than the server.
void offer_to_end_first() {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  [[maybe_unused]] const ssize_t written = ::write(file, "500", 3);
  ::close(file);
}

/// The process that forks. Never has more than one thread.
class Forks {
 public:
  Forks(const std::vector<ForkServer::Role>& roles, int socket) : roles_(roles), socket_(socket) {}

  [[noreturn]] void serve(int lock) {
    // Ctrl-C at a terminal is for the server, which asks its children to save their work.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) std::signal(signal, SIG_IGN);
    std::signal(SIGCHLD, SIG_DFL);
    while (::flock(lock, LOCK_EX) != 0 && errno == EINTR) {
    }
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &ended, &mask_);
    signals_ = ::signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
    for (;;) {
      pollfd waited[] = {{socket_, POLLIN, 0}, {signals_, POLLIN, 0}};
      if (::poll(waited, 2, -1) < 0) continue;
      if (waited[1].revents) report_ends();
      if (waited[0].revents) start();
    }
  }

 private:
  struct Child {
    int report;
    ActivityPage* page;
  };

  void start() {
    unsigned char role = 0;
    iovec bytes{&role, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC);
    if (size < 0 && errno == EINTR) return;
    const cmsghdr* header = size == 1 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (!header || header->cmsg_len != CMSG_LEN(2 * sizeof(int)) || role >= roles_.size()) ::_exit(0);
    int given[2];  // the child's socket, and where to report
    std::memcpy(given, CMSG_DATA(header), sizeof given);
    void* memory =
        ::mmap(nullptr, sizeof(ActivityPage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto* page = memory == MAP_FAILED ? nullptr : new (memory) ActivityPage;
    const pid_t self = ::getpid(), pid = ::fork();
    if (pid == 0) become(role, given, page, self);
    const int error = errno;
    ::close(given[0]);
    if (pid > 0) {
      children_[pid] = {given[1], page};
    } else {
      ::close(given[1]);
      if (page) ::munmap(page, sizeof *page);
    }
    const pid_t answer = pid > 0 ? pid : -error;
    if (::send(socket_, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) ::_exit(0);
  }

  [[noreturn]] void become(unsigned char role, const int (&given)[2], ActivityPage* page, pid_t parent) {
    end_with(parent);
    offer_to_end_first();
    ::setpgid(0, 0);  // what it sends to its group does not reach the server
    ::close(socket_);
    ::close(signals_);
    ::close(given[1]);
    for (const auto& [pid, other] : children_) ::close(other.report);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
    if (page) write_activity_to(*page);
    // The server's own output is no place for what a run or a plugin prints.
    if (const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC); nowhere > STDOUT_FILENO) {
      ::dup2(nowhere, STDOUT_FILENO);
      ::close(nowhere);
    }
    watch_this_process();
    Channel channel(given[0]);
    roles_[role](channel);
    ::_exit(0);
  }

  void report_ends() {
    signalfd_siginfo info;
    while (::read(signals_, &info, sizeof info) > 0) {
    }
    // Its number is not given to another process before it is known to be free.
    siginfo_t ended{};
    while (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid > 0) {
      const pid_t pid = ended.si_pid;
      const bool exited = ended.si_code == CLD_EXITED;
      Report report;
      report.status = exited ? W_EXITCODE(ended.si_status, 0) : W_EXITCODE(0, ended.si_status);
      if (const auto found = children_.find(pid); found != children_.end()) {
        if (ActivityPage* page = found->second.page) {
          const std::string name = page->at_work().substr(0, report.activity.size() - 1);
          std::copy(name.begin(), name.end(), report.activity.begin());
          report.steps = page->steps();
          ::munmap(page, sizeof *page);
        }
        // Less than a pipe takes at once; where nobody reads it, nobody wants it.
        [[maybe_unused]] const ssize_t written = ::write(found->second.report, &report, sizeof report);
        ::close(found->second.report);
        children_.erase(found);
      }
      ::waitpid(pid, nullptr, 0);
      ended = {};
    }
  }

  const std::vector<ForkServer::Role>& roles_;
  int socket_, signals_ = -1;
  sigset_t mask_{};
  std::map<pid_t, Child> children_;
};

std::string text_of_end(int status) {
  if (!WIFSIGNALED(status))
    return "it ended by itself, with exit status " + std::to_string(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  const char* name = ::sigabbrev_np(signal);
  std::string text =
      "it was ended by the signal " + (name ? "SIG" + std::string(name) : std::to_string(signal));
  if (signal == SIGKILL) text += ", as when the memory runs out";
  if (signal == SIGXCPU) text += ": it took too much of the processor's time";
  return text;
}

}  // namespace

ChildProcess::~ChildProcess() {
  kill();
  ::close(report_);
}

bool ChildProcess::ended() const {
  pollfd report{report_, POLLIN, 0};
  return ::poll(&report, 1, 0) > 0;
}

void ChildProcess::kill() {
  const std::lock_guard lock(mutex_);
  // As long as its end cannot be read, the number is its own.
  if (!over_ && !ended()) ::kill(pid_, SIGKILL);
}

ChildProcess::End ChildProcess::end() {
  kill();
  const std::lock_guard lock(mutex_);
  over_ = true;
  Report report;
  ssize_t size;
  while ((size = ::read(report_, &report, sizeof report)) < 0 && errno == EINTR) {
  }
  if (size != sizeof report) return {"nobody knows how it ended", "", 0};
  report.activity.back() = '\0';
  return {text_of_end(report.status), report.activity.data(), report.steps};
}

ForkServer::ForkServer(std::vector<Role> roles, const std::filesystem::path& lock) {
  create_folder_of(lock);
  const int file = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) detail::cannot_write(lock, errno);
  const auto [ours, theirs] = socket_pair(SOCK_SEQPACKET);
  const pid_t self = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    end_with(self);
    ::close(ours);
    Forks(roles, theirs).serve(file);
  }
  const int error = errno;
  ::close(file);  // the lock is the fork server's and its children's
  ::close(theirs);
  socket_ = ours;
  if (pid_ < 0)
    throw Error(ErrorKind::file, std::string("cannot start a process: ") + std::strerror(error),
                "the system allows too few processes, or memory is short");
}

ForkServer::~ForkServer() { end(); }

std::shared_ptr<ChildProcess> ForkServer::start(std::size_t role) {
  const auto failed = [](const std::string& why) {
    return Error(ErrorKind::file, "cannot start a process for this: " + why,
                 "the system allows too few processes or open files, or memory is short");
  };
  const auto [ours, theirs] = socket_pair(SOCK_STREAM);
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) {
    const int error = errno;
    ::close(ours);
    ::close(theirs);
    throw failed(std::strerror(error));
  }
  unsigned char byte = static_cast<unsigned char>(role);
  iovec bytes{&byte, 1};
  const int given[2] = {theirs, report[1]};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof given)] = {};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof given);
  std::memcpy(CMSG_DATA(header), given, sizeof given);
  pid_t pid = 0;
  {
    const std::lock_guard lock(mutex_);
    ssize_t answered = -1;
    if (::sendmsg(socket_, &message, MSG_NOSIGNAL) == 1)
      while ((answered = ::recv(socket_, &pid, sizeof pid, 0)) < 0 && errno == EINTR) {
      }
    if (answered != sizeof pid) pid = -ECHILD;
  }
  ::close(theirs);
  ::close(report[1]);
  if (pid > 0) return std::make_shared<ChildProcess>(pid, ours, report[0]);
  ::close(ours);
  ::close(report[0]);
  throw failed(pid == -ECHILD ? "the process that starts others is gone" : std::strerror(-pid));
}

bool ForkServer::lives() {
  const std::lock_guard lock(mutex_);
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = -1;
  return pid_ > 0;
}

void ForkServer::end() {
  const std::lock_guard lock(mutex_);
  if (socket_ < 0) return;
  ::close(socket_);
  socket_ = -1;
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);  // and the kernel its children
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace reverie::serve
