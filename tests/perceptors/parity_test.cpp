// CLIP files as PyTorch programs write them, against what those programs compute with them.

#include "perceptors/parity.h"

#include <gtest/gtest.h>

#include "support/process.h"

namespace reverie::test {
namespace {

/// Runs a script for some cases and compares what the plugin makes of each; returns how many there were.
int expect_parity(const std::string& script, const std::string& plugin_name,
                  const std::vector<std::string>& cases) {
  const Scratch scratch;
  std::vector<std::string> command = {REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER "/" + script,
                                      scratch.path().string()};
  command.insert(command.end(), cases.begin(), cases.end());
  const Outcome made = run(command, scratch.path());
  EXPECT_EQ(made.status, 0) << made.err << "\n(tools/setup_test_python.sh installs what the script needs)";
  const PluginRegistry registry({REVERIE_PLUGINS});
  const PluginFile& plugin = registry.find(Perceptor::kKind, plugin_name);
  engine::HostServices host({"cpu", 1, REVERIE_MODELS, ""});
  int count = 0;
  std::istringstream lines(made.out);
  for (std::string weights, expected; std::getline(lines, weights, '\t') && std::getline(lines, expected);) {
    ++count;
    SCOPED_TRACE(weights);
    EXPECT_TRUE(accepts(plugin, weights::open_weights(weights).get()));
    std::map<std::string, std::string> params;
    if (weights.find("_exact") != std::string::npos) params["siglip_activation"] = "gelu";
    Parity parity;
    EXPECT_NO_THROW(parity = compare(plugin, host, weights, expected, params));
    EXPECT_LT(parity.images, 1e-4);
    EXPECT_LT(parity.texts, 1e-4);
    EXPECT_LT(parity.features, 1e-4);
    EXPECT_LT(parity.features_gradient, 1e-3);
    const auto reference = weights::read_safetensors(expected);
    if (reference->contains("gradient_double")) {
      EXPECT_LT(parity.gradient, 1e-2);
      const Parity exact = compare_in_double(weights, *reference);
      EXPECT_LT(exact.images, 1e-9);
      EXPECT_LT(exact.gradient, 1e-9);
    } else {
      EXPECT_LT(parity.gradient, 1e-3);
    }
    std::filesystem::remove(weights);
  }
  return count;
}

TEST(Parity, OfSmallModels) { EXPECT_EQ(expect_parity("clip_files.py", "clip", {"small"}), 18); }
TEST(Parity, OfPublishedArchitectures) {
  EXPECT_EQ(expect_parity("clip_files.py", "clip", {"ViT-B-32", "RN50"}), 2);
}
TEST(Parity, OfSmallSiglips) { EXPECT_EQ(expect_parity("siglip_files.py", "siglip", {"small"}), 8); }

}  // namespace
}  // namespace reverie::test
