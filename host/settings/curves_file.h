#pragma once
// Values of settings by frame, from a table (CSV) or from what Parseq writes (JSON): each becomes keyframes.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "settings/names.h"
#include "settings/value.h"

namespace reverie {

/// What the numbers of a file mean depends on.
struct CurveUnits {
  double frames_per_second = 12;
  double width = 0, height = 0;  ///< of the moved picture; 0: not known
  double camera = 100;           ///< pixels of one unit of a camera's path
  double depth = 1000;           ///< pixels of one unit of estimated depth
  /// Whether the animation mode has a parameter of this name. Null: nothing moves.
  std::function<bool(const std::string&)> moves_by;
};

struct CurvesFile {
  std::vector<RawEntry> entries;  ///< located in the file
  std::vector<Problem> problems;
  std::vector<std::string> notices;
};

/// A table: its first line has the names, its first column is `frame` or `t`, an empty cell is no keyframe.
/// Columns name[0], name[1] ... are the numbers of a list. `names`: of all settings and parameters; `specs`
/// gives the declaration of one, or null.
CurvesFile read_curves_csv(const std::string& text, const std::string& file, const CurveUnits& units,
                           const SettingNames& names,
                           const std::function<const ParamSpec*(const SettingName&)>& spec);

/// What Parseq (https://github.com/rewbs/sd-parseq) writes when it renders: `rendered_frames`, with values
/// for Deforum. A frame's are those of the move into it. docs/keyframes.md has the units.
CurvesFile read_parseq(const std::string& text, const std::string& file, const CurveUnits& units);

}  // namespace reverie
