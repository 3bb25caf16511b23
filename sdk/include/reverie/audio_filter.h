#pragma once
// AudioFilter: turns sound into numbers that motion and weights can follow.

#include <map>
#include <string>
#include <vector>

#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

class REVERIE_PUBLIC AudioFilter {
 public:
  static constexpr const char* kKind = "audio";
  static constexpr std::uint32_t kInterfaceVersion = 1;

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`.
  struct Setup {
    std::string variable_name;  ///< the variable that expressions read
  };

  virtual ~AudioFilter() = default;

  /// [setup] The whole track, mono, -1..1. Everything that costs time is done here, once. The samples stay
  /// where they are (at samples.data()) as long as the filter lives, so that no filter needs a copy of them.
  virtual void prepare(const std::vector<float>& samples, double sample_rate, double frames_per_second) = 0;

  /// [frame] Values 0..1 by variable name, for the window of one frame that starts `t` seconds into the
  /// track. Before the start and past the end every value is 0.
  virtual std::map<std::string, double> analyse(double t) const = 0;
};

}  // namespace reverie
