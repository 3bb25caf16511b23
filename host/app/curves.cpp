#include "app/curves.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "engine/timeline.h"
#include "expressions/keyframe_places.h"

namespace reverie::app {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::string digits(double number, int significant = 9) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", significant, number);
  return text;
}

class Tabulator {
 public:
  Tabulator(const Plan& plan, std::int64_t most) : timeline_(plan.settings, std::ssize(plan.script.scenes)) {
    const std::int64_t steps = timeline_.steps_per_scene * timeline_.scenes;
    const std::int64_t frames = steps > 0 ? timeline_.frame_of(steps - 1) + 1 : 0;
    result_.every = frames > most ? (frames + most - 1) / most : 1;
    for (std::int64_t frame = 0; frame < frames; frame += result_.every) {
      moments_.push_back(moment_of(timeline_.first_step(frame)));
      result_.seconds.push_back(timeline_.seconds(frame));
      result_.frames.push_back(moments_.back().values.at("f"));
    }
  }

  /// `setting`: where it is written. `scene`: the only one in which it counts; -1: it always does.
  void add(const std::string& name, const Expression& expression, const std::string& setting,
           std::int64_t scene = -1) {
    if (expression.is_constant()) return;
    if (expression.is_measured()) return result_.unknown.push_back(name);
    std::vector<std::vector<double>> rows, at_keyframes;
    std::size_t count = 1;
    for (const Moment& moment : moments_) {
      rows.push_back(numbers(expression, moment, scene));
      count = std::max(count, rows.back().size());
    }
    const std::vector<double> places = places_of(expression);
    for (const double place : places) at_keyframes.push_back(numbers(expression, moment_at(place), scene));
    const auto item = [](const std::vector<double>& row, std::size_t i) {
      return i < row.size() ? row[i] : kNone;
    };
    for (std::size_t i = 0; i < count; ++i) {
      Curve curve{name + (count > 1 ? "[" + std::to_string(i) + "]" : ""), {}, setting, expression.text()};
      if (count > 1) curve.item = static_cast<std::int64_t>(i);
      for (const std::vector<double>& row : rows) curve.values.push_back(item(row, i));
      for (std::size_t k = 0; k < places.size(); ++k)
        curve.keyframes.push_back({places[k], item(at_keyframes[k], i)});
      result_.curves.push_back(std::move(curve));
    }
  }
  void add(const MotionSetting& setting) { add(setting.name, setting.expression, setting.name); }

  Curves take() { return std::move(result_); }

 private:
  struct Moment {
    std::int64_t scene;
    std::map<std::string, double> values;
  };

  Moment moment_of(std::int64_t step) const {
    return {step / timeline_.steps_per_scene, timeline_.values(step, {})};
  }

  /// Also between steps, before the run and behind it.
  Moment moment_at(double frame) const {
    const std::int64_t last = timeline_.steps_per_scene * timeline_.scenes - 1;
    const double step = frame * static_cast<double>(timeline_.steps_per_frame);
    const double there =
        std::clamp(step + static_cast<double>(timeline_.before), 0.0, static_cast<double>(last));
    Moment moment = moment_of(static_cast<std::int64_t>(there));
    const double seconds = frame / timeline_.frames_per_second,
                 beats = seconds * timeline_.beats_per_minute / 60;
    for (const auto& [name, value] :
         {std::pair{"f", frame}, {"t", seconds}, {"s", seconds}, {"beat", beats}, {"bar", beats / 4}})
      moment.values[name] = value;
    return moment;
  }

  /// Empty where it does not count or cannot be computed.
  static std::vector<double> numbers(const Expression& expression, const Moment& moment, std::int64_t scene) {
    if (scene < 0 || moment.scene == scene) try {
        return expression.numbers(moment.values);
      } catch (const ExpressionError&) {  // the check says where
      }
    return {};
  }

  std::vector<double> places_of(const Expression& expression) const {
    if (!moments_.empty()) try {
        return expressions::keyframe_places(expression.text(), moments_[0].values);
      } catch (const ExpressionError&) {  // the check says where
      }
    return {};
  }

  const engine::Timeline timeline_;
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

Curves curves_of(const Plan& plan, std::int64_t most) {
  Tabulator table(plan, most);
  const Script& script = plan.script;
  for (std::size_t s = 0; s < script.scenes.size(); ++s)
    for (const Prompt& prompt : script.scenes[s].prompts) {
      const std::string name = "scene " + std::to_string(s + 1) + ", " + prompt.text;
      const auto scene = static_cast<std::int64_t>(s);
      table.add(name, prompt.weight, prompt.setting, scene);
      table.add(name + ", stop", prompt.stop, prompt.setting, scene);
      if (prompt.mask.cutoff) table.add(name + ", cutoff", *prompt.mask.cutoff, prompt.setting, scene);
    }
  for (const LossTerm& term : script.losses) {
    const std::string name =
        term.setting + (term.name.empty() || term.name == term.setting ? "" : ", " + term.name);
    table.add(name, term.weight, term.setting);
    table.add(name + ", stop", term.stop, term.setting);
    for (const MotionSetting& setting : term.varying)
      table.add(name + ", " + setting.name, setting.expression,
                term.setting == "losses" ? term.setting : setting.name);
  }
  for (const MotionSetting& setting : script.motion) table.add(setting);
  for (const MotionSetting& setting : script.retouching) table.add(setting);
  for (const MotionSetting& setting : script.cutting) table.add(setting);
  for (const MotionSetting& setting : script.model) table.add(setting);
  for (const MotionSetting& weight : script.perceptor_weights)
    table.add(weight.name, weight.expression, "perceptors");
  for (const std::optional<MotionSetting>& setting : {script.cutouts, script.learning_rate})
    if (setting) table.add(*setting);
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
