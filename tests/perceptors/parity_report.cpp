// One line on how near CLIP comes to PyTorch for one file of clip_files.py; full_size_parity.py runs it.

#include <cstdio>
#include <iostream>

#include "perceptors/parity.h"

namespace reverie::test {
namespace {

/// Whether everything is as near as it should be.
bool report(const std::string& weights_path, const std::string& expected_path) {
  const PluginRegistry registry({REVERIE_PLUGINS});
  engine::HostServices host({"cpu", 1, REVERIE_MODELS, ""});
  const auto weights = weights::open_weights(weights_path);
  const auto plugins = registry.usable(Perceptor::kKind);
  const auto plugin = std::find_if(plugins.begin(), plugins.end(),
                                   [&](const PluginFile* file) { return accepts(*file, weights.get()); });
  if (plugin == plugins.end()) throw Error(ErrorKind::model, "no plugin accepts '" + weights_path + "'");
  std::map<std::string, std::string> params;
  if (weights_path.find("_exact") != std::string::npos) params["siglip_activation"] = "gelu";
  const Parity parity = compare(**plugin, host, weights_path, expected_path, params);
  std::printf("images %.1e, gradient %.1e, texts %.1e, features %.1e, their gradient %.1e", parity.images,
              parity.gradient, parity.texts, parity.features, parity.features_gradient);
  bool near = parity.images < 1e-4 && parity.texts < 1e-4 && parity.features < 1e-4 &&
              parity.features_gradient < 1e-3;
  const auto expected = weights::read_safetensors(expected_path);
  if (expected->contains("gradient_double")) {
    const Parity exact = compare_in_double(weights_path, *expected);
    std::printf("; in double: images %.1e, gradient %.1e", exact.images, exact.gradient);
    near = near && parity.gradient < 1e-2 && exact.images < 1e-9 && exact.gradient < 1e-9;
  } else {
    near = near && parity.gradient < 1e-3;
  }
  std::printf("\n");
  return near;
}

}  // namespace
}  // namespace reverie::test

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: clip_parity WEIGHTS EXPECTED\n";
    return 2;
  }
  try {
    return reverie::test::report(argv[1], argv[2]) ? 0 : 1;
  } catch (const reverie::Error& error) {
    std::cerr << error.what() << "\n" << error.advice() << "\n";
    return 1;
  }
}
