#include "serve/site.h"

#include "web/pages.h"

namespace reverie::serve {

using web::HttpRequest;
using web::HttpResponse;
using web::page;
using web::studio_files;
namespace {

/// /runs/<digits>
bool is_run_page(const std::string& path) {
  const std::string start = "/runs/";
  return path.size() > start.size() && path.compare(0, start.size(), start) == 0 &&
         path.find_first_not_of("0123456789", start.size()) == std::string::npos;
}

}  // namespace

HttpResponse answer_site(const HttpRequest& request, Api& api) {
  const std::string& path = request.path;
  const std::string interface = "/api/", files = "/pages/";
  if (path.compare(0, interface.size(), interface) == 0) return api.answer(request);
  const bool studio = path == "/", run = is_run_page(path);
  const bool file = path.compare(0, files.size(), files) == 0;
  if (!studio && !run && !file) return HttpResponse::error(404, "there is nothing at this address");
  if (request.method != "GET") {
    HttpResponse response = HttpResponse::error(405, "this address takes GET");
    response.headers.emplace_back("Allow", "GET");
    return response;
  }
  if (run) return page("watch.html");
  HttpResponse response = page(studio ? "studio.html" : path.substr(files.size()), studio_files());
  return response.status == 404 ? page(path.substr(files.size())) : response;
}

}  // namespace reverie::serve
