#pragma once
// The server's interface for programs: JSON over HTTP, as docs/openapi.json describes it.

#include <json/value.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "serve/checks.h"
#include "serve/estimate.h"
#include "serve/rate_limit.h"
#include "serve/run_queue.h"
#include "serve/run_trash.h"
#include "serve/uploads.h"
#include "web/http.h"

namespace reverie::serve {

class Api {
 public:
  struct Parts {
    RunQueue& queue;
    Checks& checks;
    Estimates& estimates;
    Uploads& uploads;
    RunTrash& trash;
  };
  /// `settings`: see settings_list(). The parts must outlive this.
  Api(const Parts& parts, const Json::Value& settings);

  /// Answers all paths that begin with /api/. May be called from several threads at a time.
  web::HttpResponse answer(const web::HttpRequest& request);

  /// "GET /api/runs/{id}" and so on, all of them.
  static std::vector<std::string> routes();

 private:
  struct Call;
  struct Route;
  static const std::vector<Route>& table();

  web::HttpResponse describe(const Call& call);
  web::HttpResponse list_settings(const Call& call);
  web::HttpResponse read_settings(const Call& call);
  web::HttpResponse check(const Call& call);
  web::HttpResponse curves(const Call& call);
  web::HttpResponse estimate(const Call& call);
  web::HttpResponse list_presets(const Call& call);
  web::HttpResponse list_uploads(const Call& call);
  web::HttpResponse add_upload(const Call& call);
  web::HttpResponse get_upload(const Call& call);
  web::HttpResponse remove_upload(const Call& call);
  web::HttpResponse list_gallery(const Call& call);
  web::HttpResponse list_trash(const Call& call);
  web::HttpResponse empty_trash(const Call& call);
  web::HttpResponse put_into_trash(const Call& call);
  web::HttpResponse take_out_of_trash(const Call& call);
  web::HttpResponse submit_grid(const Call& call);
  web::HttpResponse list_runs(const Call& call);
  web::HttpResponse submit(const Call& call);
  web::HttpResponse paint(const Call& call);
  web::HttpResponse enqueue(CheckedRun checked, bool paused);
  web::HttpResponse get_run(const Call& call);
  web::HttpResponse remove_run(const Call& call);
  web::HttpResponse pause(const Call& call);
  web::HttpResponse resume(const Call& call);
  web::HttpResponse cancel(const Call& call);
  web::HttpResponse move(const Call& call);
  web::HttpResponse run_settings(const Call& call);
  web::HttpResponse list_files(const Call& call);
  web::HttpResponse get_file(const Call& call);
  web::HttpResponse get_zip(const Call& call);
  web::HttpResponse list_backups(const Call& call);
  web::HttpResponse get_backup(const Call& call);
  web::HttpResponse events(const Call& call);
  web::HttpResponse ask_view(const Call& call);

  Json::Value upload_json(const Upload& upload) const;
  /// From the steps' time in earlier runs: {seconds, step_seconds}, null where there are none.
  Json::Value known_time(const CheckedRun& checked) const;
  Json::Value list_json(std::int64_t limit) const;

  RunQueue& queue_;
  Checks& checks_;
  Estimates& estimates_;
  Uploads& uploads_;
  RunTrash& trash_;
  const std::shared_ptr<const std::string> settings_;
  RateLimit changes_;
};

}  // namespace reverie::serve
