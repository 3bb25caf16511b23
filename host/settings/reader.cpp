#include "settings/reader.h"

#include <json/json.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "reverie/ordinary_file.h"
#include "settings/nearest.h"
#include "settings/png_settings.h"

namespace reverie {
namespace {

constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;  // a settings file is a page or two
constexpr int kMaxDepth = 32;
constexpr int kMaxNodes = 100'000;

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

bool is_null_word(const std::string& text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

/// Where the document that is being read begins.
struct LastDocument final : YAML::EventHandler {
  YAML::Mark mark;
  void OnDocumentStart(const YAML::Mark& start) override { mark = start; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

class YamlReader {
 public:
  YamlReader(const Location& origin, std::vector<Problem>& problems) : origin_(origin), problems_(problems) {}

  std::vector<RawEntry> read(const std::string& text) {
    std::vector<RawEntry> entries;
    try {
      // yaml-cpp 0.7 takes a quote that never closes for closed when only white space stands at the file's
      // end.
      const std::string trimmed = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
      const YAML::Node root = YAML::Load(trimmed);
      // Load() is content with what it could make sense of and says nothing about the rest.
      std::istringstream stream(trimmed);
      YAML::Parser parser(stream);
      LastDocument last;
      if (parser.HandleNextDocument(last) && parser.HandleNextDocument(last))
        problem(last.mark, "the settings end here, but the file goes on; a file holds one run's settings");
      if (root.IsNull()) return entries;
      if (!root.IsMap()) {
        problem(root.Mark(), "a settings file holds lines of 'name: value'; this is something else");
        return entries;
      }
      for (const auto& pair : root) {
        if (!pair.first.IsScalar()) {
          problem(pair.first.Mark(), "a setting's name must be plain text");
          continue;
        }
        entries.push_back({pair.first.Scalar(), convert(pair.second, 0), at(pair.first.Mark())});
      }
    } catch (const YAML::DeepRecursion& error) {
      problem(error.mark, "not valid YAML: lists are nested too deeply");
    } catch (const YAML::Exception& error) {
      problem(error.mark, "not valid YAML: " + error.msg);
    }
    return entries;
  }

  RawValue convert(const YAML::Node& node, int depth) {
    RawValue value;
    value.line = at(node.Mark()).line;
    // Aliases can make a few lines stand for billions of nodes.
    if (++nodes_ > kMaxNodes) throw YAML::Exception(node.Mark(), "it stands for more than 100,000 values");
    if (depth > kMaxDepth) throw YAML::Exception(node.Mark(), "lists are nested too deeply");
    if (node.IsScalar()) {
      const bool quoted = node.Tag() == "!";
      if (quoted || !is_null_word(node.Scalar())) {
        value.kind = RawValue::Kind::scalar;
        value.text = node.Scalar();
        value.quoted = quoted;
      }
    } else if (node.IsSequence()) {
      value.kind = RawValue::Kind::list;
      for (const auto& item : node) value.items.push_back(convert(item, depth + 1));
    } else if (node.IsMap()) {
      value.kind = RawValue::Kind::map;
      for (const auto& pair : node) {
        value.members.emplace_back(pair.first.IsScalar() ? pair.first.Scalar() : "?",
                                   convert(pair.second, depth + 1));
        value.members.back().second.line = at(pair.first.Mark()).line;
      }
    }
    return value;
  }

 private:
  Location at(const YAML::Mark& mark) const {
    // Overrides keep their own origin: the command line has no lines.
    return origin_.line < 0 ? Location{origin_.file, 0} : Location{origin_.file, std::max(mark.line, 0) + 1};
  }
  void problem(const YAML::Mark& mark, const std::string& message) {
    problems_.push_back({at(mark), message});
  }

  Location origin_;
  std::vector<Problem>& problems_;
  int nodes_ = 0;
};

RawValue from_json(const Json::Value& json) {
  RawValue value;
  if (json.isArray()) {
    value.kind = RawValue::Kind::list;
    for (const Json::Value& item : json) value.items.push_back(from_json(item));
  } else if (json.isObject()) {
    value.kind = RawValue::Kind::map;
    std::vector<std::string> names =
        json.getMemberNames();  // sorted; the file's order is lost but for the offsets
    std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
      return json[a].getOffsetStart() < json[b].getOffsetStart();
    });
    for (const std::string& name : names) value.members.emplace_back(name, from_json(json[name]));
  } else if (json.type() == Json::realValue && !std::isfinite(json.asDouble())) {
    value = RawValue::scalar(std::isnan(json.asDouble()) ? "NaN"
                             : json.asDouble() < 0       ? "-Infinity"
                                                         : "Infinity",
                             false);
  } else if (!json.isNull()) {
    value = RawValue::scalar(json.asString(), json.isString());
  }
  return value;
}

/// A JSON object; lines behind it (as the reference's saved settings have) are for people and not read.
std::vector<RawEntry> read_json(const std::string& text, const std::string& file,
                                std::vector<Problem>& problems) {
  std::vector<RawEntry> entries;
  Json::CharReaderBuilder builder;
  Json::CharReaderBuilder::strictMode(&builder.settings_);
  builder["failIfExtra"] = false;
  builder["stackLimit"] = kMaxDepth;
  builder["allowSpecialFloats"] = true;  // Python writes Infinity and NaN; their range is checked by setting
  Json::Value root;
  std::string message;
  try {
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    if (!reader->parse(text.data(), text.data() + text.size(), &root, &message)) {
      // jsoncpp writes "* Line 3, Column 5\n  Syntax error: ...\n".
      int line = 1;
      const auto found = message.find("Line ");
      if (found != std::string::npos) line = std::max(1, std::atoi(message.c_str() + found + 5));
      const auto begin = message.find('\n');
      std::string what = begin == std::string::npos ? message : message.substr(begin + 1);
      what = what.substr(0, what.find('\n'));
      what.erase(0, what.find_first_not_of(' '));
      problems.push_back({{file, line}, "not valid JSON: " + what});
      return entries;
    }
  } catch (const Json::Exception& error) {
    problems.push_back({{file, 1}, std::string("not valid JSON: ") + error.what()});
    return entries;
  }
  std::map<std::ptrdiff_t, std::string> by_offset;  // later entries win, so their order must be the file's
  for (const std::string& name : root.getMemberNames())
    by_offset[std::max<std::ptrdiff_t>(root[name].getOffsetStart(), 0)] = name;
  std::ptrdiff_t counted = 0;
  int line = 1;
  for (const auto& [offset, name] : by_offset) {
    line += static_cast<int>(std::count(text.begin() + counted, text.begin() + offset, '\n'));
    counted = offset;
    entries.push_back({name, from_json(root[name]), {file, line}});
  }
  return entries;
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

/// The entries of a file's text; `is_empty` is told apart because a group's file may be.
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
                        text[bad] == '\0' ? "holds a zero byte; that is no settings file"
                                          : "is not encoded in UTF-8; save it as UTF-8"});
    return {};
  }
  const auto first = text.find_first_not_of(" \t\r\n");
  is_empty = first == std::string::npos;
  if (is_empty) return {};
  std::vector<RawEntry> entries =
      text[first] == '{' ? read_json(text, file, problems) : YamlReader({file, 0}, problems).read(text);
  refuse_duplicates(entries, problems);
  return entries;
}

/// A picture's settings have no lines that anybody could look up.
std::vector<RawEntry> read_picture(std::istream& stream, const std::string& file,
                                   std::vector<Problem>& problems) {
  std::string text, why;
  if (!find_png_settings(stream, kMaxBytes, text, why)) {
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
  if (text.size() > kMaxBytes) {
    problems.push_back({{file, 0}, "is larger than 16 MB; that is no settings file"});
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
  text += read(kMaxBytes + 1 - kPngSignature.size());
  return read_text(std::move(text), file, problems, may_be_empty);
}

std::vector<RawEntry> read_settings_text(const std::string& text, const std::string& name,
                                         std::vector<Problem>& problems) {
  if (text.rfind(kPngSignature, 0) != 0) return read_text(text, name, problems, false);
  std::istringstream stream(text.substr(kPngSignature.size()));
  return read_picture(stream, name, problems);
}

std::vector<RawEntry> read_override(const std::string& text, std::vector<Problem>& problems) {
  const Location where{"command line", -1};
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    problems.push_back({{where.file, 0}, "'" + text + "' is not of the form name=value"});
    return {};
  }
  const std::string name = text.substr(0, equals), value = text.substr(equals + 1);
  RawValue parsed = RawValue::scalar(value, true);
  try {
    parsed = YamlReader(where, problems).convert(YAML::Load(value), 0);
    // Prompts are full of characters that mean something to YAML: a text setting takes the words as typed.
    // Some mean nothing at all, such as '#' in front; only what people write for null is null.
    if (parsed.kind == RawValue::Kind::null && !is_null_word(value)) parsed = RawValue::scalar(value, true);
    if (!parsed.quoted && parsed.kind != RawValue::Kind::null) parsed.text = value;
  } catch (const YAML::Exception&) {
  }
  return {{name, parsed, {where.file, 0}}};
}

}  // namespace reverie
