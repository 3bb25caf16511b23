#pragma once
// The render loop's surroundings with plugins made for the occasion: a picture of 16 x 12 pixels, a perceptor
// that sees the mean colour, a sink that keeps frames, and footage from memory. Losses and optimiser are the
// project's own.

#include <gtest/gtest.h>

#include "app/chosen_plugins.h"
#include "engine/render.h"
#include "fixtures/plugins_under_test.h"
#include "losses/choose_losses.h"
#include "settings/reader.h"
#include "settings/resolve.h"
#include "support/numbers.h"

namespace reverie::test {

/// The pixels themselves.
class Pixels final : public ImageModel {
 public:
  Pixels() : pixels_(at::full({1, 3, 12, 16}, 0.5).set_requires_grad(true)) {}
  void randomise() override {}
  void encode(const at::Tensor&) override {}
  std::vector<at::Tensor> parameters() override { return {pixels_}; }
  double learning_rate() const override { return 0.05; }
  at::Tensor decode() override { return pixels_ * 1; }
  at::Tensor decode_final() override { return shares ? pixels_.detach() : pixels_.detach().clone(); }
  std::vector<Regulariser> regularisers() override { return {}; }
  void after_step() override { ++steps; }
  std::optional<at::Tensor> canvas() const override { return std::nullopt; }
  void set_canvas(const at::Tensor&) override {}
  std::map<std::string, at::Tensor> state() const override { return {}; }
  void load_state(const std::map<std::string, at::Tensor>&) override {}

  at::Tensor pixels_;
  int steps = 0;
  bool shares = false;  ///< what is decoded is the model's own memory
};

/// Sees nothing but the mean colour; "red", "green" and "blue" are the axes.
class ColourSense final : public Perceptor {
 public:
  std::int64_t input_size() const override { return 8; }
  std::int64_t embedding_size() const override { return 3; }
  at::Tensor embed_images(const at::Tensor& images) override {
    batches.push_back(images.size(0));
    if (on_look) on_look();
    const at::Tensor mean = images.mean({2, 3});
    return (ignores_brightness ? mean.detach() * 0 + 1 + mean * 0 : mean) * factor;
  }
  at::Tensor embed_texts(const std::vector<std::string>& texts) override {
    at::Tensor result = at::zeros({static_cast<std::int64_t>(texts.size()), 3});
    for (std::size_t i = 0; i < texts.size(); ++i)
      result[static_cast<std::int64_t>(i)][texts[i] == "red" ? 0 : texts[i] == "green" ? 1 : 2] = 1;
    return result;
  }
  void release_text_encoder() override { released = true; }

  std::vector<std::int64_t> batches;  ///< pictures in each look
  std::function<void()> on_look;
  double factor = 1;
  bool ignores_brightness = false;  ///< everything looks the same
  bool released = false;
};

class Shelf final : public OutputSink {
 public:
  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    if (before) before();
    frames.emplace_back(number, image.clone());
    return "frame_" + std::to_string(number);
  }
  std::vector<std::pair<std::int64_t, at::Tensor>> frames;
  std::function<void()> before;  ///< each
};

inline at::Tensor colour(double r, double g, double b) {
  return at::tensor({r, g, b}, at::kFloat).view({1, 3, 1, 1}).expand({1, 3, 12, 16}).clone();
}

/// Frames from memory, which notes what it was asked for.
class Reel final : public FrameSource {
 public:
  Reel(const std::vector<at::Tensor>& frames, std::vector<std::int64_t>& asked)
      : frames_(frames), asked_(asked) {}
  Info info() const override { return {{16, 12}, 12, static_cast<std::int64_t>(frames_.size())}; }
  std::optional<at::Tensor> read(std::int64_t index) override {
    asked_.push_back(index);
    if (index >= static_cast<std::int64_t>(frames_.size())) return std::nullopt;
    return frames_[static_cast<std::size_t>(index)];
  }

 private:
  std::vector<at::Tensor> frames_;
  std::vector<std::int64_t>& asked_;
};

struct Studio {
  explicit Studio(const std::string& settings_text) {
    std::vector<Problem> problems;
    std::vector<RawEntry> entries;
    std::istringstream lines(settings_text);
    for (std::string line; std::getline(lines, line, ';');)
      for (RawEntry& entry : read_override(line, problems)) entries.push_back(std::move(entry));
    Resolution resolution = resolve(entries, problems, app::installed_params(plugins()));
    EXPECT_EQ(report(resolution.problems), "");
    settings = chosen = resolution.settings;
    std::vector<Problem> wrong;
    std::vector<std::string> notices;
    script = parse_script(settings, wrong, notices);
    choose_losses(script.losses, settings, plugins(), {}, wrong);
    EXPECT_EQ(report(wrong), "");
    ensemble.model = {"image_models/pixels", model};
    ensemble.perceptors.push_back({"perceptors/colour_sense", sense});
    ensemble.sinks.push_back({"io/shelf", shelf});
    const PluginFile& optimiser = plugins().find(Optimiser::kKind, settings.get<std::string>("optimiser"));
    ensemble.optimiser = "optimisers/" + optimiser.name;
    ensemble.make_optimiser = [this, &optimiser](const Optimiser::Setup& setup) {
      return create<Optimiser>(optimiser, makers, default_params(optimiser), setup);
    };
    ensemble.make_loss = [this](const LossTerm& term, const Loss::Setup& setup) {
      auto loss = create<Loss>(*term.plugin, makers, term.params, setup);
      engine::give_perceptors(*loss, ensemble.perceptors);
      return loss;
    };
  }
  ~Studio() { engine::interrupted = false; }

  /// They draw from the generators of this host, which must live as long as the run.
  void choose_cutouts(engine::HostServices& host) {
    const PluginFile& method =
        plugins().find(CutoutMethod::kKind, settings.get<std::string>("cutout_method"));
    ensemble.cutouts = {"cutouts/" + method.name,
                        create<CutoutMethod>(method, host, app::params_for(method, chosen),
                                             {settings.get<std::int64_t>("cutouts")})};
  }

  engine::RenderResult run() {
    engine::HostServices host({"cpu", 3, "", ""});
    choose_cutouts(host);
    engine::Render render(host, ensemble, settings, script, [this](const std::string& path) {
      return media::Footage(std::make_shared<Reel>(footage.at(path), read_frames[path]));
    });
    engine::RunEvents events;
    events.subscribe([this](const engine::RunEvent& event) {
      if (const auto* step = std::get_if<RunUpdate::Step>(&event))
        for (const RunUpdate::Loss& loss : step->losses) losses[loss.name] = loss.value;
    });
    engine::RequestedControl control;
    engine::FrameWriter frames(host, ensemble.sinks, nullptr, events);
    return render.run(events, frames, control);
  }
  double mean(std::int64_t channel) const { return model->pixels_.select(1, channel).mean().item<double>(); }

  engine::HostServices makers{{"cpu", 3, "", ""}};  ///< of losses and optimisers
  RunSettings chosen;
  Settings settings;
  Script script;
  std::map<std::string, std::vector<at::Tensor>> footage;  ///< by path
  std::map<std::string, std::vector<std::int64_t>> read_frames;
  std::map<std::string, double> losses;  ///< of the last step, by name
  std::shared_ptr<Pixels> model = std::make_shared<Pixels>();
  std::shared_ptr<ColourSense> sense = std::make_shared<ColourSense>();
  std::shared_ptr<Shelf> shelf = std::make_shared<Shelf>();
  engine::RunPlugins ensemble;
};

}  // namespace reverie::test
