#include "cli/new_plugin_command.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "app/plan.h"
#include "base/nearest.h"
#include "cli/words.h"
#include "plugins/library_folder.h"
#include "reverie/atomic_file.h"
#include "reverie/declaration.h"
#include "reverie/kinds.h"

namespace reverie::cli {

namespace {

namespace fs = std::filesystem;

struct Request {
  std::string kind, name;
  fs::path folder;
};

/// The kind that is probably meant, also where the interface was named instead of its folder.
std::string likely_kind(const std::string& word) {
  std::vector<std::string> known;
  std::map<std::string, std::string> folders;
  const auto add = [&](const std::string& called, const char* folder) {
    known.push_back(called);
    folders[called] = folder;
  };
#define REVERIE_ADD(folder, Interface, header) \
  add(#folder, #folder);                       \
  add(lower(#Interface), #folder);
  REVERIE_KINDS(REVERIE_ADD)
#undef REVERIE_ADD
  std::string wanted = word;
  if (std::find(known.begin(), known.end(), wanted) == known.end())
    std::erase_if(wanted, [](char c) { return c == '_' || c == '-'; });
  const std::string exact = lower(wanted);
  for (const char* habit : {"sink", "output", "outputs"})
    if (exact == habit) return "io";
  const std::string near = nearest(wanted, known);
  if (!near.empty()) return folders[near];
  const std::string as_written = nearest(word, known);
  return as_written.empty() ? "" : folders[as_written];
}

void check_kind(const std::string& word) {
  if (std::find(plugin_kinds().begin(), plugin_kinds().end(), word) != plugin_kinds().end()) return;
  std::string kinds;
  for (const std::string& kind : plugin_kinds()) kinds += (kinds.empty() ? "" : ", ") + kind;
  const std::string likely = likely_kind(word);
  throw Error(ErrorKind::usage, "there is no kind of plugins '" + word + "'",
              (likely.empty() ? "" : "did you mean '" + likely + "'? ") + "kinds are " + kinds);
}

/// The registry's rule, and what C++ asks besides: the name is part of others.
void check_name(const Request& request) {
  const std::string& name = request.name;
  if (!detail::is_word(name))
    throw Error(ErrorKind::usage,
                "'" + name + "' cannot be a plugin's name: it consists of letters, digits and '_'",
                "such as my_" + request.kind);
  if (name[0] >= '0' && name[0] <= '9')
    throw Error(ErrorKind::usage,
                "'" + name +
                    "' cannot be this plugin's name: its parameter is called after it, and must not "
                    "begin with a digit",
                "such as my_" + name);
  // One that a folder on the command line holds would take the place of the program's own.
  const fs::path own = library_folder(installation_prefix()) / "plugins" / request.kind;
  std::error_code error;
  for (fs::directory_iterator entry(own, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".so" && lower(entry->path().stem().string()) == lower(name))
      throw Error(ErrorKind::usage,
                  "Reverie has a plugin " + request.kind + "/" + entry->path().stem().string() + " already",
                  "choose another name");
}

/// my_model becomes MyModel.
std::string camel_case(const std::string& name) {
  std::string result;
  bool first = true;
  for (const char c : name) {
    if (c == '_') {
      first = true;
      continue;
    }
    result += first && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    first = false;
  }
  return result;
}

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw Error(ErrorKind::file, "cannot read '" + path.string() + "'", "install Reverie again");
  return std::move(text).str();
}

std::string with_replaced(std::string text, const std::string& word, const std::string& by) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size()))
    text.replace(at, word.size(), by);
  return text;
}

/// The templates by the names that they get. Those of the kind come after the common ones.
std::map<std::string, std::string> written_for(const Request& request) {
  const fs::path templates = installation_prefix() / "share/reverie/templates";
  std::map<std::string, std::string> files;
  for (const char* folder : {"common", request.kind.c_str()}) {
    std::error_code error;
    fs::directory_iterator entry(templates / folder, error), end;
    if (error)
      throw Error(ErrorKind::file, "cannot read '" + (templates / folder).string() + "': " + error.message(),
                  "install Reverie again");
    for (; !error && entry != end; entry.increment(error))
      files[entry->path().filename().string()] = contents(entry->path());
  }
  // How a run uses the plugin depends on the kind: it is a part of the README.
  std::string use = files["use.md"];
  files.erase("use.md");
  while (use.ends_with('\n')) use.pop_back();
  const std::string sample = "sample.template_name";
  std::map<std::string, std::string> result;
  for (auto& [file, text] : files) {
    if (!file.ends_with(".wav")) {
      text = with_replaced(std::move(text), "template_use", use);
      text = with_replaced(std::move(text), "template_sample",
                           files.count(sample) ? " --sample ${CMAKE_CURRENT_SOURCE_DIR}/" + sample : "");
      text = with_replaced(std::move(text), "template_kind", request.kind);
      text = with_replaced(std::move(text), "template_name", request.name);
      text = with_replaced(std::move(text), "TemplateName", camel_case(request.name));
    }
    result[with_replaced(file, "template_name", request.name)] = std::move(text);
  }
  return result;
}

/// The next commands, for the installation that the program is part of. A build tree is none: authors build
/// against headers and a CMake package that only an installation has, and of Debian's packages a second one.
void print_next_steps(const Request& request) {
  const fs::path prefix = installation_prefix();
  std::error_code error;
  std::string where = shell_word(prefix.string());
  std::cout << "\nnext:\n";
  if (fs::exists(prefix / "CMakeCache.txt", error)) {
    std::cout << "  # a plugin is built against an installation; once is enough:\n"
              << "  cmake --build " << where << " --target app conformance\n"
              << "  cmake --install " << where << " --prefix $HOME/reverie\n";
    where = "$HOME/reverie";
  } else if (!fs::exists(library_folder(prefix).parent_path() / "cmake/Reverie/ReverieConfig.cmake", error)) {
    std::cout
        << "  apt-get install reverie-dev   # what plugins are built against; as root, once is enough\n";
  }
  const fs::path build = request.folder / "build";
  const fs::path library = build / "lib/reverie/plugins" / request.kind / (request.name + ".so");
  std::cout << "  cmake -S " << shell_word(request.folder.string()) << " -B " << shell_word(build.string())
            << " -DCMAKE_PREFIX_PATH=" << where << "\n"
            << "  cmake --build " << shell_word(build.string()) << "\n"
            << "  " << where << "/bin/reverie plugins test " << shell_word(library.string());
  if (fs::exists(request.folder / ("sample." + request.name), error))
    std::cout << " --sample " << shell_word((request.folder / ("sample." + request.name)).string());
  std::cout << "\n" << shell_word((request.folder / "README.md").string()) << " says how a run uses it\n";
}

}  // namespace

int new_plugin_command(const std::vector<std::string>& words) {
  if (words.size() < 2 || words.size() > 3)
    throw Error(ErrorKind::usage, "reverie plugins new takes a kind, a name and, if you like, a folder",
                "such as reverie plugins new image_models my_model; reverie plugins --help says more");
  Request request = {words[0], words[1], words.size() > 2 ? fs::path(words[2]) : fs::path(words[1])};
  check_kind(request.kind);
  check_name(request);
  const std::map<std::string, std::string> files = written_for(request);
  // All are looked at first, so that a refusal leaves nothing behind. A dangling link is in the way, too.
  for (const auto& [file, text] : files) {
    std::error_code error;
    const fs::path path = request.folder / file;
    if (fs::symlink_status(path, error).type() != fs::file_type::not_found)
      throw Error(ErrorKind::usage,
                  error ? "cannot write '" + path.string() + "': " + error.message()
                        : "'" + path.string() + "' is there already; nothing was written",
                  "choose another folder: reverie plugins new " + request.kind + " " + request.name + " DIR");
  }
  std::string names;
  for (const auto& [file, text] : files) {
    create_folder_of(request.folder / file);
    write_atomically(request.folder / file, {text});
    names += (names.empty() ? "" : ", ") + file;
  }
  std::cout << "wrote " << request.folder.string() << ": " << names << "\n";
  print_next_steps(request);
  return 0;
}

}  // namespace reverie::cli
