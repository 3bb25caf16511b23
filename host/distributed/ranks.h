#pragma once
// The processes of one run, and what they send each other: LibTorch's c10d over Gloo.

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "distributed/environment.h"
#include "reverie/error.h"

namespace reverie::distributed {

/// Another process of the run has ended, or does not answer.
class RankLost : public Error {
 public:
  using Error::Error;
};

/// All methods marked [collective] are called by every process, in the same order. They throw RankLost.
class Ranks {
 public:
  /// [collective] Waits for the others, 5 minutes at most. Throws Error(usage) where the program was built
  /// without Gloo.
  explicit Ranks(const RankEnvironment& environment);
  ~Ranks();
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  std::int64_t rank() const;
  std::int64_t count() const;
  /// Only this one writes files and shows the run.
  bool first() const { return rank() == 0; }

  /// [collective] From here on, tensors on cards are exchanged by NCCL, if each rank has a card of its own
  /// and all have the library that exports what card_group.h says. `device` is this rank's; `function` finds
  /// an exported function, or gives null. Otherwise everything stays as it was. True: by NCCL.
  bool use_cards(c10::Device device, void* (*function)(const char*));

  /// [collective] `values` of each rank, of the same shape and dtype for all and on any device: [count, ...],
  /// on the CPU, or by NCCL on the device.
  at::Tensor gather(const at::Tensor& values);

  /// [collective] Whether it holds for one of them.
  bool any(bool here);

  /// [collective] Each rank's text.
  std::vector<std::string> gather(const std::string& text);

  /// Why this process is about to end, for the messages of the others. Never throws.
  void leave(const std::string& why) noexcept;

 private:
  struct Engine;
  void end();
  std::shared_ptr<Engine> engine_;
};

/// Says in the file of --ranks that a process has ended, in place of that process. Never throws.
void note_end(const std::filesystem::path& store_file, std::int64_t rank, const std::string& why) noexcept;

}  // namespace reverie::distributed
