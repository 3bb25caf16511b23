#include "settings/reader.h"

#include <yaml-cpp/exceptions.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "base/nearest.h"
#include "base/texts.h"
#include "reverie/ordinary_file.h"
#include "settings/json_reader.h"
#include "settings/limits.h"
#include "settings/png_settings.h"
#include "settings/python_dict.h"
#include "settings/yaml_reader.h"

namespace reverie {
namespace {

/// Byte offset of the first malformed UTF-8 sequence, or npos.
std::size_t invalid_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t length = c < 0x80                ? 1
                               : c >= 0xC2 && c < 0xE0 ? 2
                               : c >= 0xE0 && c < 0xF0 ? 3
                               : c >= 0xF0 && c < 0xF5 ? 4
                                                       : 0;
    if (length == 0 || i + length > text.size()) return i;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return i;
    i += length;
  }
  return std::string::npos;
}

int line_of(const std::string& text, std::size_t offset) {
  return 1 +
         static_cast<int>(std::count(
             text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size())), '\n'));
}

/// Hydra's `{a:1,b:[c:2]}` as YAML has it, with a blank behind each name's colon. Quoted texts stay as they
/// are.
std::string spaced_groups(const std::string& value) {
  const std::string start = trimmed(value).substr(0, 1);
  if (start != "[" && start != "{") return value;
  std::string result, open;
  bool in_name = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    result += c;
    if (c == '\'' || c == '"') {
      const std::size_t end = std::min(value.find(c, i + 1), value.size() - 1);
      result += value.substr(i + 1, end - i);
      i = end;
      continue;
    }
    if (c == '{' || c == '[') open += c;
    if ((c == '}' || c == ']') && !open.empty()) open.pop_back();
    if (c == ':' && in_name) {
      result += ' ';
      in_name = false;
    }
    if (c == '{' || c == ',') in_name = !open.empty() && open.back() == '{';
  }
  return result;
}

/// A name given twice is a mistake in a file: the reference would silently take one of them.
void refuse_duplicates(const std::vector<RawEntry>& entries, std::vector<Problem>& problems) {
  std::map<std::string, int> first;
  for (const RawEntry& entry : entries) {
    const auto [found, inserted] = first.emplace(lower(entry.name), entry.location.line);
    if (!inserted)
      problems.push_back({entry.location, "'" + entry.name + "' is set a second time; the first is in line " +
                                              std::to_string(found->second)});
  }
}

/// The entries of a file's text; `is_empty` is separate because a group's file may be empty.
std::vector<RawEntry> parse(std::string text, const std::string& file, std::vector<Problem>& problems,
                            bool& is_empty) {
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);  // Windows editors' byte order mark
  if (text.rfind("\xFF\xFE", 0) == 0 || text.rfind("\xFE\xFF", 0) == 0) {
    problems.push_back({{file, 1}, "is encoded in UTF-16; save it as UTF-8"});
    return {};
  }
  const std::size_t bad = std::min(invalid_utf8(text), text.find('\0'));
  if (bad != std::string::npos) {
    problems.push_back({{file, line_of(text, bad)},
                        text[bad] == '\0' ? "holds a zero byte; that is not a settings file"
                                          : "is not encoded in UTF-8; save it as UTF-8"});
    return {};
  }
  const auto first = text.find_first_not_of(" \t\r\n");
  is_empty = first == std::string::npos;
  if (is_empty) return {};
  const std::size_t dict = find_python_dict(text);
  std::vector<RawEntry> entries =
      dict != std::string::npos ? read_json(python_to_json(text, dict), file, problems, "JSON or Python")
      : text[first] == '{'      ? read_json(text, file, problems)
                                : read_yaml(text, file, problems);
  refuse_duplicates(entries, problems);
  return entries;
}

/// A picture's settings have no lines that anybody could look up.
std::vector<RawEntry> read_picture(std::istream& stream, const std::string& file,
                                   std::vector<Problem>& problems) {
  std::string text, why;
  if (!find_png_settings(stream, kMostSettingsBytes, text, why)) {
    problems.push_back({{file, 0}, why});
    return {};
  }
  std::vector<Problem> inside;
  bool is_empty = false;
  std::vector<RawEntry> entries = parse(text, file, inside, is_empty);
  if (is_empty) inside.push_back({{file, 0}, "is a PNG picture whose settings are empty"});
  for (const Problem& problem : inside) problems.push_back({{file, 0}, problem.message});
  for (RawEntry& entry : entries) entry.location.line = 0;
  return entries;
}

std::vector<RawEntry> read_text(std::string text, const std::string& file, std::vector<Problem>& problems,
                                bool may_be_empty) {
  if (text.size() > kMostSettingsBytes) {
    problems.push_back({{file, 0}, "is larger than 16 MB; that is not a settings file"});
    return {};
  }
  bool is_empty = false;
  std::vector<RawEntry> entries = parse(std::move(text), file, problems, is_empty);
  if (is_empty && !may_be_empty) problems.push_back({{file, 0}, "is empty"});
  return entries;
}

}  // namespace

std::string RawValue::display() const {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::scalar:
      return quoted ? "'" + text + "'" : text;
    case Kind::list: {
      std::string result;
      for (const RawValue& item : items) result += (result.empty() ? "" : ", ") + item.display();
      return "[" + result + "]";
    }
    case Kind::map: {
      std::string result;
      for (const auto& [name, value] : members)
        result += (result.empty() ? "" : ", ") + name + ": " + value.display();
      return "{" + result + "}";
    }
  }
  return "";
}

std::vector<RawEntry> read_settings_file(const std::filesystem::path& path, std::vector<Problem>& problems,
                                         bool may_be_empty) {
  const std::string file = path.string();
  if (std::string why = why_not_ordinary_file(path, "a settings file"); !why.empty()) {
    problems.push_back({{file, 0}, std::move(why)});
    return {};
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    problems.push_back({{file, 0}, std::string("cannot be read: ") + std::strerror(errno)});
    return {};
  }
  // Read no further than the limit.
  const auto read = [&](std::size_t bytes) {
    std::string text(bytes, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return text;
  };
  std::string text = read(kPngSignature.size());
  if (text == kPngSignature) return read_picture(stream, file, problems);
  text += read(kMostSettingsBytes + 1 - kPngSignature.size());
  return read_text(std::move(text), file, problems, may_be_empty);
}

std::vector<RawEntry> read_settings_text(const std::string& text, const std::string& name,
                                         std::vector<Problem>& problems) {
  // An empty form is not a mistake of its own: the setting that is missing says what to do.
  if (text.rfind(kPngSignature, 0) != 0) return read_text(text, name, problems, true);
  std::istringstream stream(text.substr(kPngSignature.size()));
  return read_picture(stream, name, problems);
}

std::vector<RawEntry> read_override(const std::string& text, std::vector<Problem>& problems) {
  const Location where = Location::command_line();
  const auto equals = text.find('=');
  std::string name = text.substr(0, equals);
  const bool removes = name.size() > 1 && name[0] == '~';
  // As Hydra adds names (+) and adds or replaces them (++); here every name is there.
  for (int i = 0; i < 2 && name.rfind('+', 0) == 0; ++i) name.erase(0, 1);
  if (name.empty() || (equals == std::string::npos && !removes)) {
    problems.push_back({where, "'" + text + "' is not of the form name=value"});
    return {};
  }
  if (removes) return {{name, {}, where}};
  const std::string value = text.substr(equals + 1);
  RawValue parsed = RawValue::scalar(value, true);
  try {
    parsed = read_yaml_value(spaced_groups(value));
    // Prompts are full of characters that mean something to YAML: a text setting takes the words as typed.
    // Some mean nothing at all, such as '#' in front; only what people write for null is null.
    if (parsed.kind == RawValue::Kind::null && !is_null_word(value)) parsed = RawValue::scalar(value, true);
    if (!parsed.quoted && parsed.kind != RawValue::Kind::null) parsed.text = value;
  } catch (const YAML::Exception&) {
  }
  return {{name, parsed, where}};
}

}  // namespace reverie
