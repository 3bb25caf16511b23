#include "web/run_routes.h"

#include <charconv>

namespace reverie::web {
namespace {

HttpResponse wrong_method(const std::string& right) {
  HttpResponse response = HttpResponse::error(405, "this takes " + right);
  response.headers.emplace_back("Allow", right);
  return response;
}

HttpResponse png(const RunView::Bytes& bytes) {
  HttpResponse response;
  if (!bytes) {
    response.status = 204;  // none yet
    return response;
  }
  response.headers.emplace_back("Content-Type", "image/png");
  response.shared_body = bytes;
  return response;
}

HttpResponse file(const std::optional<std::filesystem::path>& path) {
  HttpResponse response;
  if (path) response.file = PlainFile::open(*path);
  if (!response.file) return HttpResponse::error(404, "there is no such picture");
  response.headers.emplace_back("Content-Type", "image/png");
  response.headers.emplace_back("Cache-Control", "private, max-age=3600");
  return response;
}

HttpResponse events(const std::shared_ptr<RunView>& run) {
  HttpResponse response;
  response.headers.emplace_back("Content-Type", "text/event-stream");
  response.stream = [run, seen = RunView::Sequence(0)]() mutable -> std::optional<std::string> {
    const bool over = run->over();  // asked first, so that no news comes behind the end
    if (run->sequence() <= seen) return over ? std::nullopt : std::optional<std::string>("");
    const RunView::News news = run->news(seen);
    const std::string event = seen == 0 ? "state" : "news";
    seen = news.sequence;
    return "event: " + event + "\ndata: " + news.json + "\n\n";
  };
  return response;
}

std::optional<RunView::Wish> wish_of(const std::string& path) {
  if (path == "pause") return RunView::Wish::pause;
  if (path == "resume") return RunView::Wish::resume;
  if (path == "keep") return RunView::Wish::keep;
  if (path == "stop") return RunView::Wish::stop;
  return std::nullopt;
}

/// "frames/12" behind "frames/" is 12.
std::optional<std::int64_t> number_behind(const std::string& path, const std::string& start) {
  std::int64_t number = 0;
  if (path.compare(0, start.size(), start) != 0) return std::nullopt;
  const char* end = path.data() + path.size();
  const auto [stop, error] = std::from_chars(path.data() + start.size(), end, number);
  return error == std::errc() && stop == end && number > 0 ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<HttpResponse> answer_run(const std::shared_ptr<RunView>& run, const std::string& path,
                                       const HttpRequest& request) {
  if (const auto wish = wish_of(path)) {
    if (request.method != "POST") return wrong_method("POST");
    if (!run->ask(*wish)) return HttpResponse::error(409, "the run has ended");
    HttpResponse done;
    done.status = 204;
    return done;
  }
  const auto frame = number_behind(path, "frames/"), kept = number_behind(path, "kept/");
  if (!frame && !kept && path != "state" && path != "events" && path != "picture" && path != "palette")
    return std::nullopt;
  if (request.method != "GET") return wrong_method("GET");
  if (frame) return file(run->frame(*frame));
  if (kept) return file(run->kept(static_cast<std::size_t>(*kept)));
  if (path == "picture") return png(run->picture());
  if (path == "palette") return png(run->palette());
  if (path == "events") return events(run);
  return HttpResponse::json(run->state_json());
}

}  // namespace reverie::web
