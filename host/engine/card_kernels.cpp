#include "engine/card_kernels.h"

#include <c10/util/Exception.h>
#include <dlfcn.h>

#include <mutex>
#include <set>
#include <string>

#include "base/installation.h"
#include "log/log.h"
#include "log/printable.h"
#include "plugins/library_folder.h"

namespace reverie::engine {
namespace {

struct WarningsToLog : c10::WarningHandler {
  // Each plugin compares the kernels that it uses, and two may use the same one.
  std::set<std::string> seen;
  std::mutex mutex;
  void process(const c10::Warning& warning) override {
    const std::lock_guard lock(mutex);
    if (!seen.insert(warning.msg()).second) return;
    log::write_log(LogLevel::warning, log::printable_line(warning.msg()));
  }
};

void* load() {
  const std::filesystem::path file = library_folder(installation_prefix()) / "reverie_cuda.so";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    log::write_log(LogLevel::info,
                   "device: this program was built without kernels for cards (REVERIE_CUDA); LibTorch's "
                   "operators are used");
    return nullptr;
  }
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* reason = ::dlerror();
    log::write_log(LogLevel::warning,
                   "device: the kernels for cards cannot be loaded, so LibTorch's operators "
                   "are used: " +
                       log::printable_line(reason ? reason : file.string()));
  }
  return library;
}

void* library = nullptr;

}  // namespace

void load_card_kernels() {
  static WarningsToLog handler;
  c10::WarningUtils::set_warning_handler(&handler);
  static std::once_flag once;
  std::call_once(once, [] { library = load(); });
}

void* card_function(const char* name) { return library ? ::dlsym(library, name) : nullptr; }

}  // namespace reverie::engine
