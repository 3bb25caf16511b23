#include "estimator.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace reverie::raft {
namespace {

constexpr std::int64_t kMultiple = 8, kLeast = 128;  // of sides, for the last level to have more than a row

/// The outermost pixels repeated on both sides, until the network can take the picture; and back.
struct Frame {
  explicit Frame(const at::Tensor& picture) : height(picture.size(2)), width(picture.size(3)) {
    const auto missing = [](std::int64_t side) {
      return std::max(kLeast, (side + kMultiple - 1) / kMultiple * kMultiple) - side;
    };
    top = missing(height) / 2;
    bottom = missing(height) - top;
    left = missing(width) / 2;
    right = missing(width) - left;
  }
  std::int64_t height, width, top, bottom, left, right;

  at::Tensor around(const at::Tensor& picture) const {
    return at::replication_pad2d(picture, {left, right, top, bottom});
  }
  at::Tensor inside(const at::Tensor& flow) const {
    return flow.narrow(2, top, height).narrow(3, left, width).contiguous();
  }
};

std::shared_ptr<const Network> load(Host& host, const std::string& weights, bool attention) {
  const auto file = host.load_weights(weights);
  if ((Layout::of(*file).variant == Variant::gma) != attention)
    throw Error(ErrorKind::model,
                "'" + file->origin() + "' holds " +
                    (attention ? "RAFT, not GMA: it has no tensor 'att.to_qk.weight'" : "GMA, not RAFT"),
                std::string("use flow_model: ") + (attention ? "raft" : "gma"));
  return host.cached<Network>(attention ? "gma" : "raft", *file, [&] {
    return std::make_shared<const Network>(*file, host.device(), host.precision());
  });
}

}  // namespace

Estimator::Estimator(Host& host, const Params& params, const char* weights, bool attention)
    : network_(load(host, params.get<std::string>(weights), attention)),
      iterations_(params.get<std::int64_t>(kFlowIterations.name)) {}

Network::Seen Estimator::look_at(const at::Tensor& picture) {
  const Frame frame(picture);
  if ((picture.requires_grad() && at::GradMode::is_enabled()) || picture.is_inference())
    return network_->look_at(frame.around(picture), /*with_context=*/true);
  const auto known = std::find_if(recent_.begin(), recent_.end(), [&](const Memory& memory) {
    return memory.picture.is_same(picture) && memory.version == picture._version();
  });
  if (known != recent_.end()) {
    std::rotate(known, known + 1, recent_.end());
  } else {
    // Pictures are looked at one by one, so that what is remembered is, bit for bit, what a new computation
    // would give.
    Network::Seen seen = network_->look_at(frame.around(picture), /*with_context=*/true);
    if (recent_.size() == 2) recent_.erase(recent_.begin());
    recent_.push_back({picture, picture._version(), std::move(seen)});
  }
  return recent_.back().seen;
}

at::Tensor Estimator::estimate(const at::Tensor& from, const at::Tensor& to) {
  const Frame frame(from);
  const Network::Seen one = look_at(from);
  return frame.inside(
      network_->flow(one, network_->look_at(frame.around(to), /*with_context=*/false), iterations_));
}

std::pair<at::Tensor, at::Tensor> Estimator::estimate_both(const at::Tensor& from, const at::Tensor& to) {
  const Frame frame(from);
  const Network::Seen one = look_at(from), other = look_at(to);
  // Refined together they would take as much time on the processor, and twice the memory.
  at::Tensor there = frame.inside(network_->flow(one, other, iterations_));
  return {std::move(there), frame.inside(network_->flow(other, one, iterations_))};
}

}  // namespace reverie::raft
