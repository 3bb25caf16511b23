#include "cli/words.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "base/nearest.h"
#include "reverie/error.h"

namespace reverie::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words) result += (result.empty() ? "" : " ") + word;
  return result;
}

}  // namespace

std::string shell_word(const std::string& word) {
  const auto plain = [](const std::string& text) {
    return !text.empty() && text[0] != '~' && std::all_of(text.begin(), text.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || (c & 0x80) ||
             std::string_view("_-./:,=+@%^~").find(c) != std::string_view::npos;
    });
  };
  if (plain(word)) return word;
  const std::size_t equals = word.find('=');
  const std::string name = equals == std::string::npos ? "" : word.substr(0, equals);
  const bool named = plain(name);
  const std::string text = named ? word.substr(equals + 1) : word;
  std::string quoted;
  // Within "", the shell obeys $ and `, and at a terminal !.
  if (text.find_first_of("$`!\\\"") == std::string::npos) {
    quoted = "\"" + text + "\"";
  } else {
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    quoted = "'" + quoted + "'";
  }
  return named ? name + "=" + quoted : quoted;
}

bool is_override(const std::string& word) {
  const bool removes = word.size() > 1 && word[0] == '~' && word[1] != '/';
  return removes || word.find('=') != std::string::npos;
}

bool exists(const std::string& word) {
  std::error_code error;
  return std::filesystem::exists(word, error);
}

bool names_file(const std::string& word) {
  return word.find_first_of("./") != std::string::npos && word.find(' ') == std::string::npos;
}

void refuse_prompt(const std::vector<std::string>& files, const std::string& command) {
  const auto is_text = [](const std::string& word) { return !exists(word) && !names_file(word); };
  const auto first = std::find_if(files.begin(), files.end(), is_text);
  if (first == files.end()) return;
  for (const char* ending : {".yaml", ".yml", ".json"})
    if (exists(*first + ending))
      throw Error(ErrorKind::usage, "there is no file '" + *first + "'",
                  "did you mean '" + *first + ending + "'?");
  // Of a text without quotes, some words look like names of files: St. Mary's church.
  std::vector<std::string> text;
  for (const std::string& word : files)
    if (is_text(word) || (!exists(word) && word.ends_with('.'))) text.push_back(word);
  throw Error(ErrorKind::usage, "there is no file '" + *first + "'",
              "a text to make a picture of is written reverie " + command + " " +
                  shell_word("scenes=" + joined(text)));
}

void refuse_near_miss(const std::string& file) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path path(file);
  const bool folder = fs::is_directory(path, error);
  if (!folder && exists(file)) return;
  const fs::path place = folder ? path : path.parent_path();
  std::vector<std::string> names;
  for (fs::directory_iterator entry(place.empty() ? "." : place, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string ending = entry->path().extension().string();
    const bool settings = ending == ".yaml" || ending == ".yml" || ending == ".json" || ending == ".txt";
    if (settings || (ending == ".png" && !folder)) names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  const std::string name = folder && !names.empty() ? names[0] : nearest(path.filename().string(), names);
  if (name.empty()) return;
  const std::string near = shell_word((place / name).string());
  throw Error(ErrorKind::usage,
              folder ? "'" + file + "' is a folder, not a settings file" : "there is no file '" + file + "'",
              folder ? "name a file in it, such as " + near : "did you mean " + near + "?");
}

void refuse_loose_words(const std::vector<std::string>& words, std::size_t first) {
  const std::string& loose = words[first];
  std::size_t begin = first, end = first;
  if (loose.ends_with(':') && first + 1 < words.size())
    throw Error(ErrorKind::usage, "'" + loose + "' is not of the form name=value",
                "on the command line, write " +
                    shell_word(loose.substr(0, loose.size() - 1) + "=" + words[first + 1]));
  while (begin > 0 && !is_override(words[begin])) --begin;
  while (end < words.size() && !is_override(words[end])) ++end;
  throw Error(ErrorKind::usage, "'" + loose + "' is not of the form name=value",
              "if it belongs to the text before it, put that in quotes: " +
                  shell_word(joined({words.begin() + static_cast<std::ptrdiff_t>(begin),
                                     words.begin() + static_cast<std::ptrdiff_t>(end)})));
}

void refuse_blanks(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool behind = i > 0 && word[0] == '=';  // the name is the word before
    const bool before = i + 1 < words.size() && word.size() > 1 && word.find('=') == word.size() - 1 &&
                        !is_override(words[i + 1]) && !exists(words[i + 1]) && !names_file(words[i + 1]) &&
                        (i + 2 == words.size() || words[i + 2][0] != '=');
    if (!behind && !before) continue;
    const std::string name = behind ? words[i - 1] : word.substr(0, word.size() - 1);
    std::vector<std::string> value;
    if (behind && word.size() > 1) value.push_back(word.substr(1));
    for (std::size_t k = i + 1; k < words.size() && !is_override(words[k]); ++k) {
      const bool next_name = k + 1 < words.size() && words[k + 1][0] == '=';
      if (next_name || (!value.empty() && exists(words[k]))) break;
      value.push_back(words[k]);
    }
    throw Error(ErrorKind::usage, "there are blanks around the '=' of '" + name + "'",
                "write it in one piece: " + shell_word(name + "=" + joined(value)));
  }
}

}  // namespace reverie::cli
