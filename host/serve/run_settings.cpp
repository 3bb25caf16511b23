#include "serve/run_settings.h"

#include <filesystem>
#include <set>

#include "app/failure.h"
#include "app/paint.h"
#include "app/preview_motion.h"
#include "app/run_plan.h"
#include "base/nearest.h"
#include "base/texts.h"
#include "engine/found_files.h"
#include "models/catalogue.h"
#include "models/sha256.h"
#include "settings/reader.h"

namespace reverie::serve {

using app::choose_run_plan;
using app::count_moves;
using app::current_failure;
using app::Failure;
using app::find_missing;
using app::FindMore;
using app::make_paint_plan;
using app::make_plan;
using app::make_run_context;
using app::Plan;
using engine::RunPlace;

namespace {

constexpr const char* kName = "settings";  // what messages call a text that came without a name
constexpr std::size_t kLongestTitle = 120;
constexpr std::size_t kLongestName = 200;  // files are called so and more, and no name may have over 255

/// The setting that a message is about: they begin with its name in quotes.
std::string setting_of(const std::string& message) {
  const std::size_t end = message.empty() || message[0] != '\'' ? std::string::npos : message.find('\'', 1);
  return end == std::string::npos ? "" : message.substr(1, end - 1);
}

Json::Value json_of(const RawValue& raw) {
  switch (raw.kind) {
    case RawValue::Kind::null:
      return Json::Value::null;
    case RawValue::Kind::scalar:
      return raw.text;
    case RawValue::Kind::list: {
      Json::Value list(Json::arrayValue);
      for (const RawValue& item : raw.items) list.append(json_of(item));
      return list;
    }
    case RawValue::Kind::map: {
      Json::Value members(Json::objectValue);
      for (const auto& [name, value] : raw.members) members[name] = json_of(value);
      return members;
    }
  }
  return Json::Value::null;
}

Json::Value json_of(const Problem& problem) {
  Json::Value value;
  value["message"] = problem.message;
  value["setting"] = setting_of(problem.message);
  const Location& where = problem.location;
  value["file"] = where.is(Location::Source::file) ? where.file : where.text();
  value["line"] = problem.location.line;
  return value;
}

/// The first line, without breaking a character.
std::string shortened(std::string text, std::size_t most) {
  text = text.substr(0, text.find('\n'));
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most) + "…";
}

/// Why a run of this name could not write, or would write elsewhere than it seems; empty if it is fine.
std::string trouble_with_folder(const std::string& file_namespace) {
  namespace fs = std::filesystem;
  if (file_namespace.size() > kLongestName)
    return "which is too long: at most " + std::to_string(kLongestName) + " bytes";
  for (const char* const name : {RunPlace::kOutputDir, RunPlace::kBackupDir}) {
    const fs::path parent = fs::absolute(name);  // which may be a link, to where there is room
    std::error_code error, other;
    const fs::path folder = fs::weakly_canonical(parent / file_namespace, error);
    if (error || folder.parent_path() != fs::weakly_canonical(parent, other))
      return "whose folder leads out of " + std::string(name) + " here";
  }
  return {};
}

/// Replaces or refuses settings that a server handles in its own way.
void apply_rules(Plan& plan, std::vector<Problem>& problems, std::vector<std::string>& notices) {
  if (plan.restored || plan.again)
    problems.push_back({{kName, 0},
                        "'restore': a server goes on with its own runs by itself, and with one "
                        "that was cancelled when it is resumed"});
  const SettingValue& name = *plan.settings.find("file_namespace");
  if (const std::string why = trouble_with_folder(name.text); !why.empty())
    problems.push_back({name.location, "'file_namespace' is '" + name.text + "', " + why});
  if (SettingValue viewers = *plan.settings.find("viewers"); !viewers.list.empty()) {
    viewers.list.clear();
    plan.settings.set("viewers", viewers);
    notices.push_back("viewers: left out, since the server shows the run");
  }
  if (SettingValue overwrite = *plan.settings.find("allow_overwrite"); overwrite.number != 0) {
    overwrite.number = 0;
    plan.settings.set("allow_overwrite", overwrite);
    notices.push_back("allow_overwrite: a server never writes over the files of another run");
  }
}

std::int64_t steps_of(const Plan& plan) {
  return plan.settings.get<std::int64_t>("steps_per_scene") *
         static_cast<std::int64_t>(plan.script.scenes.size());
}

/// What was found below the folders that may be named. Published models are the same on any machine, as their
/// download is checked; weights of one's own may not be, wherever they lie.
std::map<std::string, std::string> hashes() {
  namespace fs = std::filesystem;
  std::set<fs::path> published;
  for (const auto& models : {models::model_catalogue(), models::models_without_address()})
    for (const models::CatalogueEntry& entry : models)
      published.insert(models::model_path(entry, models::kDefaultModelsParent).lexically_normal());
  std::map<std::string, std::string> result;
  for (const fs::path& path : engine::found_files()) {
    if (published.count(fs::absolute(path).lexically_normal())) continue;
    result[path.string()] = fs::is_directory(path) ? kFolder : models::sha256_of(path);
  }
  return result;
}

/// What it makes, in words.
std::string words_of(const Settings& settings) {
  std::string words = settings.get<std::string>("scenes");
  for (const RawValue& group : settings.find("prompts")->groups)
    for (const auto& [place, text] : group.members) words += (words.empty() ? "" : ", ") + text.text;
  return words;
}

}  // namespace

SettingsSources sources_of(const Submission& submission, const RunRules& rules) {
  SettingsSources result;
  result.file = kName;
  result.text = submission.text;
  result.overrides = submission.overrides;
  result.config_folders = rules.config_folders;
  for (const char* dir : {"output_dir", "backup_dir"})
    result.left_out[dir] = "a server's runs write into the folders of the server";
  result.may_read = [access = rules.access](const std::filesystem::path& file, const std::string& written) {
    if (access) access->require(file, written);
  };
  return result;
}

Json::Value json_of(const std::vector<Problem>& problems) {
  Json::Value list(Json::arrayValue);
  for (const Problem& problem : problems) list.append(json_of(problem));
  return list;
}

Plan plan_of(const Submission& submission, const RunRules& rules, const FindMore& find_more) {
  const SettingsSources from = sources_of(submission, rules);
  Plan plan = submission.words.empty() ? make_plan(from, rules.registry, find_more)
                                       : make_paint_plan(from, submission.words, rules.registry, find_more);
  plan.access = rules.access;
  return plan;
}

CheckedRun check_run(const Submission& submission, const RunRules& rules) {
  CheckedRun checked;
  std::vector<Problem> problems;
  try {
    const FindMore find_more = [&](const Plan& wrong, std::vector<Problem>& more) {
      Plan plan = wrong;
      plan.access = rules.access;
      find_missing(plan, rules.registry, more);
    };
    Plan plan = plan_of(submission, rules, submission.kind == RunKind::render ? find_more : FindMore());
    std::swap(checked.notices, plan.notices);  // they are the client's, not the server's
    apply_rules(plan, problems, checked.notices);
    RunRecord& record = checked.record;
    const bool renders = submission.kind == RunKind::render;
    record.steps = renders ? steps_of(plan) : count_moves(plan);
    if (problems.empty()) {
      // What moves needs no perceptors, so it must not fail for want of one.
      const RunSettings settings = renders ? choose_run_plan(plan, rules.registry, false).settings
                                           : make_run_context(plan, rules.registry).settings;
      record.settings = settings_json(settings);
      if (renders) record.cost = cost_of(settings);
      if (renders) checked.film = film_of(settings, record.steps, plan.animation != nullptr);
    }
    if (submission.hash_files) checked.files = hashes();
    record.kind = submission.kind;
    record.notices = checked.notices;
    record.title =
        shortened(submission.title.empty() ? words_of(plan.settings) : submission.title, kLongestTitle);
  } catch (const SettingsError& error) {
    problems = error.problems();
  } catch (...) {
    const Failure failure = current_failure();
    problems.push_back({{"", 0}, failure.message + (failure.advice.empty() ? "" : "; " + failure.advice)});
  }
  checked.problems = json_of(problems);
  return checked;
}

Json::Value read_settings(const std::string& text) {
  std::vector<Problem> problems;
  const std::vector<RawEntry> entries = read_settings_text(text, kName, problems);
  Json::Value list(Json::arrayValue);
  for (const RawEntry& entry : entries) {
    const std::string written = lower(trimmed(entry.name));
    const char* alias = alias_of(written);
    Json::Value item;
    item["name"] = alias ? alias : entry.name;
    item["value"] = json_of(entry.value);
    list.append(item);
  }
  Json::Value result;
  result["entries"] = list;
  result["problems"] = json_of(problems);
  return result;
}

Plan plan_of(const RunRecord& record, const RunRules& rules) {
  Submission submission;
  submission.text = record.settings;
  Plan plan = make_plan(sources_of(submission, rules), rules.registry);
  plan.access = rules.access;
  plan.networks = rules.networks;
  plan.notices.clear();  // the client got them when it submitted the run
  return plan;
}

}  // namespace reverie::serve
