#include "media/web_file.h"

#include <chrono>
#include <cstdlib>

#include "base/nearest.h"
#include "engine/outputs.h"
#include "models/catalogue.h"
#include "models/http_get.h"
#include "models/sha256.h"
#include "reverie/error.h"

namespace reverie::media {

using engine::write_file;

namespace {

using models::http_get, models::HttpHead, models::HttpRequest, models::HttpResult;

using Clock = std::chrono::steady_clock;

constexpr int kAttempts = 3;

/// ".png" of "https://host/a/b.png?size=3"; empty unless it is short and plain.
std::string extension_of(const std::string& url) {
  const std::string without_query = url.substr(0, url.find_first_of("?#"));
  const std::string extension = std::filesystem::path(without_query).extension().string();
  const bool plain = extension.size() <= 6 && extension.find_first_not_of(
                                                  "abcdefghijklmnopqrstuvwxyz"
                                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                  "0123456789",
                                                  1) == std::string::npos;
  return extension.size() > 1 && plain ? extension : "";
}

/// One download into memory, and why it stopped when it did.
struct Download {
  std::string bytes, refusal;
  HttpResult result;
};

Download download_once(const std::string& url, const WebFileOptions& options, Clock::time_point deadline) {
  Download download;
  HttpRequest request;
  request.url = url;
  request.connect_seconds = options.connect_seconds;
  request.stall_seconds = options.stall_seconds;
  request.stall_bytes_per_second = options.stall_bytes_per_second;
  request.cancelled = options.cancelled;
  const auto refuse = [&](const std::string& why) {
    download.refusal = why;
    return false;
  };
  const std::string too_large = "it is larger than " + models::size_text(options.most_bytes);
  download.result = http_get(
      request,
      [&](const HttpHead& head) { return head.bytes.value_or(0) <= options.most_bytes || refuse(too_large); },
      [&](std::string_view bytes) {
        if (bytes.size() > options.most_bytes - download.bytes.size()) return refuse(too_large);
        if (Clock::now() > deadline)
          return refuse("it takes longer than " + std::to_string(options.most_seconds) + " s");
        download.bytes += bytes;
        return true;
      });
  return download;
}

bool worth_repeating(const HttpResult& result) {
  return result.end == HttpResult::End::broken || result.status == 429 || result.status >= 500;
}

int hexadecimal(char digit) {
  const auto at = std::string("0123456789abcdef").find(lower(std::string(1, digit)));
  return at == std::string::npos ? -1 : static_cast<int>(at);
}

}  // namespace

bool is_web_address(const std::string& text) {
  const std::string start = lower(text.substr(0, 8));
  return start.rfind("http://", 0) == 0 || start == "https://";
}

std::filesystem::path web_cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const std::filesystem::path base =
      cache && *cache == '/' ? std::filesystem::path(cache) : models::expand_home("~/.cache");
  return base / "reverie/downloads";
}

std::filesystem::path web_file_path(const std::string& url, const std::filesystem::path& folder) {
  models::Sha256 hash;
  hash.add(url);
  return folder / (hash.hex() + extension_of(url));
}

std::filesystem::path fetch_web_file(const std::string& url, const WebFileOptions& options) {
  const std::filesystem::path path =
      web_file_path(url, options.folder.empty() ? web_cache_folder() : options.folder);
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) return path;

  options.note("downloading " + url);
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(options.most_seconds);
  std::string why;
  bool unreachable = false;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    const Download download = download_once(url, options, deadline);
    const HttpResult& result = download.result;
    if (options.cancelled && *options.cancelled)
      throw Error(ErrorKind::file, "stopped while downloading '" + url + "'");
    if (result.end == HttpResult::End::complete) {
      write_file(path, download.bytes);
      return path;
    }
    why = download.refusal.empty() ? result.why : download.refusal;
    unreachable = result.end == HttpResult::End::unreachable;
    if (!download.refusal.empty() || !worth_repeating(result)) break;
  }
  throw Error(ErrorKind::file, "'" + url + "' could not be downloaded: " + why,
              std::string(unreachable ? "is this machine online? " : "") +
                  "download it by hand and give the path of the file instead");
}

std::filesystem::path path_of_file_address(const std::string& url) {
  std::string rest = url.substr(std::string("file://").size());
  if (lower(rest.substr(0, 10)) == "localhost/") rest.erase(0, 9);
  if (rest.empty() || rest[0] != '/')
    throw Error(ErrorKind::file, "'" + url + "' does not name a file of this machine",
                "write file:///path, or the path alone");
  std::string path;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const bool coded = rest[i] == '%' && i + 2 < rest.size() && hexadecimal(rest[i + 1]) >= 0 &&
                       hexadecimal(rest[i + 2]) >= 0;
    path += coded ? static_cast<char>(hexadecimal(rest[i + 1]) * 16 + hexadecimal(rest[i + 2])) : rest[i];
    if (coded) i += 2;
  }
  return path;
}

}  // namespace reverie::media
