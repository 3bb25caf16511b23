#pragma once
// From what a text means to where its pictures lie.

#include <ATen/core/Tensor.h>

#include "text_tower.h"

namespace reverie::lit {

/// A text's embedding has two halves, as a picture's: one that was learnt, and one in the space of the
/// trunk's last features, where the classifier of the trunk says what points to which class. How much of a
/// text lies in which half is up to the text.
class TextHead {
 public:
  /// From `get("meaning....")`; and, where the trunk's `classifier` [classes, features] is given,
  /// `get("classes....")`.
  TextHead(const TensorSource& get, const at::Tensor& classifier);

  /// How much of a meaning [1, M] is about what the classifier has classes for, 0..1; 1 without a classifier.
  double class_share(const at::Tensor& meaning) const;

  /// meanings [N, M] of unit length to embeddings [N, E] of unit length.
  at::Tensor operator()(const at::Tensor& meanings) const;

 private:
  struct Halves {
    at::Tensor learnt, towards;  // of unit length
    at::Tensor share;            // of the second half, [N, 1]
  };
  Halves halves_of(const at::Tensor& meanings) const;

  Linear in_, out_, gate_;
  at::Tensor keys_;   // [classes, M], of unit length: what each class means
  at::Tensor rows_;   // [classes, features], of unit length: where its pictures lie
  double scale_ = 0;  // of likeness to the classes, before softmax
};

}  // namespace reverie::lit
