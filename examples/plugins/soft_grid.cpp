/// Soft Grid: a coarse grid of colours, enlarged smoothly.
///
/// An image model of its own, to copy when you write yours. What is optimised is one colour for every `cell`
/// x `cell` pixels; the picture is that grid, enlarged with bicubic interpolation, so it has no detail finer
/// than a cell.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>  // at::NoGradGuard
#include <reverie/image_model.h>  // the interface: its comments say what each method owes and when it is called
#include <reverie/ops.h>          // clamp_with_gradient
#include <reverie/plugin.h>       // REVERIE_EXPORT_PLUGIN

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds. The host checks a settings file against them before it creates the plugin,
// and shows them in `reverie plugins describe soft_grid`.
constexpr reverie::ParamSpec kParams[] = {
    reverie::integer("cell", 8).range(1, 256).unit("pixels").help("side of the square of one colour"),
};

class SoftGrid final : public reverie::ImageModel {
 public:
  // Called once. Throw reverie::Error to say what is wrong; its text reaches the user.
  SoftGrid(reverie::Host& host, const reverie::Params& params, const Setup& setup)
      : host_(host), width_(setup.width), height_(setup.height) {
    const auto cell = params.get<std::int64_t>("cell");
    const auto cells = [cell](std::int64_t pixels) { return (pixels + cell - 1) / cell; };
    // Tensors live on the host's device. What is optimised is float32, whatever networks compute in.
    grid_ = at::full({1, 3, cells(height_), cells(width_)}, 0.5,
                     at::TensorOptions(host.device()).dtype(at::kFloat));
    grid_.set_requires_grad(true);
  }

  // The optimiser holds on to these tensors: change their values (see assign), never replace them.
  std::vector<at::Tensor> parameters() override { return {grid_}; }
  double learning_rate() const override { return 0.05; }

  // At every step. Differentiable: plain LibTorch operations are all it takes. Bicubic interpolation
  // overshoots, and at::clamp would give what lies outside 0..1 no gradient to come back by.
  at::Tensor decode() override {
    return reverie::clamp_with_gradient(
        at::upsample_bicubic2d(grid_, {height_, width_}, /*align_corners=*/false), 0, 1);
  }
  at::Tensor decode_final() override {
    const at::NoGradGuard no_grad;
    return decode();
  }

  // The random start must come from the host's generator: that is what makes a seed reproduce a picture.
  void randomise() override { assign(at::rand(grid_.sizes(), host_.generator(), grid_.options())); }

  // The grid that comes closest to a picture of any size: the mean colour of each cell.
  void encode(const at::Tensor& image) override {
    assign(at::adaptive_avg_pool2d(image.to(grid_.device(), at::kFloat), {grid_.size(2), grid_.size(3)}));
  }

  // Animations may move the grid itself instead of the picture. Without these two, they would decode, move
  // and encode. Hand out copies: what the caller does with them must not change the model.
  std::optional<at::Tensor> canvas() const override { return grid_.detach().clone(); }
  void set_canvas(const at::Tensor& canvas) override { assign(canvas); }

  // Everything that is needed to continue a run exactly, and the way back. A saved state may come from a run
  // with other settings: check it.
  std::map<std::string, at::Tensor> state() const override { return {{"grid", grid_.detach().clone()}}; }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    const auto found = state.find("grid");
    if (found == state.end() || found->second.sizes() != grid_.sizes())
      throw reverie::Error(reverie::ErrorKind::model,
                           "the saved state is not of a Soft Grid of this size and cell");
    assign(found->second);
  }

 private:
  void assign(const at::Tensor& values) {
    const at::NoGradGuard no_grad;
    grid_.copy_(values);
  }

  reverie::Host& host_;  // outlives the plugin
  std::int64_t width_, height_;
  at::Tensor grid_;  // [1, 3, cells down, cells across]
};

}  // namespace

// Class, interface, name, version, summary, parameters, further names. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(SoftGrid, reverie::ImageModel, "soft_grid", "1.0",
                      "a coarse grid of colours, enlarged smoothly", kParams, "Soft Grid");
