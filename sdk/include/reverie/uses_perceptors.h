#pragma once
// UsesPerceptors: how a loss looks at the picture through the run's perceptors.

#include <string>
#include <vector>

#include "reverie/extension.h"
#include "reverie/perceptor.h"

namespace reverie {

/// Of a Loss. Optional; the host asks for it by its id.
class REVERIE_PUBLIC UsesPerceptors {
 public:
  static constexpr const char* kId = "reverie.uses_perceptors/1";
  virtual ~UsesPerceptors() = default;

  /// A perceptor and its name in the setting `perceptors`.
  struct Named {
    std::string name;
    Perceptor* perceptor;
  };

  /// [setup] The run's perceptors in the order of the settings; there is at least one, and they outlive the
  /// loss. Called once, before anything but the constructor, and not at all where only traits() is asked.
  /// Throws Error(settings) where none of them will do.
  virtual void set_perceptors(const std::vector<Named>& perceptors) = 0;
};

}  // namespace reverie
