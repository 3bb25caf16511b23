// The interface: what happens now, in the queue and in a run.

#include <chrono>

#include "serve/api_call.h"
#include "serve/stored_run.h"
#include "web/run_routes.h"

namespace reverie::serve {

using web::answer_run;
using web::HttpResponse;
using web::RunView;

namespace {

constexpr std::chrono::milliseconds kBetweenProgress(300);

}  // namespace

HttpResponse Api::events(const Call&) {
  HttpResponse response = HttpResponse::text("", "text/event-stream");
  struct Reader {
    std::uint64_t version = 0, progress = 0;
    std::chrono::steady_clock::time_point sent;
  };
  response.stream = [this, reader = Reader()]() mutable -> std::optional<std::string> {
    const auto now = std::chrono::steady_clock::now();
    if (const std::uint64_t version = queue_.version(); version != reader.version) {
      reader.version = version;
      return "event: queue\ndata: " + json_text(list_json(kListed)) + "\n\n";
    }
    if (now - reader.sent < kBetweenProgress) return "";
    std::uint64_t progress = 0;
    const std::vector<RunRecord> running = queue_.running(progress);
    if (progress == reader.progress) return "";
    reader.progress = progress;
    reader.sent = now;
    Json::Value answer;
    answer["runs"] = Json::arrayValue;
    for (const RunRecord& record : running) answer["runs"].append(summary(record));
    return "event: progress\ndata: " + json_text(answer) + "\n\n";
  };
  return response;
}

HttpResponse Api::ask_view(const Call& call) {
  std::shared_ptr<RunView> view = queue_.view(call.id);
  if (!view) {
    const RunRecord record = queue_.get(call.id);
    const bool begins = !record.output || record.state == RunState::running;
    if (begins && call.rest == "picture") {
      HttpResponse none;
      none.status = 204;
      return none;
    }
    if (begins) throw RequestError(404, "the run has not begun");
    view = std::make_shared<StoredRun>(record);
  }
  auto response = answer_run(view, call.rest, call.request);
  if (!response) throw RequestError(404, "there is nothing at this address");
  return std::move(*response);
}

}  // namespace reverie::serve
