#pragma once
// Resizable: an image model whose picture can go on at another size. Optional; the host asks for it by its
// id.

#include "reverie/image_model.h"

namespace reverie {

class REVERIE_PUBLIC Resizable {
 public:
  static constexpr const char* kId = "reverie.resizable/1";
  virtual ~Resizable() = default;

  /// [setup, frame] From now on the picture has the size that a model made with `size` has, and shows what it
  /// showed, as well as it can. What has no size, such as palettes, stays. parameters() are other tensors
  /// afterwards; what optimisers and losses know of the old ones means nothing any more. State that was saved
  /// at a size is loaded at that size.
  virtual void resize(const ImageModel::Setup& size) = 0;
};

}  // namespace reverie
