// The interface: what was made, and what was deleted.

#include "serve/api_call.h"
#include "serve/gallery.h"

namespace reverie::serve {

using web::HttpResponse;

namespace {

constexpr std::int64_t kPage = 60, kMostOnPage = 200;

/// Runs that are over and have left a picture, or would have: not those that failed before the first.
bool is_shown(const RunRecord& record) {
  const bool over = record.state != RunState::queued && record.state != RunState::running;
  return over && record.kind == RunKind::render && record.output && record.pictures > 0;
}

}  // namespace

HttpResponse Api::list_gallery(const Call& call) {
  require_known(call.request, {"words", "from", "limit"});
  std::string words;
  std::int64_t from = 1, limit = kPage;
  for (const auto& [name, value] : call.request.query) {
    if (name == "words") words = value;
    if (name == "from") from = number_of(value);
    if (name == "limit") limit = number_of(value);
  }
  if (!is_utf8(words)) throw RequestError(400, "'words' is not valid Unicode");
  if (from < 1) throw RequestError(400, "'from' must be a whole number from 1");
  if (limit < 1 || limit > kMostOnPage)
    throw RequestError(400, "'limit' must be a whole number from 1 to " + std::to_string(kMostOnPage));
  Json::Value answer;
  answer["items"] = Json::arrayValue;
  std::int64_t found = 0;
  for (const RunRecord& record : queue_.list()) {
    if (!is_shown(record) || !is_found(record, words)) continue;
    ++found;
    if (found >= from && found - from < limit) answer["items"].append(gallery_item(record));
  }
  answer["found"] = Json::Int64(found);
  answer["deleted"] = Json::Int64(static_cast<std::int64_t>(queue_.deleted().size()));
  return json_response(answer);
}

HttpResponse Api::list_trash(const Call&) {
  Json::Value answer;
  answer["days"] = std::chrono::duration_cast<std::chrono::hours>(RunTrash::kKept).count() / 24;
  answer["runs"] = Json::arrayValue;
  for (const RunRecord& record : queue_.deleted()) {
    Json::Value item;
    item["id"] = Json::Int64(record.id);
    item["title"] = record.title;
    item["deleted"] = Json::Int64(record.deleted);
    answer["runs"].append(item);
  }
  return json_response(answer);
}

HttpResponse Api::empty_trash(const Call&) {
  trash_.empty();
  return empty_response();
}

HttpResponse Api::put_into_trash(const Call& call) {
  return json_response(summary(queue_.set_deleted(call.id, true)));
}

HttpResponse Api::take_out_of_trash(const Call& call) {
  return json_response(summary(queue_.set_deleted(call.id, false)));
}

}  // namespace reverie::serve
