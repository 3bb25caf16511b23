#include "engine/render.h"

#include <torch/optim/adam.h>

#include <cmath>

#include "engine/glimpses.h"
#include "engine/losses.h"
#include "engine/memory.h"
#include "engine/progress.h"
#include "losses/smoothing.h"

namespace reverie {

/// Keeps LibTorch's optimiser headers out of render.h.
struct Optimiser {
  Optimiser(const std::vector<at::Tensor>& parameters, double rate)
      : adam(parameters, torch::optim::AdamOptions(rate).betas({0.9, 0.999}).eps(1e-8)) {}
  torch::optim::Adam adam;
};

Render::Render(HostServices& host, Ensemble& ensemble, const Settings& settings, std::vector<Scene> scenes)
    : host_(host),
      ensemble_(ensemble),
      scenes_(std::move(scenes)),
      steps_per_scene_(settings.get<std::int64_t>("steps_per_scene")),
      interpolation_steps_(settings.get<std::int64_t>("interpolation_steps")),
      save_every_(settings.get<std::int64_t>("save_every")),
      cutouts_(settings.get<std::int64_t>("cutouts")),
      batches_(settings.get<std::int64_t>("gradient_accumulation_steps")),
      smoothing_(settings.get<double>("smoothing_weight")),
      learning_rate_(settings.has("learning_rate") ? settings.get<double>("learning_rate")
                                                   : ensemble.model.instance->learning_rate()),
      cutout_settings_{settings.get<double>("cut_pow"), settings.get<double>("cutout_border"),
                       settings.get<std::string>("border_mode")} {
  embed_prompts();
  optimiser_ = std::make_unique<Optimiser>(ensemble_.model.instance->parameters(), learning_rate_);
}

Render::~Render() = default;

void Render::embed_prompts() {
  std::vector<std::string> texts;
  for (const Scene& scene : scenes_)
    for (const Prompt& prompt : scene.prompts) texts.push_back(prompt.text);
  for (const auto& [name, perceptor] : ensemble_.perceptors) {
    embeddings_.push_back(perceptor->embed_texts(texts).detach());
    perceptor->release_text_encoder();
  }
  release_freed_memory();
}

template <typename Work>
auto Render::call(const std::string& plugin, Work&& work) -> decltype(work()) {
  const auto told = [&](const std::string& what) {
    return "the plugin " + plugin + " failed in step " + std::to_string(result_.steps + 1) + " (frame " +
           std::to_string(result_.frames + 1) + "): " + what;
  };
  try {
    return work();
  } catch (const Error& error) {
    throw Error(error.kind(), told(error.what()), error.advice());
  } catch (const c10::Error& error) {
    throw Error(ErrorKind::plugin, told(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    throw Error(ErrorKind::plugin, told(error.what()));
  }
}

std::vector<Render::ActivePrompt> Render::active_prompts(std::size_t scene, std::int64_t step) const {
  std::vector<ActivePrompt> result;
  for (const SceneShare& part : scene_shares(scene, step, interpolation_steps_)) {
    std::size_t index = 0;
    for (std::size_t earlier = 0; earlier < part.scene; ++earlier) index += scenes_[earlier].prompts.size();
    for (const Prompt& prompt : scenes_[part.scene].prompts) {
      if (prompt.weight != 0 && part.share > 0) result.push_back({&prompt, index, part.share});
      ++index;
    }
  }
  return result;
}

/// Shows cutouts of `image` to every perceptor and adds the prompts' gradients to image.grad(). A batch's
/// graph is gone before the next is built, which is what makes accumulation save memory. True if every prompt
/// is held.
bool Render::look(const at::Tensor& image, const std::vector<ActivePrompt>& prompts,
                  std::vector<double>& values) {
  std::vector<std::int64_t> rows;
  for (const ActivePrompt& active : prompts) rows.push_back(static_cast<std::int64_t>(active.index));
  const at::Tensor selection = at::tensor(rows).to(image.device());
  const double share =
      1.0 / static_cast<double>(batches_ * static_cast<std::int64_t>(ensemble_.perceptors.size()));
  bool all_held = true;
  for (std::size_t p = 0; p < ensemble_.perceptors.size(); ++p) {
    const auto& [name, perceptor] = ensemble_.perceptors[p];
    const std::int64_t side = perceptor->input_size();
    const at::Tensor texts = embeddings_[p].index_select(0, selection);
    for (std::int64_t batch = 0; batch < batches_; ++batch) {
      const std::int64_t count = cutouts_ / batches_;
      const std::vector<Cutout> places =
          draw_cutouts(count, image.size(3), image.size(2), side, cutout_settings_, host_.cpu_generator());
      const Augmentation changes = draw_augmentation(count, side, host_.cpu_generator());
      const at::Tensor glimpses =
          take_glimpses(image, places, side, cutout_settings_, changes, host_.generator());
      const at::Tensor embedded =
          call(name, [&, &perceptor = *perceptor] { return perceptor.embed_images(glimpses); });
      const at::Tensor distances = spherical_distance(embedded, texts);
      at::Tensor total = at::zeros({}, distances.options());
      for (std::size_t i = 0; i < prompts.size(); ++i) {
        const PromptLoss loss =
            prompt_loss(distances.select(1, static_cast<std::int64_t>(i)), *prompts[i].prompt);
        total = total + loss.value * (prompts[i].share * share);
        values[i] += loss.value.item<double>() * share;
        all_held = all_held && loss.held;
      }
      total.backward();
    }
  }
  return all_held;
}

Render::StepReport Render::step(const std::vector<ActivePrompt>& prompts) {
  const std::string& name = ensemble_.model.name;
  ImageModel& model = *ensemble_.model.instance;
  torch::optim::Adam& adam = optimiser_->adam;
  adam.zero_grad();
  StepReport report;
  const at::Tensor decoded = call(name, [&] { return model.decode(); });
  const at::Tensor image = decoded.detach().set_requires_grad(true);
  image.mutable_grad() = at::zeros_like(image);

  std::vector<double> values(prompts.size(), 0.0);
  if (!prompts.empty()) report.all_held = look(image, prompts, values);
  double total = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    report.losses.emplace_back(prompts[i].prompt->text, values[i]);
    total += values[i] * prompts[i].share;
  }
  if (smoothing_ != 0) {
    const at::Tensor loss = smoothing_loss(image) * smoothing_;
    loss.backward();
    report.losses.emplace_back("smoothing", loss.item<double>());
    total += report.losses.back().second;
  }
  for (const Regulariser& regulariser : call(name, [&] { return model.regularisers(); })) {
    report.losses.emplace_back(regulariser.name, regulariser.value.item<double>());
    total += report.losses.back().second;
    regulariser.value.backward();
  }
  if (!std::isfinite(total))
    throw Error(ErrorKind::model,
                "the loss is no longer a finite number at step " + std::to_string(result_.steps + 1),
                "lower learning_rate or the prompts' weights");
  call(name, [&] { decoded.backward(image.grad()); });
  adam.step();
  call(name, [&] { model.after_step(); });
  return report;
}

void Render::save(Progress& progress) {
  const auto& [name, model] = ensemble_.model;
  const at::Tensor image = call(name, [&, &model = *model] { return model.decode_final(); })
                               .detach()
                               .to(at::kCPU, at::kFloat)
                               .contiguous();
  result_.last_frame.clear();
  for (const auto& [sink_name, sink] : ensemble_.sinks) {
    const auto file = call(sink_name, [&, &sink = *sink] { return sink.write(image, result_.frames + 1); });
    progress.saved(file);
    if (result_.last_frame.empty()) result_.last_frame = file;
  }
  ++result_.frames;
}

RenderResult Render::run(Progress& progress) {
  bool unsaved = false;
  for (std::size_t scene = 0; scene < scenes_.size() && !result_.interrupted; ++scene) {
    for (std::int64_t i = 0; i < steps_per_scene_; ++i) {
      if (interrupted) {
        result_.interrupted = true;
        break;
      }
      const std::vector<ActivePrompt> prompts = active_prompts(scene, i);
      const StepReport report = step(prompts);
      unsaved = ++result_.steps % save_every_ != 0;
      progress.step(result_.steps, report.losses);
      if (!unsaved) save(progress);
      if (report.all_held && i >= interpolation_steps_) {
        host_.log(LogLevel::info, "every prompt of scene " + std::to_string(scene + 1) +
                                      " is held by its stop; the scene ends at step " +
                                      std::to_string(i + 1));
        break;
      }
    }
  }
  // What was made since the last frame is not thrown away.
  if (unsaved) save(progress);
  return result_;
}

}  // namespace reverie
