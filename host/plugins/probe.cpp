#include "plugins/probe.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
#include <utility>

#include "base/texts.h"
#include "media/web_file.h"
#include "reverie/plugin.h"

namespace reverie {
namespace {

using Clock = std::chrono::steady_clock;
using Path = std::filesystem::path;

// What the child says: a letter for each library, and one when all is done.
constexpr char kLoaded = 'L', kRefused = 'R', kThrew = 'T', kEnded = 'E', kDone = 'D';

int child_answer = -1;

void say(char letter, const std::string& text = {}) {
  const std::string words = letter + text;
  if (::write(child_answer, words.data(), words.size()) < 0) ::_exit(1);
}

/// In the child.
[[noreturn]] void load_all(std::span<const Path> libraries, int answer) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) std::signal(signal, SIG_DFL);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, stream);
  child_answer = answer;
  // Before any other handler: what the parent does at its end is not for a copy of it to do.
  std::atexit([] {
    say(kEnded);
    ::_exit(1);
  });
  // Its header says that it never throws, but what it runs may.
  void* (*const volatile load)(const char*, int) = &::dlopen;
  for (const Path& library : libraries) {
    try {
      say(load(library.c_str(), RTLD_NOW | RTLD_LOCAL) ? kLoaded : kRefused);
    } catch (const std::exception& error) {
      say(kThrew, error.what());
      ::_exit(1);
    } catch (...) {
      say(kThrew, "something that is not a std::exception");
      ::_exit(1);
    }
  }
  say(kDone);
  ::_exit(0);
}

struct Answer {
  std::string text;
  bool in_time = true;
  int status = 0;
};

/// Empty where no process can be made.
std::optional<Answer> ask(std::span<const Path> libraries, std::chrono::milliseconds patience) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    load_all(libraries, ends[1]);
  }
  ::close(ends[1]);
  Answer answer;
  const auto limit = Clock::now() + patience;
  // Not only until the pipe is closed: what a library starts may hold it open.
  while (child > 0 && (answer.text.empty() || answer.text.back() != kDone)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limit - Clock::now()).count();
    pollfd wait{ends[0], POLLIN, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(0, left)));
    if (ready < 0 && errno == EINTR) continue;
    char buffer[1024];
    const ssize_t count = ready > 0 ? ::read(ends[0], buffer, sizeof buffer) : -1;
    if (ready == 0) answer.in_time = false;
    if (count <= 0) break;
    answer.text.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  if (child < 0) return std::nullopt;
  if (!answer.in_time) ::kill(child, SIGKILL);
  while (::waitpid(child, &answer.status, 0) < 0 && errno == EINTR) {
  }
  return answer;
}

ProbeResult judge(const Answer& answer, std::chrono::milliseconds patience) {
  if (!answer.text.empty() && answer.text.back() == kDone)
    return {{}, answer.text.front() == kLoaded};  // a refusal may end when what it needs is installed
  if (!answer.in_time)
    return {"loading it did not end within " +
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience).count()) +
            " s; it is tried again when the file changes (touch it)"};
  if (!answer.text.empty() && answer.text.front() == kThrew)
    return {"it throws an exception when it is loaded: " + answer.text.substr(1)};
  if (WIFSIGNALED(answer.status))
    return {std::string("it crashes when it is loaded: ") + ::strsignal(WTERMSIG(answer.status)),
            WTERMSIG(answer.status) != SIGKILL};
  return {"it ends the program when it is loaded"};
}

std::string stamp_of(const Path& library) {
  struct stat info {};
  if (::stat(library.c_str(), &info) != 0) return {};
  return std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) + " " +
         std::to_string(info.st_mtim.tv_nsec);
}

/// Another build may get on with a library, or not.
const std::string kTitle = "reverie plugins 2, SDK ABI " + std::to_string(kSdkAbi) +
                           ", LibTorch " TORCH_VERSION ", " + detail::kCompiler +
                           (detail::kDebug ? ", debug" : "") + (detail::kSanitised ? ", sanitised" : "");

constexpr const char* kEnd = ".";  // an entry without it was cut

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return text;
}

}  // namespace

std::vector<ProbeResult> probe(const std::vector<Path>& libraries, std::chrono::milliseconds patience) {
  std::vector<ProbeResult> results(libraries.size());
  if (libraries.empty()) return results;
  const std::optional<Answer> together = ask(libraries, patience);
  if (!together) return std::vector<ProbeResult>(libraries.size(), {{}, false});
  const bool all = together->text.size() == libraries.size() + 1 && together->text.back() == kDone;
  for (std::size_t i = 0; i < libraries.size(); ++i) {
    if (all) {
      results[i].certain = together->text[i] == kLoaded;
    } else if (const auto alone = ask({&libraries[i], 1}, patience)) {
      results[i] = judge(*alone, patience);
    }
  }
  return results;
}

ProbeMemory::ProbeMemory(Path file) : file_(std::move(file)) {
  std::ifstream in(file_);
  std::string title, library, warnings, end;
  Entry entry;
  if (!std::getline(in, title) || title != kTitle) return;
  while (std::getline(in, library) && std::getline(in, entry.stamp) &&
         std::getline(in, entry.known.trouble) && std::getline(in, entry.known.declaration) &&
         std::getline(in, warnings) && std::getline(in, end) && end == kEnd) {
    entry.known.warnings = filled_parts(warnings, "\t");
    entries_[library] = entry;
  }
}

std::optional<ProbeMemory::Known> ProbeMemory::find(const Path& library) const {
  const auto found = entries_.find(library.string());
  if (found == entries_.end() || found->second.stamp != stamp_of(library)) return std::nullopt;
  return found->second.known;
}

void ProbeMemory::add(const Path& library, Known known) {
  known.trouble = one_line(known.trouble);
  for (std::string& warning : known.warnings) warning = one_line(warning);
  if (library.string().find('\n') != std::string::npos) return;
  entries_[library.string()] = {stamp_of(library), std::move(known)};
  changed_ = true;
}

void ProbeMemory::save() {
  if (!std::exchange(changed_, false)) return;
  std::error_code ignored;
  std::filesystem::create_directories(file_.parent_path(), ignored);
  Path written = file_;
  written += "." + std::to_string(::getpid());  // another program may do the same at this moment
  {
    std::ofstream out(written);
    out << kTitle << "\n";
    for (const auto& [library, entry] : entries_) {
      if (!std::filesystem::exists(library, ignored)) continue;
      out << library << "\n"
          << entry.stamp << "\n"
          << entry.known.trouble << "\n"
          << entry.known.declaration << "\n";
      for (const std::string& warning : entry.known.warnings) out << warning << "\t";
      out << "\n" << kEnd << "\n";
    }
    if (!out.flush()) {
      std::filesystem::remove(written, ignored);
      return;
    }
  }
  std::filesystem::rename(written, file_, ignored);
}

Path probe_memory_file() { return media::web_cache_folder().parent_path() / "plugins"; }

}  // namespace reverie
