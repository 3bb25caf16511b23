#pragma once
// The render loop: optimises an image model until perceptors find the prompts in it.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "audio/soundtrack.h"
#include "engine/cadence.h"
#include "engine/frame_writer.h"
#include "engine/growth.h"
#include "engine/host_services.h"
#include "engine/image_losses.h"
#include "engine/loop.h"
#include "engine/motion.h"
#include "engine/opacity.h"
#include "engine/prompt_losses.h"
#include "engine/retouch.h"
#include "engine/run_changes.h"
#include "engine/run_control.h"
#include "engine/run_events.h"
#include "engine/run_plugins.h"
#include "engine/timeline.h"
#include "prompts/script.h"
#include "reverie/leaves_out_frames.h"
#include "settings/settings.h"

namespace reverie::engine {

struct RenderResult {
  RunPosition moment;
  std::filesystem::path last_frame;  ///< empty if none was saved
  bool interrupted = false;
};

/// Throws Error(model) unless the backup says where in a run it was made, and is the `number`th.
void check_position(std::int64_t number, const Backup& backup);

class Render {
 public:
  /// Opens the pictures that the script names, embeds its words and then lets the perceptors release their
  /// text encoders. `sound` may be null; the model has the size with which `growth` begins. Everything given
  /// must outlive this.
  Render(HostServices& host, RunPlugins& ensemble, const Settings& settings, const Script& script,
         const std::function<media::Footage(const std::string&)>& open,
         const audio::Soundtrack* sound = nullptr, Growth growth = {});

  /// The picture that the run starts from, where that is no noise: until the first move it is what the losses
  /// that stabilise motion hold on to. Before restore().
  void start_from(const at::Tensor& picture);

  /// Lets settings change while the run goes. `setup.script` is the script that this was made with. Before
  /// restore().
  void steer_by(RunChangesSetup setup);

  /// Continues where a backup was made; the result is then the same, bit for bit, as without the pause.
  /// Throws Error(model) when the backup is of another kind of run.
  void restore(const Backup& backup);

  const RunPosition& moment() const { return result_.moment; }

  /// Whether no step is left to do.
  bool is_done() const {
    return position_.scene + 1 >= std::ssize(script_.scenes) && position_.step >= steps_per_scene_;
  }

  /// Runs all scenes, or as far as the animation mode's source goes. A frame is saved and a backup made every
  /// save_every steps, at the end, and when the run is interrupted.
  RenderResult run(RunEvents& events, FrameWriter& frames, RequestedControl& control);

  ~Render();

 private:
  /// The next step to do: a scene may have been left early.
  struct Position {
    std::int64_t scene = 0, step = 0;
  };
  struct StepReport {
    std::vector<RunUpdate::Loss> losses;
    bool all_stopped = false;
  };

  void set_parameters(std::int64_t frame);
  void attend(RequestedControl& control);
  void begin_frame(std::int64_t frame);
  void end_frame();
  void skip_frame();
  void save_waiting(FrameWriter& frames, const at::Tensor& done);
  void make_optimiser();
  void grown();
  void resized();
  void move(const std::map<std::string, double>& sound);
  std::map<std::string, double> values_at(std::int64_t step,
                                          const std::map<std::string, double>& sound) const;
  void hold_on_to_move(std::int64_t frame);
  void begin_step();
  PromptLosses::Turn draw_turn(const at::Tensor& image);
  std::int64_t cutouts_now();
  StepReport step(const std::vector<PromptLosses::Active>& prompts);
  at::Tensor decode_final();
  at::Tensor final_picture();
  std::string final_drawing();
  at::Tensor picture_to_show();
  double rate_now();
  void display(RunEvents& events);
  Backup backup();

  HostServices& host_;
  RunPlugins& ensemble_;
  const Script& script_;
  const audio::Soundtrack* sound_;
  std::int64_t steps_per_scene_, interpolation_steps_, save_every_, display_every_;
  CutoutCounts cutouts_;
  double learning_rate_;  // the image model's own
  double learning_rate_decay_;
  bool show_palette_, reset_learning_;
  Tiling tiling_;
  Timeline timeline_;
  Growth growth_;
  bool keep_optimiser_;
  bool restarts_ =
      false;  // the optimiser, where it or the image model cannot carry its state over; said once
  Opacity opacity_;
  RenderResult result_;
  Position position_;
  std::int64_t frame_ = -1;               // of the timeline
  std::map<std::string, double> heard_;   // the sound's variables, in the present frame
  std::map<std::string, double> values_;  // of the variables in expressions, at the present step
  // For the losses that stabilise motion; undefined before the first move.
  at::Tensor before_move_;  // the picture then
  AnimationMode::Move move_;
  Warnings warnings_;
  bool finished_ = false;  // the animation has come to its end
  Motion motion_;
  Retouch retouch_;
  Loop loop_;
  Cadence cadence_;
  LeavesOutFrames* leaves_out_ = nullptr;  // of the animation mode; null: it need not know
  PromptLosses prompt_losses_;
  ImageLosses image_losses_;
  std::optional<RunChanges> changes_;   // none: nothing changes
  std::vector<at::Tensor> parameters_;  // the model's
  std::shared_ptr<Optimiser> optimiser_;
};

}  // namespace reverie::engine
