#include "network.h"

#include <cmath>

namespace reverie::adabins {
namespace {

depth_estimators::Checkpoint checkpoint(const Weights& weights) {
  return {weights, "AdaBins network", "encoder.original_model.conv_stem.weight",
          "reverie models fetch AdaBins downloads one"};
}

}  // namespace

// The encoder is a tenth of the work, and so deep that bfloat16's rounding adds up: with it in float, random
// networks' depths are off by 1 % instead of 24 %.
Network::Network(const Weights& weights, c10::Device device, at::ScalarType dtype)
    : Network(Layers(checkpoint(weights), device, dtype),
              Layers(checkpoint(weights), device, dtype == at::kDouble ? dtype : at::kFloat)) {}

Network::Network(const Layers& layers, const Layers& exact)
    : encoder_(exact),
      decoder_(layers, encoder_.widths()),
      bins_(layers, decoder_.width(), kNearest, kFarthest),
      dtype_(layers.dtype()),
      encoder_dtype_(exact.dtype()) {}

Network::Size Network::seen_size(std::int64_t height, std::int64_t width) const {
  const std::int64_t fewest = bins_.fewest_tokens(), most = bins_.most_tokens();
  // The decoder's map has half the picture's sides, rounded up.
  const std::int64_t token = 2 * bins_.patch(), tokens = (height + 1) / token * ((width + 1) / token);
  if (fewest <= tokens && tokens <= most) return {height, width};
  const double ratio = double(std::max(height, width)) / double(std::min(height, width));
  // Whole tokens, in nearly the picture's shape: the fewest that do, or the most.
  std::int64_t across = 1, along = 1;
  const auto fit = [&](std::int64_t count) {
    across = count;
    along = std::min(std::max(count, std::int64_t(std::min(1e9, std::round(double(count) * ratio)))),
                     most / count);
  };
  if (tokens < fewest) {
    for (fit(1); across * along < fewest;) fit(across + 1);
  } else {
    std::int64_t count = std::int64_t(std::sqrt(double(most)));
    while (count > 1 && std::round(double(count) * ratio) > double(most / count)) --count;
    fit(count);
  }
  return height < width ? Size{across * token, along * token} : Size{along * token, across * token};
}

at::Tensor Network::operator()(const at::Tensor& picture, bool mirrored) const {
  const std::int64_t height = picture.size(2), width = picture.size(3);
  const Size size = seen_size(height, width);
  at::Tensor seen = picture;
  if (size.height != height || size.width != width)
    seen = at::_upsample_bilinear2d_aa(picture, {size.height, size.width}, /*align_corners=*/false);
  seen = depth_estimators::normalised_as_imagenet(seen);
  if (mirrored) seen = at::cat({seen, seen.flip(3)});
  seen = seen.to(encoder_dtype_).contiguous(at::MemoryFormat::ChannelsLast);
  std::vector<at::Tensor> maps = encoder_(seen);
  for (at::Tensor& map : maps) map = map.to(dtype_);
  at::Tensor depth = bins_(decoder_(maps));
  if (mirrored) depth = (depth.narrow(0, 0, 1) + depth.narrow(0, 1, 1).flip(3)) / 2;
  // Rounding may go beyond the range by a unit in the last place.
  return at::upsample_bilinear2d(depth, {height, width}, /*align_corners=*/true).clamp(kNearest, kFarthest);
}

}  // namespace reverie::adabins
