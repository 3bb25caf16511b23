// reverie: the command line.

#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <system_error>

#include "app/failure.h"
#include "app/plan.h"
#include "base/nearest.h"
#include "cli/batch.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/encode_command.h"
#include "cli/interpolate_command.h"
#include "cli/models_command.h"
#include "cli/new_plugin_command.h"
#include "cli/paint_command.h"
#include "cli/presets_command.h"
#include "cli/serve_command.h"
#include "cli/signals.h"
#include "cli/stereo_command.h"
#include "cli/test_plugin_command.h"
#include "distributed/launch.h"
#include "distributed/ranks.h"
#include "engine/cutout_groups.h"
#include "engine/host_services.h"
#include "engine/memory.h"
#include "log/log.h"
#include "plugins/plugin_call.h"
#include "reverie/viewer.h"

namespace reverie::cli {

using app::current_failure;
using app::show;
using engine::kMostGroups;

namespace {

namespace po = boost::program_options;

using Words = std::vector<std::string>;

po::options_description serve_options() {
  const ServeOptions usual;
  po::options_description options("options of serve");
  options.add_options()(
      "port", po::value<std::uint16_t>()->value_name("N"),
      ("where to listen: " + std::to_string(usual.port) + "; 0 takes any that is free").c_str())(
      "listen", po::value<std::string>()->value_name("ADDRESS"),
      "listen to others on the network, too: an address of this machine, or 0.0.0.0 for all; without "
      "it, only this machine is listened to")(
      "host", po::value<Words>()->value_name("NAME"),
      "a name by which browsers may call this machine, besides the usual (repeatable)")(
      "token-file", po::value<std::string>()->value_name("FILE"),
      "take the token from there; made if it is not there. Without it, each start makes a new one")(
      "state", po::value<std::string>()->value_name("DIR"),
      ("where the queue is kept: " + usual.state.string()).c_str())(
      "allow", po::value<Words>()->value_name("DIR"),
      "settings may name files there, besides those of the working directory (repeatable)")(
      "allow-downloads", "settings may name addresses of the web")(
      "workers", po::value<Words>()->value_name("URL")->multitoken(),
      "other servers that render runs of this one's queue, too (docs/distributed.md)")(
      "worker-tokens", po::value<std::string>()->value_name("FILE"),
      "their tokens: a line with one for all, or lines with an address and a token");
  return options;
}

ServeOptions read_serve_options(const po::variables_map& given) {
  ServeOptions options;
  if (given.count("port")) options.port = given["port"].as<std::uint16_t>();
  if (given.count("listen")) options.listen = given["listen"].as<std::string>();
  if (given.count("host")) options.hosts = given["host"].as<Words>();
  if (given.count("token-file")) options.token_file = given["token-file"].as<std::string>();
  if (given.count("state")) options.state = given["state"].as<std::string>();
  if (given.count("allow"))
    for (const std::string& folder : given["allow"].as<Words>()) options.allow.emplace_back(folder);
  options.allow_downloads = given.count("allow-downloads") > 0;
  if (given.count("workers")) options.workers = given["workers"].as<Words>();
  if (given.count("worker-tokens")) {
    options.worker_tokens = given["worker-tokens"].as<std::string>();
    if (options.workers.empty())
      throw Error(ErrorKind::usage, "--worker-tokens has no meaning without --workers");
  }
  if (given.count("lease")) options.lease = std::chrono::seconds(given["lease"].as<std::uint32_t>());
  if (options.lease < std::chrono::seconds(1) || options.lease > std::chrono::hours(24))
    throw Error(ErrorKind::usage, "--lease is a number of seconds from 1 to 86400");
  return options;
}

TestPluginOptions read_test_options(const po::variables_map& given) {
  TestPluginOptions options;
  if (given.count("sample")) options.sample = given["sample"].as<std::string>();
  if (given.count("limit")) options.limit = std::chrono::seconds(given["limit"].as<std::uint16_t>());
  options.verbose = given.count("verbose") > 0;
  return options;
}

/// The value of --preview without a name.
constexpr const char* kDefaultPreview = "-";

void refuse_beside_slurm(const po::variables_map& given, const std::string& command) {
  if (command != "render") throw Error(ErrorKind::usage, "--launcher is an option of reverie render");
  const std::string name = given.count("launcher") ? given["launcher"].as<std::string>() : "slurm";
  if (name != "slurm" && name != "submitit_slurm")
    throw Error(ErrorKind::usage, "--launcher is '" + name + "', and only slurm is known");
  for (const char* option : {"shard", "claim", "lease", "preview"})
    if (given.count(option))
      throw Error(ErrorKind::usage, std::string("--") + option + " cannot be used with --launcher slurm",
                  "the launcher shares the runs between its tasks; --slurm tasks=N limits their number");
}

/// From --slurm and from words of Hydra, which are taken out.
SlurmOptions slurm_options(const po::variables_map& given, Words& words) {
  Words all = take_launcher_words(words);
  if (given.count("slurm"))
    for (const std::string& word : given["slurm"].as<Words>()) all.push_back(word);
  return read_slurm_options(all);
}

/// A number of ranks, or as many as there are cards.
std::uint16_t ranks_of(const std::string& text) {
  if (text == "gpus") {
    const int cards = std::min(engine::card_count(), static_cast<int>(kMostGroups));
    if (cards < 1)
      throw Error(ErrorKind::device, "--ranks gpus: there is no card that LibTorch can use",
                  "give a number of processes, such as --ranks 2");
    return static_cast<std::uint16_t>(cards);
  }
  std::uint16_t count = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, count);
  if (read.ec != std::errc() || read.ptr != end || count < 1 || count > kMostGroups)
    throw Error(ErrorKind::usage, "--ranks is '" + text + "', neither a number from 1 to " +
                                      std::to_string(kMostGroups) + " nor gpus");
  return count;
}

/// The other processes that work on the same runs, if there are any. Only rank 0 prints.
std::unique_ptr<distributed::Ranks> join_ranks() {
  const auto environment = distributed::rank_environment();
  if (!environment) return nullptr;
  distributed::end_with_launcher();
  if (environment->rank > 0) {
    static std::ofstream nowhere("/dev/null");
    std::cout.rdbuf(nowhere.rdbuf());
    log::set_log_level(LogLevel::warning);
  }
  auto ranks = std::make_unique<distributed::Ranks>(*environment);
  log::write_log(LogLevel::info,
                 "rank " + std::to_string(ranks->rank()) + " of " + std::to_string(ranks->count()));
  return ranks;
}

int run(int argc, char** argv) {
  po::options_description options("options");
  options.add_options()("help,h", "show this")("version", "show the version")(
      "plugin-path", po::value<std::vector<std::string>>()->value_name("DIR"),
      "look for plugins here first (repeatable; REVERIE_PLUGIN_PATH comes next)")(
      "config-dir", po::value<std::vector<std::string>>()->value_name("DIR"),
      "look for config groups here first (repeatable; the file's folder and config/ come next)")(
      "multirun,m", "commas separate values: run every combination")(
      "restore", "continue the newest run of file_namespace: the same as restore=true")(
      "preview", po::value<std::string>()->value_name("NAME")->implicit_value(kDefaultPreview),
      "show the run in the browser; --preview=NAME, with a viewer of reverie plugins list: the same as "
      "viewers=NAME")("memory", "with check: say how much memory the run will need")(
      "svg", po::value<std::string>()->value_name("FILE"), "with curves: draw them into this file")(
      "ranks", po::value<std::string>()->value_name("N|gpus"),
      "with render: share each run between N processes on this machine, or one for each card "
      "(docs/distributed.md); with check: predict how fast that is")(
      "bandwidth", po::value<double>()->value_name("GBIT"),
      "with check --ranks: on N machines that are connected by so many Gbit/s")(
      "list", "with render: print a command for each run of a sweep, one a line, instead of running them")(
      "shard", po::value<std::string>()->value_name("I/N"),
      "with render: only the Ith of N parts of the runs")(
      "claim", po::value<std::string>()->value_name("DIR"),
      "with render: share the runs with all processes that are given the same folder")(
      "launcher", po::value<std::string>()->value_name("slurm"),
      "with render: submit the runs to Slurm and watch them (docs/distributed.md)")(
      "slurm", po::value<Words>()->value_name("NAME=VALUE"),
      "with --launcher slurm: what to ask for, such as partition=gpu (repeatable); the same as "
      "hydra.launcher.NAME=VALUE")(
      "lease", po::value<std::uint32_t>()->value_name("SECONDS"),
      "with --claim and serve --workers: how long a process may be silent before its run goes elsewhere; 60 "
      "without it")("times", po::value<std::int64_t>()->value_name("N"),
                    "with interpolate: so many times the pictures a second; 2 when not given")(
      "eyes", po::value<std::string>()->value_name("PIXELS"),
      "with stereo: the distance of the eyes, a number or an expression of t; 6 when not given")(
      "screen", po::value<double>()->value_name("PIXELS"),
      "with stereo: the depth that both eyes see at the same place; infinitely far when not given")(
      "anaglyph", "with stereo: one picture for red and cyan glasses, instead of two side by side")(
      "verbose,v", "say more")(
      "markdown", "with settings, presets list and models list: print a table for the documentation")(
      "accept-licence",
      "with models fetch: accept the licences of weights that are not free for every use, which are shown")(
      "config-name", po::value<std::string>()->value_name("NAME"),
      "the settings file NAME.yaml of a config folder; Hydra's -cn, as -cp and -cd are --config-dir")(
      "cfg", po::value<std::string>()->value_name("job"), "as Hydra has it: the same as reverie config")(
      "sample", po::value<std::string>()->value_name("FILE"),
      "with plugins test: a file that the plugin reads, such as a video or weights")(
      "limit", po::value<std::uint16_t>()->value_name("SECONDS"),
      "with plugins test: how long each test may take; 60 without it");
  const po::options_description of_serve = serve_options();
  po::options_description hidden;
  hidden.add(options).add(of_serve).add_options()("words", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("words", -1);
  // An option whose value may be left out would take the next word for it.
  const Words typed(argv + 1, argv + argc);
  Words given_words = without_hydra_options(typed);
  std::replace(given_words.begin(), given_words.end(), std::string("--preview"),
               std::string("--preview=") + kDefaultPreview);
  po::variables_map given;
  try {
    po::store(po::command_line_parser(given_words).options(hidden).positional(positional).run(), given);
    po::notify(given);
  } catch (const po::unknown_option& error) {
    const PluginRegistry installed(plugin_search_path({}, installation_prefix()));
    throw Error(ErrorKind::usage, error.what(),
                hint_at_setting(given_words, error.get_option_name(), setting_names(installed)));
  } catch (const po::error& error) {
    throw Error(ErrorKind::usage, error.what(), "reverie --help shows the options");
  }
  if (given.count("verbose")) log::set_log_level(LogLevel::debug);
  std::vector<std::string> words;
  if (given.count("words")) words = given["words"].as<std::vector<std::string>>();
  if (given.count("version")) {
    std::cout << "reverie " REVERIE_VERSION ", SDK ABI " << kSdkAbi << ", LibTorch " TORCH_VERSION "\n";
    return 0;
  }
  const bool config_asked = given.count("cfg") > 0;
  if (config_asked && lower(given["cfg"].as<std::string>()) == "hydra")
    throw Error(ErrorKind::usage, "--cfg hydra shows the settings of Hydra itself, which is not used here",
                "--cfg job shows those of the run");
  if (words.empty() && !given.count("help") && !config_asked && given.size() > given.count("verbose"))
    throw missing_command(typed);
  if (given.count("help") || (words.empty() && !config_asked) || (!words.empty() && words[0] == "help")) {
    const bool asked = given.count("help") || !words.empty();
    if (asked && !words.empty() && words[0] == "help") words.erase(words.begin());
    const std::string of_command = words.empty() ? "" : usage_of(words[0]);
    if (!given.count("help") && !words.empty() && !is_command(words[0]))
      throw unknown_command(words[0], words);
    if (of_command.empty())
      std::cout << usage() << options << "\n" << of_serve << exit_status();
    else if (words[0] == "serve")
      std::cout << of_command << of_serve << "\nreverie --help shows all commands and options\n";
    else
      std::cout << of_command << options << "\nreverie --help shows all commands\n";
    return asked ? 0 : 2;
  }
  // Hydra's users have no commands: --cfg job conf=demo.
  std::error_code error;
  const bool without_command = config_asked && (words.empty() || words[0].find('=') != std::string::npos ||
                                                std::filesystem::is_regular_file(words[0], error));
  const std::string command = config_asked && (without_command || is_command(words[0])) ? "config" : words[0];
  const Words rest(words.begin() + (without_command ? 0 : 1), words.end());
  std::vector<std::string> folders;
  if (given.count("plugin-path")) folders = given["plugin-path"].as<std::vector<std::string>>();
  const auto registry = [&] { return PluginRegistry(plugin_search_path(folders, installation_prefix())); };

  if (command == "plugins") {
    if (rest.size() == 1 && rest[0] == "list") return list_plugins(registry());
    if (rest.size() == 2 && rest[0] == "describe") return describe_plugin(registry(), rest[1]);
    if (!rest.empty() && rest[0] == "new") return new_plugin_command({rest.begin() + 1, rest.end()});
    if (!rest.empty() && rest[0] == "test")
      return test_plugin_command({rest.begin() + 1, rest.end()}, read_test_options(given));
    throw Error(ErrorKind::usage,
                "reverie plugins takes 'list', 'describe NAME', 'new KIND NAME' or 'test FILE.so'");
  }
  if (command == "models")
    return models_command(rest, given.count("markdown") > 0, given.count("accept-licence") > 0);
  if (command == "settings") return list_settings(rest, given.count("markdown") > 0, registry());
  std::vector<std::filesystem::path> config_folders;
  if (given.count("config-dir"))
    for (const std::string& folder : given["config-dir"].as<std::vector<std::string>>())
      config_folders.emplace_back(folder);
  if (command == "presets")
    return presets_command(rest, given.count("markdown") > 0, config_folders, registry());
  if (command == "serve") {
    if (!rest.empty())
      throw Error(ErrorKind::usage, "reverie serve takes options only, not '" + rest[0] + "'",
                  rest[0].find_first_not_of("0123456789") == std::string::npos
                      ? "where it listens: reverie serve --port " + rest[0]
                      : "settings come from the page, or as docs/serve.md shows");
    ServeOptions serve = read_serve_options(given);
    serve.config_folders = config_folders;
    serve.verbose = given.count("verbose") > 0;
    return serve_command(serve, registry());
  }
  for (const auto& option : of_serve.options())
    if (given.count(option->long_name()))
      throw Error(ErrorKind::usage, "--" + option->long_name() + " is an option of reverie serve");
  if (command == "paint") return paint_command(rest, config_folders, registry());
  if (command == "encode") return encode_command(rest, config_folders, registry());
  if (given.count("times") && command != "interpolate")
    throw Error(ErrorKind::usage, "--times is an option of reverie interpolate");
  for (const char* option : {"eyes", "screen", "anaglyph"})
    if (given.count(option) && command != "stereo")
      throw Error(ErrorKind::usage, "--" + std::string(option) + " is an option of reverie stereo");
  if (command == "stereo") {
    StereoOptions stereo;
    if (given.count("eyes")) stereo.eyes = given["eyes"].as<std::string>();
    if (given.count("screen")) stereo.screen = given["screen"].as<double>();
    stereo.anaglyph = given.count("anaglyph") > 0;
    return stereo_command(rest, stereo, config_folders, registry());
  }
  if (command == "interpolate")
    return interpolate_command(rest, given.count("times") ? given["times"].as<std::int64_t>() : 2,
                               config_folders, registry());
  if (command != "render" && command != "preview-motion" && command != "check" && command != "config" &&
      command != "curves")
    throw unknown_command(command, typed);

  const bool slurm = given.count("launcher") || (command == "render" && asks_for_slurm(rest));
  if (slurm) refuse_beside_slurm(given, command);
  const bool shared = given.count("ranks") || (command == "render" && distributed::rank_environment());
  if (given.count("claim") && shared)
    throw Error(ErrorKind::usage, "--claim cannot be used with ranks: each of them would take another run",
                "share the runs by --shard, or leave the ranks out");
  if (given.count("slurm") && !slurm)
    throw Error(ErrorKind::usage, "--slurm has no meaning without --launcher slurm");
  if (given.count("lease") && !given.count("claim"))
    throw Error(ErrorKind::usage, "--lease has no meaning without --claim");
  if (given.count("list") && given.count("claim"))
    throw Error(ErrorKind::usage, "--list prints commands, and --claim would do the runs",
                "leave one of them out");
  std::uint16_t count = 0;
  if (given.count("ranks")) {
    if (command != "render" && command != "check")
      throw Error(ErrorKind::usage, "--ranks is an option of reverie render and reverie check");
    count = ranks_of(given["ranks"].as<std::string>());
    const auto rank = distributed::rank_environment();
    if (command == "render" && rank && rank->store_file.empty())
      throw Error(ErrorKind::usage,
                  "--ranks starts processes, but the environment says that this is one of " +
                      std::to_string(rank->count) + " already",
                  "leave --ranks out, or unset RANK and WORLD_SIZE");
    if (command == "render" && !rank && given.count("list") == 0 && !slurm)
      return distributed::launch(count, Words(argv, argv + argc));
  }

  BatchRequest request;
  request.command = command;
  for (const char* option : {"list", "shard", "claim", "lease"})
    if (given.count(option) && command != "render")
      throw Error(ErrorKind::usage, std::string("--") + option + " is an option of reverie render");
  request.list = given.count("list") > 0;
  if (given.count("shard")) request.shard = parse_shard(given["shard"].as<std::string>());
  if (given.count("claim")) request.claims = given["claim"].as<std::string>();
  if (given.count("lease")) request.lease = std::chrono::seconds(given["lease"].as<std::uint32_t>());
  if (request.lease < std::chrono::seconds(1))
    throw Error(ErrorKind::usage, "--lease is a number of seconds, at least 1");
  request.words = rest;
  if (slurm) request.slurm = slurm_options(given, request.words);
  for (const std::string& folder : folders) request.options.push_back("--plugin-path=" + folder);
  if (given.count("ranks")) request.options.push_back("--ranks=" + given["ranks"].as<std::string>());
  for (const auto& folder : config_folders) request.options.push_back("--config-dir=" + folder.string());
  request.config_folders = config_folders;
  request.multirun = given.count("multirun") > 0;
  // A run that another process has begun goes on, and one that nobody has begun begins.
  request.restore = given.count("restore") > 0 || given.count("claim") > 0;
  request.memory = given.count("memory") > 0;
  if (command == "check" && given.count("ranks")) request.forecast = app::RankQuestion{count};
  if (given.count("bandwidth")) {
    if (!request.forecast) throw Error(ErrorKind::usage, "--bandwidth is an option of reverie check --ranks");
    request.forecast->gigabits = given["bandwidth"].as<double>();
    if (!(request.forecast->gigabits > 0 && request.forecast->gigabits < 1e6))
      throw Error(ErrorKind::usage, "--bandwidth is a number of Gbit/s, more than 0");
  }
  if (given.count("svg")) {
    request.svg = given["svg"].as<std::string>();
    if (command != "curves") throw Error(ErrorKind::usage, "--svg is an option of reverie curves");
  }
  if (given.count("config-name"))
    request.words.insert(request.words.begin(),
                         file_of_config(given["config-name"].as<std::string>(), config_folders).string());
  const auto ranks = command == "render" && !slurm ? join_ranks() : nullptr;
  request.ranks = ranks.get();
  const PluginRegistry plugins = registry();
  if (given.count("preview")) {
    const std::string viewer = given["preview"].as<std::string>();
    request.words.push_back(
        "viewers=" + (viewer == kDefaultPreview ? plugins.with_role(Viewer::kKind, "preview").name : viewer));
  }
  try {
    return run_batch(request, plugins);
  } catch (const distributed::RankLost&) {
    throw;
  } catch (...) {
    if (ranks) ranks->leave(current_failure().message);
    throw;
  }
}

/// The exit status of a command that did what it should: a full disk behind `>` is an error, a reader that
/// left is none.
int finish_output() {
  std::cout.flush();
  // The stream does not say why it failed; another attempt does.
  if (std::cout || ::write(STDOUT_FILENO, "\n", 1) == 1 || errno == EPIPE) return 0;
  return show({1, "not all of the output could be written: " + std::generic_category().message(errno),
               "make room where standard output goes"});
}

}  // namespace
}  // namespace reverie::cli

int main(int argc, char** argv) {
  reverie::cli::survive_failed_writes();
  reverie::engine::keep_freed_memory();
  const reverie::PluginWatch watch;
  try {
    const int status = reverie::cli::exit_status_of(reverie::cli::run(argc, argv));
    return status == 0 ? reverie::cli::finish_output() : status;
  } catch (...) {
    return reverie::app::show(reverie::app::current_failure());
  }
}
