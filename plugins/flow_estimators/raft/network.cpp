#include "network.h"

#include <ATen/ATen.h>

#include "correlation.h"
#include "upsampling.h"

namespace reverie::raft {
namespace {

at::ScalarType exact(at::ScalarType dtype) { return dtype == at::kDouble ? at::kDouble : at::kFloat; }

at::Tensor places_of_pixels(const at::Tensor& like) {
  const std::int64_t height = like.size(2), width = like.size(3);
  const at::Tensor x = at::arange(width, like.options()), y = at::arange(height, like.options());
  return at::stack({x.view({1, width}).expand({height, width}), y.view({height, 1}).expand({height, width})})
      .unsqueeze(0)
      .expand({like.size(0), 2, height, width});
}

at::Tensor joined(const at::Tensor& one, const at::Tensor& other) {
  return one.defined() ? at::cat({one, other}) : at::Tensor();
}

Update::Fixed joined(const Update::Fixed& one, const Update::Fixed& other) {
  Update::Fixed both;
  for (std::size_t i = 0; i < one.gates.size(); ++i)
    both.gates.push_back({joined(one.gates[i].both, other.gates[i].both),
                          joined(one.gates[i].candidate, other.gates[i].candidate)});
  both.attention = joined(one.attention, other.attention);
  return both;
}

}  // namespace

Network::Network(const Weights& weights, c10::Device device, at::ScalarType dtype)
    : Network(Source(weights, device, dtype)) {}

Network::Network(const Source& source)
    : variant_(source.layout().variant),
      widths_(Widths::of(variant_)),
      dtype_(source.dtype()),
      features_(source, /*context=*/false, widths_.features),
      context_(source, /*context=*/true, widths_.hidden + widths_.context),
      update_(source) {}

Network::Seen Network::look_at(const at::Tensor& picture, bool with_context) const {
  const at::Tensor input = (picture * 2 - 1).to(dtype_).contiguous(at::MemoryFormat::ChannelsLast);
  Seen seen;
  seen.features = features_(input).to(exact(dtype_));
  if (!with_context) return seen;
  const std::vector<at::Tensor> parts =
      context_(input).split_with_sizes({widths_.hidden, widths_.context}, 1);
  seen.hidden = parts[0].to(exact(dtype_)).tanh();
  seen.fixed = update_.prepare(at::relu(parts[1]));
  return seen;
}

at::Tensor Network::flow(const Seen& from, const Seen& to, std::int64_t refinements) const {
  return refine(from.features, to.features, from.hidden, from.fixed, refinements);
}

std::pair<at::Tensor, at::Tensor> Network::flows(const Seen& one, const Seen& other,
                                                 std::int64_t refinements) const {
  const at::Tensor both =
      refine(joined(one.features, other.features), joined(other.features, one.features),
             joined(one.hidden, other.hidden), joined(one.fixed, other.fixed), refinements);
  return {both.narrow(0, 0, 1), both.narrow(0, 1, 1)};
}

at::Tensor Network::refine(const at::Tensor& from, const at::Tensor& to, at::Tensor hidden,
                           const Update::Fixed& fixed, std::int64_t refinements) const {
  const Correlation correlation(from, to, widths_.radius);
  const at::Tensor here = places_of_pixels(from);
  at::Tensor flow = at::zeros_like(here);
  for (std::int64_t i = 0; i < refinements; ++i) {
    const at::Tensor start = flow.detach();
    hidden = update_.step(fixed, hidden, correlation.look_up(here + start, dtype_), start);
    flow = start + update_.flow_change(hidden);
  }
  return variant_ == Variant::small ? upsample_bilinear(flow) : upsample_by_mask(flow, update_.mask(hidden));
}

}  // namespace reverie::raft
