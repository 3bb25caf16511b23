#pragma once
// The render loop: optimises an image model until perceptors find the prompts in it.

#include <memory>
#include <string>
#include <vector>

#include "engine/cutouts.h"
#include "engine/host_services.h"
#include "prompts/prompt.h"
#include "reverie/image_model.h"
#include "reverie/output_sink.h"
#include "reverie/perceptor.h"
#include "settings/settings.h"

namespace reverie {

/// A plugin's instance and its name, "kind/name", for messages.
template <typename Interface>
struct Member {
  std::string name;
  std::shared_ptr<Interface> instance;
};

/// What a run is made of. Members are destroyed in reverse order: sinks before models.
struct Ensemble {
  Member<ImageModel> model;
  std::vector<Member<Perceptor>> perceptors;
  std::vector<Member<OutputSink>> sinks;
};

struct RenderResult {
  std::int64_t steps = 0;
  std::int64_t frames = 0;
  std::filesystem::path last_frame;  ///< empty if none was saved
  bool interrupted = false;
};

class Progress;
struct Optimiser;

class Render {
 public:
  /// Embeds the prompts and then lets the perceptors release their text encoders.
  Render(HostServices& host, Ensemble& ensemble, const Settings& settings, std::vector<Scene> scenes);

  /// Runs all scenes. A frame is saved every save_every steps, at the end, and when the run is interrupted.
  RenderResult run(Progress& progress);

  ~Render();

 private:
  struct ActivePrompt {
    const Prompt* prompt;
    std::size_t index;  ///< row of the embeddings
    double share;
  };
  struct StepReport {
    std::vector<std::pair<std::string, double>> losses;
    bool all_held = false;
  };

  void embed_prompts();
  /// Runs a plugin's part of the work; what it throws is told with its name and the step.
  template <typename Work>
  auto call(const std::string& plugin, Work&& work) -> decltype(work());
  std::vector<ActivePrompt> active_prompts(std::size_t scene, std::int64_t step) const;
  StepReport step(const std::vector<ActivePrompt>& prompts);
  bool look(const at::Tensor& image, const std::vector<ActivePrompt>& prompts, std::vector<double>& values);
  void save(Progress& progress);

  HostServices& host_;
  Ensemble& ensemble_;
  std::vector<Scene> scenes_;
  std::vector<at::Tensor> embeddings_;  ///< per perceptor [prompts of all scenes, D]

  std::int64_t steps_per_scene_, interpolation_steps_, save_every_, cutouts_, batches_;
  double smoothing_, learning_rate_;
  CutoutSettings cutout_settings_;
  RenderResult result_;
  std::unique_ptr<Optimiser> optimiser_;
};

}  // namespace reverie
