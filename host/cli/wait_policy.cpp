// How OpenMP's threads wait for each other.
//
// libgomp lets them spin 300,000 times, some milliseconds, before they sleep. Where another program wants the
// processor, they take it from each other: on a busy machine a run with two threads was up to ten times
// slower than it need be. With 1,000 spins neither a quiet machine loses anything nor a busy one
// (benchmarks/wait_policy.py).
//
// libgomp reads its environment when it is loaded, before main() and before every constructor of ours. So the
// program starts itself once more, with GOMP_SPINCOUNT set, before any library has begun to work: that costs
// some milliseconds. Whoever has set a policy keeps it.

#include <linux/limits.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace {

bool sets(const char* entry, const char* name) {
  const std::size_t length = std::strlen(name);
  return std::strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/// Called by the loader before any library's constructors: nothing is ready yet but system calls.
void start_with_short_waits(int, char** arguments, char** environment) {
  std::size_t count = 0;
  for (; environment[count]; ++count)
    if (sets(environment[count], "OMP_WAIT_POLICY") || sets(environment[count], "GOMP_SPINCOUNT") ||
        std::strcmp(environment[count], "OMP_NUM_THREADS=1") == 0)
      return;
  char program[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0) return;
  program[length] = '\0';
  // Under valgrind, or started by the loader's name, it is not this program.
  const char* name = std::strrchr(program, '/');
  if (!name || std::strcmp(name, "/reverie") != 0) return;
  static char policy[] = "GOMP_SPINCOUNT=1000";
  constexpr std::size_t kMost = 4096;
  static char* extended[kMost];
  if (count + 2 > kMost) return;
  std::memcpy(extended, environment, count * sizeof *extended);
  extended[count] = policy;
  ::execve(program, arguments, extended);  // where it fails, all goes on as it was
}

[[gnu::used, gnu::section(".preinit_array")]] void (*const at_first)(int, char**,
                                                                     char**) = start_with_short_waits;

}  // namespace
