#pragma once
// SoundSource: the sound of a file, piece by piece.

#include <filesystem>
#include <string>
#include <vector>

#include "reverie/extension.h"
#include "reverie/host.h"
#include "reverie/params.h"

namespace reverie {

class REVERIE_PUBLIC SoundSource : public Extensible {
 public:
  static constexpr const char* kKind = "sound_sources";
  static constexpr std::uint32_t kInterfaceVersion = 1;
  using Input = std::filesystem::path;  ///< what accepts() examines

  /// A plugin class has the constructor `Plugin(Host&, const Params&, const Setup&)`, which throws
  /// Error(file), naming the file, when it cannot read it, and
  /// `static bool accepts(const std::filesystem::path&)`. Of several plugins that accept a file, the first in
  /// alphabetical order gets it.
  struct Setup {
    std::filesystem::path path;
    int rate;  ///< samples a second of what next() returns
  };

  /// [setup] The samples that follow, of all channels mixed to one, in -1..1; empty at the end, and from then
  /// on. The pieces follow each other without a break from the time at which the file begins: gaps are
  /// silence. A run hears only what it needs, so nothing may be read ahead that takes much memory. Throws
  /// Error(file), naming the file, on damage that cannot be passed over.
  virtual std::vector<float> next() = 0;

  /// [setup] What the artist should know, such as a part that was left out; each once, by the end.
  virtual std::vector<std::string> notices() const { return {}; }
};

}  // namespace reverie
