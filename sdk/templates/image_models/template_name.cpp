/// template_name: a grid of colours, each the square of some pixels.
///
/// The header to read is reverie/image_model.h: it says for each method when it is called and what it must
/// return.

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>  // at::NoGradGuard
#include <reverie/image_model.h>
#include <reverie/ops.h>     // clamp_with_gradient
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN
#include <reverie/state.h>   // load_tensors

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. They are the
// plugin's own: settings files write them as they are or as template_name.NAME. The program checks values
// against the range before it makes the plugin.
constexpr reverie::ParamSpec kParams[] = {
    reverie::integer("template_name_cell", 8)
        .range(1, 256)
        .unit("pixels")
        .help("side of one colour's square"),
};

class TemplateNamePlugin final : public reverie::ImageModel {
 public:
  TemplateNamePlugin(reverie::Host& host, const reverie::Params& params, const Setup& setup)
      : host_(host), width_(setup.width), height_(setup.height) {
    const auto cell = params.get<std::int64_t>("template_name_cell");
    const auto cells = [cell](std::int64_t pixels) { return (pixels + cell - 1) / cell; };
    // Tensors live on the host's device. What is optimised is float32, whatever networks compute in.
    grid_ = at::full({1, 3, cells(height_), cells(width_)}, 0.5,
                     at::TensorOptions(host.device()).dtype(at::kFloat));
    grid_.set_requires_grad(true);
  }

  // The optimiser keeps these tensors: change their values (see assign), never replace them.
  std::vector<at::Tensor> parameters() override { return {grid_}; }
  double learning_rate() const override { return 0.05; }

  // At every step. Operations of LibTorch bring their gradients with them. at::clamp would give values
  // outside 0..1 no gradient to come back by.
  at::Tensor decode() override {
    return reverie::clamp_with_gradient(at::upsample_nearest2d(grid_, {height_, width_}), 0, 1);
  }
  at::Tensor decode_final() override {
    const at::NoGradGuard no_grad;
    return decode();
  }

  // Random numbers come from the host's generator: that is what makes a seed reproduce a picture.
  void randomise() override { assign(at::rand(grid_.sizes(), host_.generator(), grid_.options())); }

  // The grid that is nearest to a picture of any size: the mean colour of each cell.
  void encode(const at::Tensor& image) override {
    assign(at::adaptive_avg_pool2d(image.to(grid_.device(), at::kFloat), {grid_.size(2), grid_.size(3)}));
  }

  // Everything that is needed to go on exactly, and the way back. load_tensors refuses what does not fit.
  std::map<std::string, at::Tensor> state() const override { return {{"grid", grid_.detach().clone()}}; }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    reverie::load_tensors({{"grid", grid_}}, state, "template_name's");
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

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::ImageModel, "template_name", "0.1", "a grid of colours",
                      kParams);
