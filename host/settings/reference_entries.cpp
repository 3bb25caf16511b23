#include "settings/reference_entries.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/nearest.h"
#include "base/texts.h"

namespace reverie {
namespace {

/// OpenAI's models, which MMC ("mmc", the reference's other loader of perceptors) names as OpenAI does.
constexpr const char* kOpenAi[] = {"RN50",     "RN101",    "RN50x4",   "RN50x16",       "RN50x64",
                                   "ViT-B/32", "ViT-B/16", "ViT-L/14", "ViT-L/14@336px"};
/// The settings that choose perceptors where use_mmc is off.
const std::set<std::string> kFlags = {"vitb32", "vitb16", "vitl14",  "vitl14_336px", "rn50",
                                      "rn101",  "rn50x4", "rn50x16", "rn50x64"};

std::string name_of(const RawEntry& entry) { return lower(trimmed(entry.name)); }

bool is_off(const RawValue& value) {
  const std::string word = lower(value.text);
  return value.kind == RawValue::Kind::null || word == "false" || word == "no" || word == "off" ||
         word == "0";
}

/// The entry that wins; null if there is none.
const RawEntry* last_of(const std::vector<RawEntry>& entries, const std::string& name) {
  const auto found = std::find_if(entries.rbegin(), entries.rend(),
                                  [&](const RawEntry& entry) { return name_of(entry) == name; });
  return found == entries.rend() ? nullptr : &*found;
}

std::string member(const RawValue& value, const std::string& name) {
  for (const auto& [key, text] : value.members)
    if (lower(key) == name) return text.text;
  return "";
}

/// Our name of a model of mmc_models, or "" and what is wrong in `why`.
std::string perceptor_of(const RawValue& model, std::string& why) {
  const bool group = model.kind == RawValue::Kind::map;
  const std::string id = group ? member(model, "id") : model.text, publisher = member(model, "publisher");
  for (const char* name : kOpenAi)
    if (lower(id) == lower(name) && (publisher.empty() || lower(publisher) == "openai")) return name;
  why = "'mmc_models' names " + (id.empty() ? model.display() : "'" + id + "'") +
        (publisher.empty() ? "" : " of " + publisher) +
        ", which is not known here; name its weights file in 'perceptors' instead, and set use_mmc: false";
  return "";
}

/// The list `perceptors` that stands for mmc_models.
RawEntry perceptors_of(const RawEntry& models, std::vector<Problem>& problems) {
  RawEntry result{"perceptors", {}, models.location};
  result.value.kind = RawValue::Kind::list;
  const RawValue& value = models.value;
  const std::vector<RawValue> items =
      value.kind == RawValue::Kind::list ? value.items : std::vector<RawValue>{value};
  for (const RawValue& item : items) {
    std::string why;
    const std::string name = perceptor_of(item, why);
    if (name.empty())
      problems.push_back({models.location.in_line(item.line), why});
    else
      result.value.items.push_back(RawValue::scalar(name, true));
  }
  return result;
}

}  // namespace

std::vector<RawEntry> translate_reference_entries(std::vector<RawEntry> entries,
                                                  std::vector<Problem>& problems,
                                                  std::vector<std::string>& notices) {
  const RawEntry *loader = last_of(entries, "use_mmc"), *models = last_of(entries, "mmc_models");
  const bool uses_mmc = loader && !is_off(loader->value);
  const bool names_models = models && (!models->value.items.empty() || !models->value.text.empty() ||
                                       !models->value.members.empty());
  if (uses_mmc && !names_models)
    problems.push_back(
        {loader->location,
         "'use_mmc' is on, but mmc_models names no model; 'perceptors' chooses models here, and "
         "use_mmc: false is accepted"});
  std::vector<RawEntry> result;
  std::vector<std::string> passed_over;
  Location first;  // of them
  for (RawEntry& entry : entries) {
    const std::string name = name_of(entry);
    const bool replaces = uses_mmc && name == "mmc_models";
    if (name == "breath_mode" && !is_off(entry.value)) {
      problems.push_back({entry.location, "'breath_mode' is " + entry.value.display() +
                                              ", which is not known here; an animation_mode does the like "
                                              "(docs/motion.md), and breath_mode: "
                                              "false is accepted"});
    } else if (name == "resume" || name == "base_name" || name == "breath_mode" || name == "use_mmc" ||
               (name == "mmc_models" && !replaces)) {
      if (name == "use_mmc" && uses_mmc) continue;
      if (std::find(passed_over.begin(), passed_over.end(), name) == passed_over.end())
        passed_over.push_back(name);
      if (first.is(Location::Source::none)) first = entry.location;
    } else if (replaces) {
      if (names_models && &entry == models) result.push_back(perceptors_of(entry, problems));
    } else if (uses_mmc && kFlags.count(name)) {
      continue;  // the reference does not look at them then
    } else {
      const std::string word = lower(entry.value.text);
      if (name == "backups" && (word == "infinity" || word == "inf" || word == ".inf"))
        entry.value = RawValue::scalar("all", true);
      result.push_back(std::move(entry));
    }
  }
  if (!passed_over.empty()) {
    std::string all;
    for (const std::string& name : passed_over) all += (all.empty() ? "" : ", ") + name;
    notices.push_back(first.before("empty settings are ignored: " + all));
  }
  return result;
}

}  // namespace reverie
