#pragma once
// Who may ask the server for anything.

#include <optional>
#include <string>
#include <vector>

#include "web/http.h"

namespace reverie::web {

/// Keeps out other people of the machine, and web pages that the artist's browser shows.
///
/// * Only requests by one of the names below get through, so that no page can make its own name point here
///   (DNS rebinding).
/// * The token comes in a cookie that scripts cannot read and other sites' requests do not carry, or from
///   programs as `Authorization: Bearer`. A GET with ?token=... is answered by the cookie, and by a
///   redirection to the address without it.
/// * What changes something must come from our own pages: the Origin must be this very server. Programs with
///   the token in a header need none.
/// * Bodies have a stated, bounded length and are not compressed.
class Guard {
 public:
  struct Rules {
    std::string token;
    /// Allowed in the Host header, in lower case, without port. Any port will do: it may be the near end of a
    /// tunnel.
    std::vector<std::string> hosts = {"localhost", "127.0.0.1", "[::1]"};
    std::size_t largest_body = 1 << 20;
    std::string upload_path;  ///< a POST to it is an upload: its body goes to a file; empty: there are none
    std::size_t largest_upload = 0;
  };

  explicit Guard(Rules rules) : rules_(std::move(rules)) {}

  /// Nothing: the request may go on. Else its answer. Looks at everything but the body, which need not have
  /// been read.
  std::optional<HttpResponse> objection(const HttpRequest& request) const;

 private:
  Rules rules_;
};

/// Whether the body of this request goes to a file.
bool is_upload(const HttpRequest& request, const Guard::Rules& rules);

}  // namespace reverie::web
