#pragma once
// HasOpacity: a frame source that knows which parts of its pictures are transparent. Optional; without it,
// pictures are opaque.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "reverie/extension.h"

namespace reverie {

/// Of a FrameSource.
class REVERIE_PUBLIC HasOpacity {
 public:
  static constexpr const char* kId = "reverie.has_opacity/1";
  virtual ~HasOpacity() = default;

  /// [setup, frame] As FrameSource::read(), with the opacity, 0 (transparent) to 1, as a fourth channel, by
  /// which the colours are not multiplied: [1, 4, H, W]. It is 1 where the file says nothing of it.
  virtual std::optional<at::Tensor> read_with_opacity(std::int64_t index) = 0;
};

}  // namespace reverie
