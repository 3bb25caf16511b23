#include "app/draw_prompts.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

#include "base/nearest.h"
#include "base/texts.h"
#include "distributed/environment.h"
#include "models/catalogue.h"
#include "prompts/wildcards.h"
#include "reverie/ordinary_file.h"
#include "settings/limits.h"

namespace reverie::app {
namespace {

namespace fs = std::filesystem;

/// Finds lists in the folder of wildcards.
class Lists {
 public:
  Lists(const std::string& folder, const fs::path& beside, const MayRead& may_read)
      : written_(folder), may_read_(may_read) {
    const fs::path path = models::expand_home(folder);
    if (path.is_relative()) folders_.push_back(beside / path);
    folders_.push_back(path);
  }

  std::string read(const std::string& name) const {
    for (const fs::path& folder : folders_) {
      const fs::path file = folder / (name + ".txt");
      std::error_code none;
      if (may_read_) may_read_(file, file.string());
      if (!fs::exists(file, none)) continue;
      require_ordinary_file(file, "a list of words");
      std::ifstream stream(file, std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(stream), {}};
      if (text.size() > kMostSettingsBytes)
        throw Error(ErrorKind::file, "'" + file.string() + "' is too large for a list of words");
      return text.rfind("\xEF\xBB\xBF", 0) == 0 ? text.substr(3) : text;
    }
    std::vector<std::string> names;
    for (const fs::path& folder : folders_) {
      std::error_code none;
      for (fs::directory_iterator entry(folder, none), end; !none && entry != end; entry.increment(none))
        if (entry->path().extension() == ".txt") names.push_back(entry->path().stem().string());
    }
    const std::string near = nearest(name, names);
    throw Error(ErrorKind::settings,
                "__" + name + "__ stands for a line of '" + (folders_[0] / (name + ".txt")).string() +
                    "', and there is no such file" + (near.empty() ? "" : "; did you mean __" + near + "__?"),
                "'wildcards_dir' is '" + written_ + "'; write one entry in each line of the file");
  }

 private:
  std::string written_;
  const MayRead& may_read_;
  std::vector<fs::path> folders_;
};

class Drawing {
 public:
  Drawing(RunSettings& settings, const Lists& lists, std::vector<Problem>& problems,
          std::vector<std::string>& choices)
      : settings_(settings),
        lists_(lists),
        problems_(problems),
        choices_(choices),
        seed_(static_cast<std::uint64_t>(settings.get<std::int64_t>("seed"))) {}

  void draw_scenes() {
    const SettingValue* scenes = settings_.find("scenes");
    if (!scenes || trimmed(scenes->text).empty()) return;
    std::string drawn;
    std::uint64_t number = 0;
    for (const std::string& scene : split_scenes(scenes->text)) {
      const std::uint64_t now = number++;
      if (trimmed(scene).empty()) continue;
      const std::string text =
          draw(text_of("scene_prefix") + scene + text_of("scene_suffix"), now, scenes->location);
      drawn += (drawn.empty() ? "" : " || ") + trimmed(text);
    }
    set_text("scenes", drawn);
    set_text("scene_prefix", "");
    set_text("scene_suffix", "");
    choices_.push_back("drawn from the seed " + settings_.find("seed")->json() + ": " + drawn);
  }

  void draw_prompts() {
    const SettingValue* found = settings_.find("prompts");
    if (!found || found->groups.empty()) return;
    SettingValue prompts = *found;
    std::uint64_t number = 0;
    for (RawValue& group : prompts.groups)
      for (auto& [place, text] : group.members) {
        if (text.kind != RawValue::Kind::scalar) continue;
        const std::string whole = text_of("scene_prefix") + text.text + text_of("scene_suffix");
        text = RawValue::scalar(draw(whole, number++, prompts.location), true);
        choices_.push_back("drawn from the seed " + settings_.find("seed")->json() + ", " + place + ": " +
                           text.text);
      }
    settings_.set("prompts", prompts);
    set_text("scene_prefix", "");
    set_text("scene_suffix", "");
  }

 private:
  std::string text_of(const char* name) const {
    const SettingValue* value = settings_.find(name);
    return value ? value->text : "";
  }
  void set_text(const char* name, const std::string& text) {
    const SettingValue* found = settings_.find(name);
    if (!found) return;
    SettingValue value = *found;
    value.text = text;
    settings_.set(name, value);
  }
  std::string draw(const std::string& text, std::uint64_t scene, const Location& location) {
    try {
      return Wildcards(seed_, scene, [this](const std::string& name) { return lists_.read(name); })
          .drawn(text);
    } catch (const Error& error) {
      problems_.push_back(
          {location, std::string(error.what()) + (error.advice().empty() ? "" : "; " + error.advice())});
      return text;
    }
  }

  RunSettings& settings_;
  const Lists& lists_;
  std::vector<Problem>& problems_;
  std::vector<std::string>& choices_;
  std::uint64_t seed_;
};

}  // namespace

void choose_seed(Settings& settings) {
  if (settings.has("seed")) return;
  SettingValue seed = *settings.find("seed");
  seed.null = false;
  const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  seed.number = static_cast<double>(now % 4'294'967'296);
  settings.set("seed", seed);
}

void draw_prompts(RunSettings& settings, const fs::path& beside, const MayRead& may_read,
                  std::vector<Problem>& problems, std::vector<std::string>& choices,
                  std::vector<std::string>& notices) {
  const SettingValue* on = settings.find("wildcards");
  const SettingValue* folder = settings.find("wildcards_dir");
  if (!on || !folder || !settings.find("seed")) return;
  if (on->number == 0) {
    const SettingValue* with = nullptr;
    for (const char* name : {"scenes", "scene_prefix", "scene_suffix"})
      if (const SettingValue* value = settings.find(name); value && !with && has_wildcards(value->text))
        with = value;
    if (const SettingValue* prompts = settings.find("prompts"))
      for (const RawValue& group : prompts->groups)
        for (const auto& [place, text] : group.members)
          if (!with && has_wildcards(text.text)) with = prompts;
    if (with)
      notices.push_back(with->location.before(
          "{red|green} and __colours__ are used in the prompts as they are written; with "
          "wildcards: true, one of them is drawn (docs/prompts.md)"));
    return;
  }
  if (!settings.has("seed") && distributed::rank_environment())
    throw Error(ErrorKind::settings,
                "'wildcards' draws from the seed, there is none, and each of several processes would draw "
                "other prompts",
                "set a seed, such as seed=1");
  choose_seed(settings);
  const Lists lists(folder->text, beside, may_read);
  Drawing drawing(settings, lists, problems, choices);
  drawing.draw_scenes();
  drawing.draw_prompts();
  SettingValue off = *settings.find("wildcards");
  off.number = 0;
  settings.set("wildcards", off);
}

}  // namespace reverie::app
