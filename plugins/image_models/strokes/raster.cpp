#include "raster.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace reverie::strokes {
namespace {

constexpr double kReach = 0.75;  // pixels from an edge's middle to where it ends

/// A curve's polyline as a linear map of its points: row v has the weight of each point in vertex v.
struct Polyline {
  std::int64_t points, vertices, segments;
  bool closed;
  std::vector<double> weights;  // [vertices, points]

  explicit Polyline(Kind kind) : points(points_of(kind)), closed(kind == Kind::filled) {
    constexpr std::int64_t kOfPiece[] = {1, 12, 16, 6};
    const std::int64_t pieces = kOfPiece[static_cast<int>(kind)];
    vertices = closed ? points * pieces : pieces + 1;
    segments = closed ? vertices : pieces;
    weights.assign(static_cast<std::size_t>(vertices * points), 0);
    for (std::int64_t v = 0; v < vertices; ++v) {
      double* row = &weights[static_cast<std::size_t>(v * points)];
      const double t = static_cast<double>(v % pieces) / static_cast<double>(pieces), s = 1 - t;
      if (closed) {
        // A piece leads from the middle between two points to the middle behind the second.
        const std::int64_t i = v / pieces;
        row[i] += s * s / 2;
        row[(i + 1) % points] += s * s / 2 + 2 * s * t + t * t / 2;
        row[(i + 2) % points] += t * t / 2;
        continue;
      }
      const double u = static_cast<double>(v) / static_cast<double>(pieces);
      double binomial = 1;
      for (std::int64_t i = 0; i < points; ++i) {
        row[i] = binomial * std::pow(u, static_cast<double>(i)) *
                 std::pow(1 - u, static_cast<double>(points - 1 - i));
        binomial = binomial * static_cast<double>(points - 1 - i) / static_cast<double>(i + 1);
      }
    }
  }
};

template <typename T>
T edge(T z) {
  const T t = std::clamp((z + T(kReach)) / T(2 * kReach), T(0), T(1));
  return t * t * (3 - 2 * t);
}
template <typename T>
T edge_slope(T z) {
  const T t = std::clamp((z + T(kReach)) / T(2 * kReach), T(0), T(1));
  return 6 * t * (1 - t) / T(2 * kReach);
}

template <typename T>
struct Bounds {
  T left, right, top, bottom;
};

/// The polylines of a drawing, and where they lie.
template <typename T>
struct Curves {
  Polyline polyline;
  std::vector<T> vertices;  // [count, vertices, 2]
  std::vector<T> reach;     // of each: how far from the curve it can be seen
  std::vector<Bounds<T>> bounds;

  explicit Curves(const Drawing<T>& drawing) : polyline(drawing.kind) {
    const std::int64_t of_each = polyline.vertices;
    vertices.resize(static_cast<std::size_t>(drawing.count * of_each * 2));
    for (std::int64_t stroke = 0; stroke < drawing.count; ++stroke) {
      const T* points = drawing.points + stroke * polyline.points * 2;
      const T far = T(kReach) + (polyline.closed ? T(0) : std::max(drawing.widths[stroke], T(0)) / 2);
      constexpr T kMost = std::numeric_limits<T>::max();
      Bounds<T> box{kMost, -kMost, kMost, -kMost};
      for (std::int64_t v = 0; v < of_each; ++v) {
        T x = 0, y = 0;
        for (std::int64_t i = 0; i < polyline.points; ++i) {
          const T weight =
              static_cast<T>(polyline.weights[static_cast<std::size_t>(v * polyline.points + i)]);
          x += weight * points[2 * i];
          y += weight * points[2 * i + 1];
        }
        T* vertex = &vertices[static_cast<std::size_t>((stroke * of_each + v) * 2)];
        vertex[0] = x;
        vertex[1] = y;
        box = {std::min(box.left, x), std::max(box.right, x), std::min(box.top, y), std::max(box.bottom, y)};
      }
      reach.push_back(far);
      bounds.push_back({box.left - far, box.right + far, box.top - far, box.bottom + far});
    }
  }

  const T* of(std::int64_t stroke) const {
    return &vertices[static_cast<std::size_t>(stroke * polyline.vertices * 2)];
  }
  std::int64_t next(std::int64_t vertex) const { return vertex + 1 == polyline.vertices ? 0 : vertex + 1; }
};

/// The pixels of a row whose middles lie between two places: [first, last).
template <typename T>
std::pair<std::int64_t, std::int64_t> pixels_between(T left, T right, std::int64_t width) {
  const auto most = static_cast<T>(width);
  return {static_cast<std::int64_t>(std::ceil(std::clamp(left - T(0.5), T(0), most))),
          static_cast<std::int64_t>(std::floor(std::clamp(right - T(0.5), T(-1), most - 1))) + 1};
}

/// What one stroke covers of one row.
template <typename T>
struct Cover {
  std::int64_t stroke = 0, first = 0, count = 0;  // pixels
  std::vector<T> square, along, coverage;         // distance squared; where on the nearest segment, 0..1
  std::vector<std::int32_t> segment;              // the nearest; -1: none within reach
  std::vector<char> inside;                       // of filled shapes
  std::vector<T> below;                           // [count, 3]: the colours under it

  /// False where it covers nothing of the row whose pixels' middles are at `y`.
  bool find(const Drawing<T>& drawing, const Curves<T>& curves, std::int64_t number, T y,
            std::int64_t width) {
    const Bounds<T>& box = curves.bounds[static_cast<std::size_t>(number)];
    if (!(y >= box.top && y <= box.bottom)) return false;
    const auto [begin, end] = pixels_between(box.left, box.right, width);
    if (end <= begin) return false;
    stroke = number;
    first = begin;
    count = end - begin;
    const auto size = static_cast<std::size_t>(count);
    square.assign(size, std::numeric_limits<T>::max());
    segment.assign(size, -1);
    along.resize(size);
    coverage.resize(size);
    measure(curves, y, width);
    if (curves.polyline.closed)
      fill(curves, y);
    else
      stroke_of_width(drawing.widths[number]);
    return true;
  }

 private:
  void measure(const Curves<T>& curves, T y, std::int64_t width) {
    const T* vertices = curves.of(stroke);
    const T far = curves.reach[static_cast<std::size_t>(stroke)];
    for (std::int64_t k = 0; k < curves.polyline.segments; ++k) {
      const T *from = vertices + 2 * k, *to = vertices + 2 * curves.next(k);
      if (y < std::min(from[1], to[1]) - far || y > std::max(from[1], to[1]) + far) continue;
      const auto [begin, end] =
          pixels_between(std::min(from[0], to[0]) - far, std::max(from[0], to[0]) + far, width);
      const T ex = to[0] - from[0], ey = to[1] - from[1], length = ex * ex + ey * ey;
      const T inverse = length > 0 ? 1 / length : 0, dy = y - from[1];
      for (std::int64_t x = begin; x < end; ++x) {
        const T dx = static_cast<T>(x) + T(0.5) - from[0];
        const T u = std::clamp((dx * ex + dy * ey) * inverse, T(0), T(1));
        const T qx = dx - u * ex, qy = dy - u * ey, d = qx * qx + qy * qy;
        const auto i = static_cast<std::size_t>(x - first);
        if (d < square[i]) {
          square[i] = d;
          along[i] = u;
          segment[i] = static_cast<std::int32_t>(k);
        }
      }
    }
  }

  void stroke_of_width(T width) {
    for (std::size_t i = 0; i < square.size(); ++i) {
      coverage[i] = 0;
      if (segment[i] < 0) continue;
      const T d = std::sqrt(square[i]);
      coverage[i] = std::max(edge(width / 2 - d) + edge(width / 2 + d) - 1, T(0));
    }
  }

  void fill(const Curves<T>& curves, T y) {
    const T* vertices = curves.of(stroke);
    std::vector<T> crossings;
    for (std::int64_t k = 0; k < curves.polyline.segments; ++k) {
      const T *from = vertices + 2 * k, *to = vertices + 2 * curves.next(k);
      if ((from[1] <= y) == (to[1] <= y)) continue;
      crossings.push_back(from[0] + (y - from[1]) / (to[1] - from[1]) * (to[0] - from[0]));
    }
    std::sort(crossings.begin(), crossings.end());
    inside.assign(square.size(), 0);
    for (std::size_t i = 0, passed = 0; i < square.size(); ++i) {
      const T x = static_cast<T>(first + static_cast<std::int64_t>(i)) + T(0.5);
      while (passed < crossings.size() && crossings[passed] < x) ++passed;
      inside[i] = static_cast<char>(passed % 2);
      const T d = segment[i] < 0 ? T(kReach) : std::sqrt(square[i]);
      coverage[i] = edge(inside[i] ? d : -d);
    }
  }
};

/// All strokes of a row, the lowest first, with the row's colours [width, 3] after each.
template <typename T>
class Row {
 public:
  std::vector<Cover<T>> covers;
  std::size_t count = 0;  // of `covers`; the others are kept for their memory
  std::vector<T> colours;

  void paint(const Drawing<T>& drawing, const Curves<T>& curves, T y, std::int64_t width, bool remember) {
    colours.resize(static_cast<std::size_t>(3 * width));
    for (std::size_t i = 0; i < colours.size(); ++i) colours[i] = drawing.background[i % 3];
    count = 0;
    for (std::int64_t stroke = 0; stroke < drawing.count; ++stroke) {
      if (covers.size() == count) covers.emplace_back();
      Cover<T>& cover = covers[count];
      if (!cover.find(drawing, curves, stroke, y, width)) continue;
      T* under = &colours[static_cast<std::size_t>(3 * cover.first)];
      if (remember) {
        cover.below.assign(under, under + 3 * cover.count);
        ++count;
      }
      const T opacity = drawing.opacities[stroke];
      const T* colour = drawing.colours + 3 * stroke;
      for (std::int64_t i = 0; i < cover.count; ++i) {
        const T share = opacity * cover.coverage[static_cast<std::size_t>(i)];
        for (std::int64_t c = 0; c < 3; ++c) under[3 * i + c] += share * (colour[c] - under[3 * i + c]);
      }
    }
  }
};

/// Gradients of some rows: points' as those of vertices [count, vertices, 2].
template <typename T>
struct Sums {
  std::vector<T> vertices, widths, colours, opacities, background;

  Sums(const Drawing<T>& drawing, const Curves<T>& curves)
      : vertices(curves.vertices.size()),
        widths(static_cast<std::size_t>(drawing.count)),
        colours(static_cast<std::size_t>(3 * drawing.count)),
        opacities(static_cast<std::size_t>(drawing.count)),
        background(3) {}

  void add(const Sums& other) {
    const auto each = [](std::vector<T>& to, const std::vector<T>& from) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    };
    each(vertices, other.vertices);
    each(widths, other.widths);
    each(colours, other.colours);
    each(opacities, other.opacities);
    each(background, other.background);
  }

  /// From the uppermost stroke down; `of_row` [width, 3] becomes the gradient of what lies below.
  void back(const Drawing<T>& drawing, const Curves<T>& curves, const Row<T>& row, T y,
            std::vector<T>& of_row) {
    for (std::size_t number = row.count; number-- > 0;) {
      const Cover<T>& cover = row.covers[number];
      const T* colour = drawing.colours + 3 * cover.stroke;
      const T opacity = drawing.opacities[cover.stroke];
      for (std::int64_t i = 0; i < cover.count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const T coverage = cover.coverage[at], share = opacity * coverage;
        T* g = &of_row[static_cast<std::size_t>(3 * (cover.first + i))];
        const T* below = &cover.below[3 * at];
        T of_share = 0;
        for (std::size_t c = 0; c < 3; ++c) {
          of_share += g[c] * (colour[c] - below[c]);
          colours[3 * static_cast<std::size_t>(cover.stroke) + c] += g[c] * share;
          g[c] *= 1 - share;
        }
        opacities[static_cast<std::size_t>(cover.stroke)] += of_share * coverage;
        if (cover.segment[at] >= 0) back_to_curve(drawing, curves, cover, at, y, of_share * opacity);
      }
    }
    for (std::size_t i = 0; i < of_row.size(); ++i) background[i % 3] += of_row[i];
  }

 private:
  void back_to_curve(const Drawing<T>& drawing, const Curves<T>& curves, const Cover<T>& cover,
                     std::size_t at, T y, T of_coverage) {
    const T d = std::sqrt(cover.square[at]);
    T slope;  // of the coverage, by the distance
    if (curves.polyline.closed) {
      slope = cover.inside[at] ? edge_slope(d) : -edge_slope(d);
    } else {
      const T half = drawing.widths[cover.stroke] / 2;
      slope = edge_slope(half + d) - edge_slope(half - d);
      widths[static_cast<std::size_t>(cover.stroke)] +=
          of_coverage * (edge_slope(half + d) + edge_slope(half - d)) / 2;
    }
    if (slope == 0 || d < T(1e-6)) return;
    const std::int64_t k = cover.segment[at], next = curves.next(k);
    const T *from = curves.of(cover.stroke) + 2 * k, *to = curves.of(cover.stroke) + 2 * next;
    const T u = cover.along[at], scale = -of_coverage * slope / d;
    const T x = static_cast<T>(cover.first + static_cast<std::int64_t>(at)) + T(0.5);
    const T offset[] = {x - from[0] - u * (to[0] - from[0]), y - from[1] - u * (to[1] - from[1])};
    T* of_stroke = &vertices[static_cast<std::size_t>(cover.stroke * curves.polyline.vertices * 2)];
    for (std::int64_t axis = 0; axis < 2; ++axis) {
      of_stroke[2 * k + axis] += scale * offset[axis] * (1 - u);
      of_stroke[2 * next + axis] += scale * offset[axis] * u;
    }
  }
};

}  // namespace

std::int64_t points_of(Kind kind) {
  constexpr std::int64_t kPoints[] = {2, 3, 4, 5};
  return kPoints[static_cast<int>(kind)];
}

template <typename T>
void paint(const Drawing<T>& drawing, std::int64_t width, std::int64_t height, T* picture) {
  const Curves<T> curves(drawing);
  at::parallel_for(0, height, 8, [&](std::int64_t begin, std::int64_t end) {
    Row<T> row;
    for (std::int64_t y = begin; y < end; ++y) {
      row.paint(drawing, curves, static_cast<T>(y) + T(0.5), width, false);
      for (std::int64_t c = 0; c < 3; ++c)
        for (std::int64_t x = 0; x < width; ++x)
          picture[(c * height + y) * width + x] = row.colours[static_cast<std::size_t>(3 * x + c)];
    }
  });
}

template <typename T>
Gradients<T> paint_backward(const Drawing<T>& drawing, std::int64_t width, std::int64_t height,
                            const T* of_picture) {
  const Curves<T> curves(drawing);
  // Always as many parts, summed in their order, so that the sums are the same with any number of threads.
  const std::int64_t parts = std::min<std::int64_t>(height, 16);
  std::vector<Sums<T>> sums(static_cast<std::size_t>(parts), Sums<T>(drawing, curves));
  at::parallel_for(0, parts, 1, [&](std::int64_t first, std::int64_t last) {
    Row<T> row;
    std::vector<T> of_row(static_cast<std::size_t>(3 * width));
    for (std::int64_t part = first; part < last; ++part)
      for (std::int64_t y = part * height / parts; y < (part + 1) * height / parts; ++y) {
        for (std::int64_t c = 0; c < 3; ++c)
          for (std::int64_t x = 0; x < width; ++x)
            of_row[static_cast<std::size_t>(3 * x + c)] = of_picture[(c * height + y) * width + x];
        const T middle = static_cast<T>(y) + T(0.5);
        row.paint(drawing, curves, middle, width, true);
        sums[static_cast<std::size_t>(part)].back(drawing, curves, row, middle, of_row);
      }
  });
  for (std::size_t part = 1; part < sums.size(); ++part) sums[0].add(sums[part]);
  const Polyline& polyline = curves.polyline;
  Gradients<T> result{std::vector<T>(static_cast<std::size_t>(drawing.count * polyline.points * 2)),
                      std::move(sums[0].widths), std::move(sums[0].colours), std::move(sums[0].opacities),
                      std::move(sums[0].background)};
  for (std::int64_t stroke = 0; stroke < drawing.count; ++stroke)
    for (std::int64_t v = 0; v < polyline.vertices; ++v)
      for (std::int64_t i = 0; i < polyline.points; ++i)
        for (std::int64_t axis = 0; axis < 2; ++axis)
          result.points[static_cast<std::size_t>((stroke * polyline.points + i) * 2 + axis)] +=
              static_cast<T>(polyline.weights[static_cast<std::size_t>(v * polyline.points + i)]) *
              sums[0].vertices[static_cast<std::size_t>((stroke * polyline.vertices + v) * 2 + axis)];
  return result;
}

template void paint(const Drawing<float>&, std::int64_t, std::int64_t, float*);
template void paint(const Drawing<double>&, std::int64_t, std::int64_t, double*);
template Gradients<float> paint_backward(const Drawing<float>&, std::int64_t, std::int64_t, const float*);
template Gradients<double> paint_backward(const Drawing<double>&, std::int64_t, std::int64_t, const double*);

}  // namespace reverie::strokes
