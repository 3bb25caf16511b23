#include "app/curves.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "engine/timeline.h"

namespace reverie::app {

using engine::Timeline;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::string digits(double number, int significant = 9) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", significant, number);
  return text;
}

class Tabulator {
 public:
  explicit Tabulator(const Plan& plan) : timeline_(plan.settings, std::ssize(plan.script.scenes)) {
    const std::int64_t steps = timeline_.steps_per_scene * timeline_.scenes;
    const std::int64_t frames = steps > 0 ? timeline_.frame_of(steps - 1) + 1 : 0;
    for (std::int64_t frame = 0; frame < frames; ++frame) {
      const std::int64_t step = timeline_.first_step(frame);
      moments_.push_back({step / timeline_.steps_per_scene, timeline_.values(step, {})});
      result_.seconds.push_back(timeline_.seconds(frame));
    }
  }

  /// `scene`: the only one in which it counts; -1: it always does.
  void add(const std::string& name, const Expression& expression, std::int64_t scene = -1) {
    if (expression.is_constant()) return;
    if (expression.is_measured()) return result_.unknown.push_back(name);
    std::vector<std::vector<double>> rows;
    std::size_t count = 1;
    for (const Moment& moment : moments_) {
      std::vector<double> row;
      if (scene < 0 || moment.scene == scene) try {
          row = expression.numbers(moment.values);
        } catch (const ExpressionError&) {  // the check says where
        }
      count = std::max(count, row.size());
      rows.push_back(std::move(row));
    }
    for (std::size_t i = 0; i < count; ++i) {
      Curve curve{name + (count > 1 ? "[" + std::to_string(i) + "]" : ""), {}};
      for (const std::vector<double>& row : rows) curve.values.push_back(i < row.size() ? row[i] : kNone);
      result_.curves.push_back(std::move(curve));
    }
  }

  Curves take() { return std::move(result_); }

 private:
  struct Moment {
    std::int64_t scene;
    std::map<std::string, double> values;
  };
  const Timeline timeline_;
  std::vector<Moment> moments_;
  Curves result_;
};

std::string quoted_cell(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c == '\n' ? ' ' : c);
  return result + "\"";
}

std::string xml(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (static_cast<unsigned char>(c) < 0x20)
      result += ' ';
    else
      result += c;
  }
  return result;
}

}  // namespace

Curves curves_of(const Plan& plan) {
  Tabulator table(plan);
  const Script& script = plan.script;
  for (std::size_t s = 0; s < script.scenes.size(); ++s)
    for (const Prompt& prompt : script.scenes[s].prompts) {
      const std::string name = "scene " + std::to_string(s + 1) + ", " + prompt.text;
      const auto scene = static_cast<std::int64_t>(s);
      table.add(name, prompt.weight, scene);
      table.add(name + ", stop", prompt.stop, scene);
      if (prompt.mask.cutoff) table.add(name + ", cutoff", *prompt.mask.cutoff, scene);
    }
  for (const LossTerm& term : script.losses) {
    const std::string name =
        term.setting + (term.name.empty() || term.name == term.setting ? "" : ", " + term.name);
    table.add(name, term.weight);
    table.add(name + ", stop", term.stop);
    for (const MotionSetting& setting : term.varying)
      table.add(name + ", " + setting.name, setting.expression);
  }
  for (const MotionSetting& setting : script.motion) table.add(setting.name, setting.expression);
  for (const MotionSetting& setting : script.retouching)
    if (!setting.expression.is_constant()) table.add(setting.name, setting.expression);
  for (const MotionSetting& setting : script.cutting) table.add(setting.name, setting.expression);
  for (const MotionSetting& setting : script.model) table.add(setting.name, setting.expression);
  for (const MotionSetting& weight : script.perceptor_weights) table.add(weight.name, weight.expression);
  for (const std::optional<MotionSetting>& setting : {script.cutouts, script.learning_rate})
    if (setting) table.add(setting->name, setting->expression);
  return table.take();
}

std::string curves_csv(const Curves& curves) {
  std::string text = "frame,t";
  for (const Curve& curve : curves.curves) text += "," + quoted_cell(curve.name);
  text += "\n";
  for (std::size_t frame = 0; frame < curves.seconds.size(); ++frame) {
    text += std::to_string(frame) + "," + digits(curves.seconds[frame]);
    for (const Curve& curve : curves.curves)
      text += "," + (std::isnan(curve.values[frame]) ? "" : digits(curve.values[frame]));
    text += "\n";
  }
  return text;
}

std::string curves_svg(const Curves& curves) {
  constexpr int kLeft = 90, kWidth = 800, kStrip = 90, kHigh = 54, kTop = 30;
  const std::size_t frames = curves.seconds.size();
  const int height = kTop + kStrip * static_cast<int>(std::max<std::size_t>(curves.curves.size(), 1)) + 10;
  std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" +
                     std::to_string(kLeft + kWidth + 20) + "\" height=\"" + std::to_string(height) +
                     "\" font-family=\"sans-serif\" font-size=\"12\">\n"
                     "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  const auto label = [&](double x, double y, const std::string& words, const char* anchor) {
    text += "<text x=\"" + digits(x) + "\" y=\"" + digits(y) + "\" text-anchor=\"" + anchor + "\">" +
            xml(words) + "</text>\n";
  };
  if (frames > 0) label(kLeft, 14, "frame 0", "start");
  if (frames > 1) label(kLeft + kWidth, 14, "frame " + std::to_string(frames - 1), "end");
  if (curves.curves.empty()) label(kLeft, kTop + 20, "nothing varies", "start");
  double top = kTop;
  for (const Curve& curve : curves.curves) {
    double low = INFINITY, high = -INFINITY;
    for (const double value : curve.values)
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
    label(kLeft, top + 10, curve.name, "start");
    text += "<rect x=\"" + std::to_string(kLeft) + "\" y=\"" + digits(top + 16) + "\" width=\"" +
            std::to_string(kWidth) + "\" height=\"" + std::to_string(kHigh) +
            "\" fill=\"none\" stroke=\"#bbb\"/>\n";
    if (low <= high) {
      label(kLeft - 6, top + 26, digits(high, 4), "end");
      label(kLeft - 6, top + 16 + kHigh, digits(low, 4), "end");
    }
    std::string points;
    const auto end_line = [&] {
      if (!points.empty())
        text +=
            "<polyline fill=\"none\" stroke=\"#1558b0\" stroke-width=\"1.5\" points=\"" + points + "\"/>\n";
      points.clear();
    };
    for (std::size_t i = 0; i < frames; ++i) {
      const double value = curve.values[i];
      if (!std::isfinite(value)) {
        end_line();
        continue;
      }
      const double x =
          kLeft + (frames > 1 ? kWidth * static_cast<double>(i) / static_cast<double>(frames - 1) : 0);
      const double up = high > low ? (value - low) / (high - low) : 0.5;
      char point[48];
      std::snprintf(point, sizeof point, "%s%.2f,%.2f", points.empty() ? "" : " ", x,
                    top + 16 + kHigh * (1 - up));
      points += point;
    }
    end_line();
    top += kStrip;
  }
  return text + "</svg>\n";
}

}  // namespace reverie::app
