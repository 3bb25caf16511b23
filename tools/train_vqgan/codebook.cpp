#include "codebook.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace reverie::train_vqgan {
namespace {

constexpr double kDecay = 0.99;
constexpr double kSeldom = 0.08;  // of the mean use; less is no use
constexpr int kRounds = 8;        // of k-means

at::Tensor nearest(const at::Tensor& latents, const at::Tensor& codes) {
  return at::addmm(codes.square().sum(1), latents, codes.t(), 1, -2).argmin(1);
}

/// How many latents each code has, and their sum.
std::pair<at::Tensor, at::Tensor> gathered(const at::Tensor& latents, const at::Tensor& indexes,
                                           std::int64_t codes) {
  return {at::bincount(indexes, {}, codes).to(at::kFloat),
          at::zeros({codes, latents.size(1)}).index_add_(0, indexes, latents)};
}

}  // namespace

Codebook::Codebook(at::Tensor given)
    : codes(std::move(given)), counts(at::ones({codes.size(0)})), sums(codes.clone()) {}

void Codebook::start(const at::Tensor& latents, at::Generator generator) {
  at::NoGradGuard no_grad;
  const std::int64_t size = codes.size(0);
  const auto some = [&] { return at::randperm(latents.size(0), generator, at::kLong).narrow(0, 0, size); };
  codes.copy_(latents.index_select(0, some()));
  for (int round = 0; round < kRounds; ++round) {
    const auto [count, sum] = gathered(latents, nearest(latents, codes), size);
    const at::Tensor replacement = latents.index_select(0, some());
    codes.copy_(at::where((count > 0).unsqueeze(1), sum / count.clamp_min(1).unsqueeze(1), replacement));
  }
  counts.copy_(gathered(latents, nearest(latents, codes), size).first * (1000.0 / double(latents.size(0))));
  counts.clamp_min_(0.1);
  sums.copy_(codes * counts.unsqueeze(1));
}

void Codebook::follow(const at::Tensor& latents, const at::Tensor& indexes) {
  at::NoGradGuard no_grad;
  const auto [count, sum] = gathered(latents, indexes, codes.size(0));
  counts.lerp_(count, 1 - kDecay);
  sums.lerp_(sum, 1 - kDecay);
  codes.copy_(sums / counts.clamp_min(1e-5).unsqueeze(1));
}

std::int64_t Codebook::revive(const at::Tensor& latents, at::Generator generator) {
  at::NoGradGuard no_grad;
  const at::Tensor mean = counts.mean();
  at::Tensor dead = (counts < mean * kSeldom).nonzero().flatten();
  dead = dead.narrow(0, 0, std::min(dead.size(0), latents.size(0) / 4));
  const at::Tensor chosen =
      latents.index_select(0, at::randperm(latents.size(0), generator, at::kLong).narrow(0, 0, dead.size(0)));
  const at::Tensor count = (mean * 0.5).expand({dead.size(0)});
  codes.index_copy_(0, dead, chosen);
  counts.index_copy_(0, dead, count);
  sums.index_copy_(0, dead, chosen * count.unsqueeze(1));
  return dead.size(0);
}

double perplexity(const at::Tensor& indexes, std::int64_t count) {
  const at::Tensor share =
      at::bincount(indexes.flatten(), {}, count).to(at::kDouble) / double(indexes.numel());
  return (-(share * share.clamp_min(1e-12).log()).sum()).exp().item<double>();
}

}  // namespace reverie::train_vqgan
