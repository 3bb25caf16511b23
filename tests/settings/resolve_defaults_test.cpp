// The defaults, and that every setting of the specification is known.

#include "settings/settings_fixture.h"
#include "settings/table.h"

namespace reverie::test {
namespace {

TEST(ResolveDefaults, AreTheSpecifications) {
  const Settings settings = settings_of("scenes: red");
  const auto whole = [&](const char* name) { return settings.get<std::int64_t>(name); };
  const auto real = [&](const char* name) { return settings.get<double>(name); };
  const auto text = [&](const char* name) { return settings.get<std::string>(name); };
  EXPECT_EQ(text("scene_prefix"), "");
  EXPECT_EQ(text("scene_suffix"), "");
  EXPECT_EQ(whole("interpolation_steps"), 0);
  EXPECT_EQ(whole("steps_per_scene"), 100);
  EXPECT_EQ(whole("width"), 512);
  EXPECT_EQ(whole("height"), 512);
  EXPECT_EQ(real("smoothing_weight"), 0.02);
  EXPECT_EQ(text("image_model"), "Unlimited Palette");
  EXPECT_EQ(whole("steps_per_frame"), 50);
  EXPECT_EQ(text("file_namespace"), "default");
  EXPECT_FALSE(settings.get<bool>("allow_overwrite"));
  EXPECT_EQ(whole("save_every"), 50);
  EXPECT_FALSE(settings.has("learning_rate"));
  EXPECT_FALSE(settings.has("seed"));
  EXPECT_EQ(whole("cutouts"), 40);
  EXPECT_EQ(real("cut_pow"), 2);
  EXPECT_EQ(real("cutout_border"), 0.25);
  EXPECT_EQ(text("border_mode"), "clamp");
  EXPECT_EQ(whole("gradient_accumulation_steps"), 1);
  EXPECT_EQ(text("models_parent_dir"), "~/.cache");
  EXPECT_EQ(text("device"), "auto");
}

/// Every setting of the specification's tables, so that none is forgotten. Values are as documents write
/// them; a setting that is not there yet takes its default all the same.
TEST(ResolveDefaults, EverySettingOfTheSpecificationIsKnown) {
  const std::string all = R"(
scenes: red
scene_prefix: ''
scene_suffix: ''
interpolation_steps: 0
steps_per_scene: 100
direct_image_prompts: ''
init_image: ''
direct_init_weight: ''
semantic_init_weight: ''
width: 512
height: 512
pixel_size: 1
smoothing_weight: 0.02
image_model: Unlimited Palette
vqgan_model: sflckr
random_initial_palette: false
palette_size: 5
palettes: 20
gamma: 1
hdr_weight: 0.01
palette_normalization_weight: 0.2
show_palette: false
target_palette: ''
lock_palette: false
animation_mode: off
sampling_mode: bicubic
infill_mode: wrap
pre_animation_steps: 50
steps_per_frame: 50
frames_per_second: 12
direct_stabilization_weight: ''
semantic_stabilization_weight: ''
depth_stabilization_weight: ''
edge_stabilization_weight: ''
flow_stabilization_weight: ''
video_path: ''
frame_stride: 1
reencode_each_frame: true
flow_long_term_samples: 1
translate_x: '0'
translate_y: '0'
translate_z_3d: '0'
rotate_3d: '[1, 0, 0, 0]'
rotate_2d: '0'
zoom_x_2d: '0'
zoom_y_2d: '0'
lock_camera: true
field_of_view: 60
near_plane: 1
far_plane: 10000
input_audio: ''
input_audio_offset: 0
input_audio_filters: []
file_namespace: default
allow_overwrite: false
display_every: 50
clear_every: 0
display_scale: 1
save_every: 50
backups: 3
show_graphs: false
approximate_vram_usage: false
use_tensorboard: false
restore: false
ViTB32: false
ViTB16: false
ViTL14: false
ViTL14_336px: false
RN50: false
RN101: false
RN50x4: false
RN50x16: false
RN50x64: false
learning_rate: null
reset_lr_each_frame: true
seed: null
cutouts: 40
cut_pow: 2
cutout_border: 0.25
border_mode: clamp
gradient_accumulation_steps: 1
models_parent_dir: ~/.cache
device: auto
)";
  const ParamSpec of_plugins[] = {integer("pixel_size", 1).range(1, 64),
                                  text("vqgan_model", "sflckr"),
                                  boolean("random_initial_palette", false),
                                  integer("palette_size", 5),
                                  integer("palettes", 20),
                                  number("gamma", 1),
                                  number("hdr_weight", 0.01),
                                  number("palette_normalization_weight", 0.2),
                                  text("target_palette", ""),
                                  boolean("lock_palette", false)};
  Read read = read_text(all);
  const Resolution resolution = resolve_with(read.entries, read.problems,
                                             {{"image_models/any", of_plugins}, {"animation/any", kMotion}});
  EXPECT_EQ(report(resolution.problems), "");
}

TEST(ResolveTable, DefaultsFitTheirOwnDeclarations) {
  for (const Setting& setting : settings_table()) {
    if (setting.spec.required || setting.spec.nullable || setting.spec.type == ParamType::list) continue;
    const SettingValue value = default_value(setting.spec);
    const bool text = setting.spec.type == ParamType::text || setting.spec.type == ParamType::choice;
    SettingValue read;
    EXPECT_EQ(convert(setting.spec, RawValue::scalar(text ? value.text : value.json(), text), read), "")
        << setting.spec.name;
    EXPECT_EQ(read.json(), value.json()) << setting.spec.name;
    EXPECT_FALSE(std::string(setting.spec.help_text).empty()) << setting.spec.name;
  }
}

}  // namespace
}  // namespace reverie::test
