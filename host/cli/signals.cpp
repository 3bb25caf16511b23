#include "cli/signals.h"

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>

#include "base/end_requests.h"
#include "engine/host_services.h"
#include "log/log.h"

namespace reverie::cli {

using engine::interrupted;
using log::write_log;
namespace {

int to_answerer = -1;  // end of a pipe
std::atomic<bool> to_be_continued = false;
EndRequests requests;

/// On the stack that PluginWatch gives to signals, never on the ordinary one: oneDNN's generated matrix
/// product lets the stack pointer point into the heap while it works (jit_avx*_gemm_f32, more than 2,048
/// products a sum), and the kernel would write the handler's frame over whatever lies below.
void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_ONSTACK | SA_RESTART | SA_SIGINFO;
  ::sigaction(signal, &action, nullptr);
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

extern "C" void on_end_signal(int signal, siginfo_t* about, void*) {
  const int error = errno;
  if (signal == SIGUSR1) to_be_continued = true;
  const bool first = !interrupted.exchange(true);
  // When a terminal is closed, SIGHUP may come twice: from the system and from the shell. After SIGUSR1, a
  // batch system that loses patience sends the first SIGTERM.
  const bool counts = signal != SIGHUP && signal != SIGUSR1;
  if (counts && requests.add(about->si_pid, ::getppid()) > 1) {
    std::signal(signal, SIG_DFL);
    ::raise(signal);  // ends the process when this handler returns
  }
  if (first && to_answerer >= 0) {
    const char word = 0;
    [[maybe_unused]] const ssize_t written = ::write(to_answerer, &word, 1);
  }
  errno = error;
}

/// Waits on a thread of its own: a signal handler may not log.
void answer_signals_with(const std::string& answer) {
  int ends[2];
  if (to_answerer >= 0 || ::pipe2(ends, O_CLOEXEC) != 0) return;
  try {
    std::thread([answer, from = ends[0]] {
      char word;
      ssize_t count;
      while ((count = ::read(from, &word, 1)) < 0 && errno == EINTR) {
      }
      if (count == 1) write_log(LogLevel::info, answer);
    }).detach();
    to_answerer = ends[1];
  } catch (const std::system_error&) {  // no thread to be had: the run ends without a word
  }
}

}  // namespace

void survive_failed_writes() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void end_on_signals(const std::string& answer) {
  if (!answer.empty()) answer_signals_with(answer);
  handle(SIGINT, on_end_signal);
  handle(SIGTERM, on_end_signal);
  handle(SIGUSR1, on_end_signal);
  if (!is_ignored(SIGHUP)) handle(SIGHUP, on_end_signal);
  // --ranks starts its processes with these blocked, so that none of them comes too early.
  sigset_t handled;
  ::sigemptyset(&handled);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGHUP}) ::sigaddset(&handled, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &handled, nullptr);
}

int exit_status_of(int status) {
  constexpr int kInterrupted = 130;
  return status == kInterrupted && to_be_continued ? EX_TEMPFAIL : status;
}

}  // namespace reverie::cli
