#include "models/download.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include "models/http_get.h"
#include "models/part_file.h"
#include "reverie/error.h"

namespace reverie::models {
namespace {

using models::http_get, models::HttpHead, models::HttpRequest, models::HttpResult;
using std::chrono::milliseconds;

/// One address did not give the file.
struct Failure {
  std::string why;
  bool unreachable = false;
};

class Download {
 public:
  Download(const CatalogueEntry& entry, const std::filesystem::path& target, const DownloadOptions& options)
      : entry_(entry), target_(target), options_(options), addresses_(entry.urls) {
    if (options.mirror.empty()) return;
    const char* slash = options.mirror.back() == '/' ? "" : "/";
    addresses_.insert(addresses_.begin(), options.mirror + slash + entry.family + "/" + entry.file);
  }

  DownloadEnd run() {
    const auto go_on = [this] { return !cancelled(); };
    if (is_right(entry_, target_, go_on)) return DownloadEnd::already_installed;
    std::optional<PartFile> part = wait_for_part();
    if (!part) return DownloadEnd::interrupted;
    // Whoever had the lock may have finished the work.
    if (is_right(entry_, target_, go_on)) {
      part->remove();
      return DownloadEnd::already_installed;
    }
    if (part->size() > entry_.bytes) part->restart();
    check_space(part->size());
    if (part->size() > 0)
      options_.note("going on after the " + size_text(part->size()) + " that are already here");
    if (!part->read_hash(go_on)) return DownloadEnd::interrupted;
    options_.progress(part->size());
    if (finished(*part)) return DownloadEnd::installed;

    std::string message = "'" + entry_.name + "' (" + size_text(entry_.bytes) + ") could not be downloaded";
    bool all_unreachable = true;
    for (const std::string& url : addresses_) {
      const std::optional<Failure> failure = try_address(*part, url);
      if (!failure && cancelled()) return DownloadEnd::interrupted;
      if (!failure) return DownloadEnd::installed;
      message += "; " + url + ": " + failure->why;
      all_unreachable = all_unreachable && failure->unreachable;
      if (&url != &addresses_.back()) options_.note(url + ": " + failure->why + "; trying the next address");
    }
    if (part->size() == 0)
      part->remove();
    else
      message += "; " + size_text(part->size()) + " are kept, and the next try goes on from there";
    throw Error(ErrorKind::model, message,
                std::string(all_unreachable ? "no server could be reached: is this machine online? " : "") +
                    "to do it by hand, download " + entry_.urls.front() + " and save it as '" +
                    target_.string() + "'");
  }

 private:
  bool cancelled() const { return options_.cancelled && *options_.cancelled; }

  /// Ends early when the artist does not want to wait any longer.
  void pause(milliseconds time) const {
    constexpr milliseconds kSlice{50};
    for (; time > milliseconds(0) && !cancelled(); time -= kSlice)
      std::this_thread::sleep_for(std::min(time, kSlice));
  }

  std::optional<PartFile> wait_for_part() {
    for (bool first = true; !cancelled(); first = false) {
      if (std::optional<PartFile> part = PartFile::lock(target_)) return part;
      if (first) options_.note("another process is downloading '" + entry_.name + "'; waiting for it");
      pause(milliseconds(200));
    }
    return std::nullopt;
  }

  void check_space(std::uint64_t present) const {
    std::error_code error;
    const auto space = std::filesystem::space(target_.parent_path(), error);
    if (error || space.available >= entry_.bytes - present) return;
    throw Error(ErrorKind::file,
                "'" + entry_.name + "' needs " + size_text(entry_.bytes - present) + " in '" +
                    target_.parent_path().string() + "', where " + size_text(space.available) + " are free",
                "free some space, or choose another folder with models_parent_dir=DIR");
  }

  /// Installs a part that is all there and right. One that is all there and wrong starts over.
  bool finished(PartFile& part) const {
    if (part.size() != entry_.bytes) return false;
    if (part.sha256() == entry_.sha256) {
      part.install();
      return true;
    }
    part.restart();
    return false;
  }

  /// Nothing when the file is installed, or when cancelled.
  std::optional<Failure> try_address(PartFile& part, const std::string& url) {
    std::uint64_t furthest = part.size();
    bool reached = false, began_anew = false;
    for (int failures = 0; !cancelled();) {
      const Attempt attempt = fetch_once(part, url);
      const HttpResult& http = attempt.http;
      reached = reached || http.status > 0;
      if (!attempt.wrong.empty()) return Failure{attempt.wrong};
      if (http.end == HttpResult::End::complete && part.size() == entry_.bytes) {
        if (finished(part)) return std::nullopt;
        // Bytes of before may have been of another file; a body in one piece is this server's own doing.
        if (!attempt.resumed || began_anew)
          return Failure{"the server's file differs from the published one"};
        began_anew = true;
        options_.note("the parts do not fit together; starting over");
        continue;
      }
      if (cancelled()) return std::nullopt;
      if (attempt.misplaced || (http.status == 416 && attempt.asked_from > 0)) part.restart();
      const std::string why = http.end == HttpResult::End::complete ? "the connection ended early"
                              : attempt.misplaced ? "the server sent another part of the file than requested"
                                                  : http.why;
      if (http.end == HttpResult::End::unreachable && !reached) return Failure{why, true};
      if (http.end == HttpResult::End::refused && !worth_repeating(http.status, attempt.asked_from))
        return Failure{why};
      // Only what brings the file on counts as progress, so that no server can keep this going for ever.
      failures = part.size() > furthest + entry_.bytes / 100 ? 0 : failures + 1;
      furthest = std::max(furthest, part.size());
      if (failures >= options_.attempts) return Failure{why, http.end == HttpResult::End::unreachable};
      const milliseconds wait = options_.back_off * (1 << std::clamp(failures - 1, 0, 6));
      options_.note(url + ": " + why + "; trying again");
      pause(wait);
    }
    return std::nullopt;
  }

  static bool worth_repeating(long status, std::uint64_t asked_from) {
    return status == 408 || status == 425 || status == 429 || (status >= 500 && status < 600) ||
           (status == 416 && asked_from > 0);
  }

  struct Attempt {
    HttpResult http;
    std::uint64_t asked_from = 0;
    bool resumed = false;    // bytes of before are in the part
    bool misplaced = false;  // the answer begins elsewhere than asked for
    std::string wrong;       // why this server cannot have the file
  };

  Attempt fetch_once(PartFile& part, const std::string& url) {
    Attempt attempt;
    HttpRequest request{url,
                        part.size(),
                        {},
                        options_.connect_seconds,
                        options_.stall_seconds,
                        options_.stall_bytes_per_second,
                        options_.cancelled};
    attempt.asked_from = part.size();
    // Another address' validator means nothing here. Without one the bytes' hash decides in the end.
    const PartSource source = part.source();
    if (source.url == url) request.validator = source.validator;
    const auto on_head = [&](const HttpHead& head) {
      if (head.bytes && *head.bytes != entry_.bytes) {
        attempt.wrong = "the server's file has " + std::to_string(*head.bytes) + " bytes instead of " +
                        std::to_string(entry_.bytes);
        return false;
      }
      if (head.from == 0 && part.size() > 0) part.restart();
      attempt.misplaced = head.from != part.size();
      attempt.resumed = part.size() > 0;
      if (!attempt.misplaced) part.set_source({url, head.validator});
      return !attempt.misplaced;
    };
    const auto on_body = [&](std::string_view bytes) {
      if (bytes.size() > entry_.bytes - part.size()) {
        attempt.wrong =
            "the server sends more than the " + std::to_string(entry_.bytes) + " bytes of the file";
        part.restart();
        return false;
      }
      part.append(bytes);
      options_.progress(part.size());
      return true;
    };
    attempt.http = http_get(request, on_head, on_body);
    return attempt;
  }

  const CatalogueEntry& entry_;
  const std::filesystem::path target_;
  const DownloadOptions& options_;
  std::vector<std::string> addresses_;
};

}  // namespace

bool is_right(const CatalogueEntry& entry, const std::filesystem::path& path,
              const std::function<bool()>& go_on) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) &&
         std::filesystem::file_size(path, error) == entry.bytes && !error &&
         sha256_of(path, go_on) == entry.sha256;
}

DownloadEnd download(const CatalogueEntry& entry, const std::string& models_parent_dir,
                     const DownloadOptions& options) {
  return Download(entry, model_path(entry, models_parent_dir), options).run();
}

}  // namespace reverie::models
