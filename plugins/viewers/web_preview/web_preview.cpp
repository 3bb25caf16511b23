/// Web preview: a page on this machine that shows the run while it goes, and has buttons to pause, resume,
/// keep a picture and stop.
///
/// The server has threads of its own; update() only copies what is new. Runs of one process follow each other
/// at the same address, so that one page can watch them all.

#include <algorithm>
#include <chrono>
#include <thread>

#include "reverie/plugin.h"
#include "reverie/viewer.h"
#include "web/pages.h"
#include "web/run_feed.h"
#include "web/run_routes.h"
#include "web/token.h"
#include "web/web_server.h"

namespace reverie {
namespace {

constexpr ParamSpec kParams[] = {
    integer("preview_port", 0)
        .range(0, 65535)
        .fixed("the page keeps its address")
        .help("the port of the page that shows the run; 0 takes any that is free"),
};

/// How long the run's end waits for pages to load the last picture.
constexpr std::chrono::milliseconds kFarewell(2500);

class WebPreview final : public Viewer {
 public:
  WebPreview(Host& host, const Params& params, const Setup& setup)
      : feed_(std::make_shared<web::RunFeed>(setup)) {
    static const std::string token = web::make_secret();
    static int last_port = 0;
    web::WebServer::Options options;
    options.rules.token = token;
    options.port = static_cast<int>(params.get<std::int64_t>("preview_port"));
    const bool any_port = options.port == 0;
    if (any_port) options.port = last_port;
    try {
      open(options);
    } catch (const Error&) {
      if (!any_port || options.port == 0) throw;
      options.port = 0;  // somebody else took it meanwhile
      open(options);
    }
    if (server_->port() != last_port)
      host.log(LogLevel::info, "preview: " + server_->url() + "/?token=" + token);
    last_port = server_->port();
  }

  void update(const RunUpdate& update) override {
    feed_->update(update);
    if (update.state == RunUpdate::State::running) return;
    // A page closes its stream once it shows the end.
    const auto limit = std::chrono::steady_clock::now() + kFarewell;
    while (server_->open_streams() > 0 && std::chrono::steady_clock::now() < limit)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    server_.reset();
  }

 private:
  void open(const web::WebServer::Options& options) {
    server_ = std::make_unique<web::WebServer>(
        options, [feed = feed_](const web::HttpRequest& request) -> web::HttpResponse {
          const std::string run = "/api/run/", pages = "/pages/";
          if (request.path == run.substr(0, run.size() - 1)) return *web::answer_run(feed, "", request);
          if (request.path.starts_with(run)) {
            if (auto response = web::answer_run(feed, request.path.substr(run.size()), request))
              return *response;
          } else if (request.method != "GET") {
            return web::HttpResponse::error(405, "this takes GET");
          } else if (request.path == "/") {
            return web::page("watch.html");
          } else if (request.path.starts_with(pages)) {
            return web::page(request.path.substr(pages.size()));
          }
          return web::HttpResponse::error(404, "there is nothing at this address");
        });
  }

  std::shared_ptr<web::RunFeed> feed_;
  std::unique_ptr<web::WebServer> server_;
};

}  // namespace

REVERIE_EXPORT_PLUGIN(WebPreview, Viewer, "web_preview", "1.0",
                      "a page in the browser with the picture, graphs and buttons", kParams, "web",
                      "preview");

}  // namespace reverie
