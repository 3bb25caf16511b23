// What plugins return is checked against what their headers promise, with the plugin's name and its method.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

/// Weights of no contents.
class NoWeights final : public Weights {
 public:
  std::vector<std::string> names() const override { return {}; }
  bool contains(const std::string&) const override { return false; }
  at::Tensor tensor(const std::string&) const override { return {}; }
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }
  std::string origin() const override { return "nowhere"; }

 private:
  std::map<std::string, std::string> metadata_;
};

class Faulty : public testing::Test {
 protected:
  Faulty() : registry_({kFixtures / "faulty"}), host_(host_options()) {}

  template <typename Interface>
  std::shared_ptr<Interface> make(const std::string& name, const std::string& setting,
                                  const std::string& fault, const typename Interface::Setup& setup) {
    const PluginFile& plugin = registry_.find(Interface::kKind, name);
    Settings settings = default_params(plugin);
    SettingValue value = *settings.find(setting);
    value.text = fault;
    settings.set(setting, value);
    return create<Interface>(plugin, host_, settings, setup);
  }
  std::shared_ptr<ImageModel> model(const std::string& fault) {
    return make<ImageModel>("faulty_model", "model_fault", fault, {6, 4});
  }
  std::shared_ptr<Perceptor> perceptor(const std::string& fault) {
    return make<Perceptor>("a_faulty_perceptor", "perceptor_fault", fault,
                           {"toy", std::make_shared<NoWeights>()});
  }
  std::shared_ptr<AnimationMode> mode(const std::string& fault) {
    return make<AnimationMode>("faulty_mode", "mode_fault", fault, {{6, 4}, 12});
  }
  std::shared_ptr<DepthEstimator> depth(const std::string& fault) {
    return make<DepthEstimator>("faulty_depth", "depth_fault", fault, {});
  }
  std::shared_ptr<FlowEstimator> flow(const std::string& fault) {
    return make<FlowEstimator>("faulty_flow", "flow_fault", fault, {});
  }

  /// `call` must throw an error of kind plugin that holds all of `words`.
  template <typename Call>
  void expect_blame(const Call& call, const std::vector<std::string>& words, const std::string& fault) {
    const Error error = error_of(call);
    EXPECT_EQ(error.kind(), ErrorKind::plugin) << fault;
    for (const std::string& word : words)
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos)
          << fault << ": '" << word << "' in: " << error.what();
  }

  PluginRegistry registry_;
  engine::HostServices host_;
};

const at::Tensor kPicture = at::full({1, 3, 4, 6}, 0.25);

TEST_F(Faulty, WithoutAFaultEverythingPasses) {
  const auto model = this->model("none");
  model->randomise();
  EXPECT_EQ(model->decode().sizes(), kPicture.sizes());
  EXPECT_EQ(model->decode_final().sizes(), kPicture.sizes());
  EXPECT_EQ(model->parameters().size(), 1u);
  model->load_state(model->state());
  const auto perceptor = this->perceptor("none");
  EXPECT_EQ(perceptor->embed_images(at::rand({5, 3, 8, 8})).size(0), 5);
  EXPECT_EQ(perceptor->embed_texts({"a", "b"}).size(0), 2);
  const auto mode = this->mode("none");
  const auto depth = this->depth("none");
  const auto flow = this->flow("none");
  const AnimationMode::Tools tools{depth.get(), flow.get(), nullptr};
  FrameContext context;
  context.parameters["drift"] = {0};
  EXPECT_EQ(mode->variables(*model, tools).at("v"), 1);
  EXPECT_TRUE(mode->advance(context, *model, tools).image.equal(model->decode_final()));
  EXPECT_EQ(depth->estimate(kPicture).size(1), 1);
  EXPECT_EQ(flow->estimate(kPicture, kPicture).size(1), 2);
}

TEST_F(Faulty, PicturesOfImageModels) {
  const struct {
    const char *fault, *came;
  } cases[] = {{"four channels", "float32 [1, 4, 4, 6]"},
               {"nothing", "float32 [1, 3, 0, 0]"},
               {"three dimensions", "float32 [3, 4, 6]"},
               {"undefined", "undefined"},
               {"double", "float64 [1, 3, 4, 6]"},
               {"bytes", "Byte [1, 3, 4, 6]"},
               {"nan", "NaN"},
               {"infinite", "infinite"},
               {"no gradient", "gradient"}};
  for (const auto& [fault, came] : cases)
    expect_blame([&, fault = fault] { model(fault)->decode(); },
                 {"image_models/faulty_model", "decode()", came, "image_model.h"}, fault);
  const auto changing = model("other size");
  changing->decode();
  expect_blame([&] { changing->decode(); }, {"decode()", "[1, 3, 2, 3]", "[1, 3, 4, 6]"}, "other size");
  const auto final = model("final of other size");
  final->decode();
  expect_blame([&] { final->decode_final(); }, {"decode_final()", "[1, 3, 2, 3]", "[1, 3, 4, 6]"},
               "final of other size");
  // Where nobody asks for a gradient, none is missing.
  const at::NoGradGuard no_grad;
  EXPECT_NO_THROW(model("no gradient")->decode());
}

// What is wrong with a file is not the plugin's fault. Its words are, and they stay on one line.
TEST_F(Faulty, ErrorsOfOtherKindsKeepTheirKind) {
  const Error error = error_of([&] { model("file of several lines")->decode(); });
  EXPECT_EQ(error.kind(), ErrorKind::file);
  EXPECT_STREQ(error.what(), "map.png is gone\\nreverie: done \\x1b[31m");
  EXPECT_EQ(error.advice(), "look\\nreverie: there");
}

TEST_F(Faulty, OtherValuesOfImageModels) {
  using Model = std::shared_ptr<ImageModel>;
  const struct {
    const char *fault, *method, *came;
    std::function<void(const Model&)> call;
  } cases[] = {
      {"no parameters", "parameters()", "none", [](const Model& m) { m->parameters(); }},
      {"no leaf", "parameters()", "not a leaf", [](const Model& m) { m->parameters(); }},
      {"parameter without gradient", "parameters()", "gradient", [](const Model& m) { m->parameters(); }},
      {"double parameter", "parameters()", "float64", [](const Model& m) { m->parameters(); }},
      {"undefined parameter", "parameters()", "undefined", [](const Model& m) { m->parameters(); }},
      {"learning rate", "learning_rate()", "nan", [](const Model& m) { m->learning_rate(); }},
      {"regulariser of many", "regularisers()", "evenness: float32 [4, 6]",
       [](const Model& m) { m->regularisers(); }},
      {"regulariser nan", "regularisers()", "infinite", [](const Model& m) { m->regularisers(); }},
      {"double canvas", "canvas()", "float64", [](const Model& m) { m->canvas(); }},
      {"latent nan", "latent()", "infinite", [](const Model& m) { m->latent(); }},
      {"palette", "palette_picture()", "[3, 2]", [](const Model& m) { m->palette_picture(); }},
      {"undefined state", "state()", "undefined", [](const Model& m) { m->state(); }},
      {"exception", "decode()", "pixel 7 of 6", [](const Model& m) { m->decode(); }},
      {"number thrown", "randomise()", "not a std::exception", [](const Model& m) { m->randomise(); }}};
  for (const auto& [fault, method, came, call] : cases)
    expect_blame([&, fault = fault, &call = call] { call(model(fault)); },
                 {"image_models/faulty_model", method, came}, fault);
}

// The parameters, not the plugin: here a learning rate is at fault, or the weight of a prompt.
TEST_F(Faulty, ParametersThatAreNoNumbersAreNotThePlugins) {
  const auto model = this->model("none");
  {
    const at::NoGradGuard no_grad;
    model->parameters()[0].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  const Error error = error_of([&] { model->decode(); });
  EXPECT_EQ(error.kind(), ErrorKind::model);
  EXPECT_NE(error.advice().find("learning_rate"), std::string::npos) << error.advice();
}

TEST_F(Faulty, Embeddings) {
  const at::Tensor pictures = at::rand({5, 3, 8, 8}).set_requires_grad(true);
  for (const auto& [fault, came] : {std::pair{"one row", "[1, 3]"},
                                    {"long rows", "[5, 6]"},
                                    {"double", "float64"},
                                    {"nan", "NaN"},
                                    {"no gradient", "gradient"},
                                    {"number thrown", "not a std::exception"}})
    expect_blame([&, fault = fault] { perceptor(fault)->embed_images(pictures); },
                 {"perceptors/a_faulty_perceptor with toy", "embed_images()", came}, fault);
  for (const auto& [fault, came] : {std::pair{"a text too few", "[2, 3]"}, {"infinite text", "infinite"}})
    expect_blame(
        [&, fault = fault] {
          perceptor(fault)->embed_texts({"a", "b", "c"});
        },
        {"perceptors/a_faulty_perceptor with toy", "embed_texts()", came}, fault);
  expect_blame([&] { perceptor("no input"); }, {"input_size()", "0"}, "no input");
  expect_blame([&] { perceptor("endless embedding"); }, {"embedding_size()", "1099511627776"},
               "endless embedding");
}

TEST_F(Faulty, Moves) {
  const auto model = this->model("none");
  FrameContext context;
  context.parameters["drift"] = {0};
  const at::NoGradGuard no_grad;
  for (const auto& [fault, came] :
       {std::pair{"small image", "image: float32 [1, 3, 2, 3]"},
        {"undefined image", "image: an undefined tensor"},
        {"flow of three", "flow: float32 [1, 3, 4, 6]"},
        {"double expected", "expected: float64 [1, 3, 4, 6]"},
        {"trust nan", "reliable: float32 [1, 1, 4, 6]"},
        {"small canvas", "float32 [1, 3, 2, 2] on cpu to set_canvas() of image_models/faulty_model"},
        {"canvas nan", "NaN"}}) {
    const auto model = this->model("none");  // of which nobody has asked for the canvas yet
    expect_blame([&, fault = fault] { mode(fault)->advance(context, *model, {}); },
                 {"the plugin animation/faulty_mode", "advance()", came}, fault);
  }
  const auto without = this->model("no canvas");
  expect_blame([&] { mode("small canvas")->advance(context, *without, {}); },
               {"the plugin animation/faulty_mode", "advance()", "set_canvas()", "no canvas"}, "no canvas");
  expect_blame([&] { mode("no variable")->variables(*model, {}); }, {"variables()", "'v'", "drift"},
               "no variable");
  expect_blame([&] { mode("variable nan")->variables(*model, {}); }, {"variables()", "v: nan"},
               "variable nan");
  expect_blame([&] { mode("first image")->first_image({}); }, {"first_image()", "[3, 4, 4]"}, "first image");
}

// Called by an animation mode: whose value it is counts.
TEST_F(Faulty, AnEstimatorIsBlamedAlsoWithinAMode) {
  const auto model = this->model("none");
  FrameContext context;
  context.parameters["drift"] = {0};
  const auto small = depth("small");
  const Error error = error_of([&] {
    mode("depth")->advance(context, *model, {small.get(), nullptr, nullptr});
  });
  EXPECT_EQ(std::string(error.what()).find("the plugin depth_estimators/faulty_depth"), 0u) << error.what();
  EXPECT_EQ(std::string(error.what()).find("faulty_mode"), std::string::npos) << error.what();
}

TEST_F(Faulty, DepthsAndFlows) {
  const at::Tensor picture = kPicture.clone().set_requires_grad(true);
  for (const auto& [fault, came] : {std::pair{"small", "[1, 1, 2, 2]"},
                                    {"three channels", "[1, 3, 4, 6]"},
                                    {"infinite", "infinite"},
                                    {"no gradient", "gradient"}})
    expect_blame([&, fault = fault] { depth(fault)->estimate(picture); },
                 {"depth_estimators/faulty_depth", "estimate()", came}, fault);
  expect_blame([&] { depth("range")->range(); }, {"depth_estimators/faulty_depth", "range()"}, "range");
  for (const auto& [fault, came] :
       {std::pair{"x only", "[1, 1, 4, 6]"}, {"nan", "NaN"}, {"half", "float16"}}) {
    expect_blame([&, fault = fault] { flow(fault)->estimate(kPicture, kPicture); },
                 {"flow_estimators/faulty_flow", "estimate()", came}, fault);
    expect_blame([&, fault = fault] { flow(fault)->estimate_both(kPicture, kPicture); },
                 {"flow_estimators/faulty_flow", "estimate_both()", came}, fault);
  }
}

TEST_F(Faulty, Frames) {
  const TemporaryFolder folder;
  const auto source = [&](const std::string& fault) {
    const fs::path file = folder / "clip.faulty";
    std::ofstream(file) << fault;
    const PluginFile& plugin = registry_.find(FrameSource::kKind, "faulty_frames");
    return create<FrameSource>(plugin, host_, default_params(plugin), {file, 0});
  };
  EXPECT_EQ(source("none")->read(0)->size(3), 6);
  EXPECT_FALSE(source("none")->read(1));
  for (const auto& [fault, came] : {std::pair{"alpha", "[1, 4, 4, 6]"},
                                    {"turned", "[1, 3, 6, 4]"},
                                    {"bytes", "Byte"},
                                    {"nan", "NaN"},
                                    {"number thrown", "not a std::exception"}})
    expect_blame([&, fault = fault] { source(fault)->read(0); },
                 {"frame_sources/faulty_frames", "read()", came}, fault);
  for (const auto& [fault, came] : {std::pair{"no size", "0x0"}, {"negative rate", "-1"}})
    expect_blame([&, fault = fault] { source(fault)->info(); },
                 {"frame_sources/faulty_frames", "info()", came}, fault);
}

TEST_F(Faulty, Cutouts) {
  const auto method = [&](const std::string& fault) {
    const PluginFile& plugin = registry_.find(CutoutMethod::kKind, "faulty_cutouts");
    Settings params = default_params(plugin);
    SettingValue value = *params.find("fault");
    value.text = fault;
    params.set("fault", value);
    return create<CutoutMethod>(plugin, host_, params, {4});
  };
  const at::Tensor image = at::full({1, 3, 6, 8}, 0.5).set_requires_grad(true);
  EXPECT_EQ(method("none")->take(image, 4, 5).images.sizes(), at::IntArrayRef({4, 3, 5, 5}));
  for (const auto& [fault, came] : {std::pair{"too few", "[3, 3, 5, 5]"},
                                    {"too few places", "3 places"},
                                    {"place without area", "without an area"},
                                    {"place that is none", "nan"},
                                    {"double", "float64"},
                                    {"nan", "NaN"},
                                    {"no gradient", "gradient"},
                                    {"number thrown", "not a std::exception"}})
    expect_blame([&, fault = fault] { method(fault)->take(image, 4, 5); },
                 {"cutouts/faulty_cutouts", "take()", came}, fault);
}

TEST_F(Faulty, Sounds) {
  const TemporaryFolder folder;
  const auto source = [&](const std::string& fault) {
    const fs::path file = folder / "sound.faulty";
    std::ofstream(file) << fault;
    const PluginFile& plugin = registry_.find(SoundSource::kKind, "faulty_sound");
    return create<SoundSource>(plugin, host_, default_params(plugin), {file, 44100});
  };
  const auto whole = source("none");
  EXPECT_EQ(whole->next(), (std::vector<float>{-1, 0, 1}));
  EXPECT_TRUE(whole->next().empty());
  for (const auto& [fault, came] :
       {std::pair{"nan", "nan"}, {"too loud", "2.0"}, {"number thrown", "not a std::exception"}})
    expect_blame([&, fault = fault] { source(fault)->next(); },
                 {"sound_sources/faulty_sound", "next()", came}, fault);
}

TEST_F(Faulty, Files) {
  const TemporaryFolder folder;
  const auto sink = [&](const char* fault) {
    return make<OutputSink>("faulty_sink", "sink_fault", fault, {folder.path(), "hill", 12, "{}"});
  };
  for (const auto& [fault, came] : {std::pair{"no file", "hill.empty"}, {"folder", "/"}})
    expect_blame([&, fault = fault] { sink(fault)->write(kPicture, 1); }, {"io/faulty_sink", "write()", came},
                 fault);
  expect_blame([&] { sink("nothing kept")->keep(kPicture, 1); }, {"io/faulty_sink", "keep()", "hill.empty"},
               "nothing kept");
  EXPECT_EQ(sink("none")->write(kPicture, 1), folder / "hill.empty");
  EXPECT_EQ(sink("no path")->write(kPicture, 1), "") << "a frame may be left out";
  expect_blame([&] { sink("close throws")->close(); }, {"io/faulty_sink", "close()", "the ink has dried"},
               "close throws");
  expect_blame([&] { sink("close throws a number")->close(); }, {"io/faulty_sink", "close()"},
               "close throws a number");
}

TEST_F(Faulty, Losses) {
  const auto model = this->model("none");
  Loss::Context context;
  context.image = kPicture;
  context.model = model.get();
  const auto loss = [&](const char* fault) {
    return make<Loss>("faulty_loss", "loss_fault", fault, {{6, 4}, 0});
  };
  EXPECT_FLOAT_EQ(loss("none")->evaluate(context).item<float>(), 0.25f);
  for (const auto& [fault, came] : {std::pair{"map", "[1, 4, 6]"},
                                    {"nan", "NaN"},
                                    {"double", "float64"},
                                    {"throws", "the scales are stuck"}})
    expect_blame([&, fault = fault] { loss(fault)->evaluate(context); },
                 {"losses/faulty_loss", "evaluate()", came}, fault);
  expect_blame([&] { loss("state")->state(); }, {"losses/faulty_loss", "state()", "nothing"}, "state");
}

TEST_F(Faulty, Optimisers) {
  const auto parameter = [] {
    at::Tensor leaf = at::full({2, 3}, 0.5).set_requires_grad(true);
    leaf.mutable_grad() = at::ones({2, 3});
    return leaf;
  };
  const auto optimiser = [&](const char* fault, const at::Tensor& leaf) {
    return make<Optimiser>("faulty_optimiser", "optimiser_fault", fault, {{leaf}});
  };
  const at::Tensor sound = parameter();
  optimiser("none", sound)->step(0.25);
  EXPECT_TRUE(at::equal(sound.detach(), at::full({2, 3}, 0.25)));
  for (const auto& [fault, came] : {std::pair{"nan", "NaN"},
                                    {"size", "float32 [1]"},
                                    {"no leaf", "no leaf that takes gradients"},
                                    {"throws", "the hill is too steep"}})
    expect_blame([&, fault = fault] { optimiser(fault, parameter())->step(0.25); },
                 {"optimisers/faulty_optimiser", "step()", came}, fault);
  expect_blame([&] { optimiser("state", parameter())->state(); },
               {"optimisers/faulty_optimiser", "state()", "nothing"}, "state");
}

TEST_F(Faulty, Viewers) {
  const auto viewer = [&](const char* fault) {
    return make<Viewer>("faulty_viewer", "viewer_fault", fault, {{}, "base", "{}", {}, 1, 0, nullptr});
  };
  expect_blame([&] { viewer("update throws a number")->update({}); }, {"viewers/faulty_viewer", "update()"},
               "update");
  expect_blame([&] { viewer("progress throws a number")->shows_progress(); },
               {"viewers/faulty_viewer", "shows_progress()"}, "shows_progress");
}

// A sum over a picture says the same as a look at each number, also where it overflows.
TEST(AllFinite, IsExact) {
  constexpr float kLargest = std::numeric_limits<float>::max(),
                  kNone = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(all_finite(at::full({1000}, kLargest)));
  EXPECT_TRUE(all_finite(at::zeros({0})));
  for (const float bad : {kNone, -kNone, std::numeric_limits<float>::quiet_NaN()}) {
    at::Tensor values = at::full({1000}, kLargest);
    values[500] = bad;
    EXPECT_FALSE(all_finite(values)) << bad;
  }
  at::Tensor both = at::zeros({2});
  both[0] = kNone;
  both[1] = -kNone;
  EXPECT_FALSE(all_finite(both));
}

}  // namespace
}  // namespace reverie::test
