#include "cli/models_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "app/failure.h"
#include "app/plan.h"
#include "base/nearest.h"
#include "base/texts.h"
#include "cli/signals.h"
#include "engine/host_services.h"
#include "log/log.h"
#include "models/catalogue.h"
#include "models/download.h"
#include "models/transfer_progress.h"
#include "reverie/error.h"
#include "settings/reader.h"

namespace reverie::cli {

using app::current_failure;
using app::show;
using engine::interrupted;
using log::write_log;
using models::by_hand;
using models::CatalogueEntry;
using models::download;
using models::DownloadEnd;
using models::DownloadOptions;
using models::fetch_command;
using models::find_model_files;
using models::is_right;
using models::kDefaultModelsParent;
using models::model_catalogue;
using models::model_path;
using models::models_without_address;
using models::shipped_models;
using models::ShippedModels;
using models::size_text;
using models::TransferProgress;

namespace {

namespace fs = std::filesystem;
using Files = std::vector<const CatalogueEntry*>;

/// The arguments after `models` and its subcommand.
struct Request {
  std::vector<std::string> names;
  bool accepts_licences = false;
  std::string parent = kDefaultModelsParent;
};

/// models_parent_dir is a setting like any other; all others have no meaning here.
std::string parent_of(const std::string& word) {
  std::vector<Problem> problems;
  std::vector<RawEntry> entries = read_override(word, problems);
  if (problems.empty() && (entries.size() != 1 || lower(entries[0].name) != "models_parent_dir"))
    throw Error(ErrorKind::usage,
                "'" + word + "': the only setting that reverie models takes is models_parent_dir",
                "models_parent_dir=DIR chooses the folder of downloaded models");
  std::string folder;
  if (problems.empty()) {
    // The one setting that a run cannot do without has nothing to do with this.
    entries.push_back({"scenes", RawValue::scalar("none", true), {}});
    Resolution resolution = resolve(entries, {}, {});
    problems = std::move(resolution.problems);
    if (problems.empty()) folder = resolution.settings.get<std::string>("models_parent_dir");
  }
  if (!problems.empty()) throw Error(ErrorKind::usage, report(problems));
  return folder;
}

std::string names_of(const Request& request) {
  std::string names;
  for (const std::string& name : request.names) names += " " + name;
  return names;
}

Request read_words(const std::vector<std::string>& words) {
  Request request;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].find('=') != std::string::npos)
      request.parent = parent_of(words[i]);
    else
      request.names.push_back(words[i]);
  }
  return request;
}

/// Those of one folder.
std::vector<fs::path> shipped_files(const ShippedModels& models) {
  std::vector<fs::path> files;
  std::error_code error;
  const fs::path folder = installation_prefix() / "share/reverie/models" / models.folder;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".safetensors") files.push_back(entry->path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> shipped_files() {
  std::vector<fs::path> files;
  for (const ShippedModels& models : shipped_models())
    for (const fs::path& file : shipped_files(models)) files.push_back(file);
  return files;
}

/// The shipped model of that name; empty if there is none.
fs::path shipped_file(const std::string& name) {
  for (const fs::path& file : shipped_files())
    if (lower(file.stem().string()) == lower(name)) return file;
  return {};
}

/// The files that a name means. Throws Error(usage) with the nearest name.
Files find_files(const std::string& name) {
  Files files = find_model_files(name);
  if (!files.empty()) return files;
  for (const CatalogueEntry& entry : models_without_address())
    if (lower(entry.name) == lower(name))
      throw Error(
          ErrorKind::usage, "'" + entry.name + "' has to be put in its place by hand",
          by_hand(entry, "at " + entry.family + "/" + entry.file + " in the folder of downloaded models"));
  std::vector<std::string> names;
  for (const CatalogueEntry& entry : model_catalogue()) {
    names.push_back(entry.name);
    names.insert(names.end(), entry.aliases.begin(), entry.aliases.end());
  }
  for (const fs::path& file : shipped_files()) names.push_back(file.stem().string());
  const std::string near = nearest(name, names);
  throw Error(ErrorKind::usage, "there is no model '" + name + "'",
              (near.empty() ? "" : "did you mean '" + near + "'? ") + "reverie models list shows them all");
}

bool installed(const CatalogueEntry& entry, const std::string& parent) {
  std::error_code error;
  return fs::is_regular_file(model_path(entry, parent), error);
}

/// Of a file that has the right name; reading gigabytes to make a list would take too long.
std::string state(const CatalogueEntry& entry, const std::string& parent) {
  std::error_code error;
  if (entry.sha256.empty()) return installed(entry, parent) ? "yes" : "no";
  if (!installed(entry, parent)) {
    fs::path part = model_path(entry, parent);
    const auto bytes = fs::file_size(part += ".part", error);
    return error ? "no" : std::to_string(bytes * 100 / entry.bytes) + " % of it";
  }
  return fs::file_size(model_path(entry, parent), error) == entry.bytes ? "yes" : "DAMAGED";
}

using Row = std::vector<std::string>;

void print_markdown(const std::vector<Row>& rows) {
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const std::string& cell : rows[r]) std::cout << "| " << cell << " ";
    std::cout << "|\n";
    for (std::size_t c = 0; r == 0 && c < rows[r].size(); ++c) std::cout << "|---";
    if (r == 0) std::cout << "|\n";
  }
}

constexpr std::size_t kTerminal = 100;  // columns

/// The last cell of a row goes on in the next line where it is too long.
void print_columns(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t c = 0; c + 1 < row.size(); ++c) {
      std::size_t width = 0;
      for (const Row& other : rows) width = std::max(width, other[c].size());
      line += row[c] + std::string(width + 2 - row[c].size(), ' ');
    }
    const std::string indent(line.size(), ' ');
    bool fresh = true;
    for (const std::string& word : filled_parts(row.back(), " ")) {
      if (!fresh && line.size() + 1 + word.size() > kTerminal) {
        std::cout << line << "\n";
        line = indent;
        fresh = true;
      }
      line += (fresh ? "" : " ") + word;
      fresh = false;
    }
    std::cout << line << "\n";
  }
}

/// The table for the documentation says what is true on every machine.
int list(const std::string& parent, bool markdown) {
  const auto used_by = [](const std::string& plugin) { return plugin.empty() ? "not used yet" : plugin; };
  const auto what_it_is = [](const CatalogueEntry& entry) {
    return entry.purpose + (entry.activation.empty() ? "" : "; activation " + entry.activation) +
           (entry.second_hand ? "; SHA-256 second-hand" : "");
  };
  std::vector<Row> rows = {{"name", "size", "licence", "installed", "used by", "what it is"}};
  for (const ShippedModels& models : shipped_models())
    for (const fs::path& file : shipped_files(models))
      rows.push_back({file.stem().string(), size_text(fs::file_size(file)), "Apache-2.0", "ships",
                      models.used_by, models.purpose});
  std::vector<CatalogueEntry> entries = model_catalogue();
  entries.insert(entries.end(), models_without_address().begin(), models_without_address().end());
  for (const CatalogueEntry& entry : entries)
    rows.push_back({entry.name, entry.bytes ? size_text(entry.bytes) : "", entry.licence,
                    markdown ? "" : state(entry, parent), used_by(entry.used_by), what_it_is(entry)});
  if (!markdown) {
    // A terminal has no room for all columns.
    for (Row& row : rows) row = {row[0], row[1], row[3], row[5] + "; " + row[2]};
    std::cout << "Weights that the settings perceptors, vqgan_model and the like take by name. 'ships': it "
                 "comes with\n"
                 "the program; what says 'no' is downloaded by reverie models fetch NAME.\n\n";
    print_columns(rows);
    return 0;
  }
  for (Row& row : rows)
    row[3] = row[3] == "installed" ? "file" : row[3] == "ships" ? "ships with Reverie" : "";
  const std::size_t shipped = rows.size() - entries.size();
  for (std::size_t i = shipped; i < rows.size(); ++i) {
    const CatalogueEntry& entry = entries[i - shipped];
    rows[i][3] = "`" + entry.family + "/" + entry.file + "`";
    rows[i].push_back(entry.sha256.empty() ? "" : "`" + entry.sha256 + "`");
    std::string links;
    for (std::size_t k = 0; k < entry.urls.size(); ++k)
      links += (k ? ", [" : "[") + std::to_string(k + 1) + "](" + entry.urls[k] + ")";
    rows[i].push_back(links);
  }
  rows[0].insert(rows[0].end(), {"SHA-256", "addresses"});
  for (std::size_t i = 1; i < shipped; ++i) rows[i].insert(rows[i].end(), {"", ""});
  print_markdown(rows);
  return 0;
}

DownloadEnd fetch_one(const CatalogueEntry& entry, const std::string& parent) {
  TransferProgress progress(entry.name, entry.bytes, ::isatty(STDERR_FILENO) != 0);
  DownloadOptions options;
  if (const char* mirror = std::getenv("REVERIE_MODELS_MIRROR")) options.mirror = mirror;
  options.cancelled = &interrupted;
  options.progress = [&](std::uint64_t bytes) { progress.reached(bytes); };
  options.note = [&](const std::string& text) {
    progress.clear_line();
    write_log(LogLevel::info, text);
  };
  return download(entry, parent, options);
}

/// Shows the licences of what is not free for every use, and returns whether the user accepts them.
bool accepts_licences(const Files& files, const Request& request) {
  std::vector<const CatalogueEntry*> restricted;
  for (const CatalogueEntry* entry : files)
    if (entry->restricted() && !installed(*entry, request.parent)) restricted.push_back(entry);
  if (restricted.empty()) return true;
  std::cerr << "these weights are not known to be free for every use:\n";
  for (const CatalogueEntry* entry : restricted)
    std::cerr << "  " << entry->name << ": licence: " << entry->licence << "; " << entry->urls.front()
              << "\n";
  if (request.accepts_licences) return true;
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0)
    throw Error(ErrorKind::usage, "nothing was downloaded: the licences above have to be accepted",
                "reverie models fetch" + names_of(request) + " --accept-licence accepts them");
  std::cerr << "Download them? [y/N] ";
  std::string answer;
  std::getline(std::cin, answer);
  return lower(trimmed(answer)) == "y" || lower(trimmed(answer)) == "yes";
}

int fetch(const Request& request) {
  Files files;
  for (const std::string& name : request.names) {
    const fs::path shipped = shipped_file(name);
    if (!shipped.empty()) {
      std::cout << name << " comes with the program: " << shipped.string() << "\n";
      continue;
    }
    for (const CatalogueEntry* entry : find_files(name))
      if (std::find(files.begin(), files.end(), entry) == files.end()) files.push_back(entry);
  }
  if (!accepts_licences(files, request)) {
    std::cerr << "nothing was downloaded\n";
    return 1;
  }
  end_on_signals("");
  int status = 0;
  for (const CatalogueEntry* entry : files) {
    const std::string path = model_path(*entry, request.parent).string();
    try {
      const DownloadEnd end = fetch_one(*entry, request.parent);
      if (end == DownloadEnd::interrupted) {
        std::cerr << "interrupted; what has arrived is kept, and the same command goes on from there\n";
        return 130;
      }
      std::cout << entry->name
                << (end == DownloadEnd::installed ? " is installed: " : " was already installed: ") << path
                << std::endl;
    } catch (const Error&) {
      show(current_failure());
      status = 1;
    }
  }
  return status;
}

int verify(const Request& request) {
  Files files;
  for (const std::string& name : request.names)
    for (const CatalogueEntry* entry : find_files(name)) files.push_back(entry);
  if (request.names.empty())
    for (const CatalogueEntry& entry : model_catalogue())
      if (installed(entry, request.parent)) files.push_back(&entry);
  if (files.empty()) std::cout << "no models are installed in '" << request.parent << "'\n";
  int status = 0;
  for (const CatalogueEntry* entry : files) {
    const std::string path = model_path(*entry, request.parent).string();
    const bool there = installed(*entry, request.parent);
    if (there && is_right(*entry, path)) {
      std::cout << entry->name << " is right: " << path << std::endl;
      continue;
    }
    status = 1;
    std::cout << entry->name << (there ? " is DAMAGED: " : " is not installed: ") << path << "; "
              << fetch_command(*entry, request.parent) << (there ? " replaces it" : " downloads it")
              << std::endl;
  }
  return status;
}

int print_path(const Request& request) {
  if (request.names.size() != 1) throw Error(ErrorKind::usage, "reverie models path needs one name");
  const fs::path shipped = shipped_file(request.names[0]);
  if (!shipped.empty()) {
    std::cout << shipped.string() << "\n";
    return 0;
  }
  for (const CatalogueEntry* entry : find_files(request.names[0])) {
    const fs::path path = model_path(*entry, request.parent);
    if (!installed(*entry, request.parent))
      throw Error(ErrorKind::file,
                  "'" + entry->name + "' is not installed: there is no '" + path.string() + "'",
                  fetch_command(*entry, request.parent) + " downloads it (" + size_text(entry->bytes) + ")");
    std::cout << path.string() << "\n";
  }
  return 0;
}

}  // namespace

int models_command(const std::vector<std::string>& words, bool markdown, bool accepts_licences) {
  const std::string action = words.empty() ? "" : words[0];
  Request request = read_words(words);
  request.accepts_licences = accepts_licences;
  if (action == "list" && request.names.empty()) return list(request.parent, markdown);
  if (action == "fetch" && !request.names.empty()) return fetch(request);
  if (action == "verify") return verify(request);
  if (action == "path") return print_path(request);
  std::string advice = "reverie --help shows how";
  if (action == "list")
    advice = "list shows all and takes no names; reverie models path NAME shows where one lies";
  if (action == "fetch") advice = "reverie models list shows the names, such as ViT-B/32";
  for (const char* habit : {"download", "install", "get", "add", "pull"})
    if (action == habit) advice = "to download: reverie models fetch" + names_of(request);
  if (find_model_files(action).size() > 0)
    advice = "to download: reverie models fetch " + action + names_of(request);
  throw Error(ErrorKind::usage,
              "reverie models takes 'list', 'fetch NAME...', 'verify [NAME...]' or 'path NAME'", advice);
}

}  // namespace reverie::cli
