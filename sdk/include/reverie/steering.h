#pragma once
// Steering: changes settings of a run in progress.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reverie/extension.h"

namespace reverie {

/// What a RunControl may be besides: dynamic_cast<Steering*>(control), null where a run cannot be changed.
/// All methods may be called from any thread, and return at once.
class REVERIE_PUBLIC Steering {
 public:
  /// A setting that can change, and its present value.
  struct Value {
    std::string name, value;          ///< as a settings file has them; the value is empty where there is none
    std::string help;                 ///< what it takes
    bool number = true;               ///< or an expression; else a text, such as prompts
    std::optional<double> low, high;  ///< of a number, where its declaration has them
  };
  struct Answer {
    std::vector<std::string> problems;  ///< as `reverie check` has them; none: the change is made
    std::int64_t step = 0;              ///< so many steps will be done before it takes effect
  };
  /// Values by name, as on the command line.
  using Settings = std::map<std::string, std::string>;

  virtual ~Steering() = default;

  /// From the next frame on, in a still from the next step on, these settings are so. `answered` is called
  /// once, on any thread: between two steps, when the change has been checked, or when the run has ended.
  virtual void change(const Settings& settings, std::function<void(const Answer&)> answered) = 0;

  /// None while the run is being prepared.
  virtual std::vector<Value> values() const = 0;

  /// Grows whenever values() change.
  virtual std::uint64_t version() const = 0;
};

}  // namespace reverie
