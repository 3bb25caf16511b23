#pragma once
// Requests and responses, apart from the library that carries them.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "web/plain_file.h"
#include "web/received_file.h"

namespace reverie::web {

struct HttpRequest {
  std::string method;                        ///< "GET" for HEAD, too: the server leaves the body out
  std::string target;                        ///< as it was sent
  std::string path;                          ///< decoded, without the query; starts with '/'
  std::map<std::string, std::string> query;  ///< decoded; of equal names, the first
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  std::shared_ptr<ReceivedFile> received;  ///< of an upload (Guard::Rules), in the place of `body`

  /// The first header of this name (in lower case); empty where there is none.
  const std::string& header(const std::string& name) const;
  std::size_t count(const std::string& name) const;
};

struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  ///< besides those that the server always sends

  // The body is the first of these that is there:
  /// Called some times a second, on any of the server's threads, one call after another: what to send now,
  /// nothing at the end. The server sends a comment line now and then, so it has to be text/event-stream.
  std::function<std::optional<std::string>()> stream;
  /// Called again and again, as fast as the client takes it: the next piece, nothing at the end. All of them
  /// have `pieces_size` bytes; what it throws ends the connection, so that the client sees that some are
  /// missing.
  std::function<std::optional<std::string>()> pieces;
  std::uint64_t pieces_size = 0;
  /// A file, of which a client may ask for a part (Range).
  std::shared_ptr<const PlainFile> file;
  std::shared_ptr<const std::string> shared_body;
  std::string body;

  static HttpResponse text(std::string body, const std::string& type = "text/plain; charset=utf-8",
                           int status = 200);
  /// `json`: one object as text.
  static HttpResponse json(std::string json, int status = 200);
  /// {"error": message}, for programs and people.
  static HttpResponse error(int status, const std::string& message);
};

/// The parts of a request's target. False when it is not of the form /path?query.
bool split_target(const std::string& target, std::string& path, std::map<std::string, std::string>& query);

}  // namespace reverie::web
