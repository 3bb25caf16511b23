#include "text_head.h"

#include <ATen/ATen.h>

#include "reverie/error.h"

namespace reverie::lit {

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

TextHead::Halves TextHead::halves_of(const at::Tensor& meanings) const {
  const at::Tensor hidden = at::gelu(in_(meanings));
  Halves halves{unit(out_(hidden)), {}, {}};
  if (!rows_.defined()) return halves;
  const at::Tensor mixture = at::matmul(at::softmax(at::matmul(meanings, keys_.t()) * scale_, 1), rows_);
  halves.towards = unit(mixture);
  // Classes that have little in common leave a short mixture: the text is about none of them. The numbers are
  // those of the training (tools/train_lit/heads.py).
  halves.share = 0.85 * ((mixture.norm(2, 1, true) + 0.35 * gate_(hidden).sigmoid() - 0.4) / 0.4).clamp(0, 1);
  return halves;
}

double TextHead::class_share(const at::Tensor& meaning) const {
  const at::Tensor share = halves_of(meaning).share;
  return share.defined() ? share.item<double>() : 1;
}

at::Tensor TextHead::operator()(const at::Tensor& meanings) const {
  const auto [learnt, towards, share] = halves_of(meanings);
  if (!share.defined()) return learnt;
  return at::cat({learnt * (1 - share).sqrt(), towards * share.sqrt()}, 1);
}

}  // namespace reverie::lit
