#pragma once
// Work of a card that is recorded once, and then done again by one launch: CUDA graphs. The library of
// kernels for cards (cuda/) exports how it is recorded, so that the program is not linked to CUDA.

#include <functional>
#include <memory>

namespace reverie::engine {

class Recording {
 public:
  virtual ~Recording() = default;
  /// Does the work again, on the tensors that it was recorded with.
  virtual void replay() = 0;
};

/// Does `work` some times, so that everything is in place, and records it. Throws what LibTorch throws.
using RecordWork = void(const std::function<void()>& work, std::unique_ptr<Recording>& recording);
inline constexpr const char* kRecordWork = "reverie_record_work";

}  // namespace reverie::engine
