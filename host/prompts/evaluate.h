#pragma once
// Evaluates the expressions of prompts and of motion while a run goes.

#include <map>
#include <optional>
#include <set>
#include <string>

#include "expressions/expression.h"
#include "log/log.h"

namespace reverie {

/// Logs each warning once: a mistake at one frame is one at many.
class Warnings {
 public:
  /// Not `aloud`, it logs nothing: for trials of a run that will log it itself.
  explicit Warnings(bool aloud = true) : aloud_(aloud) {}

  /// `what` identifies the message: a second one about the same is not logged.
  void once(const std::string& what, const std::string& message) {
    if (aloud_ && said_.insert(what).second) log::write_log(LogLevel::warning, message);
  }

 private:
  bool aloud_;
  std::set<std::string> said_;
};

/// The use of an expression, in words.
struct Purpose {
  std::string whose;        ///< "prompt 'a cat:1/t'"
  std::string what;         ///< "weight"
  std::string otherwise;    ///< what it counts as where it is not a number: "0"
  bool finite = false;      ///< infinity is not a number for this purpose, either
  std::string moment = {};  ///< besides t: ", step 7 (frame 2)"
};

/// Its value. Throws Error(settings), with the purpose and with t, when it cannot be computed or is no
/// number; but where a measured variable takes part, which nobody can know ahead, that is a warning, and
/// nothing is returned.
std::optional<double> evaluate(const Expression& expression, const std::map<std::string, double>& values,
                               const Purpose& purpose, Warnings& warnings);

}  // namespace reverie
