// The plugins that there are, and what the documents say of their kinds.

#include "fixtures/plugins_under_test.h"

namespace reverie::test {
namespace {

std::vector<std::string> every_plugin() {
  std::vector<std::string> names;
  for (const std::string& kind : plugin_kinds())
    for (const PluginFile* plugin : plugins().usable(kind)) names.push_back(kind + "/" + plugin->name);
  return names;
}

// Should the search break, the tests above would pass by running over nothing.
TEST(Plugins, AreFound) {
  for (const char* name : {"image_models/unlimited_palette",
                           "image_models/limited_palette",
                           "image_models/vqgan",
                           "image_models/fourier",
                           "image_models/pyramid",
                           "image_models/siren",
                           "image_models/cells",
                           "image_models/strokes",
                           "image_models/soft_grid",
                           "perceptors/clip",
                           "perceptors/siglip",
                           "frame_sources/ffmpeg",
                           "sound_sources/ffmpeg_sound",
                           "io/png_sequence",
                           "io/video_file",
                           "io/exr_sequence",
                           "io/picture_sequence",
                           "io/animated_png",
                           "io/animated_webp",
                           "io/contact_sheet",
                           "io/raw_frames",
                           "viewers/terminal_preview",
                           "viewers/web_preview",
                           "viewers/loss_graph",
                           "viewers/tensorboard",
                           "audio/butterworth",
                           "audio/envelope",
                           "audio/midi",
                           "audio/onset",
                           "audio/spectral",
                           "audio/tempo",
                           "animation/2D",
                           "animation/3D",
                           "animation/breath",
                           "animation/kaleidoscope",
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
                           "losses/range",
                           "losses/palette",
                           "losses/spectrum",
                           "losses/style",
                           "losses/aesthetic",
                           "cutouts/pytti",
                           "cutouts/grid",
                           "cutouts/disco",
                           "optimisers/adam",
                           "optimisers/adamw",
                           "optimisers/lbfgs",
                           "optimisers/radam",
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
