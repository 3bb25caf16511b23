#pragma once
// The path of a camera, made in another program, as values of the 3D motion.

#include <string>

#include "settings/curves_file.h"

namespace reverie {

/// Whether a file of curves is a camera's path: `.chan` (Blender, Nuke), COLMAP's images.txt, or a table with
/// columns x, y and z.
bool is_camera_path(const std::string& text, const std::string& file);

/// Reads it. docs/keyframes.md has the formats, and the way from poses to moves.
CurvesFile read_camera_path(const std::string& text, const std::string& file, const CurveUnits& units);

}  // namespace reverie
