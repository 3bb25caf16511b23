#pragma once
// How quickly two processes on this machine exchange tensors, as ranks do.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "distributed/step_model.h"

namespace reverie::distributed {

class ExchangeTrial {
 public:
  /// Makes the processes, which wait. They are copies of this one, so it must not have any threads yet.
  ExchangeTrial();
  /// Ends them.
  ~ExchangeTrial();
  ExchangeTrial(const ExchangeTrial&) = delete;
  ExchangeTrial& operator=(const ExchangeTrial&) = delete;

  struct Result {
    Connection connection;
    std::string obstacle;  ///< why it could not be measured; empty: it was
  };
  /// Exchanges so many bytes several times; once.
  Result measure(std::int64_t bytes);

 private:
  [[noreturn]] void be(std::int64_t rank, int go, int answer) const;

  std::filesystem::path folder_;
  pid_t processes_[2] = {-1, -1};
  int go_ = -1, answer_ = -1;  // ends of pipes
};

}  // namespace reverie::distributed
