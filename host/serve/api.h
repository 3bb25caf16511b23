#pragma once
// The server's interface for programs: JSON over HTTP, as docs/openapi.json describes it.

#include <json/value.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "serve/checks.h"
#include "serve/rate_limit.h"
#include "serve/run_queue.h"
#include "web/http.h"

namespace reverie {

class Api {
 public:
  /// `settings`: see settings_list(). Everything given must outlive this.
  Api(RunQueue& queue, Checks& checks, const Json::Value& settings);

  /// Answers whatever begins with /api/. May be called from several threads at a time.
  HttpResponse answer(const HttpRequest& request);

  /// "GET /api/runs/{id}" and so on, all of them.
  static std::vector<std::string> routes();

 private:
  struct Call;
  struct Route;
  static const std::vector<Route>& table();

  HttpResponse describe(const Call& call);
  HttpResponse list_settings(const Call& call);
  HttpResponse read_settings(const Call& call);
  HttpResponse check(const Call& call);
  HttpResponse list_runs(const Call& call);
  HttpResponse submit(const Call& call);
  HttpResponse get_run(const Call& call);
  HttpResponse remove_run(const Call& call);
  HttpResponse pause(const Call& call);
  HttpResponse resume(const Call& call);
  HttpResponse cancel(const Call& call);
  HttpResponse move(const Call& call);
  HttpResponse run_settings(const Call& call);
  HttpResponse list_files(const Call& call);
  HttpResponse get_file(const Call& call);
  HttpResponse events(const Call& call);
  HttpResponse ask_view(const Call& call);

  Json::Value list_json(std::int64_t limit) const;

  RunQueue& queue_;
  Checks& checks_;
  const std::shared_ptr<const std::string> settings_;
  RateLimit changes_;
};

}  // namespace reverie
