#pragma once
// From what a text means to where its pictures lie.

#include <ATen/core/Tensor.h>

#include <optional>

#include "text_tower.h"

namespace reverie::lit {

/// A text's embedding has two halves, as a picture's: one that was learnt, and one in the space of the
/// trunk's last features, where the classifier of the trunk says what points to which class. How much of a
/// text lies in which half is up to the text. Where no class is like a text, concepts may be: captions of
/// pictures, and where these pictures lie among the last features.
class TextHead {
 public:
  /// From `get("meaning....")`; and, where the trunk's `classifier` [classes, features] is given,
  /// `get("classes....")`, and with `concepts` `get("concepts....")`.
  TextHead(const TensorSource& get, const at::Tensor& classifier, bool concepts = false);

  /// How much of a meaning [1, M] is about what the classifier has classes for, 0..1; 1 without a classifier.
  double class_share(const at::Tensor& meaning) const;

  /// meanings [N, M] of unit length to embeddings [N, E] of unit length.
  at::Tensor operator()(const at::Tensor& meanings) const;

 private:
  struct Halves {
    at::Tensor learnt, towards;  // of unit length
    at::Tensor share;            // of the second half, [N, 1]
    at::Tensor class_share;      // of that, what the classes are about
  };
  struct Concepts {
    at::Tensor keys;      // [K, M], of unit length: what each of them means
    at::Tensor rows;      // [K, features], of unit length: where its pictures lie
    double scale, share;  // of likeness, before softmax; of a text that no class is like, at most
  };
  static Concepts load_concepts(const TensorSource& get, std::int64_t meaning, std::int64_t features);
  Halves halves_of(const at::Tensor& meanings) const;
  void add_concepts(const at::Tensor& meanings, Halves& halves) const;

  Linear in_, out_, gate_;
  at::Tensor keys_;   // [classes, M], of unit length: what each class means
  at::Tensor rows_;   // [classes, features], of unit length: where its pictures lie
  double scale_ = 0;  // of likeness to the classes, before softmax
  std::optional<Concepts> concepts_;
};

}  // namespace reverie::lit
