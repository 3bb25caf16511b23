#pragma once
// One GET of an http or https address, from a given byte on. Redirects are followed, but never from https to
// http; proxies are those of the usual environment variables, and SSL_CERT_FILE may name the trusted
// certificates.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace reverie::models {

struct HttpRequest {
  std::string url;
  std::uint64_t from = 0;  ///< first byte wanted
  std::string validator;   ///< with from > 0: if the file is no longer this one, all of it is wanted
  long connect_seconds = 30;
  long stall_seconds = 30;             ///< a transfer slower than the next for so long is ended
  long stall_bytes_per_second = 1000;  ///< 0: no limit
  const std::atomic<bool>* cancelled = nullptr;
};

/// What a server said of the body that follows; status is 200 or 206.
struct HttpHead {
  long status = 0;
  std::uint64_t from = 0;              ///< first byte that the body has
  std::optional<std::uint64_t> bytes;  ///< of the whole file, as far as the server says
  std::string validator;               ///< ETag or date; empty if it gives none
};

struct HttpResult {
  enum class End {
    complete,     ///< as much as the server meant to send
    refused,      ///< a status other than 200 and 206, or a redirect that may not be followed
    unreachable,  ///< no connection
    broken,       ///< cut off or stalled
    stopped,      ///< by a callback or by `cancelled`
  };
  End end = End::complete;
  long status = 0;  ///< the last one received; 0: none
  std::string why;  ///< for people, unless complete or stopped
};

/// `on_head` is called once before a body, `on_body` for each piece of it; either stops the transfer by
/// returning false. What they throw is thrown on.
HttpResult http_get(const HttpRequest& request, const std::function<bool(const HttpHead&)>& on_head,
                    const std::function<bool(std::string_view)>& on_body);

}  // namespace reverie::models
