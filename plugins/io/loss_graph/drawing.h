#pragma once
// Curves in panels, with axes and legends, as a picture. In a library of its own, linked to OpenCV and to
// ICU's transliterator: linked to the plugin, they would be loaded at every start.

#include <string>
#include <vector>

#include "../pixels8.h"

namespace reverie {

struct Curve {
  struct Point {
    double x, mean, low, high;
  };
  std::string name;  ///< UTF-8
  std::vector<Point> points;
};

struct Panel {
  std::string title;
  std::vector<Curve> curves;
};

/// One panel below the other; all share the x axis, which says "step".
using DrawPanels = Pixels8(const std::vector<Panel>& panels);
extern "C" [[gnu::visibility("default")]] DrawPanels draw_panels;

}  // namespace reverie
