#include "cli/command_line.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "base/nearest.h"
#include "cli/words.h"
#include "settings/likely_setting.h"

namespace reverie::cli {
namespace {

constexpr const char* kUsage =
    R"(reverie: text prompts to pictures, by gradient descent through CLIP, made of plugins

usage:
  reverie paint WORDS... [name=value ...]   a picture of what the words say; everything else is chosen for you
  reverie render FILE... [name=value ...]   render what settings files (YAML or JSON) ask for, one after another
  reverie check  FILE... [name=value ...] [--ranks N]
                                            report everything that is wrong with them, without rendering
  reverie config FILE... [name=value ...]   print the settings as they would be used
  reverie curves FILE... [name=value ...] [--svg=FILE]
                                            every value that varies, at every frame, as a table (CSV) or a drawing
  reverie preview-motion FILE... [name=value ...]
                                            a quick video of what moves, without prompts, in images_out
  reverie encode RUN [name=value ...]       make a video of the pictures that a run has left
  reverie interpolate RUN [--times N] [name=value ...]
                                            a smoother video of them, with N - 1 pictures between any two
  reverie stereo RUN [--eyes PIXELS] [--anaglyph] [name=value ...]
                                            a video of them for two eyes, by estimated depths
  reverie serve                             a studio in the browser and an interface for programs: a queue of
                                            runs, rendered in this folder; models stay loaded
  reverie presets list [--markdown]         looks and motions to start from: paint WORDS preset=NAME
  reverie presets show NAME                 the settings of one
  reverie presets save NAME FILE [name=value ...]
                                            keep a file's look as a preset of your own, without its words
  reverie settings [NAME...] [--markdown]   every setting, or those named, with default and meaning
  reverie plugins list                      every plugin found, and those that were rejected, with the reason
  reverie plugins describe NAME             a plugin's parameters
  reverie plugins new KIND NAME [DIR]       write a plugin that works, to begin with: its source, settings that use
                                            it, and what builds and tests it; in DIR, or in NAME. A KIND is
                                            image_models, losses, io, ... (docs/writing-plugins.md)
  reverie plugins test FILE.so [name=value ...]
                                            whether a plugin keeps what its interface's header promises
  reverie models list [--markdown]          published models known by name, and whether they are installed
  reverie models fetch NAME...              download them, checked; goes on where it was interrupted
  reverie models verify [NAME...]           read what is installed and compare it with what was published
  reverie models path NAME                  print where a model lies

A FILE may also be a PNG picture that reverie made: it holds its settings. name=value applies to each file and wins;
GROUP=option selects GROUP/option.yaml of the config folder. Without a FILE, name=value must say it all, or what
config/default.yaml leaves open:
  reverie render scenes="a red heart" width=256 height=256
  reverie render --multirun portrait.yaml cut_pow=0.5,1,2 seed='range(1,4)'     9 runs
  reverie render --preview portrait.yaml                                        watch it in the browser
  reverie encode images_out/default video_format=webm

)";

constexpr const char* kExitStatus =
    R"(
exit status: 0 done, 1 a run failed, 2 a mistake in the command line or the settings (of all runs that failed),
             130 interrupted (what was made so far is saved), 75 interrupted by SIGUSR1, to be started again
)";

constexpr const char* kCommands[] = {"paint",          "render",  "check",       "config", "curves",
                                     "preview-motion", "encode",  "interpolate", "stereo", "serve",
                                     "settings",       "presets", "plugins",     "models", "help"};

/// What other programs call our commands.
constexpr const char* kHabits[][2] = {
    {"describe", "reverie plugins describe NAME"},
    {"list", "reverie plugins list, reverie models list or reverie settings"},
    {"fetch", "reverie models fetch NAME"},
    {"download", "reverie models fetch NAME"},
    {"install", "reverie models fetch NAME"},
    {"version", "reverie --version"},
    {"run", "reverie render FILE"},
    {"generate", "reverie paint WORDS or reverie render FILE"},
    {"create", "reverie paint WORDS or reverie render FILE"},
    {"make", "reverie paint WORDS or reverie render FILE"},
    {"draw", "reverie paint WORDS or reverie render FILE"},
    {"dream", "reverie paint WORDS or reverie render FILE"},
    {"imagine", "reverie paint WORDS or reverie render FILE"},
    {"preview", "reverie preview-motion FILE or reverie render --preview FILE"},
    {"studio", "reverie serve"},
    {"server", "reverie serve"},
    {"start", "reverie serve"},
    {"gui", "reverie serve"},
    {"ui", "reverie serve"},
    {"web", "reverie serve"},
    {"video", "reverie encode RUN"},
    {"smooth", "reverie interpolate RUN"},
    {"validate", "reverie check FILE"},
    {"styles", "reverie presets list"},
    {"preset", "reverie presets list, or paint WORDS preset=NAME"},
    {"new", "reverie plugins new KIND NAME"},
    {"test", "reverie check FILE or reverie plugins test FILE.so"},
    {"verify", "reverie check FILE or reverie models verify"},
    {"resume", "reverie render FILE --restore"},
    {"restore", "reverie render FILE --restore"},
    {"continue", "reverie render FILE --restore"},
    {"multirun", "reverie render --multirun FILE name=a,b"},
    {"sweep", "reverie render --multirun FILE name=a,b"}};

/// Hydra's short options, which are no single letters.
constexpr const char* kHydraOptions[][2] = {{"-cn", "--config-name"},
                                            {"-cp", "--config-dir"},
                                            {"-cd", "--config-dir"},
                                            {"-c", "--cfg"},
                                            {"--config-path", "--config-dir"}};

}  // namespace

std::string usage() { return kUsage; }

std::string exit_status() { return kExitStatus; }

std::string usage_of(const std::string& command) {
  std::istringstream lines(kUsage);
  std::string result, examples;
  bool taken = false, among_examples = false;
  for (std::string line; std::getline(lines, line);) {
    const std::string begin = "  reverie " + command;
    const bool is_command = line.rfind("  reverie ", 0) == 0;
    // A line that goes on is indented further.
    if (is_command)
      taken = line.rfind(begin, 0) == 0 && line.size() > begin.size() && line[begin.size()] == ' ';
    if (line.rfind("   ", 0) != 0 && !is_command) {
      taken = false;
      among_examples = !result.empty();
    }
    if (taken) (among_examples ? examples : result) += line + "\n";
  }
  if (result.empty()) return "";
  return "usage:\n" + result + (examples.empty() ? "" : "\nexamples:\n" + examples) + "\n";
}

std::vector<std::string> without_hydra_options(std::vector<std::string> words) {
  for (std::string& word : words)
    for (const auto& [hydra, ours] : kHydraOptions)
      if (word == hydra || word.rfind(std::string(hydra) + "=", 0) == 0) {
        word.replace(0, std::string(hydra).size(), ours);
        break;
      }
  return words;
}

std::string hint_at_setting(const std::vector<std::string>& words, const std::string& option,
                            const std::vector<std::string>& settings) {
  const std::size_t begin = std::min(option.find_first_not_of('-'), option.size());
  const std::string name = option.substr(begin, option.find('=') - begin);
  std::string written = name;
  for (char& c : written)
    if (c == '-') c = '_';
  const std::string setting = option.rfind("--", 0) == 0 ? likely_setting(written, settings) : "";
  if (setting.empty() && option.size() > 2 && option.rfind("--", 0) != 0)
    return "options of more than one letter have two dashes: -" + option;
  if (setting.empty()) return "reverie --help shows the options";
  std::string value = "VALUE";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].rfind("--" + name + "=", 0) == 0) value = words[i].substr(name.size() + 3);
    if (words[i] == "--" + name && i + 1 < words.size() && words[i + 1].rfind('-', 0) != 0 &&
        words[i + 1].find('=') == std::string::npos && !words[i + 1].ends_with(".yaml"))
      value = words[i + 1];
  }
  return "settings are written without dashes: " + shell_word(setting + "=" + value);
}

bool is_command(const std::string& word) {
  return std::find(std::begin(kCommands), std::end(kCommands), word) != std::end(kCommands);
}

namespace {

std::string command_with(const std::string& command, const std::vector<std::string>& words) {
  std::string result = "reverie " + command;
  for (const std::string& word : words) result += " " + shell_word(word);
  return result;
}

}  // namespace

Error unknown_command(const std::string& word, const std::vector<std::string>& words) {
  std::string advice = "reverie --help shows the commands";
  std::error_code error;
  const std::string near = nearest(word, {std::begin(kCommands), std::end(kCommands)});
  std::string text;
  for (const std::string& one : words)
    if (!one.starts_with('-') && one.find('=') == std::string::npos) text += (text.empty() ? "" : " ") + one;
  if (word.find('=') != std::string::npos || std::filesystem::is_regular_file(word, error))
    advice = "to make pictures of it: " + command_with("render", words);
  else if (const auto habit = std::find_if(std::begin(kHabits), std::end(kHabits),
                                           [&](const auto& pair) { return word == pair[0]; });
           habit != std::end(kHabits))
    advice = "write " + std::string((*habit)[1]) + "; " + advice;
  else if (!near.empty())
    advice = "did you mean '" + near + "'? " + advice;
  else if (text.find(' ') != std::string::npos)
    advice = "a text to make a picture of is written reverie paint " + shell_word(text) +
             " or reverie render " + shell_word("scenes=" + text);
  return Error(ErrorKind::usage, "there is no command '" + word + "'", advice);
}

Error missing_command(const std::vector<std::string>& words) {
  const auto of_serve = [](const std::string& word) {
    for (const char* option : {"--port", "--listen", "--host", "--token-file", "--state", "--allow"})
      if (word.starts_with(option)) return true;
    return false;
  };
  const bool serve = std::any_of(words.begin(), words.end(), of_serve);
  return Error(ErrorKind::usage, "these are options without a command",
               serve ? "to start the studio: " + command_with("serve", words)
                     : "to make pictures: " + command_with("render", words));
}

std::filesystem::path file_of_config(const std::string& name,
                                     std::vector<std::filesystem::path> config_folders) {
  config_folders.insert(config_folders.end(), {"config", "."});
  std::string tried;
  for (const std::filesystem::path& folder : config_folders)
    for (const std::string& file : {name, name + ".yaml"}) {
      std::error_code error;
      const std::filesystem::path path = (folder / file).lexically_normal();
      if (std::filesystem::is_regular_file(path, error)) return path;
      tried += (tried.empty() ? "'" : ", '") + path.string() + "'";
    }
  throw Error(ErrorKind::usage, "there is no settings file '" + name + "'; tried " + tried,
              "--config-dir DIR names the config folder");
}

}  // namespace reverie::cli
