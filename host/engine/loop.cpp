#include "engine/loop.h"

#include <ATen/ATen.h>

namespace reverie::engine {
namespace {

std::int64_t frames_of(const Settings& settings) {
  return settings.get<bool>("loop") ? settings.get<std::int64_t>("loop_frames") : 0;
}

std::string key(std::int64_t frame, const std::string& part) { return std::to_string(frame) + "." + part; }

}  // namespace

Loop::Loop(const Settings& settings, std::int64_t last) : frames_(frames_of(settings)), last_(last) {}

double Loop::share(std::int64_t frame) const {
  const std::int64_t left = last_ - frame;  // frames of the transition after this one
  if (!is_on() || left < 0 || left >= frames_) return 0;
  // Earlier frames have covered the first part of the way, and keep it.
  return 1 / static_cast<double>(left + 1);
}

void Loop::end_frame(std::int64_t frame, ImageModel& model) {
  if (frame >= 1 && frame <= frames_)
    for (const auto& [name, tensor] : model.state()) kept_[key(frame, name)] = tensor.detach().clone();
  const double share = this->share(frame);
  if (share == 0) return;
  auto state = model.state();
  for (auto& [name, tensor] : state) {
    const auto kept = kept_.find(key(frame - (last_ - frames_), name));
    if (kept == kept_.end() || kept->second.sizes() != tensor.sizes()) continue;
    const at::Tensor there = kept->second.to(tensor.options());
    if (share == 1)
      tensor = there;
    else if (tensor.scalar_type() == at::kFloat)
      tensor = at::lerp(tensor, there, share);
    kept_.erase(kept);
  }
  model.load_state(state);
}

std::int64_t last_frame_of(const Timeline& timeline) {
  return timeline.frame_of(timeline.scenes * timeline.steps_per_scene - 1);
}

std::int64_t pictures_left_out(const Settings& settings) {
  const std::int64_t frames = frames_of(settings);
  return frames == 0 ? 0
                     : Timeline(settings).first_step(frames + 1) / settings.get<std::int64_t>("save_every");
}

std::string trouble_with_loop(const Settings& settings, std::int64_t scenes) {
  const std::int64_t frames = frames_of(settings), last = last_frame_of(Timeline(settings, scenes));
  if (frames == 0 || last > 2 * frames) return {};
  return "'loop_frames' is " + std::to_string(frames) + ", but the run moves only " +
         std::to_string(std::max<std::int64_t>(last, 0)) + " times; allowed with so many moves: " +
         (last > 2 ? "1 to " + std::to_string((last - 1) / 2) : "none, a loop needs at least 3 moves") +
         "; a longer run has more steps_per_scene";
}

}  // namespace reverie::engine
