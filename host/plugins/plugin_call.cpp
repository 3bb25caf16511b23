#include "plugins/plugin_call.h"

#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/texts.h"
#include "engine/activity.h"
#include "log/printable.h"
#include "plugins/crash_stack.h"
#include "plugins/plugin_code.h"
#include "plugins/process_end.h"
#include "settings/resolve.h"

// Of the linker: where the program's own code lies.
extern "C" const char __executable_start, etext;

namespace reverie {

using engine::activity_page;

namespace {

thread_local const PluginCall* current_call = nullptr;
thread_local const RunPosition* current_moment = nullptr;

/// The process in which main() is still at work: there, nobody else may end the program. 0: none.
std::atomic<pid_t> watched{0};
bool is_watched() { return watched == ::getpid(); }

struct Crash {
  int signal;
  const char* words;
  struct sigaction before;
};
Crash crashes[] = {{SIGSEGV, "a segmentation fault", {}},
                   {SIGBUS, "a bus error", {}},
                   {SIGFPE, "an arithmetic error", {}},
                   {SIGILL, "an illegal instruction", {}},
                   {SIGABRT, "abort()", {}}};

/// Only what signal handlers may do.
void say(std::initializer_list<const char*> words) {
  for (const char* word : words)
    if (::write(STDERR_FILENO, word, std::strlen(word)) < 0) return;
}

/// Without the system's _exit(), which may be our own.
[[noreturn]] void leave_process(int status) {
  for (;;) ::syscall(SYS_exit_group, status);
}

const char* place_of(const PluginCall& call) { return *call.method ? call.method : "its part of a step"; }

/// Whether this is the program's own code.
bool is_own(const void* address) {
  const auto* place = static_cast<const char*>(address);
  return place >= &__executable_start && place < &etext;
}

/// LibTorch's messages have several lines.
std::string on_one_line(std::string text) {
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

/// For whoever reads how this process ended.
void blame(const char* plugin) {
  if (activity_page) activity_page->blame(plugin);
}

void say_used_plugins() {
  for (std::size_t i = 0; const char* name = used_plugin(i); ++i)
    say({i == 0 ? "; plugins running here: " : ", ", name});
}

/// `way`: what was called. `plugin`: whose code called it, where that is known.
[[noreturn]] void end_by_plugin(int status, const char* way, const char* plugin) {
  if (const PluginCall* call = current_call) {
    blame(call->plugin);
    say({"reverie: the plugin ", call->plugin, " ended the program in ", place_of(*call), ", by ", way,
         "\n"});
  } else if (plugin) {
    blame(plugin);
    say({"reverie: the plugin ", plugin, " ended the program on a thread of its own, by ", way, "\n"});
  } else {
    say({"reverie: a plugin or library ended the program, by ", way});
    say_used_plugins();
    say({"\n"});
  }
  leave_process(status == 0 ? 1 : status);
}

void on_exit_of_program() {
  if (is_watched()) end_by_plugin(1, "exit()", plugin_on_stack());
}

void on_quick_exit_of_program() {
  if (is_watched()) end_by_plugin(1, "quick_exit()", plugin_on_stack());
}

void on_crash(int signal) {
  for (const Crash& crash : crashes) {
    if (crash.signal != signal) continue;
    if (const PluginCall* call = current_call) {
      blame(call->plugin);
      say({"reverie: the plugin ", call->plugin, " crashed in ", place_of(*call), ": ", crash.words, "\n"});
    } else if (const char* plugin = plugin_on_stack()) {
      blame(plugin);
      say({"reverie: the plugin ", plugin, " crashed on a thread of its own: ", crash.words, "\n"});
    } else {
      say({"reverie: the program crashed outside the calls of plugins: ", crash.words});
      say_used_plugins();
      say({"\n"});
    }
    ::sigaction(signal, &crash.before, nullptr);
  }
  ::raise(signal);  // once more, as if nobody had listened
}

/// The operator that LibTorch names when it is to be deterministic and cannot; "" for other failures.
std::string not_deterministic(const std::string& what) {
  const std::size_t end = what.find(" does not have a deterministic implementation");
  return end == std::string::npos ? "" : what.substr(0, end);
}

}  // namespace

PluginCall::PluginCall(const char* plugin, const char* method)
    : plugin(plugin), method(method), outer_(current_call) {
  current_call = this;
}
PluginCall::~PluginCall() { current_call = outer_; }
const PluginCall* PluginCall::current() { return current_call; }

MomentScope::MomentScope(const RunPosition& moment) : outer_(current_moment) { current_moment = &moment; }
MomentScope::~MomentScope() { current_moment = outer_; }

std::string failure_of(const std::string& plugin, const std::string& method, const std::string& what) {
  std::string where = method;
  if (current_moment)
    where += (where.empty() ? "step " : ", step ") + std::to_string(current_moment->steps + 1) + " (frame " +
             std::to_string(current_moment->frames + 1) + ")";
  // Lines of its own could pass for messages of the program.
  return "the plugin " + plugin + " failed" + (where.empty() ? "" : " in " + where) + ": " +
         log::printable_line(trimmed(what));
}

void rethrow_named(const std::string& plugin, const char* method) {
  const auto fault = [&](const std::string& what, const std::string& advice = {}) {
    return PluginFault(ErrorKind::plugin, failure_of(plugin, method, what), log::printable_line(advice));
  };
  try {
    throw;
  } catch (const PluginFault&) {
    throw;
  } catch (const SettingsError&) {
    throw;  // of the host, which a plugin has called: its lines are the host's
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::plugin) throw fault(error.what(), error.advice());
    throw Error(error.kind(), log::printable_line(trimmed(error.what())),
                log::printable_line(error.advice()));
  } catch (const c10::OutOfMemoryError& error) {
    throw PluginFault(ErrorKind::device,
                      failure_of(plugin, method, on_one_line(error.what_without_backtrace())),
                      "smaller width and height, fewer perceptors or smaller ones need less; the last backup "
                      "is whole, so --restore goes on from there");
  } catch (const c10::Error& error) {
    // Its what() goes on with a stack trace.
    const std::string what = on_one_line(error.what_without_backtrace());
    if (const std::string name = not_deterministic(what); !name.empty())
      throw PluginFault(
          ErrorKind::unsupported,
          failure_of(
              plugin, method,
              "LibTorch's operator '" + name + "' does not give the same bytes each time on this device"),
          "deterministic=false lets the run use it; docs/cards.md says which settings need such "
          "operators");
    throw fault(what);
  } catch (const std::exception& error) {
    throw fault(error.what());
  } catch (...) {
    throw fault("it threw something that is not a std::exception and has no message");
  }
}

PluginWatch::PluginWatch() {
  watch_this_process();
  std::atexit(on_exit_of_program);
  std::at_quick_exit(on_quick_exit_of_program);
  static const CrashStack stack;
  for (Crash& crash : crashes) {
    struct sigaction action {};
    action.sa_handler = on_crash;
    action.sa_flags = SA_ONSTACK;
    ::sigaction(crash.signal, &action, &crash.before);
  }
}

PluginWatch::~PluginWatch() { watched = 0; }

void watch_this_process() { watched = ::getpid(); }

void exit_process(int status, const void* caller) {
  if (!is_own(caller) && is_watched()) {
    const char* plugin = plugin_at(caller);
    end_by_plugin(1, "exit()", plugin ? plugin : plugin_on_stack());
  }
  reinterpret_cast<void (*)(int)>(::dlsym(RTLD_NEXT, "exit"))(status);
  leave_process(status);  // which it does not come to
}

void end_process(int status, const void* caller) {
  if (!is_own(caller) && is_watched()) end_by_plugin(status, "_exit()", plugin_at(caller));
  leave_process(status);
}

}  // namespace reverie
