#pragma once
// A model of the project's own, as the host creates it.

#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "media/pictures.h"

namespace reverie::test {

/// Settings besides the defaults, by name.
using Changes = std::map<std::string, double>;

struct ModelUnderTest {
  explicit ModelUnderTest(const std::string& name)
      : host(host_options()), plugin(plugins().find(ImageModel::kKind, name)) {}

  std::shared_ptr<ImageModel> make(std::int64_t width, std::int64_t height, const Changes& changes = {},
                                   const std::map<std::string, std::string>& texts = {}) {
    Settings settings = usual_params(plugin);
    for (const auto& [key, number] : changes) {
      SettingValue value = *settings.find(key);
      value.number = number;
      settings.set(key, value);
    }
    for (const auto& [key, text] : texts) {
      SettingValue value = *settings.find(key);
      value.text = text;
      settings.set(key, value);
    }
    return create<ImageModel>(plugin, host, settings, {width, height});
  }

  engine::HostServices host;
  const media::Pictures pictures{plugins(), host};  // what host.load_image() loads
  const PluginFile& plugin;
};

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

/// Changes a parameter as the optimiser would.
inline void assign(const at::Tensor& parameter, const at::Tensor& values) {
  at::NoGradGuard no_grad;
  at::Tensor(parameter).copy_(values);
}

}  // namespace reverie::test
