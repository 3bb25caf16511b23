#pragma once
// What a card without free memory leads to.

#include "reverie/error.h"

namespace reverie {

/// LibTorch's c10::OutOfMemoryError, with the name of the plugin that was at work.
class OutOfMemory final : public Error {
 public:
  using Error::Error;
};

}  // namespace reverie
