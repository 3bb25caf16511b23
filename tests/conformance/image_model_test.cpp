#include "reverie/image_model.h"

#include "conformance/promise.h"
#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "reverie/varying_parameters.h"
#include "reverie/vector_drawing.h"

namespace reverie::test {
namespace {

/// What a model may lose of a smooth picture (one wave across each side) of 64x48 pixels, root mean square.
/// Few colours or a coarse grid stay below it; a model that does not is no use for starting from a picture.
constexpr double kEncodeError = 0.1;

class ImageModelConformance : public testing::TestWithParam<std::string> {
 protected:
  ImageModelConformance() : host_(host_options()) {}

  const PluginFile& plugin() const { return plugins().find(ImageModel::kKind, GetParam()); }
  std::shared_ptr<ImageModel> model(std::int64_t width = 64, std::int64_t height = 48) {
    return create<ImageModel>(plugin(), host_, usual_params(plugin()), {width, height});
  }
  void seed(std::uint64_t number) { host_.generator().set_current_seed(number); }

  static at::Tensor picture_of(ImageModel& model) {
    const at::Tensor picture = model.decode_final();
    EXPECT_TRUE(is_picture(picture));
    return picture.clone();
  }

  /// One optimisation step towards `target`, as the host does it; returns the loss before it.
  static double step(ImageModel& model, const at::Tensor& target) {
    for (const at::Tensor& parameter : model.parameters()) parameter.mutable_grad() = at::Tensor();
    at::Tensor loss = (model.decode() - target).square().mean();
    const double value = loss.item<double>();
    for (const Regulariser& regulariser : model.regularisers()) loss = loss + regulariser.value;
    loss.backward();
    {
      at::NoGradGuard no_grad;
      for (at::Tensor parameter : model.parameters())
        parameter.sub_(parameter.grad().sign() * model.learning_rate());
    }
    model.after_step();
    return value;
  }

  engine::HostServices host_;
  std::uint64_t unrelated_ = 0;
};

TEST_P(ImageModelConformance, DecodesToAPictureFromTheStart) {
  promise("decode()",
          "[1, 3, H, W] 0..1, differentiable with respect to parameters(), from the constructor on");
  const auto it = model();
  const at::Tensor decoded = it->decode();
  EXPECT_TRUE(is_picture(decoded));
  EXPECT_TRUE(decoded.requires_grad()) << "decode() is differentiable";
  EXPECT_EQ(decoded.device(), host_.device());
}

TEST_P(ImageModelConformance, FinalPictureHasNoGradient) {
  promise("decode_final()", "a picture of the size of decode(), without gradient");
  const auto it = model();
  const at::Tensor shown = it->decode_final();
  EXPECT_TRUE(is_picture(shown));
  EXPECT_FALSE(shown.requires_grad());
  EXPECT_EQ(shown.sizes(), it->decode().sizes());
}

TEST_P(ImageModelConformance, SizeNeverChanges) {
  promise("decode()", "the picture's size never changes, whatever is encoded or set");
  const auto it = model(37, 23);
  const auto sizes = it->decode().sizes().vec();
  const auto same = [&](const char* after) {
    EXPECT_TRUE(is_picture(it->decode())) << "after " << after;
    EXPECT_EQ(it->decode().sizes().vec(), sizes) << "after " << after;
    EXPECT_EQ(it->decode_final().sizes().vec(), sizes) << "after " << after;
  };
  it->randomise();
  same("randomise()");
  for (const auto& [width, height] : {std::pair{37, 23}, {5, 90}, {1, 1}, {200, 100}}) {
    it->encode(smooth_picture(width, height));
    same("encode() of another size");
  }
  if (const auto canvas = it->canvas()) {
    it->set_canvas(*canvas * 0.5);
    same("set_canvas()");
  }
  step(*it, at::zeros_like(it->decode_final()));
  same("a step");
}

TEST_P(ImageModelConformance, WorksAtOddSizes) {
  promise("its constructor",
          "any width and height from 1 to 2048, or an Error(settings) that says which it needs");
  for (const auto& [width, height] :
       {std::pair{1, 1}, {1, 9}, {9, 1}, {7, 5}, {33, 17}, {2048, 4}, {4, 2048}}) {
    SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height));
    std::shared_ptr<ImageModel> it;
    try {
      it = model(width, height);
    } catch (const Error& error) {
      // A model that needs more pixels says so.
      EXPECT_EQ(error.kind(), ErrorKind::settings) << error.what();
      EXPECT_LT(std::min(width, height), 16) << error.what();
      continue;
    }
    it->randomise();
    EXPECT_TRUE(is_picture(it->decode()));
    it->encode(smooth_picture(width, height));
    EXPECT_TRUE(is_picture(it->decode_final()));
    it->load_state(it->state());
    if (const auto canvas = it->canvas()) it->set_canvas(*canvas);
    step(*it, at::zeros_like(it->decode_final()));
    EXPECT_TRUE(is_picture(it->decode()));
  }
}

TEST_P(ImageModelConformance, ParametersCanBeOptimised) {
  promise("parameters()", "leaf tensors, float32, requires_grad; and a learning_rate() above 0");
  const auto it = model();
  ASSERT_FALSE(it->parameters().empty());
  for (const at::Tensor& parameter : it->parameters()) {
    EXPECT_TRUE(parameter.is_leaf());
    EXPECT_TRUE(parameter.requires_grad());
    EXPECT_EQ(parameter.scalar_type(), at::kFloat);
    EXPECT_EQ(parameter.device(), host_.device());
  }
  EXPECT_GT(it->learning_rate(), 0);
}

TEST_P(ImageModelConformance, GradientsReachEveryParameter) {
  promise("decode()", "a finite gradient other than 0 for every parameter");
  const auto it = model();
  seed(3);
  it->randomise();
  at::Tensor sum = (it->decode() * random_tensor(it->decode().sizes(), 1)).sum();
  for (const Regulariser& regulariser : it->regularisers()) {
    EXPECT_EQ(regulariser.value.numel(), 1) << regulariser.name;
    EXPECT_FALSE(regulariser.name.empty());
    sum = sum + regulariser.value;
  }
  sum.backward();
  const std::vector<at::Tensor> parameters = it->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    SCOPED_TRACE("parameter " + std::to_string(i));
    ASSERT_TRUE(parameters[i].grad().defined());
    EXPECT_TRUE(parameters[i].grad().isfinite().all().item<bool>());
    EXPECT_GT(parameters[i].grad().abs().max().item<double>(), 0);
  }
}

TEST_P(ImageModelConformance, DescentLeadsTowardsATarget) {
  promise("decode()",
          "steps against the gradient, with learning_rate(), bring the picture nearer to a target");
  const auto it = model();
  seed(4);
  it->randomise();
  const at::Tensor target = smooth_picture(it->decode().size(3), it->decode().size(2));
  const double before = step(*it, target);
  for (int i = 0; i < 15; ++i) step(*it, target);
  EXPECT_LT(step(*it, target), before * 0.9);
}

TEST_P(ImageModelConformance, ParametersStayTheSameObjects) {
  promise("parameters()", "the same tensors after encode(), randomise(), set_canvas() and a step");
  const auto it = model();
  const std::vector<at::Tensor> before = it->parameters();
  const auto same = [&](const char* after) {
    const std::vector<at::Tensor> now = it->parameters();
    ASSERT_EQ(now.size(), before.size()) << "after " << after;
    for (std::size_t i = 0; i < now.size(); ++i)
      EXPECT_TRUE(now[i].is_same(before[i])) << "parameter " << i << " after " << after;
  };
  it->randomise();
  same("randomise()");
  it->encode(smooth_picture(64, 48));
  same("encode()");
  if (const auto canvas = it->canvas()) it->set_canvas(*canvas);
  same("set_canvas()");
  step(*it, at::zeros_like(it->decode_final()));
  same("a step");
}

TEST_P(ImageModelConformance, RandomStartFollowsTheHostsSeedAlone) {
  promise("randomise()", "a random start from Host::generator() only: one seed, one picture");
  const auto it = model();
  const auto start = [&](std::uint64_t number) {
    seed(number);
    at::manual_seed(++unrelated_);  // LibTorch's own generator must play no part
    it->randomise();
    return picture_of(*it);
  };
  const at::Tensor first = start(7);
  EXPECT_TRUE(at::equal(first, start(7)));
  EXPECT_FALSE(at::equal(first, start(8)));
}

TEST_P(ImageModelConformance, EncodingASmoothPictureKeepsIt) {
  promise("encode()", "the parameters represent the picture as well as they can");
  const auto it = model();
  const at::Tensor image = smooth_picture(it->decode().size(3), it->decode().size(2));
  it->encode(image);
  EXPECT_LT((it->decode_final() - image).square().mean().sqrt().item<double>(), kEncodeError);
}

TEST_P(ImageModelConformance, EncodingLeavesThePictureGivenAlone) {
  promise("encode()", "the picture that it is given is only read");
  const auto it = model();
  const at::Tensor image = smooth_picture(64, 48), copy = image.clone();
  it->encode(image);
  step(*it, at::zeros_like(it->decode_final()));
  EXPECT_TRUE(at::equal(image, copy));
}

TEST_P(ImageModelConformance, StateContinuesExactly) {
  promise("state()", "everything needed to continue exactly");
  const auto it = model();
  seed(5);
  it->randomise();
  const at::Tensor target = smooth_picture(it->decode().size(3), it->decode().size(2));
  for (int i = 0; i < 3; ++i) step(*it, target);
  const auto state = it->state();

  const auto other = model();
  other->randomise();
  other->load_state(state);
  for (const auto& [name, tensor] : other->state()) {
    ASSERT_TRUE(state.count(name)) << name;
    EXPECT_TRUE(at::equal(tensor, state.at(name))) << name;
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(at::equal(it->decode(), other->decode())) << "after " << i << " steps";
    EXPECT_TRUE(at::equal(it->decode_final(), other->decode_final())) << "after " << i << " steps";
    step(*it, target);
    step(*other, target);
  }
}

TEST_P(ImageModelConformance, StateIsACopy) {
  promise("state()", "copies without gradient, which may be changed");
  const auto it = model();
  const at::Tensor before = picture_of(*it);
  const auto state = it->state();
  EXPECT_FALSE(state.empty());
  for (const auto& [name, tensor] : state) {
    EXPECT_FALSE(tensor.requires_grad()) << name;
    at::Tensor writable = tensor;
    writable.zero_();
  }
  EXPECT_TRUE(at::equal(picture_of(*it), before));
}

TEST_P(ImageModelConformance, ForeignStateIsRefused) {
  promise("load_state()", "throws Error(model) when the state does not fit");
  const auto it = model();
  const auto refused = [&](const std::map<std::string, at::Tensor>& state, const std::string& what) {
    SCOPED_TRACE(what);
    EXPECT_EQ(error_of([&] { it->load_state(state); }).kind(), ErrorKind::model);
  };
  refused({}, "an empty state");
  refused({{"something else", at::zeros({2})}}, "another model's state");
  const auto own = it->state();
  for (const auto& [name, tensor] : own) {
    auto state = own;
    state.erase(name);
    refused(state, "without " + name);
    state[name] = at::zeros({3, 1, 4, 1, 5});
    refused(state, name + " of another shape");
  }
  EXPECT_TRUE(is_picture(it->decode()));
}

TEST_P(ImageModelConformance, CanvasRoundTripChangesNothing) {
  promise("canvas()", "float32 [1, C, h, w], detached; set_canvas() takes it back");
  const auto it = model();
  seed(6);
  it->randomise();
  const auto canvas = it->canvas();
  if (!canvas) {
    EXPECT_EQ(error_of([&] { it->set_canvas(at::zeros({1, 3, 4, 4})); }).kind(), ErrorKind::plugin);
    GTEST_SKIP() << "it has no canvas";
  }
  EXPECT_EQ(canvas->dim(), 4);
  EXPECT_EQ(canvas->size(0), 1);
  EXPECT_EQ(canvas->scalar_type(), at::kFloat);
  EXPECT_FALSE(canvas->requires_grad());
  const at::Tensor before = picture_of(*it), copy = canvas->clone();
  it->set_canvas(*canvas);
  EXPECT_TRUE(at::equal(picture_of(*it), before));
  EXPECT_TRUE(at::equal(*it->canvas(), copy));
  // The canvas handed out is a copy.
  at::Tensor writable = *canvas;
  writable.zero_();
  EXPECT_TRUE(at::equal(picture_of(*it), before));
}

TEST_P(ImageModelConformance, ADrawingIsAWholeDocument) {
  promise("svg()", "what decode_final() shows as a whole SVG document of its size; nothing changes");
  const auto it = model(37, 23);
  auto* drawing = extension_of<VectorDrawing>(*it);
  if (!drawing) return;
  const at::Tensor before = picture_of(*it);
  const std::string svg = drawing->svg();
  EXPECT_NE(svg.find("<svg"), std::string::npos);
  EXPECT_NE(svg.find("</svg>"), std::string::npos);
  EXPECT_NE(svg.find("width=\"" + std::to_string(before.size(3)) + "\""), std::string::npos);
  EXPECT_NE(svg.find("height=\"" + std::to_string(before.size(2)) + "\""), std::string::npos);
  EXPECT_TRUE(at::equal(picture_of(*it), before));
}

TEST_P(ImageModelConformance, LatentComesWhole) {
  promise("latent()", "together with encode_latent(), of the same shape; nothing where there is none");
  const auto it = model();
  const auto latent = it->latent();
  const at::Tensor image = smooth_picture(it->decode().size(3), it->decode().size(2));
  const auto encoded = it->encode_latent(image);
  EXPECT_EQ(latent.has_value(), encoded.has_value()) << "latent() and encode_latent() go together";
  EXPECT_GE(it->latent_strength(), 0);
  if (!latent || !encoded) return;
  EXPECT_TRUE(latent->requires_grad());
  EXPECT_EQ(latent->sizes(), encoded->sizes());
}

TEST_P(ImageModelConformance, WorksAtTheLimitsOfItsParameters) {
  promise("its constructor", "works with every value that its parameters allow");
  for (const ParamSpec& spec : std::span(plugin().descriptor->params, plugin().descriptor->param_count)) {
    if (spec.type != reverie::ParamType::integer) continue;
    for (const auto& [has, value] : {std::pair{spec.has_min, spec.min}, {spec.has_max, spec.max}}) {
      if (!has || value > 64) continue;  // larger ones may be a matter of memory
      SCOPED_TRACE(std::string(spec.name) + " = " + std::to_string(value));
      Settings settings = usual_params(plugin());
      set(settings, spec.name, value);
      const auto it = create<ImageModel>(plugin(), host_, settings, {16, 12});
      it->randomise();
      EXPECT_TRUE(is_picture(it->decode()));
      it->encode(smooth_picture(16, 12));
      EXPECT_TRUE(is_picture(it->decode_final()));
    }
  }
}

TEST_P(ImageModelConformance, TakesParametersThatVary) {
  promise("set_parameters()",
          "a model that declares is_animatable() has VaryingParameters, and works on with what it is told");
  FrameContext now = defaults_of(plugin());
  if (now.parameters.empty()) return;
  const auto it = model(), same = model();
  auto* varying = extension_of<VaryingParameters>(*it);
  ASSERT_NE(varying, nullptr);
  same->load_state(it->state());
  varying->set_parameters(now);
  const at::Tensor target = smooth_picture(64, 48);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(step(*it, target), step(*same, target)) << "the same as at the start";
}

INSTANTIATE_TEST_SUITE_P(All, ImageModelConformance, testing::ValuesIn(names_of(ImageModel::kKind)),
                         name_as_is);

}  // namespace
}  // namespace reverie::test
