#pragma once
// TakesOpacity: an output sink that keeps which parts of a picture are transparent. Optional; the host asks
// for it by its id, and refuses `alpha` for sinks that do not have it.

#include "reverie/output_sink.h"

namespace reverie {

class REVERIE_PUBLIC TakesOpacity {
 public:
  static constexpr const char* kId = "reverie.takes_opacity/1";
  virtual ~TakesOpacity() = default;

  /// [frame] As OutputSink::write(). `opacity` [1, 1, H, W], 0 (transparent) to 1, float32, on the CPU;
  /// colours are not multiplied by it.
  virtual std::filesystem::path write(const at::Tensor& image, const at::Tensor& opacity,
                                      std::int64_t number) = 0;

  /// [step] As OutputSink::keep().
  virtual std::optional<std::filesystem::path> keep(const at::Tensor& image, const at::Tensor& opacity,
                                                    std::int64_t step) = 0;
};

}  // namespace reverie
