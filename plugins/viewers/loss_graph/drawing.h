#pragma once
// Curves in panels, with axes and legends, as a picture.

#include <string>
#include <vector>

#include "../../io/pixels8.h"

namespace reverie::loss_graph {

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
io::Pixels8 draw_panels(const std::vector<Panel>& panels);

}  // namespace reverie::loss_graph
