// What every plugin that computes with weights must refuse.

#include <ATen/ATen.h>

#include "conformance/promise.h"
#include "fixtures/plugins_under_test.h"
#include "support/scratch.h"
#include "weights/open.h"
#include "weights/safetensors.h"

namespace reverie::test {
namespace {

/// The same tensors as whole numbers, as a quantised network holds them.
fs::path write_quantised(const fs::path& folder, const Weights& weights) {
  weights::NamedTensors tensors;
  for (const std::string& name : weights.names())
    tensors.emplace_back(name, weights.tensor(name).mul(100).to(at::kShort));
  const fs::path path = folder / "quantised.safetensors";
  weights::write_safetensors(path, tensors, {weights.metadata().begin(), weights.metadata().end()});
  return path;
}

void expect_refused(const std::string& who, const std::function<void()>& create) {
  const Error error = error_of(create);
  EXPECT_EQ(error.kind(), ErrorKind::model) << who << ": " << error.what();
  EXPECT_NE(std::string(error.what()).find("quantised.safetensors"), std::string::npos) << error.what();
  EXPECT_NE(std::string(error.what()).find("dtype"), std::string::npos) << error.what();
}

TEST(WeightsConformance, WholeNumbersAreNoNetwork) {
  promise("its constructor",
          "throws Error(model), naming the file, for weights of a dtype that it cannot compute with");
  engine::HostServices host(host_options());
  const Scratch scratch;
  int tried = 0;
  for (const PluginFile* plugin : plugins().usable(Perceptor::kKind)) {
    const Perceptor::Setup usual = usual_setup<Perceptor>(*plugin, host);
    if (!usual.weights || !is_tested(*plugin)) continue;
    const fs::path path = write_quantised(scratch.path(), *usual.weights);
    expect_refused(plugin->name, [&] {
      create<Perceptor>(*plugin, host, usual_params(*plugin), {usual.name, host.load_weights(path.string())});
    });
    ++tried;
  }
  for (const PluginFile& plugin : plugins().files()) {
    if (plugin.state != PluginFile::State::usable || !is_tested(plugin)) continue;
    Settings settings = usual_params(plugin);
    for (const ParamSpec& spec : std::span(plugin.descriptor->params, plugin.descriptor->param_count)) {
      if (spec.asset != AssetKind::weights || !host.find_weights(settings.find(spec.name)->text)) continue;
      SettingValue value = *settings.find(spec.name);
      value.text = write_quantised(scratch.path(), *host.load_weights(value.text)).string();
      settings.set(spec.name, value);
      with_interface(plugin.kind, [&]<typename Interface>(Interface*) {
        expect_refused(plugin.name, [&] { make<Interface>(plugin, host, settings); });
      });
      ++tried;
    }
  }
  if (!places.only.empty()) return;
  EXPECT_GE(tried, 3) << "of the project's own a perceptor, a depth estimator and an image model";
}

}  // namespace
}  // namespace reverie::test
