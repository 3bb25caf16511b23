#include "engine/growth.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <charconv>
#include <cmath>
#include <string>

#include "reverie/resize.h"

namespace reverie::engine {
namespace {

[[noreturn]] void refuse(const std::string& message, const std::string& advice) {
  throw Error(ErrorKind::settings, message, advice);
}

std::vector<std::int64_t> whole_numbers(const Settings& settings, const char* name) {
  std::vector<std::int64_t> result;
  for (const std::string& text : settings.get<std::vector<std::string>>(name)) {
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || stop != text.data() + text.size() || number < 1)
      refuse("'" + std::string(name) + "' holds '" + text + "', which is not a whole number above 0",
             "write a list such as [128, 256]");
    if (!result.empty() && number <= result.back())
      refuse("'" + std::string(name) + "' is not in ascending order: " + std::to_string(number) +
                 " comes after " + std::to_string(result.back()),
             "begin with the smallest");
    result.push_back(number);
  }
  return result;
}

std::int64_t scaled(std::int64_t side, std::int64_t by, std::int64_t over) {
  const double exact = static_cast<double>(side) * static_cast<double>(by) / static_cast<double>(over);
  return std::max<std::int64_t>(1, std::llround(exact));
}

}  // namespace

Growth::Growth(const Settings& settings, const ImageModel::Setup& full, std::int64_t steps) {
  const std::vector<std::int64_t> sizes = whole_numbers(settings, "upscale_from");
  std::vector<std::int64_t> at = whole_numbers(settings, "upscale_at");
  if (sizes.empty()) return;
  const std::int64_t longer = std::max(full.width, full.height);
  if (sizes.back() >= longer)
    refuse("'upscale_from' ends with " + std::to_string(sizes.back()) +
               ", but the longer side of the picture is " + std::to_string(longer),
           "name smaller sizes, or raise width and height");
  const auto stages = static_cast<std::int64_t>(sizes.size()) + 1;
  if (at.empty())
    for (std::int64_t stage = 1; stage < stages; ++stage) at.push_back(steps * stage / stages);
  if (at.size() != sizes.size())
    refuse("'upscale_at' has " + std::to_string(at.size()) + " steps, but 'upscale_from' " +
               std::to_string(sizes.size()) + " sizes",
           "each size ends at a step: write as many, or leave upscale_at out");
  if (at.front() < 1 || at.back() >= steps)
    refuse("the picture reaches its full size at step " + std::to_string(at.back()) +
               " ('upscale_at'), but the run has " + std::to_string(steps) + " steps",
           "name earlier steps, or raise steps_per_scene");
  for (std::size_t i = 0; i < sizes.size(); ++i)
    stages_.push_back({i == 0 ? 0 : at[i - 1],
                       {scaled(full.width, sizes[i], longer), scaled(full.height, sizes[i], longer)}});
  stages_.push_back({at.back(), full});
  stage_ = stages_.size() - 1;
}

std::size_t Growth::stage_of(std::int64_t step) const {
  std::size_t stage = 0;
  while (stage + 1 < stages_.size() && step >= stages_[stage + 1].first_step) ++stage;
  return stage;
}

void Growth::begin(ImageModel& model, std::int64_t step) {
  if (!is_on()) return;
  if (width_ == 0) {
    const at::NoGradGuard no_grad;
    const at::Tensor picture = model.decode_final();
    width_ = picture.size(3);
    height_ = picture.size(2);
  }
  grow(model, step);
}

bool Growth::grow(ImageModel& model, std::int64_t step) {
  const std::size_t stage = stage_of(step);
  if (!is_on() || stage == stage_) return false;
  auto* resizable = extension_of<Resizable>(model);
  if (!resizable)
    refuse("'upscale_from' is set, but the image model cannot change its size",
           "choose another image_model, or leave upscale_from out");
  resizable->resize(stages_[stage].size);
  stage_ = stage;
  return true;
}

at::Tensor Growth::shown(const at::Tensor& picture) const {
  return is_on() ? lanczos_resize(picture, height_, width_) : picture;
}

}  // namespace reverie::engine
