// Keyframes, eases, oscillators and noise: by hand, by CSS's and animation programs' documented values, and
// by SciPy 1.10 (PchipInterpolator, signal.sawtooth, signal.square).

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "expressions/expression.h"
#include "expressions/keyframes.h"

namespace reverie::test {
namespace {

using Numbers = std::vector<double>;

constexpr double kFramesPerSecond = 12, kBeatsPerMinute = 90;
const std::set<std::string> kNames = {"t", "f", "max_f", "fps", "bpm", "beat", "bar"};

std::map<std::string, double> at(double frame) {
  return {{"t", frame / kFramesPerSecond},
          {"f", frame},
          {"max_f", 120},
          {"fps", kFramesPerSecond},
          {"bpm", kBeatsPerMinute},
          {"beat", frame / kFramesPerSecond * kBeatsPerMinute / 60},
          {"bar", frame / kFramesPerSecond * kBeatsPerMinute / 240}};
}

double number(const std::string& text, double frame) {
  return Expression::compile(text, kNames).number(at(frame));
}

TEST(Keyframes, NumbersAreLedOverToTheNext) {
  const std::string text = "0:(1.02), 60:(1.08), max_f/2 + 30: 1";
  for (const auto& [frame, value] : {std::pair{-5.0, 1.02},
                                     {0.0, 1.02},
                                     {20.0, 1.04},
                                     {60.0, 1.08},
                                     {75.0, 1.04},
                                     {90.0, 1.0},
                                     {500.0, 1.0}})
    EXPECT_NEAR(number(text, frame), value, 1e-12) << frame;
}

TEST(Keyframes, FormulasHoldUntilTheNext) {
  const std::string text = "0: sin(t), 24: 2, 48: 4";
  EXPECT_DOUBLE_EQ(number(text, 23), std::sin(23 / kFramesPerSecond));
  EXPECT_DOUBLE_EQ(number(text, 24), 2);
  EXPECT_DOUBLE_EQ(number(text, 36), 3);
  // Unless they say how: then they are led over as they are at the moment.
  EXPECT_DOUBLE_EQ(number("0: t linear, 24: 10", 12), (1 + 10) / 2.0);
}

TEST(Keyframes, StandAtFramesSecondsAndBeats) {
  // 2.5 s are 30 frames; a beat is 2/3 s, 8 frames.
  EXPECT_DOUBLE_EQ(number("0: 0, 2.5s: 30", 15), 15);
  EXPECT_DOUBLE_EQ(number("0: 0, 8b: 64, 10b : 80", 72), 72);
  EXPECT_DOUBLE_EQ(number("0s: 1, 1s: 2", 6), 1.5);
}

TEST(Keyframes, AreValuesInLargerExpressions) {
  EXPECT_DOUBLE_EQ(number("2*[0: 1, 10: 3] + 1", 5), 5);
  EXPECT_DOUBLE_EQ(number("[0: 1, 10: 3] if f < 7 else [0: 0, 10: 10]", 8), 8);
  const Numbers turn = Expression::compile("0: [1, 0, 0, 0], 10: [0, 2, 4, 6]", kNames).numbers(at(5));
  EXPECT_EQ(turn, (Numbers{0.5, 1, 2, 3}));
}

TEST(Keyframes, AsFormulasOfOneAreTheRule) {
  EXPECT_DOUBLE_EQ(number("0: (0.5)", 33), 0.5);
  EXPECT_DOUBLE_EQ(number("0: (t*2)", 12), 2);
}

TEST(Keyframes, MonotoneCubicIsThatOfSciPy) {
  const std::string text = "0: 1 cubic, 10: 3 cubic, 25: 3.5 cubic, 40: 2 cubic, 60: 6";
  for (const auto& [frame, value] : {std::pair{3.0, 1.7862},
                                     {10.0, 3.0},
                                     {17.0, 3.3445037037037038},
                                     {30.0, 3.111111111111111},
                                     {50.0, 3.071428571428571},
                                     {59.0, 5.6357857142857135}})
    EXPECT_NEAR(number(text, frame), value, 1e-12) << frame;
  EXPECT_NEAR(number("0: 1 cubic, 10: 3", 4), 1.8, 1e-12);
  EXPECT_NEAR(number("0: 5 cubic, 10: 2 cubic, 40: 1", 5), 3.1282051282051286, 1e-12);
  EXPECT_NEAR(number("0: 5 cubic, 10: 2 cubic, 40: 1", 20), 1.433048433048433, 1e-12);
  EXPECT_NEAR(number("0: 0 cubic, 10: 1 cubic, 40: -9", 5), 0.7604166666666666, 1e-12);
  EXPECT_NEAR(number("0: 0 cubic, 10: 1 cubic, 40: -9", 20), -0.1296296296296294, 1e-12);
}

TEST(Keyframes, BezierIsThatOfCss) {
  // "ease" is cubic-bezier(0.25, 0.1, 0.25, 1), worth 0.8024 in the middle; (0, 0, 1, 1) is linear.
  EXPECT_NEAR(number("0: 0 bezier(0.25, 0.1, 0.25, 1), 10: 1", 5), 0.8024033877, 1e-9);
  EXPECT_NEAR(number("0: 0 bezier(0, 0, 1, 1), 10: 1", 3), 0.3, 1e-12);
  EXPECT_NEAR(number("0: 0 bezier(0.42, 0, 0.58, 1), 10: 1", 5), 0.5, 1e-12);
  EXPECT_LT(number("0: 0 bezier(0.5, -1, 0.5, 2), 10: 1", 2), 0);
}

TEST(Keyframes, EasesAreTheUsualOnes) {
  const auto ease = [](const std::string& name, double u) { return number("0: 0 " + name + ", 1: 1", u); };
  EXPECT_NEAR(ease("in_quad", 0.5), 0.25, 1e-12);
  EXPECT_NEAR(ease("out_quad", 0.5), 0.75, 1e-12);
  EXPECT_NEAR(ease("in_out_cubic", 0.25), 4 * std::pow(0.25, 3), 1e-12);
  EXPECT_NEAR(ease("in_quart", 0.5), 1 / 16.0, 1e-12);
  EXPECT_NEAR(ease("in_out_quint", 0.25), 16 * std::pow(0.25, 5), 1e-12);
  EXPECT_NEAR(ease("in_sine", 0.5), 1 - std::cos(std::numbers::pi / 4), 1e-12);
  EXPECT_NEAR(ease("in_out_sine", 0.3), (1 - std::cos(std::numbers::pi * 0.3)) / 2, 1e-12);
  EXPECT_NEAR(ease("in_expo", 0.5), 1 / 32.0, 1e-12);
  EXPECT_NEAR(ease("out_circ", 0.5), std::sqrt(0.75), 1e-12);
  EXPECT_NEAR(ease("in_back", 0.5), 2.70158 / 8 - 1.70158 / 4, 1e-12);
  EXPECT_NEAR(ease("out_bounce", 1 / 2.75), 1, 1e-12);
  EXPECT_NEAR(ease("out_bounce", 1.5 / 2.75), 0.75, 1e-12);
  EXPECT_NEAR(ease("out_elastic", 0.3), 1 + std::exp2(-3) * std::sin((3 - 0.75) * 2 * std::numbers::pi / 3),
              1e-12);
  for (const std::string_view name : expressions::ease_names()) {
    if (name == "bezier" || name == "step") continue;
    EXPECT_NEAR(ease(std::string(name), 0), 0, 1e-9) << name;
    EXPECT_NEAR(ease(std::string(name), 1), 1, 1e-9) << name;
    if (name.starts_with("in_out_")) {
      EXPECT_NEAR(ease(std::string(name), 0.5), 0.5, 1e-9) << name;
      EXPECT_NEAR(ease(std::string(name), 0.2) + ease(std::string(name), 0.8), 1, 1e-9) << name;
    }
  }
  EXPECT_DOUBLE_EQ(ease("step", 0.99), 0);
}

TEST(Keyframes, MistakesAreNamedWhereTheyAre) {
  const auto trouble = [](const std::string& text) -> std::string {
    try {
      number(text, 5);
    } catch (const ExpressionError& error) {
      return std::to_string(error.column()) + " " + error.what();
    }
    return "none";
  };
  EXPECT_TRUE(trouble("0: 1, 9: 2, 9: 3").starts_with("12 ")) << trouble("0: 1, 9: 2, 9: 3");
  EXPECT_TRUE(trouble("0: 1 in_out_cubik, 9: 2").starts_with("5 ")) << trouble("0: 1 in_out_cubik, 9: 2");
  EXPECT_TRUE(trouble("0: 1, 9").starts_with("7 ")) << trouble("0: 1, 9");
  EXPECT_TRUE(trouble("0: [1, 2], 9: [1, 2, 3]").starts_with("0 ")) << trouble("0: [1, 2], 9: [1, 2, 3]");
  EXPECT_TRUE(trouble("0: 1 bezier(2, 0, 1, 1), 9: 2").starts_with("12 "));
  EXPECT_NE(trouble("2s"), "none");
  EXPECT_NE(trouble("0: 1, inf: 2"), "none");
}

Expression compiled(const std::string& text) { return Expression::compile(text, kNames); }

/// `text`, where curve() finds these settings.
double looked_up(const std::string& text, const std::map<std::string, Expression>& settings, double frame) {
  return compiled(text)
      .with_curves([&](const Expression::Lookup& lookup) { return settings.at(lookup.name); })
      .number(at(frame));
}

TEST(Lookups, AreTheOtherSettingAtThatTime) {
  const std::map<std::string, Expression> settings = {
      {"slide", compiled("0: 0, 24: 48")}, {"swing", compiled("sin(t) + f/100")}, {"still", compiled("7")}};
  for (const double frame : {0.0, 5.0, 17.5}) {
    EXPECT_NEAR(looked_up("curve(slide)", settings, frame), 2 * frame, 1e-12);
    // Half a second is six frames.
    EXPECT_NEAR(looked_up("2*curve(slide, t - 0.5) + 1", settings, frame + 6), 4 * frame + 1, 1e-9);
    EXPECT_NEAR(looked_up("curve(swing, 2*t)", settings, frame),
                std::sin(2 * frame / kFramesPerSecond) + 2 * frame / 100, 1e-9);
    EXPECT_EQ(looked_up("curve(still, t) * 2", settings, frame), 14);
    EXPECT_EQ(looked_up("0: curve(still), 90: 1", settings, frame), 7) << "a formula, which holds";
  }
  EXPECT_NEAR(looked_up("curve(slide, 1)", settings, 0), 24, 1e-12);
}

TEST(Lookups, MayBeMadeOfLookups) {
  const auto with = [](const Expression& expression, const Expression& other) {
    return expression.with_curves([&](const Expression::Lookup&) { return other; });
  };
  const Expression slide = compiled("10*t"), late = with(compiled("curve(slide, t - 1)"), slide),
                   later = with(compiled("curve(late, t - 1)"), late);
  EXPECT_NEAR(later.number(at(36)), 10, 1e-12);  // 3 s, less two
}

TEST(Lookups, NameWhatTheyLookUpAndHaveNoValueWithout) {
  const Expression two = compiled("curve(one) + curve(two, t - 1)");
  ASSERT_EQ(two.lookups().size(), 2u);
  EXPECT_EQ(two.lookups()[0].name, "one");
  EXPECT_EQ(two.lookups()[1].name, "two");
  EXPECT_EQ(two.lookups()[1].column, 13u);
  EXPECT_FALSE(compiled("curve(one, 3)").is_constant());
  EXPECT_THROW(two.number(at(0)), ExpressionError);
  EXPECT_TRUE(compiled("t").lookups().empty());
}

TEST(Slew, LimitsHowFastAValueChanges) {
  // 6 a second are half a one in a frame, 24 are two.
  const std::string jumps = "slew(0 if f < 12 else 10 if f < 60 else 0, 6, 24)";
  for (const double frame : {-5.0, 0.0, 11.0, 12.0, 12.5, 20.0, 31.0, 32.0, 59.0, 60.0, 62.5, 64.0, 90.0}) {
    // It begins to rise in the frame that ends with the jump.
    const double risen = std::min(std::max((frame - 11) / 2, 0.0), 10.0);
    const double expected = frame < 12 ? 0 : frame < 60 ? risen : std::max(10 - 2 * (frame - 59), 0.0);
    EXPECT_NEAR(number(jumps, frame), expected, 1e-9) << frame;
  }
  EXPECT_NEAR(number("slew(t, 9, 9)", 30), 2.5, 1e-12) << "what is slow enough stays";
  EXPECT_NEAR(number("slew(beat, 100, 100) + slew(bar, 100, 100)", 16), 2.5, 1e-9) << "90 beats a minute";
  EXPECT_EQ(number("slew(7, 0, 0)", 16), 7);
}

TEST(Slew, RefusesWhatItCannotKnow) {
  EXPECT_THROW(Expression::compile("slew(bass, 1, 1)", {"t", "f", "fps", "bpm", "bass"}, {"bass"}),
               ExpressionError);
  EXPECT_THROW(compiled("slew(t, 1)"), ExpressionError);
  EXPECT_THROW(number("slew(t, -1, 1)", 3), ExpressionError);
  EXPECT_THROW(number("slew(t, 1, 1)", 1e9), ExpressionError) << "limits of time hold";
}

TEST(Keyframes, OfPlainNumbersMayBeThousands) {
  std::string text;
  constexpr int kFrames = 20'000;
  for (int frame = 0; frame < kFrames; ++frame)
    text += (frame ? ", " : "") + std::to_string(frame) + ": -" + std::to_string(frame) + ".5";
  const Expression table = compiled(text);
  for (const int frame : {0, 1, 777, kFrames - 1}) EXPECT_EQ(table.number(at(frame)), -frame - 0.5) << frame;
  EXPECT_EQ(table.number(at(500.5)), -501.0);
  EXPECT_THROW(compiled(text + ", 99999: t"), ExpressionError) << "formulas have their limit";
}

TEST(Oscillators, AreThoseOfSciPy) {
  const Numbers places = {0, 0.1, 0.3, 0.6, 1.4}, saw = {-1, -0.8, -0.4, 0.2, -0.2},
                square = {1, 1, -1, -1, -1}, triangle = {0, 0.4, 0.8, -0.4, 0.4};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string x = std::to_string(places[i]);
    EXPECT_NEAR(number("sawtooth(" + x + ")", 0), saw[i], 1e-12) << x;
    EXPECT_NEAR(number("square(" + x + ", duty=0.3)", 0), square[i], 1e-12) << x;
    EXPECT_NEAR(number("triangle(" + x + ")", 0), triangle[i], 1e-12) << x;
    EXPECT_NEAR(number("pulse(" + x + ", duty=0.3, amplitude=4)", 0), 2 + 2 * square[i], 1e-12) << x;
  }
  EXPECT_NEAR(number("sine(t, 4, 0.25, 3)", 0), 3, 1e-12);
  EXPECT_NEAR(number("sine(t, period=2)", 6), 1, 1e-12);
}

TEST(Noise, IsSmoothBoundedAndFixedByItsSeed) {
  const Expression noise = Expression::compile("noise(t, 7)", {"t"});
  double least = 1, most = -1, sum = 0;
  constexpr int kPlaces = 20'000;
  double before = noise.number({{"t", -100}});
  for (int i = 0; i < kPlaces; ++i) {
    const double value = noise.number({{"t", -100 + i * 0.01}});
    EXPECT_LE(std::abs(value - before),
              2 * 1.875 * 0.01 + 1e-9);  // how steep the fade is at most, between -1 and 1
    before = value;
    least = std::min(least, value);
    most = std::max(most, value);
    sum += value;
  }
  EXPECT_GE(least, -1);
  EXPECT_LE(most, 1);
  EXPECT_GT(most - least, 1.6);
  EXPECT_NEAR(sum / kPlaces, 0, 0.15);  // 200 values of variance 1/3: three standard deviations are 0.12
  EXPECT_EQ(number("noise(3.7, 7)", 0), number("noise(3.7, seed=7)", 0));
  EXPECT_NE(number("noise(3.7, 7)", 0), number("noise(3.7, 8)", 0));
}

TEST(Ranges, AreClampedAndMapped) {
  EXPECT_EQ(number("clamp(5, 0, 2)", 0), 2);
  EXPECT_EQ(number("clamp(-5, low=0, high=2)", 0), 0);
  EXPECT_EQ(number("remap(5, 0, 10, 100, 200)", 0), 150);
  EXPECT_EQ(number("remap(-1, 0, 10, 0, -20)", 0), 2);
  EXPECT_EQ(number("smoothstep(0.5)", 0), 0.5);
  EXPECT_EQ(number("smoothstep(0.25)", 0), 0.15625);
  EXPECT_EQ(number("smoothstep(7, 0, 4)", 0), 1);
  EXPECT_EQ(Expression::compile("clamp(np.array([1, 2, 3]), 1.5, 2.5)", {}).numbers({}),
            (Numbers{1.5, 2, 2.5}));
}

}  // namespace
}  // namespace reverie::test
