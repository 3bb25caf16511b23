#include "text_head.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "reverie/error.h"

namespace reverie::lit {
namespace {

constexpr double kMostInClasses =
    0.85;  // of a text; this and the numbers below are those of tools/train_lit/heads.py

}  // namespace

TextHead::TextHead(const TensorSource& get, const at::Tensor& classifier, bool concepts)
    : in_(load_linear(get, "meaning.0")), out_(load_linear(get, "meaning.1")) {
  if (!classifier.defined()) {
    if (concepts)
      throw Error(ErrorKind::model,
                  "there are 'concepts.rows', but no 'lit.classifier' is declared: concepts "
                  "lie in the space of its features");
    return;
  }
  gate_ = load_linear(get, "classes.gate");
  keys_ = unit(get("classes.keys"));
  scale_ = get("classes.scale").item<double>();
  rows_ = unit(classifier - classifier.mean(0, true));
  if (keys_.dim() != 2 || keys_.size(0) != rows_.size(0))
    throw Error(ErrorKind::model, "'classes.keys' does not fit the trunk's classifier, which has " +
                                      std::to_string(rows_.size(0)) + " classes");
  if (concepts) concepts_ = load_concepts(get, in_.weight.size(1), rows_.size(1));
}

TextHead::Concepts TextHead::load_concepts(const TensorSource& get, std::int64_t meaning,
                                           std::int64_t features) {
  const Concepts found{get("concepts.keys"), get("concepts.rows"), get("concepts.scale").item<double>(),
                       get("concepts.share").item<double>()};
  const auto check = [](const std::string& name, const at::Tensor& tensor, std::int64_t count,
                        std::int64_t width) {
    if (tensor.dim() != 2 || tensor.size(0) != count || tensor.size(1) != width)
      throw Error(ErrorKind::model, "'" + name + "' is not a matrix of " + std::to_string(count) + " x " +
                                        std::to_string(width) + " numbers");
  };
  const std::int64_t count = found.keys.dim() == 2 ? found.keys.size(0) : 0;
  check("concepts.keys", found.keys, std::max<std::int64_t>(count, 1), meaning);
  check("concepts.rows", found.rows, count, features);
  if (!(found.share >= 0 && found.share <= 1))
    throw Error(ErrorKind::model, "'concepts.share' is " + std::to_string(found.share) + ", not 0..1");
  return {unit(found.keys), unit(found.rows), found.scale, found.share};
}

TextHead::Halves TextHead::halves_of(const at::Tensor& meanings) const {
  const at::Tensor hidden = at::gelu(in_(meanings));
  Halves halves{unit(out_(hidden)), {}, {}, {}};
  if (!rows_.defined()) return halves;
  const at::Tensor mixture = at::matmul(at::softmax(at::matmul(meanings, keys_.t()) * scale_, 1), rows_);
  halves.towards = unit(mixture);
  // Classes that have little in common leave a short mixture: the text is about none of them.
  halves.class_share =
      kMostInClasses * ((mixture.norm(2, 1, true) + 0.35 * gate_(hidden).sigmoid() - 0.4) / 0.4).clamp(0, 1);
  halves.share = halves.class_share;
  if (concepts_) add_concepts(meanings, halves);
  return halves;
}

void TextHead::add_concepts(const at::Tensor& meanings, Halves& halves) const {
  const at::Tensor likeness = at::matmul(meanings, concepts_->keys.t());
  const at::Tensor weights = at::softmax(likeness * concepts_->scale, 1);
  const at::Tensor mixture = at::matmul(weights, concepts_->rows);
  // Texts that are like no concept, or like several that look different, have nothing there.
  const at::Tensor known = (((weights * likeness).sum(1, true) - 0.55) / 0.3).clamp(0, 1);
  const at::Tensor coherent = ((mixture.norm(2, 1, true) - 0.3) / 0.4).clamp(0, 1);
  const at::Tensor more = concepts_->share * known * coherent * (1 - halves.class_share / kMostInClasses);
  halves.towards = unit(halves.class_share * halves.towards + more * unit(mixture));
  halves.share = halves.class_share + more;
}

double TextHead::class_share(const at::Tensor& meaning) const {
  const at::Tensor share = halves_of(meaning).class_share;
  return share.defined() ? share.item<double>() : 1;
}

at::Tensor TextHead::operator()(const at::Tensor& meanings) const {
  const Halves halves = halves_of(meanings);
  if (!halves.share.defined()) return halves.learnt;
  return at::cat({halves.learnt * (1 - halves.share).sqrt(), halves.towards * halves.share.sqrt()}, 1);
}

}  // namespace reverie::lit
