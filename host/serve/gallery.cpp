#include "serve/gallery.h"

#include <json/reader.h>

#include <locale.h>
#include <wctype.h>

#include <memory>

#include "base/texts.h"
#include "base/utf8.h"
#include "serve/file_types.h"
#include "serve/run_files.h"

namespace reverie::serve {
namespace {

Json::Value settings_of(const RunRecord& record) {
  Json::Value settings(Json::objectValue);
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  const std::string& text = record.settings;
  reader->parse(text.data(), text.data() + text.size(), &settings, nullptr);
  return settings.isObject() ? settings : Json::Value(Json::objectValue);
}

/// The prompts of a run, however they are written.
std::string words_of(const Json::Value& settings) {
  std::string words = settings["scenes"].isString() ? settings["scenes"].asString() : "";
  for (const Json::Value& group : settings["prompts"])
    if (group.isObject())
      for (const std::string& name : group.getMemberNames())
        if (group[name].isString()) words += (words.empty() ? "" : " ") + group[name].asString();
  return words;
}

/// Its characters in lower case, of any script.
std::u32string folded(const std::string& text) {
  static const locale_t kUnicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);  // null: only ASCII's
  std::u32string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto character = expressions::character_at(text, at);
    const auto code = static_cast<wint_t>(character.code);
    const bool ascii = code >= 'A' && code <= 'Z';
    result += static_cast<char32_t>(kUnicode ? ::towlower_l(code, kUnicode) : ascii ? code + 32 : code);
    at += character.length;
  }
  return result;
}

bool is(const char* what, const RunFile& file) { return content_type(file.name).rfind(what, 0) == 0; }

}  // namespace

Json::Value gallery_item(const RunRecord& record) {
  const Json::Value settings = settings_of(record);
  Json::Value item;
  item["id"] = Json::Int64(record.id);
  item["title"] = record.title;
  item["words"] = words_of(settings);
  item["state"] = name_of(record.state);
  item["ended"] = Json::Int64(record.ended);
  for (const char* side : {"width", "height"})
    item[side] = settings[side].isInt64() ? settings[side] : Json::Value(0);
  item["picture"] = item["film"] = "";
  item["pictures"] = Json::Int64(record.pictures);
  std::int64_t files = 0;
  for (const RunFile& file : files_of(record)) {
    ++files;
    if (is("image/", file) && (file.frame > 0 || item["picture"] == "")) item["picture"] = file.name;
    if (is("video/", file) && record.state == RunState::finished) item["film"] = file.name;
  }
  item["files"] = Json::Int64(files);
  return item;
}

bool is_found(const RunRecord& record, const std::string& search) {
  if (trimmed(search).empty()) return true;
  const std::u32string text = folded(record.title + " " + words_of(settings_of(record)));
  for (const std::string& word : filled_parts(search, " "))
    if (text.find(folded(word)) == std::u32string::npos) return false;
  return true;
}

}  // namespace reverie::serve
