// What plugins declare is sound, and used.

#include <cctype>

#include "fixtures/plugins_under_test.h"
#include "settings/value.h"

namespace reverie::test {
namespace {

std::vector<std::string> every_plugin() {
  std::vector<std::string> names;
  for (const std::string& kind : plugin_kinds())
    for (const PluginFile* plugin : plugins().usable(kind)) names.push_back(kind + "/" + plugin->name);
  return names;
}

class EveryPlugin : public testing::TestWithParam<std::string> {
 protected:
  const PluginFile& plugin() const {
    const auto slash = GetParam().find('/');
    return plugins().find(GetParam().substr(0, slash), GetParam().substr(slash + 1));
  }
};

TEST_P(EveryPlugin, ReadsEveryParameterThatItDeclares) {
  HostServices host(host_options());
  if (const std::string missing = missing_weights(plugin(), host); !missing.empty())
    GTEST_SKIP() << "the weights '" << missing << "' are not installed";
  if (GetParam() == "perceptors/lit" && !fs::exists(kModels / "trunks/efficientnet-lite0.pth"))
    GTEST_SKIP() << "set-up could not get its trunk";
  const Settings settings = usual_params(plugin());
  with_interface(plugin().kind,
                 [&]<typename Interface>(Interface*) { make<Interface>(plugin(), host, settings); });
  for (const ParamSpec& spec : std::span(plugin().descriptor->params, plugin().descriptor->param_count)) {
    // Those that vary are read at each frame instead.
    EXPECT_TRUE(spec.animatable || settings.asked().count(spec.name))
        << spec.name << " is declared but never read";
  }
}

TEST_P(EveryPlugin, DeclaresSoundParameters) {
  std::set<std::string> seen;
  for (const ParamSpec& spec : std::span(plugin().descriptor->params, plugin().descriptor->param_count)) {
    const std::string name = spec.name;
    EXPECT_TRUE(seen.insert(name).second) << name << " is declared twice";
    for (const char c : name)
      EXPECT_TRUE(std::islower(static_cast<unsigned char>(c)) ||
                  std::isdigit(static_cast<unsigned char>(c)) || c == '_')
          << name << ": settings are written in small letters with underscores";
    EXPECT_FALSE(std::string(spec.help_text).empty()) << name << " has no help";
    EXPECT_TRUE(!spec.has_min || !spec.has_max || spec.min <= spec.max) << name;
    EXPECT_TRUE(!spec.animatable || spec.type == reverie::ParamType::number ||
                spec.type == reverie::ParamType::list)
        << name << ": only numbers and lists of numbers may vary";
    EXPECT_TRUE(spec.animatable || std::string(spec.variables).empty())
        << name << ": only what varies has variables";
    if (spec.required || spec.nullable || spec.type == reverie::ParamType::list) continue;
    // The default passes the very check that a settings file's value has to.
    SettingValue ignored;
    const bool text = spec.type == reverie::ParamType::text;  // whose empty default is shown as ''
    EXPECT_EQ(convert(spec, RawValue::scalar(text ? spec.default_text : default_text(spec), false), ignored),
              "")
        << name << ": its default " << default_text(spec) << " is not allowed by its own declaration";
  }
}

TEST_P(EveryPlugin, IntroducesItself) {
  const PluginDescriptor& descriptor = *plugin().descriptor;
  EXPECT_FALSE(std::string(descriptor.version).empty());
  EXPECT_FALSE(std::string(descriptor.summary).empty());
  EXPECT_EQ(std::string(descriptor.summary).find('\n'), std::string::npos) << "the summary is one line";
}

INSTANTIATE_TEST_SUITE_P(All, EveryPlugin, testing::ValuesIn(every_plugin()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
});

// Should the search break, the tests above would pass by running over nothing.
TEST(Plugins, AreFound) {
  for (const char* name : {"image_models/unlimited_palette",
                           "image_models/limited_palette",
                           "image_models/vqgan",
                           "image_models/fourier",
                           "image_models/pyramid",
                           "image_models/soft_grid",
                           "perceptors/clip",
                           "frame_sources/ffmpeg",
                           "io/png_sequence",
                           "io/video_file",
                           "io/exr_sequence",
                           "viewers/terminal_preview",
                           "viewers/web_preview",
                           "viewers/loss_graph",
                           "viewers/tensorboard",
                           "audio/butterworth",
                           "audio/envelope",
                           "audio/onset",
                           "animation/2D",
                           "animation/3D",
                           "animation/video_source",
                           "depth_estimators/tiny_depth",
                           "flow_estimators/dis",
                           "flow_estimators/farneback",
                           "flow_estimators/horn_schunck",
                           "losses/smoothing",
                           "losses/direct",
                           "losses/latent",
                           "losses/edge",
                           "losses/depth",
                           "losses/flow",
                           "losses/symmetry",
                           "losses/contrast",
                           "losses/saturation",
                           "optimisers/adam",
                           "optimisers/adamw",
                           "optimisers/sgd"}) {
    const std::vector<std::string> all = every_plugin();
    EXPECT_NE(std::find(all.begin(), all.end(), name), all.end()) << name;
  }
  for (const std::string& kind : plugin_kinds()) EXPECT_FALSE(plugins().usable(kind).empty()) << kind;
}

// The documents have a row for each kind.
TEST(Plugins, KindsAreDocumented) {
  const std::string guide = contents(kSource / "docs/writing-plugins.md"),
                    example = contents(kSource / "examples/plugins/README.md");
  const auto expect_rows = [&](const char* folder, const char* interface, const std::string& header) {
    const std::string name = fs::path(header).filename().string();
    EXPECT_NE(guide.find("| `" + std::string(interface) + "` | `" + name + "` | `" + folder + "` |"),
              std::string::npos)
        << interface;
    EXPECT_NE(example.find("| " + std::string(interface) + " | " + name + " | " + folder + " |"),
              std::string::npos)
        << interface;
  };
#define REVERIE_EXPECT_ROWS(folder, Interface, header) expect_rows(#folder, #Interface, header);
  REVERIE_KINDS(REVERIE_EXPECT_ROWS)
#undef REVERIE_EXPECT_ROWS
}

}  // namespace
}  // namespace reverie::test
