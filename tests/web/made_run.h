#pragma once
// What a run would tell its viewers, made up.

#include <ATen/ATen.h>
#include <json/reader.h>

#include <memory>
#include <string>

#include "reverie/viewer.h"

namespace reverie::test {

/// Remembers what it was asked for.
class AskedControl final : public RunControl {
 public:
  void pause() override { paused_ = true; }
  void resume() override { paused_ = false; }
  bool paused() const override { return paused_; }
  void keep_picture() override { ++kept; }
  void stop() override { stopped = true; }
  int kept = 0;
  bool stopped = false;

 private:
  bool paused_ = false;
};

inline Viewer::Setup made_setup(AskedControl& control) {
  return {"images_out/made",
          "made(2)",
          R"({"width":64,"scenes":"red | blue"})",
          {"red | blue", "green"},
          400,
          100,
          &control};
}

inline RunUpdate::Step made_step(std::int64_t number, double seconds) {
  return {number,
          seconds,
          0,
          1.5,
          {{"red", 1.0 / static_cast<double>(number), RunUpdate::Loss::Kind::prompt, 0.25},
           {"smoothing", 0.5, RunUpdate::Loss::Kind::other, 1}}};
}

inline RunUpdate made_steps(std::int64_t first, std::int64_t last, double each = 0.5) {
  RunUpdate update;
  for (std::int64_t number = first; number <= last; ++number)
    update.steps.push_back(made_step(number, each * static_cast<double>(number - 100)));
  return update;
}

inline RunUpdate made_end(RunUpdate::State state = RunUpdate::State::finished) {
  RunUpdate update;
  update.state = state;
  return update;
}

inline Json::Value parsed(const std::string& text) {
  Json::Value json;
  std::string errors;
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  if (!reader->parse(text.data(), text.data() + text.size(), &json, &errors))
    throw std::runtime_error(errors + " in " + text);
  return json;
}

}  // namespace reverie::test
