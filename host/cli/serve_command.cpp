#include "cli/serve_command.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

#include "app/run_setup.h"
#include "base/nearest.h"
#include "cli/signals.h"
#include "log/log.h"
#include "log/printable.h"
#include "models/catalogue.h"
#include "reverie/atomic_file.h"
#include "serve/farm_worker.h"
#include "serve/run_process.h"
#include "serve/run_worker.h"
#include "serve/settings_list.h"
#include "serve/site.h"
#include "web/token.h"
#include "web/web_server.h"

namespace reverie::cli {

using engine::FileAccess;
using engine::interrupted;
using engine::NetworkCache;
using log::printable;
using log::set_log_level;
using models::CatalogueEntry;
using models::expand_home;
using models::families_of_own_names;
using models::kDefaultModelsParent;
using models::model_catalogue;
using serve::answer_check;
using serve::answer_estimate;
using serve::answer_site;
using serve::Api;
using serve::Channel;
using serve::Checks;
using serve::Estimates;
using serve::FarmWorker;
using serve::ForkServer;
using serve::render_runs;
using serve::RunKind;
using serve::RunQueue;
using serve::RunRules;
using serve::RunStore;
using serve::RunTrash;
using serve::RunWorker;
using serve::settings_list;
using serve::Uploads;
using serve::worker_addresses;
using serve::WorkerAddress;
using web::HttpRequest;
using web::make_secret;
using web::WebServer;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestBody = 16 << 20;  // a picture with its settings
constexpr std::size_t kShortestToken = 16;
constexpr int kThreads = 10;  // a check may take seconds, and others need not wait for it

/// Written by us, and by nobody else readable, when it is not there yet.
std::string token_of(const fs::path& file) {
  if (file.empty()) return make_secret();
  const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made >= 0) {
    const std::string token = make_secret(), line = token + "\n";
    const bool written = ::write(made, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    ::close(made);
    if (!written) detail::cannot_write(file, errno);
    return token;
  }
  std::ifstream stream(file);
  std::string token;
  if (!std::getline(stream, token))
    throw Error(ErrorKind::file, "the token cannot be read from '" + file.string() + "'",
                "name a file that holds it, or one that is not there yet");
  const bool plain =
      token.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
      std::string::npos;
  if (token.size() < kShortestToken || !plain)
    throw Error(ErrorKind::settings,
                "the token in '" + file.string() + "' must have at least " + std::to_string(kShortestToken) +
                    " letters, digits, - and _",
                "delete the file: a new one with a good token is made");
  return token;
}

/// By which names requests may call this machine, when it listens to others.
std::vector<std::string> own_names() {
  std::vector<std::string> names;
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) == 0) names.push_back(lower(name));
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return names;
  for (const ifaddrs* one = all; one; one = one->ifa_next) {
    if (!one->ifa_addr) continue;
    char text[INET6_ADDRSTRLEN] = {};
    if (one->ifa_addr->sa_family == AF_INET) {
      ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr, text, sizeof text);
      names.emplace_back(text);
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr, text,
                  sizeof text);
      names.push_back("[" + std::string(text) + "]");
    }
  }
  ::freeifaddrs(all);
  return names;
}

bool is_loopback(const std::string& address) {
  return address == "localhost" || address == "::1" || address.rfind("127.", 0) == 0;
}

/// Of http://host:port.
std::string host_of(const std::string& url) {
  const std::string rest = url.substr(url.find("://") + 3);
  return rest.substr(0, rest.find(':'));
}

fs::path uploads_folder(const ServeOptions& options) { return options.state / "uploads"; }

WebServer::Options web_options(const ServeOptions& options, const std::string& token) {
  WebServer::Options web;
  web.address = options.listen;
  web.port = options.port;
  web.threads = kThreads;
  web.rules.token = token;
  web.rules.largest_body = kLargestBody;
  web.rules.upload_path = "/api/uploads";
  web.rules.largest_upload = Uploads::Limits().file;
  web.upload_folder = uploads_folder(options);
  for (const std::string& host : options.hosts) web.rules.hosts.push_back(lower(host));
  if (!is_loopback(options.listen)) {
    web.rules.hosts.push_back(lower(options.listen));
    for (const std::string& name : own_names()) web.rules.hosts.push_back(name);
  }
  return web;
}

/// The working directory, what was allowed, what ships with the program, and the published models.
std::shared_ptr<const FileAccess> access_of(const ServeOptions& options) {
  // The uploads are elsewhere where --state is.
  std::vector<fs::path> folders = {fs::current_path(), fs::absolute(uploads_folder(options))};
  for (const fs::path& folder : options.allow) {
    std::error_code error;
    if (!fs::is_directory(folder, error))
      throw Error(ErrorKind::usage, "--allow: there is no folder '" + folder.string() + "'");
    folders.push_back(folder);
  }
  const fs::path models = expand_home(kDefaultModelsParent);
  for (const CatalogueEntry& entry : model_catalogue()) folders.push_back(models / entry.family);
  for (const auto& [family, extension] : families_of_own_names()) folders.push_back(models / family);
  folders.push_back(models / "reverie");
  return std::make_shared<const FileAccess>(folders, installation_prefix() / "share/reverie/models",
                                            options.allow_downloads);
}

}  // namespace

int serve_command(const ServeOptions& options, const PluginRegistry& registry) {
  ::umask(077);  // what runs make is private, like the token
  // What a run says of itself would be said again each time that somebody stops typing.
  if (!options.verbose) set_log_level(LogLevel::warning);
  const std::string token = token_of(options.token_file);
  std::vector<WorkerAddress> farm;
  if (!options.workers.empty()) farm = worker_addresses(options.workers, options.worker_tokens);
  const Json::Value settings = settings_list(registry);
  const RunRules rules{registry, access_of(options), options.config_folders,
                       std::make_shared<NetworkCache>()};
  // Before there is any thread.
  enum Role : std::size_t { render, motion, check, estimate };
  ForkServer processes({[&](Channel& channel) { render_runs(channel, RunKind::render, rules); },
                        [&](Channel& channel) { render_runs(channel, RunKind::motion, rules); },
                        [&](Channel& channel) { answer_check(channel, rules); },
                        [&](Channel& channel) { answer_estimate(channel, rules); }},
                       options.state / "processes.lock");
  end_on_signals("");  // what is said is below
  RunStore store(options.state);
  std::vector<std::string> notices;
  RunQueue queue(store, notices);
  Checks checks(processes, Role::check);
  Estimates estimates(processes, Role::estimate);
  Uploads uploads(uploads_folder(options), checks, {}, notices);
  std::mutex saying;
  const auto say = [&](const std::string& text) {
    const std::lock_guard lock(saying);
    std::cout << "reverie: " << printable(text) << std::endl;
  };
  for (const std::string& notice : notices) say("warning: " + notice);
  std::vector<std::string> urls;
  for (const WorkerAddress& worker : farm) {
    urls.push_back(worker.url);
    if (worker.url.starts_with("http:") && !is_loopback(host_of(worker.url)))
      say("warning: what is sent to " + worker.url + ", the token too, can be read by those in between");
  }
  const auto some_runs = [](std::size_t count) {
    return std::to_string(count) + (count == 1 ? " run" : " runs") +
           " of servers that are not among the --workers now";
  };
  if (const std::size_t count = queue.left_behind(urls))
    say("warning: " + some_runs(count) +
        " begin here when those must have stopped, at the end of their --lease; a server that is named "
        "again goes on with its run at once");

  RunTrash trash(queue, say);
  Api api({queue, checks, estimates, uploads, trash}, settings);
  const auto server = std::make_unique<WebServer>(
      web_options(options, token), [&](const HttpRequest& request) { return answer_site(request, api); });
  if (!is_loopback(options.listen))
    say("warning: others on the network can reach this server; what is sent, the token too, can be read by "
        "those in between");
  const bool everywhere = options.listen == "0.0.0.0" || options.listen == "::";
  say("open " + (everywhere ? "http://localhost:" + std::to_string(server->port()) : server->url()) +
      "/?token=" + token);
  {
    RunWorker renders(queue, RunKind::render, processes, Role::render, say),
        moves(queue, RunKind::motion, processes, Role::motion, say);
    std::vector<std::unique_ptr<FarmWorker>> workers;
    for (const WorkerAddress& worker : farm)
      workers.push_back(std::make_unique<FarmWorker>(queue, checks, worker, options.lease, say));
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::minutes kBetweenLooks(1);  // into the trash, where things stay for days
    Clock::time_point look = Clock::now();
    while (!interrupted && processes.lives()) {
      queue.end_leases();
      if (const std::size_t count = queue.give_back_all_but(urls, std::chrono::steady_clock::now()))
        say(some_runs(count) + " can begin now");
      if (const Clock::time_point now = Clock::now(); now >= look) {
        trash.empty_old(serve::milliseconds_now());
        look = now + kBetweenLooks;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    say(interrupted
            ? "ending; the run that goes is saved first (Ctrl-C again ends at once)"
            : "ending, because the process that starts runs is gone; start the server again, it goes on "
              "with the queue");
    queue.close();
  }
  processes.end();  // checks that nobody waits for any more
  return interrupted ? 0 : 1;
}

}  // namespace reverie::cli
