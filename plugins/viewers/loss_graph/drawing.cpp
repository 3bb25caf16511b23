#include "drawing.h"

#include <unicode/translit.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <opencv2/imgproc.hpp>

namespace reverie::loss_graph {
namespace {

constexpr int kWidth = 1280, kPanelHeight = 400, kTop = 44, kBottom = 56, kLeft = 84, kLegend = 340;
constexpr int kLine = 22;  // of the legend
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kTextSize = 0.46;

const cv::Scalar kPaper(255, 255, 255), kInk(60, 60, 60), kGrid(228, 228, 228), kFrame(160, 160, 160);
/// Red, green, blue; distinguishable with colour blindness.
const std::array<cv::Scalar, 8> kColours = {
    cv::Scalar(0, 98, 177),  cv::Scalar(213, 84, 0),   cv::Scalar(0, 140, 100), cv::Scalar(190, 90, 150),
    cv::Scalar(200, 150, 0), cv::Scalar(70, 160, 215), cv::Scalar(90, 60, 150), cv::Scalar(110, 110, 110)};

struct Range {
  double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  /// With a little room, so that no curve lies on the frame; not empty.
  Range widened() const {
    const double room = high > low ? (high - low) * 0.05 : std::max(std::abs(low) * 0.05, 0.5);
    return {low - room, high + room};
  }
};

struct Plot {
  cv::Rect area;
  Range x, y;
  cv::Point2d at(double step, double value) const {
    return {area.x + (step - x.low) / (x.high - x.low) * area.width,
            area.y + area.height - (value - y.low) / (y.high - y.low) * area.height};
  }
};

/// OpenCV's letters are ASCII's: others are written by the sound, or as '?'.
std::string in_ascii(const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  static const std::unique_ptr<const icu::Transliterator> letters(
      icu::Transliterator::createInstance("Any-Latin; Latin-ASCII", UTRANS_FORWARD, status));
  icu::UnicodeString converted = icu::UnicodeString::fromUTF8(text);
  if (letters) letters->transliterate(converted);
  std::string result;
  for (std::int32_t i = 0; i < converted.length(); i = converted.moveIndex32(i, 1)) {
    const UChar32 character = converted.char32At(i);
    result += character >= ' ' && character <= '~' ? static_cast<char>(character) : '?';
  }
  return result;
}

int width_of(const std::string& text) {
  int below = 0;
  return cv::getTextSize(text, kFont, kTextSize, 1, &below).width;
}

void write(cv::Mat& picture, const std::string& text, cv::Point at, const cv::Scalar& colour = kInk) {
  cv::putText(picture, text, at, kFont, kTextSize, colour, 1, cv::LINE_AA);
}

std::string shortened(std::string text, int width) {
  if (width_of(text) <= width) return text;
  while (!text.empty() && width_of(text + "...") > width) text.pop_back();
  return text + "...";
}

/// A distance between marks, of 1, 2 or 5 times a power of ten, that gives at most `most` of them.
double mark_distance(Range range, int most) {
  const double least = (range.high - range.low) / most;
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= least) return factor * power;
  return 10 * power;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", std::abs(value) < 1e-12 ? 0.0 : value);
  return text;
}

void draw_axes(cv::Mat& picture, const Plot& plot) {
  const double columns = std::max(1.0, mark_distance(plot.x, 10)), rows = mark_distance(plot.y, 7);
  const int bottom = plot.area.y + plot.area.height;
  for (double k = std::ceil(plot.x.low / columns); k * columns <= plot.x.high; ++k) {
    const int x = static_cast<int>(std::lround(plot.at(k * columns, 0).x));
    cv::line(picture, {x, plot.area.y}, {x, bottom}, kGrid);
    const std::string text = number(k * columns);
    write(picture, text, {x - width_of(text) / 2, bottom + 20});
  }
  for (double k = std::ceil(plot.y.low / rows); k * rows <= plot.y.high; ++k) {
    const int y = static_cast<int>(std::lround(plot.at(0, k * rows).y));
    cv::line(picture, {plot.area.x, y}, {plot.area.x + plot.area.width, y}, kGrid);
    const std::string text = number(k * rows);
    write(picture, text, {plot.area.x - 8 - width_of(text), y + 5});
  }
  cv::rectangle(picture, plot.area, kFrame);
  write(picture, "step", {plot.area.x + plot.area.width / 2 - 16, bottom + 42});
}

constexpr int kShift = 4;  // OpenCV takes coordinates in sixteenths of a pixel
cv::Point fine(cv::Point2d at) {
  return {static_cast<int>(std::lround(at.x * (1 << kShift))),
          static_cast<int>(std::lround(at.y * (1 << kShift)))};
}

/// From the lowest to the highest of the values that each point summarises.
void draw_band(cv::Mat& picture, const Plot& plot, const Curve& curve, const cv::Scalar& colour) {
  std::vector<cv::Point> outline;
  for (const Curve::Point& point : curve.points) outline.push_back(fine(plot.at(point.x, point.high)));
  for (auto point = curve.points.rbegin(); point != curve.points.rend(); ++point)
    outline.push_back(fine(plot.at(point->x, point->low)));
  cv::Mat part = picture(plot.area), filled = picture.clone();
  cv::fillPoly(filled, std::vector<std::vector<cv::Point>>{outline}, colour, cv::LINE_AA, kShift);
  cv::addWeighted(filled(plot.area), 0.16, part, 0.84, 0, part);
}

void draw_curve(cv::Mat& picture, const Plot& plot, const Curve& curve, const cv::Scalar& colour,
                bool dashed) {
  if (curve.points.size() == 1)
    cv::circle(picture, fine(plot.at(curve.points[0].x, curve.points[0].mean)), 3 << kShift, colour,
               cv::FILLED, cv::LINE_AA, kShift);
  for (std::size_t i = 1; i < curve.points.size(); ++i)
    if (!dashed || i % 4 < 2)
      cv::line(picture, fine(plot.at(curve.points[i - 1].x, curve.points[i - 1].mean)),
               fine(plot.at(curve.points[i].x, curve.points[i].mean)), colour, 2, cv::LINE_AA, kShift);
}

/// Name and last value of each curve; of too many, the newest.
void draw_legend(cv::Mat& picture, const Plot& plot, const std::vector<Curve>& curves) {
  const std::size_t most = static_cast<std::size_t>(plot.area.height / kLine);
  const std::size_t first = curves.size() > most ? curves.size() - most + 1 : 0;
  const int x = plot.area.x + plot.area.width + 18;
  int y = plot.area.y + 14;
  if (first > 0) {
    write(picture, "after " + std::to_string(first) + " others:", {x, y});
    y += kLine;
  }
  for (std::size_t i = first; i < curves.size(); ++i, y += kLine) {
    const cv::Scalar& colour = kColours[i % kColours.size()];
    const bool dashed = i / kColours.size() % 2 == 1;
    cv::line(picture, {x, y - 5}, {x + (dashed ? 8 : 22), y - 5}, colour, 3, cv::LINE_AA);
    if (dashed) cv::line(picture, {x + 14, y - 5}, {x + 22, y - 5}, colour, 3, cv::LINE_AA);
    char value[32];
    std::snprintf(value, sizeof value, "%.4g", curves[i].points.back().mean);
    write(picture, value, {x + 32, y});
    write(picture, shortened(in_ascii(curves[i].name), kLegend - 18 - 32 - 76 - 8), {x + 32 + 76, y});
  }
}

void draw_panel(cv::Mat& picture, int top, const Panel& panel, Range x) {
  Range y;
  for (const Curve& curve : panel.curves)
    for (const Curve::Point& point : curve.points)
      for (const double value : {point.low, point.high}) y.include(value);
  const Plot plot{
      {kLeft, top + kTop, kWidth - kLeft - kLegend, kPanelHeight - kTop - kBottom}, x, y.widened()};
  cv::putText(picture, panel.title, {kLeft, top + 28}, kFont, 0.56, kInk, 1, cv::LINE_AA);
  draw_axes(picture, plot);
  for (std::size_t i = 0; i < panel.curves.size(); ++i)
    draw_band(picture, plot, panel.curves[i], kColours[i % kColours.size()]);
  for (std::size_t i = 0; i < panel.curves.size(); ++i)
    draw_curve(picture, plot, panel.curves[i], kColours[i % kColours.size()], i / kColours.size() % 2 == 1);
  draw_legend(picture, plot, panel.curves);
}

}  // namespace

io::Pixels8 draw_panels(const std::vector<Panel>& panels) {
  Range x;
  for (const Panel& panel : panels)
    for (const Curve& curve : panel.curves)
      for (const Curve::Point& point : curve.points) x.include(point.x);
  if (x.high <= x.low) x = x.widened();
  cv::Mat picture(kPanelHeight * static_cast<int>(panels.size()), kWidth, CV_8UC3, kPaper);
  for (std::size_t i = 0; i < panels.size(); ++i)
    draw_panel(picture, static_cast<int>(i) * kPanelHeight, panels[i], x);
  io::Pixels8 pixels{{}, picture.cols, picture.rows};
  pixels.rgb.assign(picture.datastart, picture.dataend);
  return pixels;
}

}  // namespace reverie::loss_graph
