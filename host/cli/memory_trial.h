#pragma once
// How much memory a run will need: found by beginning it.

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/cast.h"
#include "engine/process_memory.h"

namespace reverie {

/// Does a few steps of a run in a process of its own; where those of the run would take long, with two
/// smaller numbers of cutouts, and counts on: each further one needs as much as the one before. What the
/// trial writes goes to a temporary folder.
class MemoryTrial {
 public:
  /// Makes the processes, which wait. They are copies of this one, so it must not have begun to compute yet.
  /// `plan` and `registry` must outlive this.
  MemoryTrial(const Plan& plan, const PluginRegistry& registry);
  /// Ends what still goes, and removes what was written.
  ~MemoryTrial();
  MemoryTrial(const MemoryTrial&) = delete;
  MemoryTrial& operator=(const MemoryTrial&) = delete;

  /// Lets those go that are needed, one after another, and waits. `cast`: of the plan. A sentence for the
  /// artist: how much it will be, or why that cannot be said. Throws Error(model) when a trial fails as the
  /// run would.
  std::string result(const Cast& cast);

 private:
  struct Part {
    pid_t process = -1;
    int go = -1, answer = -1;  ///< ends of pipes
  };
  void start(Part& part);
  std::int64_t quick_cutouts(const Cast& cast) const;

  const Plan& plan_;
  const PluginRegistry& registry_;
  std::int64_t batch_;  ///< cutouts that the run looks at together
  std::filesystem::path folder_;
  std::vector<AddressRange> loaded_;  ///< pages of the program and its libraries
  std::vector<Part> parts_;
  std::string obstacle_;  ///< why there is no trial
};

}  // namespace reverie
