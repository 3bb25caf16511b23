#pragma once
// Requests to another server of this program, by its interface (docs/openapi.json).

#include <json/value.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace reverie::serve {

/// The worker gave no answer, or one that cannot be read.
class WorkerSilent : public std::runtime_error {
 public:
  WorkerSilent(const std::string& why, bool received) : std::runtime_error(why), may_be_received(received) {}
  const bool may_be_received;  ///< false: the request has certainly not reached it
};

/// For one thread at a time. No redirection is followed and no proxy is used, so that the token goes to this
/// address only.
class WorkerClient {
 public:
  /// `url`: http://host:port, without a slash at its end.
  WorkerClient(std::string url, std::string token) : url_(std::move(url)), token_(std::move(token)) {}

  struct Answer {
    long status = 0;
    Json::Value json;  ///< null where there is none
    bool is_error() const { return status >= 400; }
    std::string error() const;  ///< "error" of the answer, or its status
  };
  /// Throw WorkerSilent.
  Answer get(const std::string& path) { return ask("GET", path, {}); }
  Answer post(const std::string& path, const Json::Value& body = Json::Value::null);
  Answer remove(const std::string& path) { return ask("DELETE", path, {}); }
  /// A file of at most 32 MiB; null: the worker has none of that name, or a larger one. `while_it_comes` and
  /// what is thrown as in fetch().
  std::shared_ptr<const std::string> bytes(const std::string& path,
                                           const std::function<void()>& while_it_comes);
  /// The file is there whole or not at all; at most this large. False: the worker has none of that name.
  /// `while_it_comes` is called with each piece. Throws WorkerSilent, Error(file) when it cannot be written,
  /// and what `while_it_comes` throws.
  bool fetch(const std::string& path, const std::filesystem::path& file, std::uintmax_t most,
             const std::function<void()>& while_it_comes);

  const std::string& url() const { return url_; }
  /// From any thread: requests end at once, and so do all that follow.
  void end() { ended_ = true; }

 private:
  Answer ask(const char* method, const std::string& path, const std::string& body);
  long perform(const char* method, const std::string& path, const std::string& body, long seconds,
               const std::function<bool(std::string_view)>& take);

  std::string url_, token_;
  std::atomic<bool> ended_ = false;
};

}  // namespace reverie::serve
