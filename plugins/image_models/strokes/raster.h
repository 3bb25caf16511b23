#pragma once
// Strokes and filled shapes to pixels, softly, so that the picture has a gradient with respect to all that
// describes them.
//
// The idea, that a vector drawing is optimised through a differentiable rasteriser, is that of diffvg (Li et
// al., "Differentiable Vector Graphics Rasterization for Editing and Learning", 2020) and CLIPDraw (Frans et
// al. 2021). Here the coverage of a pixel follows from its middle's distance d to the curve: with the edge
// S(z), which rises from 0 at z = -0.75 to 1 at z = 0.75 as a smoothstep and so has the slope of an
// antialiased edge, 1 a pixel, in its middle,
//
//     a stroke of width w covers   S(w/2 - d) + S(w/2 + d) - 1     (both edges, also of thin lines)
//     a filled shape covers        S(d) inside and S(-d) outside   (by the even-odd rule)
//
// Each is blended over those before it by its coverage times its opacity. Only pixels at an edge pull at a
// curve. Curves are computed as polylines.

#include <cstdint>
#include <vector>

namespace reverie::strokes {

enum class Kind {
  line,       ///< two points
  quadratic,  ///< a Bézier curve of three points
  cubic,      ///< a Bézier curve of four points
  filled,     ///< a closed curve around five points: a quadratic B-spline
};

std::int64_t points_of(Kind kind);

/// A drawing. The pixel in column x and row y is the square between (x, y) and (x + 1, y + 1). Later strokes
/// lie above earlier ones.
template <typename T>
struct Drawing {
  Kind kind;
  std::int64_t count;
  const T* points;      ///< [count, points_of(kind), 2], x and y
  const T* widths;      ///< [count], pixels; unused for filled ones
  const T* colours;     ///< [count, 3]
  const T* opacities;   ///< [count], 0..1
  const T* background;  ///< [3]
};

/// The loss's gradient with respect to each of these; as many numbers as there.
template <typename T>
struct Gradients {
  std::vector<T> points, widths, colours, opacities, background;
};

/// Writes the picture [3, height, width].
template <typename T>
void paint(const Drawing<T>& drawing, std::int64_t width, std::int64_t height, T* picture);

/// `of_picture` [3, height, width] is the loss's gradient with respect to the picture. The result does not
/// depend on the number of threads.
template <typename T>
Gradients<T> paint_backward(const Drawing<T>& drawing, std::int64_t width, std::int64_t height,
                            const T* of_picture);

extern template void paint(const Drawing<float>&, std::int64_t, std::int64_t, float*);
extern template void paint(const Drawing<double>&, std::int64_t, std::int64_t, double*);
extern template Gradients<float> paint_backward(const Drawing<float>&, std::int64_t, std::int64_t,
                                                const float*);
extern template Gradients<double> paint_backward(const Drawing<double>&, std::int64_t, std::int64_t,
                                                 const double*);

}  // namespace reverie::strokes
