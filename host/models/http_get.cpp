#include "models/http_get.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <limits>
#include <memory>

#include "base/nearest.h"
#include "reverie/error.h"

namespace reverie::models {
namespace {

constexpr long kMostRedirects = 10;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The state of one transfer, which libcurl's C callbacks get at.
class Transfer {
 public:
  Transfer(const std::function<bool(const HttpHead&)>& on_head,
           const std::function<bool(std::string_view)>& on_body)
      : on_head_(on_head), on_body_(on_body) {}

  /// Each redirect has headers of its own; those of the last count.
  void header(std::string_view line) {
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    if (line.rfind("HTTP/", 0) == 0) {
      head_ = {};
      date_.clear();
      const auto space = line.find(' ');
      head_.status =
          static_cast<long>(number(line.substr(std::min(space, line.size() - 1) + 1, 3)).value_or(0));
      // Where a part begins only Content-Range can say.
      if (head_.status == 206) head_.from = std::numeric_limits<std::uint64_t>::max();
      return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string name = lower(std::string(line.substr(0, colon)));
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    // The length of a partial answer is not that of the file.
    if (name == "content-length" && head_.status == 200) head_.bytes = number(value);
    if (name == "content-range" && head_.status == 206) range_header(value);
    if (name == "etag" && value.rfind("W/", 0) != 0) head_.validator = value;  // weak ones vouch for no bytes
    if (name == "last-modified") date_ = value;
  }

  bool body(std::string_view bytes) {
    return start() && guarded([&] { return on_body_(bytes); });
  }

  /// Announces the head, once; also for an empty body.
  bool start() {
    if (started_) return true;
    if (head_.status != 200 && head_.status != 206) return false;
    started_ = true;
    if (head_.validator.empty()) head_.validator = date_;
    return guarded([&] { return on_head_(head_); });
  }

  bool stopped() const { return stopped_; }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  /// "bytes 100-199/200"; the length of the whole may be "*".
  void range_header(std::string_view value) {
    const auto dash = value.find('-'), slash = value.find('/');
    if (value.rfind("bytes ", 0) != 0 || dash == std::string_view::npos || slash == std::string_view::npos)
      return;
    if (const auto from = number(value.substr(6, dash - 6))) head_.from = *from;
    head_.bytes = number(value.substr(slash + 1));
  }

  /// Exceptions must not pass through libcurl.
  template <typename Work>
  bool guarded(const Work& work) {
    try {
      if (work()) return true;
    } catch (...) {
      thrown_ = std::current_exception();
    }
    stopped_ = true;
    return false;
  }

  const std::function<bool(const HttpHead&)>& on_head_;
  const std::function<bool(std::string_view)>& on_body_;
  HttpHead head_;
  std::string date_;
  bool started_ = false, stopped_ = false;
  std::exception_ptr thrown_;
};

std::size_t header_callback(char* data, std::size_t size, std::size_t count, void* transfer) {
  static_cast<Transfer*>(transfer)->header({data, size * count});
  return size * count;
}

std::size_t body_callback(char* data, std::size_t size, std::size_t count, void* transfer) {
  return static_cast<Transfer*>(transfer)->body({data, size * count}) ? size * count : 0;
}

int progress_callback(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<const std::atomic<bool>*>(cancelled) ? 1 : 0;
}

HttpResult::End end_of(CURLcode code, bool connected) {
  using End = HttpResult::End;
  switch (code) {
    case CURLE_OK:
      return End::complete;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PROXY:
      return End::unreachable;
    case CURLE_OPERATION_TIMEDOUT:
      return connected ? End::broken : End::unreachable;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_TOO_MANY_REDIRECTS:
      return End::refused;
    default:
      return End::broken;
  }
}

std::string reason(CURLcode code, bool connected, const HttpRequest& request, const char* detail) {
  if (code == CURLE_OPERATION_TIMEDOUT && connected)
    return "the server sent less than " + std::to_string(request.stall_bytes_per_second) +
           " bytes a second for " + std::to_string(request.stall_seconds) + " s";
  if (code == CURLE_TOO_MANY_REDIRECTS) return "more than " + std::to_string(kMostRedirects) + " redirects";
  if (code == CURLE_UNSUPPORTED_PROTOCOL)
    return "the address redirects to something other than " +
           std::string(request.url.rfind("https:", 0) == 0 ? "https" : "http or https");
  if (code == CURLE_PARTIAL_FILE) return "the connection ended early";
  return *detail ? detail : curl_easy_strerror(code);
}

}  // namespace

HttpResult http_get(const HttpRequest& request, const std::function<bool(const HttpHead&)>& on_head,
                    const std::function<bool(std::string_view)>& on_body) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(ready == CURLE_OK ? curl_easy_init() : nullptr,
                                                    curl_easy_cleanup);
  if (!curl) throw Error(ErrorKind::unsupported, "libcurl cannot be started");
  Transfer transfer(on_head, on_body);
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  char detail[CURL_ERROR_SIZE] = "";
  set(CURLOPT_ERRORBUFFER, detail);
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_USERAGENT, "reverie");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  // A hash guards the bytes, but who reads along is the artist's business.
  set(CURLOPT_REDIR_PROTOCOLS_STR, lower(request.url).rfind("https:", 0) == 0 ? "https" : "http,https");
  // OpenSSL's own variable, which libcurl overrides with the place it was built for.
  if (const char* certificates = std::getenv("SSL_CERT_FILE")) set(CURLOPT_CAINFO, certificates);
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, kMostRedirects);
  set(CURLOPT_CONNECTTIMEOUT, request.connect_seconds);
  set(CURLOPT_LOW_SPEED_TIME, request.stall_seconds);
  set(CURLOPT_LOW_SPEED_LIMIT, request.stall_bytes_per_second);
  set(CURLOPT_HEADERFUNCTION, header_callback);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_WRITEFUNCTION, body_callback);
  set(CURLOPT_WRITEDATA, &transfer);
  if (request.cancelled) {
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, progress_callback);
    set(CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(request.cancelled));
  }
  const std::string range = std::to_string(request.from) + "-";
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(nullptr, curl_slist_free_all);
  if (request.from > 0) {
    set(CURLOPT_RANGE, range.c_str());
    if (!request.validator.empty())
      headers.reset(curl_slist_append(nullptr, ("If-Range: " + request.validator).c_str()));
    set(CURLOPT_HTTPHEADER, headers.get());
  }

  CURLcode code = curl_easy_perform(curl.get());
  HttpResult result;
  curl_off_t connect_time = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &result.status);
  curl_easy_getinfo(curl.get(), CURLINFO_CONNECT_TIME_T, &connect_time);
  if (code == CURLE_OK) transfer.start();
  transfer.rethrow();
  const bool cancelled = request.cancelled && *request.cancelled;
  const bool connected = result.status > 0 || connect_time > 0;
  if (transfer.stopped() || cancelled) {
    result.end = HttpResult::End::stopped;
  } else if ((code == CURLE_OK || code == CURLE_WRITE_ERROR) && result.status != 200 &&
             result.status != 206) {
    result.end = HttpResult::End::refused;
    result.why = "the server answered " + std::to_string(result.status);
  } else {
    result.end = end_of(code, connected);
    if (code != CURLE_OK) result.why = reason(code, connected, request, detail);
  }
  return result;
}

}  // namespace reverie::models
