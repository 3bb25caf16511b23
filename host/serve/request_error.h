#pragma once
// What a request is refused with.

#include <stdexcept>
#include <string>

namespace reverie::serve {

class RequestError final : public std::runtime_error {
 public:
  RequestError(int status, const std::string& message) : std::runtime_error(message), status_(status) {}
  int status() const noexcept { return status_; }

 private:
  int status_;  // of HTTP
};

}  // namespace reverie::serve
