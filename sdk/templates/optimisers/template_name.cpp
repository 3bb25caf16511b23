/// template_name: gradient descent with momentum.
///
/// The header to read is reverie/optimiser.h. reverie/adam.h is Adam, for optimisers that are made from it.

#include <ATen/ATen.h>
#include <reverie/optimiser.h>
#include <reverie/plugin.h>  // REVERIE_EXPORT_PLUGIN
#include <reverie/state.h>   // load_tensors

namespace {  // nothing but the descriptor at the end is visible outside this library

// Settings that this plugin adds; reverie/params.h has the other types. They are the
// plugin's own: settings files write them as they are or as template_name.NAME. The program checks values
// against the range before it makes the plugin.
constexpr reverie::ParamSpec kParams[] = {
    reverie::number("template_name_momentum", 0.5)
        .range(0, 0.99)
        .help("share of each step that goes into the next one"),
};

class TemplateNamePlugin final : public reverie::Optimiser {
 public:
  // The parameters are the image model's; they stay the same tensors as long as this lives.
  TemplateNamePlugin(reverie::Host&, const reverie::Params& params, const Setup& setup)
      : parameters_(setup.parameters), momentum_(params.get<double>("template_name_momentum")) {
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      steps_[name(i)] = at::zeros_like(parameters_[i].detach());
  }

  // Called without gradients being recorded. Parameters are changed in place.
  void step(double learning_rate) override {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const at::Tensor& gradient = parameters_[i].grad();
      if (!gradient.defined()) continue;  // nothing depended on this one
      const at::Tensor& step = steps_.at(name(i));
      step.mul_(momentum_).add_(gradient);
      parameters_[i].sub_(step, learning_rate);
    }
  }

  // What a backup must hold so that a run goes on exactly. load_tensors refuses what does not fit.
  std::map<std::string, at::Tensor> state() const override { return steps_; }
  void load_state(const std::map<std::string, at::Tensor>& state) override {
    reverie::load_tensors(steps_, state, "the optimiser's");
  }

 private:
  static std::string name(std::size_t i) { return "step." + std::to_string(i); }

  std::vector<at::Tensor> parameters_;
  double momentum_;
  std::map<std::string, at::Tensor> steps_;
};

}  // namespace

// Class, interface, name, version, summary, parameters. The name is the library's file name.
REVERIE_EXPORT_PLUGIN(TemplateNamePlugin, reverie::Optimiser, "template_name", "0.1",
                      "gradient descent with momentum", kParams);
