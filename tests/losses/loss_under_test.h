#pragma once
// Loss plugins as these tests make and ask them: without the host's checks, since gradients are compared in
// double.

#include <sstream>

#include "fixtures/plugins_under_test.h"
#include "losses/picture_model.h"

namespace reverie::test {

/// `params`: those that differ from the plugin's defaults; a list's items are separated by commas.
inline std::shared_ptr<Loss> make_loss(const std::string& name, ImageSize size,
                                       const std::map<std::string, std::string>& params = {},
                                       double latent_strength = 0) {
  static engine::HostServices host(host_options());
  const PluginFile& plugin = plugins().find(Loss::kKind, name);
  Settings settings = default_params(plugin);
  for (const auto& [param, text] : params) {
    const ParamSpec spec = settings.find(param)->spec;
    RawValue raw = RawValue::scalar(text, false);
    if (spec.type == reverie::ParamType::list) {
      raw = {};
      raw.kind = RawValue::Kind::list;
      std::istringstream items(text);
      for (std::string item; std::getline(items, item, ',');)
        raw.items.push_back(RawValue::scalar(item, true));
    }
    SettingValue value;
    EXPECT_EQ(convert(spec, raw, value), "") << param;
    settings.set(param, value);
  }
  const Loss::Setup setup{size, latent_strength};
  return std::shared_ptr<Loss>(static_cast<Loss*>(create_instance(plugin, host, settings, &setup)),
                               [destroy = plugin.load().destroy](Loss* made) { destroy(made); });
}

/// The value for a picture; `more` completes the context.
inline at::Tensor evaluate(Loss& loss, const at::Tensor& image, ImageModel& model, Loss::Context more = {}) {
  more.image = image;
  more.model = &model;
  return loss.evaluate(more);
}

}  // namespace reverie::test
