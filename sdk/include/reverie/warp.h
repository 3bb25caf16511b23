#pragma once
// Warping: a picture or an image model's canvas, looked up at other places.
//
// Places are counted in pixels from the centre of the upper left pixel, so that the centre of the lower right
// one is (width - 1, height - 1). A place that is a pixel's centre gives that pixel bit for bit, whatever the
// sampling. Nothing is converted, limited or rounded on the way; no gradient is computed.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>

#include <array>
#include <string>

#include "reverie/card_kernels.h"
#include "reverie/error.h"
#include "reverie/params.h"
#include "reverie/warp_on_cpu.h"

namespace reverie {

/// The settings that say how to warp, for the parameters of an animation mode.
inline constexpr ParamSpec kSamplingMode =
    choice("sampling_mode", "bicubic", "nearest|bilinear|bicubic").help("how moved pixels are interpolated");
inline constexpr ParamSpec kInfillMode = choice("infill_mode", "wrap", "mirror|wrap|black|smear")
                                             .help("what fills pixels that come in from outside");

/// What kSamplingMode and kInfillMode were set to.
inline Sampling sampling_mode(const Params& params) {
  const auto name = params.get<std::string>(kSamplingMode.name);
  return name == "nearest" ? Sampling::nearest : name == "bilinear" ? Sampling::bilinear : Sampling::bicubic;
}
inline Infill infill_mode(const Params& params) {
  const auto name = params.get<std::string>(kInfillMode.name);
  return name == "mirror"  ? Infill::mirror
         : name == "black" ? Infill::black
         : name == "smear" ? Infill::smear
                           : Infill::wrap;
}

/// Where the pixels of a picture are: [1, 2, height, width] float32, x, then y. Add to it, or subtract a
/// flow.
inline at::Tensor pixel_places(std::int64_t height, std::int64_t width, c10::Device device) {
  const auto options = at::TensorOptions(device).dtype(at::kFloat);
  return at::stack({at::arange(width, options).view({1, width}).expand({height, width}),
                    at::arange(height, options).view({height, 1}).expand({height, width})})
      .unsqueeze(0);
}

namespace detail {

/// Indexes into a side of `size` pixels for whole numbers of any size. Where nothing is seen, `seen` gets 0,
/// elsewhere 1.
inline at::Tensor infill_indexes(const at::Tensor& whole, std::int64_t size, Infill infill,
                                 at::Tensor& seen) {
  seen = at::Tensor();
  switch (infill) {
    case Infill::wrap:
      return whole.remainder(size);
    case Infill::mirror: {
      const std::int64_t period = std::max<std::int64_t>(1, 2 * (size - 1));
      const at::Tensor inside = whole.remainder(period);
      return at::minimum(inside, period - inside);
    }
    case Infill::black:
      seen = whole.ge(0).bitwise_and(whole.lt(size));
      [[fallthrough]];
    case Infill::smear:
      return whole.clamp(0, size - 1);
  }
  return {};
}

struct AxisTaps {
  std::vector<at::Tensor> index, weight;
};

inline AxisTaps axis_taps(const at::Tensor& place, std::int64_t size, Sampling sampling, Infill infill) {
  const at::Tensor least = at::full({}, -kFarthestPlace, place.options());
  const at::Tensor safe = at::fmax(place, least).clamp_max(kFarthestPlace);  // fmax() passes over NaN
  const at::Tensor floor = safe.floor(), t = safe - floor;
  const auto near = [](const at::Tensor& x) { return ((kKeys + 2) * x - (kKeys + 3)) * x * x + 1; };
  const auto far = [](const at::Tensor& x) {
    return ((kKeys * x - 5 * kKeys) * x + 8 * kKeys) * x - 4 * kKeys;
  };
  at::Tensor first = floor.to(at::kLong);
  AxisTaps taps;
  if (sampling == Sampling::nearest) {
    first = first + t.ge(0.5);
    taps.weight = {at::ones_like(t)};
  } else if (sampling == Sampling::bilinear) {
    taps.weight = {1 - t, t};
  } else {
    first = first - 1;
    taps.weight = {far(1 + t), near(t), near(1 - t), far(2 - t)};
  }
  for (std::size_t i = 0; i < taps.weight.size(); ++i) {
    at::Tensor seen;
    taps.index.push_back(infill_indexes(first + static_cast<std::int64_t>(i), size, infill, seen));
    if (seen.defined()) taps.weight[i] = taps.weight[i] * seen;
  }
  return taps;
}

/// LibTorch operators only: any device, any floating-point type.
inline at::Tensor warp_anywhere(const at::Tensor& canvas, const at::Tensor& places, Sampling sampling,
                                Infill infill) {
  const std::int64_t channels = canvas.size(1), height = canvas.size(2), width = canvas.size(3);
  const at::Tensor pixels = canvas.reshape({channels, height * width});
  const AxisTaps across = axis_taps(places.select(1, 0).reshape(-1), width, sampling, infill);
  const AxisTaps down = axis_taps(places.select(1, 1).reshape(-1), height, sampling, infill);
  at::Tensor result;
  for (std::size_t j = 0; j < down.index.size(); ++j) {
    at::Tensor row;
    for (std::size_t i = 0; i < across.index.size(); ++i) {
      const at::Tensor tap =
          pixels.index_select(1, down.index[j] * width + across.index[i]) * across.weight[i];
      row = row.defined() ? row + tap : tap;
    }
    row = row * down.weight[j];
    result = result.defined() ? result + row : row;
  }
  return result.to(canvas.scalar_type()).view({1, channels, places.size(2), places.size(3)});
}

/// The same in one pass over the pixels.
inline at::Tensor warp_on_cpu(const at::Tensor& canvas, const at::Tensor& places, Sampling sampling,
                              Infill infill) {
  const at::Tensor from = canvas.contiguous(), where = places.to(at::kFloat).contiguous();
  const PlanarPicture picture = {from.const_data_ptr<float>(), from.size(1), from.size(2), from.size(3)};
  const at::Tensor quads =
      at::empty({picture.height, picture.width, (picture.channels + 3) / 4, 4}, at::kFloat);
  const at::Tensor result = at::empty({1, picture.channels, where.size(2), where.size(3)}, at::kFloat);
  warp_floats(picture, where.const_data_ptr<float>(), where.size(2) * where.size(3), sampling, infill,
              reinterpret_cast<FourFloats*>(quads.mutable_data_ptr<float>()),
              result.mutable_data_ptr<float>());
  return result;
}

/// By the operator, which must be loaded for the device.
inline at::Tensor warp_by_operator(const at::Tensor& canvas, const at::Tensor& places, Sampling sampling,
                                   Infill infill) {
  static const auto op =
      card_operator<at::Tensor(const at::Tensor&, const at::Tensor&, std::int64_t, std::int64_t)>(
          "reverie::warp");
  return op.call(canvas, places.to(at::kFloat), static_cast<std::int64_t>(sampling),
                 static_cast<std::int64_t>(infill));
}

inline bool warp_operator_agrees(c10::Device device) {
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(std::uint64_t{1});
  const at::Tensor canvas = at::rand({1, 5, 33, 47}, generator).to(device);
  const at::Tensor places = (at::rand({1, 2, 60, 70}, generator) * 140 - 50).to(device);
  for (const Sampling sampling : {Sampling::nearest, Sampling::bilinear, Sampling::bicubic})
    for (const Infill infill : {Infill::mirror, Infill::wrap, Infill::black, Infill::smear}) {
      const at::Tensor difference = warp_by_operator(canvas, places, sampling, infill) -
                                    warp_anywhere(canvas, places, sampling, infill);
      if (!(difference.abs().max().item<double>() < 1e-4)) return false;
    }
  return true;
}

inline CardKernels& warp_kernels_for_cards() {
  static CardKernels kernels("warps", {"reverie::warp"}, &warp_operator_agrees);
  return kernels;
}

}  // namespace detail

/// `canvas` [1, C, h, w] of any floating-point type, looked up at `places` [1, 2, H, W] (x, then y) on the
/// same device; [1, C, H, W]. Places may lie outside by any distance; one that is not a number counts as far
/// outside. Bilinear and bicubic sampling (Keys 1981, "Cubic Convolution Interpolation for Digital Image
/// Processing", with a = -0.75) take each of the pixels that they mix from where `infill` says. Bicubic
/// results may leave the range of the canvas. Throws Error(plugin) for other shapes.
inline at::Tensor warp(const at::Tensor& canvas, const at::Tensor& places, Sampling sampling, Infill infill) {
  if (canvas.dim() != 4 || canvas.size(0) != 1 || canvas.size(2) < 1 || canvas.size(3) < 1 ||
      !canvas.is_floating_point())
    throw Error(ErrorKind::plugin, "only floating-point tensors [1, C, h, w] can be warped");
  if (places.dim() != 4 || places.size(0) != 1 || places.size(1) != 2 || places.device() != canvas.device())
    throw Error(ErrorKind::plugin,
                "places to warp from must be a tensor [1, 2, H, W] on the canvas's device");
  at::NoGradGuard no_grad;
  const bool plain = canvas.scalar_type() == at::kFloat;
  if (plain && canvas.device().is_cpu()) return detail::warp_on_cpu(canvas, places, sampling, infill);
  if (plain && detail::warp_kernels_for_cards().usable(canvas.device()))
    return detail::warp_by_operator(canvas, places, sampling, infill);
  return detail::warp_anywhere(canvas, places, sampling, infill);
}

}  // namespace reverie
