// The frames of an animation: the move that begins one, what its losses hold on to, and frames that are not
// optimised.

#include <algorithm>

#include "engine/render.h"
#include "engine/retouched_model.h"

namespace reverie::engine {

void Render::begin_frame(std::int64_t frame) {
  if (frame == frame_) return;
  frame_ = frame;
  bool begins_again = false;
  if (frame > 0 && ensemble_.animation.instance) {
    if (leaves_out_) leaves_out_->will_be_optimised(cadence_.is_due(frame));
    move(sound_at(sound_, timeline_, frame));
    begins_again = leaves_out_ && !finished_ && leaves_out_->begins_again();
  }
  hold_on_to_move(frame);
  if (cadence_.begin(frame, values_at(timeline_.first_step(frame), heard_), begins_again) &&
      cadence_.waits()) {
    // Where the frame begins with something else, the frames before lead to what the motion makes of them.
    const bool elsewhere = leaves_out_ && move_.expected && !begins_again;
    cadence_.begin_with(elsewhere ? *move_.expected : final_picture());
  }
}

void Render::move(const std::map<std::string, double>& sound) {
  const auto& [name, instance] = ensemble_.model;
  at::Tensor before =
      call_plugin(name, result_.moment, [&, &model = *instance] { return model.decode_final(); });
  const auto values = values_at(timeline_.first_step(frame_), sound);
  const bool retouches = retouch_.begin(frame_, values, frame_ * timeline_.stride, before);
  RetouchedModel front(*instance, retouch_);
  AnimationMode::Move made =
      motion_.advance(frame_, values, sound, image_losses_.flow_mask(frame_ * timeline_.stride),
                      retouches ? &front : nullptr);
  if (!made.finished) call_plugin(name, result_.moment, [&] { front.finish(made); });
  if (made.finished) {
    finished_ = true;
    return;
  }
  if (reset_learning_ || made.reset_optimiser) make_optimiser();
  const auto wants_flow = [](const LossTerm& term) { return term.setting == kFlowStabilisation; };
  if (!move_.image.defined() && !made.flow && !made.expected &&
      std::any_of(script_.losses.begin(), script_.losses.end(), wants_flow))
    host_.log(LogLevel::warning, std::string(kFlowStabilisation) +
                                     " has no effect: " + ensemble_.animation.name + " computes no flow");
  before_move_ = std::move(before);
  move_ = std::move(made);
}

void Render::hold_on_to_move(std::int64_t frame) {
  const MemoryScope memory(kLossMemory);
  frame_ = frame;
  heard_ = sound_at(sound_, timeline_, frame);
  if (!move_.image.defined()) return;
  prompt_losses_.stabilise(move_.image, frame);
  image_losses_.stabilise(before_move_, move_);
}

/// After the last step of a frame.
void Render::end_frame() {
  const std::int64_t done = result_.moment.steps;
  const bool last = done == timeline_.scenes * timeline_.steps_per_scene;
  if (!loop_.is_on() || (timeline_.frame_of(done) == frame_ && !last)) return;
  call_plugin(ensemble_.model.name, result_.moment,
              [&] { loop_.end_frame(frame_, *ensemble_.model.instance); });
}

/// Passes over the steps of a frame that is not optimised, as far as its scene goes.
void Render::skip_frame() {
  const std::int64_t steps =
      std::min(timeline_.first_step(frame_ + 1) - result_.moment.steps, steps_per_scene_ - position_.step);
  const std::int64_t before = result_.moment.steps / save_every_;
  position_.step += steps;
  result_.moment.steps += steps;
  for (std::int64_t i = before; i < result_.moment.steps / save_every_; ++i) cadence_.keep(final_picture());
}

/// Saves the frames that were made by the motion alone. `done`: the next optimised one; undefined if none
/// follows.
void Render::save_waiting(FrameWriter& frames, const at::Tensor& done) {
  if (!cadence_.waits()) return;
  const auto& [name, flow] = ensemble_.flow;
  const std::vector<at::Tensor> pictures =
      done.defined()
          ? call_plugin(name, result_.moment,
                        [&, &flow = *flow] { return cadence_.release(done, flow, host_.device()); })
          : cadence_.release();
  for (const at::Tensor& picture : pictures) {
    if (!ensemble_.ranks || ensemble_.ranks->first()) frames.save(picture, result_.moment);
    ++result_.moment.frames;
  }
}

}  // namespace reverie::engine
