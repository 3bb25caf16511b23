#pragma once
// From the text of a settings file to checked settings, without the program around it.

#include <gtest/gtest.h>

#include "settings/reader.h"
#include "settings/resolve.h"
#include "support/scratch.h"

namespace reverie::test {

struct Read {
  std::vector<RawEntry> entries;
  std::vector<Problem> problems;
  std::string file;
};

inline Read read_text(const std::string& text, const std::string& name = "run.yaml") {
  const Scratch scratch;
  Read result;
  result.file = scratch.write(name, text).string();
  result.entries = read_settings_file(result.file, result.problems);
  return result;
}

/// What animation modes declare, as far as tests name it.
inline constexpr ParamSpec kMotion[] = {number("translate_x", 0).is_animatable(),
                                        number("translate_y", 0).is_animatable(),
                                        number("translate_z_3d", 0).is_animatable("r|R|mu"),
                                        list("rotate_3d", "1,0,0,0").is_animatable("r|R|mu"),
                                        number("rotate_2d", 0).is_animatable(),
                                        number("zoom_x_2d", 0).is_animatable(),
                                        number("zoom_y_2d", 0).is_animatable(),
                                        boolean("lock_camera", true),
                                        number("field_of_view", 60).range(1, 179),
                                        number("near_plane", 1).above(0),
                                        number("far_plane", 10000).above(0),
                                        boolean("reencode_each_frame", true),
                                        integer("flow_long_term_samples", 1).range(0, 8),
                                        choice("sampling_mode", "bicubic", "nearest|bilinear|bicubic"),
                                        choice("infill_mode", "wrap", "mirror|wrap|black|smear")};

/// The plugins that are defaults of settings, without their parameters.
inline const std::vector<PluginParams> kDefaults = {
    {"image_models/unlimited_palette", {}, "Unlimited Palette", "", "image_model|preview_motion"},
    {"cutouts/pytti", {}, "", "", "cutout_method"},
    {"optimisers/adam", {}, "", "", "optimiser"},
    {"io/png_sequence", {}, "", "", "outputs"}};

/// Settings of a run that has chosen all these plugins.
inline Resolution resolve_with(const std::vector<RawEntry>& entries, const std::vector<Problem>& problems,
                               const std::vector<PluginParams>& plugins) {
  Resolution resolution = resolve(entries, problems, plugins);
  for (const PluginParams& plugin : plugins) resolution.settings.choose(plugin.plugin);
  for (const Problem& problem : resolution.settings.problems()) resolution.problems.push_back(problem);
  return resolution;
}

/// A file and overrides behind it. Reports name the file as "FILE".
inline Resolution resolve_text(const std::string& text, const std::vector<std::string>& overrides = {}) {
  Read read = read_text(text, text[0] == '{' ? "run.json" : "run.yaml");
  for (const std::string& override : overrides)
    for (RawEntry& entry : read_override(override, read.problems)) read.entries.push_back(std::move(entry));
  for (RawEntry& entry : read.entries)
    if (entry.location.file == read.file) entry.location.file = "FILE";
  for (Problem& problem : read.problems)
    if (problem.location.file == read.file) problem.location.file = "FILE";
  std::vector<PluginParams> plugins = kDefaults;
  plugins.push_back({"animation/any", kMotion});
  return resolve_with(read.entries, read.problems, plugins);
}

inline std::string problems_in(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return report(resolve_text(text, overrides).problems);
}

/// The settings of a text that must have no problem.
inline RunSettings settings_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  Resolution resolution = resolve_text(text, overrides);
  EXPECT_EQ(report(resolution.problems), "") << text;
  return resolution.settings;
}

}  // namespace reverie::test
