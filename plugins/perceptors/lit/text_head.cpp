#include "text_head.h"

#include <ATen/ATen.h>

#include "reverie/error.h"

namespace reverie::lit {
namespace {

constexpr double kUnsure = 0.15;  // as in tools/train_lit/heads.py

}  // namespace

TextHead::TextHead(const TensorSource& get, const at::Tensor& classifier)
    : in_(load_linear(get, "meaning.0")), out_(load_linear(get, "meaning.1")) {
  if (!classifier.defined()) return;
  gate_ = load_linear(get, "classes.gate");
  keys_ = unit(get("classes.keys"));
  scale_ = get("classes.scale").item<double>();
  rows_ = unit(classifier - classifier.mean(0, true));
  if (keys_.dim() != 2 || keys_.size(0) != rows_.size(0))
    throw Error(ErrorKind::model, "'classes.keys' does not fit the trunk's classifier, which has " +
                                      std::to_string(rows_.size(0)) + " classes");
}

at::Tensor TextHead::share_of(const at::Tensor& hidden) const {
  // A little of one half in a text about the other would be seen in its pictures.
  return ((gate_(hidden).sigmoid() - kUnsure) / (1 - 2 * kUnsure)).clamp(0, 1);
}

at::Tensor TextHead::class_share(const at::Tensor& meanings) const {
  if (!rows_.defined()) return at::ones({meanings.size(0), 1});
  return share_of(at::gelu(in_(meanings)));
}

at::Tensor TextHead::operator()(const at::Tensor& meanings) const {
  const at::Tensor hidden = at::gelu(in_(meanings));
  const at::Tensor learnt = unit(out_(hidden));
  if (!rows_.defined()) return learnt;
  const at::Tensor alike = at::softmax(at::matmul(meanings, keys_.t()) * scale_, 1);
  const at::Tensor towards = unit(at::matmul(alike, rows_));
  const at::Tensor share = share_of(hidden);
  return at::cat({learnt * (1 - share).sqrt(), towards * share.sqrt()}, 1);
}

}  // namespace reverie::lit
