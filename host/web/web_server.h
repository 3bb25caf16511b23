#pragma once
// An HTTP server behind the guard, on threads of its own.

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "web/guard.h"

namespace reverie::web {

class WebServer {
 public:
  /// Called for each request that the guard lets through, on any of the server's threads. What it throws
  /// becomes a 500 with the exception's text.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  struct Options {
    std::string address = "127.0.0.1";  ///< IPv4 or IPv6
    int port = 0;                       ///< 0: any that is free
    Guard::Rules rules;
    int threads = 2;                      ///< that call the handler; connections need none of their own
    int most_connections = 256;           ///< one more closes the oldest that has not asked for anything yet
    std::filesystem::path upload_folder;  ///< of the rules' uploads, while they come
    int most_uploads = 4;                 ///< at the same time, until they have their answers
    int most_streams = 64;                ///< others are answered with 503
    int patience = 10;  ///< seconds a client may take to send its request, or to take something in
  };

  /// Serves from here on. Throws Error(settings) when the address cannot be had.
  WebServer(const Options& options, Handler handler);
  /// Ends all connections at once; waits for calls of the handler only.
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  int port() const;
  /// http://address:port, without a slash at its end.
  std::string url() const;
  /// Responses with a stream that are being sent.
  int open_streams() const;

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

}  // namespace reverie::web
