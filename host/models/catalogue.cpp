#include "models/catalogue.h"

#include <json/json.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <set>

#include "reverie/error.h"

namespace reverie::models {

const char* const kDefaultModelsParent = "~/.cache";

namespace {

/// models/catalogue.json, which is part of the program.
constexpr const char kText[] =
#include "models/catalogue_text.inc"
    ;

const Json::Value& document() {
  static const Json::Value read = [] {
    Json::Value value;
    const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
    std::string why;
    if (!reader->parse(std::begin(kText), std::end(kText) - 1, &value, &why))
      throw Error(ErrorKind::model, "models/catalogue.json: " + why);
    return value;
  }();
  return read;
}

std::vector<std::string> texts(const Json::Value& list) {
  std::vector<std::string> result;
  for (const Json::Value& text : list) result.push_back(text.asString());
  return result;
}

/// Those with, or without, a checksum.
std::vector<CatalogueEntry> published(bool checked) {
  std::vector<CatalogueEntry> result;
  for (const Json::Value& entry : document()["published"])
    if (entry.isMember("sha256") == checked)
      result.push_back({entry["name"].asString(), texts(entry["aliases"]), entry["family"].asString(),
                        entry["file"].asString(), entry.get("bytes", 0).asUInt64(),
                        entry.get("sha256", "").asString(), texts(entry["urls"]), entry["licence"].asString(),
                        entry["purpose"].asString(), entry["used_by"].asString(),
                        entry.get("activation", "").asString(), entry.get("second_hand", false).asBool()});
  return result;
}

/// What is left of a name when only letters and digits count.
std::string key(const std::string& name) {
  std::string result;
  for (const char c : name)
    if (std::string("/-_@. ").find(c) == std::string::npos)
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// Whether a word reaches a program unchanged when typed into a shell.
bool plain_word(const std::string& word) {
  return std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string("/-_@.,:+=~").find(static_cast<char>(c)) != std::string::npos;
  });
}

}  // namespace

bool CatalogueEntry::restricted() const {
  // These allow every use; what is left is for some uses only, or nobody has said what it is for.
  static const std::set<std::string> kFree = {"MIT", "Apache-2.0", "BSD-3-Clause", "WTFPL"};
  return kFree.count(licence) == 0;
}

const std::vector<CatalogueEntry>& model_catalogue() {
  static const std::vector<CatalogueEntry> catalogue = published(true);
  return catalogue;
}

const std::vector<CatalogueEntry>& models_without_address() {
  static const std::vector<CatalogueEntry> models = published(false);
  return models;
}

const std::vector<ShippedModels>& shipped_models() {
  static const std::vector<ShippedModels> folders = [] {
    std::vector<ShippedModels> result;
    for (const Json::Value& entry : document()["shipped"])
      result.push_back(
          {entry["folder"].asString(), entry["purpose"].asString(), entry["used_by"].asString()});
    return result;
  }();
  return folders;
}

const std::vector<OwnNames>& families_of_own_names() {
  static const std::vector<OwnNames> families = [] {
    std::vector<OwnNames> result;
    for (const Json::Value& entry : document()["own_names"])
      result.push_back({entry["family"].asString(), entry["extension"].asString()});
    return result;
  }();
  return families;
}

std::vector<const CatalogueEntry*> find_model_files(const std::string& name) {
  const std::string wanted = key(name);
  std::vector<const CatalogueEntry*> result;
  if (wanted.empty()) return result;
  for (const CatalogueEntry& entry : model_catalogue())
    if (key(entry.name) == wanted || std::any_of(entry.aliases.begin(), entry.aliases.end(),
                                                 [&](const std::string& a) { return key(a) == wanted; }))
      result.push_back(&entry);
  return result;
}

const CatalogueEntry* find_model(const std::string& name) {
  const auto files = find_model_files(name);
  return files.empty() ? nullptr : files.front();
}

std::filesystem::path expand_home(const std::string& path) {
  if (path.rfind("~", 0) != 0 || (path.size() > 1 && path[1] != '/')) return path;
  const char* home = std::getenv("HOME");
  return std::string(home ? home : "") + path.substr(1);
}

std::filesystem::path model_path(const CatalogueEntry& entry, const std::string& models_parent_dir) {
  return expand_home(models_parent_dir) / entry.family / entry.file;
}

std::string fetch_command(const CatalogueEntry& entry, const std::string& models_parent_dir) {
  std::string command = "reverie models fetch ";
  command += plain_word(entry.name) ? entry.name : "'" + entry.name + "'";
  if (models_parent_dir == kDefaultModelsParent) return command;
  std::string quoted;
  for (const char c : models_parent_dir) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return command + " models_parent_dir=" + (plain_word(models_parent_dir) ? quoted : "'" + quoted + "'");
}

std::string by_hand(const CatalogueEntry& entry, const std::string& there) {
  if (entry.urls.empty())
    return "no address is known from which it could be downloaded safely: if you have the file, put it " +
           there;
  return "no checksum is known by which a download could be checked: get " + entry.urls.front() +
         " yourself and put it " + there;
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace reverie::models
