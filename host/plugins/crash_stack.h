#pragma once
// Room for the handlers of crashes, where a plugin has used up the stack.

#include <csignal>
#include <memory>

namespace reverie {

/// While it lives, a plugin that has used up this thread's stack can still be named.
class CrashStack {
 public:
  CrashStack() : room_(new char[kSize]) {
    const stack_t stack{room_.get(), 0, kSize};
    ::sigaltstack(&stack, nullptr);
  }
  ~CrashStack() {
    const stack_t none{nullptr, SS_DISABLE, 0};
    ::sigaltstack(&none, nullptr);
  }
  CrashStack(const CrashStack&) = delete;
  CrashStack& operator=(const CrashStack&) = delete;

 private:
  static constexpr std::size_t kSize = 64 * 1024;
  std::unique_ptr<char[]> room_;
};

}  // namespace reverie
