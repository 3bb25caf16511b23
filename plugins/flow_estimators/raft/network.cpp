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
  seen.context = at::relu(parts[1]);
  return seen;
}

at::Tensor Network::flow(const Seen& from, const Seen& to, std::int64_t refinements) const {
  const Update::Fixed fixed = update_.prepare(from.context);
  at::Tensor hidden = from.hidden;
  const Correlation correlation(from.features, to.features, widths_.radius);
  const at::Tensor here = places_of_pixels(from.features);
  at::Tensor flow = at::zeros_like(here);
  for (std::int64_t i = 0; i < refinements; ++i) {
    const at::Tensor start = flow.detach();
    hidden = update_.step(fixed, hidden, correlation.look_up(here + start, dtype_), start);
    flow = start + update_.flow_change(hidden);
  }
  return variant_ == Variant::small ? upsample_bilinear(flow) : upsample_by_mask(flow, update_.mask(hidden));
}

}  // namespace reverie::raft
