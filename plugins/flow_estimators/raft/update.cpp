#include "update.h"

#include <ATen/ATen.h>

#include <cmath>

#include "kernels.h"

namespace reverie::raft {
namespace {

constexpr std::int64_t kAttention = 128;  // width of GMA's one head

/// The precision of states that add up over the steps.
at::ScalarType exact(at::ScalarType dtype) { return dtype == at::kDouble ? at::kDouble : at::kFloat; }

/// A pixel's channels in a row: [N, C, h, w] to [N, h w, C].
at::Tensor tokens(const at::Tensor& x) { return x.flatten(2).transpose(1, 2); }

}  // namespace

Widths Widths::of(Variant variant) {
  if (variant == Variant::small) return {128, 96, 64, 3};
  return {256, 128, 128, 4};
}

Attention::Attention(const Source& source) {
  const at::Tensor both = source.tensor("att.to_qk.weight", {2 * kAttention, kAttention, 1, 1}).flatten(1);
  query_ = source.placed(both.narrow(0, 0, kAttention).t() * std::pow(double(kAttention), -0.5));
  key_ = source.placed(both.narrow(0, kAttention, kAttention).t());
  const std::string name = "update_block.aggregator.";
  value_ = source.placed(source.tensor(name + "to_v.weight", {kAttention, kAttention, 1, 1}).flatten(1).t() *
                         source.tensor(name + "gamma", {1}));
}

at::Tensor Attention::weights(const at::Tensor& context) const {
  const at::Tensor x = tokens(context);
  const at::ScalarType dtype = exact(x.scalar_type());
  const at::Tensor query = at::matmul(x, query_).to(dtype), key = at::matmul(x, key_).to(dtype);
  return at::bmm(query, key.transpose(1, 2)).softmax(-1).to(x.scalar_type());
}

at::Tensor Attention::aggregate(const at::Tensor& weights, const at::Tensor& motion) const {
  const at::Tensor x = tokens(motion);
  return at::baddbmm(x, weights, at::matmul(x, value_)).transpose(1, 2).view_as(motion);
}

Update::Update(const Source& source) : dtype_(source.dtype()) {
  const Variant variant = source.layout().variant;
  const bool small = variant == Variant::small;
  const Widths widths = Widths::of(variant);
  const std::int64_t side = 2 * widths.radius + 1, found = kLevels * side * side;
  {
    const std::string whole = "update_block." + source.name("encoder.", "motion_encoder.");
    const auto take = [&](const char* authors, const char* torchvision, std::int64_t in, std::int64_t out,
                          Kernel kernel) {
      return source.convolution(whole + source.name(authors, torchvision), in, out, kernel);
    };
    const std::int64_t seen = small ? 96 : 192, felt = small ? 32 : 64;
    correlation_ = {take("convc1", "convcorr1.0", found, small ? 96 : 256, kPoint)};
    if (!small) correlation_.push_back(take("convc2", "convcorr2.0", 256, seen, k3x3));
    flow_ = {take("convf1", "convflow1.0", 2, 2 * felt, k7x7),
             take("convf2", "convflow2.0", 2 * felt, felt, k3x3)};
    joined_ = take("conv", "conv.0", seen + felt, small ? 80 : 126, k3x3);
  }
  const std::int64_t motion = small ? 82 : 128, moving = variant == Variant::gma ? 2 * motion : motion;
  const auto take_gru = [&](const std::string& number, Kernel kernel) {
    const std::int64_t h = widths.hidden, c = widths.context;
    const auto gate = [&](const char* letter) {
      const std::string name =
          std::string("update_block.") +
          source.name(std::string("gru.conv") + letter + number,
                      "recurrent_block.convgru" + (number.empty() ? "1" : number) + ".conv" + letter);
      return std::pair{source.tensor(name + ".weight", {h, h + c + moving, kernel.height, kernel.width}),
                       source.tensor(name + ".bias", {h})};
    };
    const auto [z, z_bias] = gate("z");
    const auto [r, r_bias] = gate("r");
    const auto [q, q_bias] = gate("q");
    // Inputs are the hidden state, the context, what moves.
    const auto changing = [&](const at::Tensor& weight) {
      return source.placed(at::cat({weight.narrow(1, 0, h), weight.narrow(1, h + c, moving)}, 1));
    };
    const auto fixed = [&](const at::Tensor& weight) { return source.placed(weight.narrow(1, h, c)); };
    const at::Tensor both = at::cat({z, r});
    return Gru{{changing(both), {}},
               {changing(q), {}},
               {fixed(both), source.placed(at::cat({z_bias, r_bias}))},
               {fixed(q), source.placed(q_bias)}};
  };
  if (small)
    gru_ = {take_gru("", k3x3)};
  else
    gru_ = {take_gru("1", {1, 5}), take_gru("2", {5, 1})};
  const std::int64_t wide = small ? 128 : 256;
  head_ = source.convolution("update_block.flow_head.conv1", widths.hidden, wide, k3x3);
  change_ = source.convolution("update_block.flow_head.conv2", wide, 2, k3x3);
  if (!small) {
    mask_ = source.convolution(source.name("update_block.mask.0", "mask_predictor.convrelu.0"), widths.hidden,
                               256, k3x3);
    mask_logits_ =
        source.convolution(source.name("update_block.mask.2", "mask_predictor.conv"), 256, 9 * 64, kPoint);
  }
  if (variant == Variant::gma) attention_.emplace(source);
  // Two channels cost nothing, and what they hold is added up.
  for (at::Tensor* tensor : {&flow_[0].weight, &flow_[0].bias, &change_.weight, &change_.bias})
    *tensor = tensor->to(exact(dtype_));
}

Update::Fixed Update::prepare(const at::Tensor& context) const {
  Fixed fixed;
  for (const Gru& gru : gru_)
    fixed.gates.push_back({gru.context_both(context), gru.context_candidate(context)});
  if (attention_) fixed.attention = attention_->weights(context);
  return fixed;
}

at::Tensor Update::motion(const at::Tensor& correlation, const at::Tensor& flow) const {
  at::Tensor seen = correlation;
  for (const Convolution& convolution : correlation_) seen = convolution.activated(seen);
  const at::Tensor felt = flow_[1].activated(flow_[0].activated(flow).to(dtype_));
  return at::cat({joined_.activated(at::cat({seen, felt}, 1)), flow.to(dtype_)}, 1);
}

at::Tensor Update::step(const Fixed& fixed, const at::Tensor& hidden, const at::Tensor& correlation,
                        const at::Tensor& flow) const {
  at::Tensor moving = motion(correlation, flow), h = hidden;
  if (attention_) moving = at::cat({moving, attention_->aggregate(fixed.attention, moving)}, 1);
  for (std::size_t i = 0; i < gru_.size(); ++i) {
    const Fixed::Gates& context = fixed.gates[i];
    const at::Tensor gates =
        (gru_[i].both(at::cat({h.to(dtype_), moving}, 1)) + context.both).to(h.scalar_type()).sigmoid();
    const auto parts = gates.chunk(2, 1);
    const at::Tensor &update = parts[0], &reset = parts[1];
    const at::Tensor candidate =
        (gru_[i].candidate(at::cat({(reset * h).to(dtype_), moving}, 1)) + context.candidate)
            .to(h.scalar_type())
            .tanh();
    h = at::lerp(h, candidate, update);
  }
  return h;
}

at::Tensor Update::flow_change(const at::Tensor& hidden) const {
  return change_(head_.activated(hidden.to(dtype_)).to(change_.weight.scalar_type()));
}

at::Tensor Update::mask(const at::Tensor& hidden) const {
  if (!mask_.weight.defined()) return {};
  // The networks were trained with a quarter of it.
  return mask_logits_(mask_.activated(hidden.to(dtype_))).to(hidden.scalar_type()) * 0.25;
}

}  // namespace reverie::raft
