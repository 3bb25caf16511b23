#pragma once
// Kernels for graphics cards. They are LibTorch operators of the namespace `reverie`, in a library that the
// program loads where there is a card (cuda/). Where it is missing, whoever would use one does the same by
// LibTorch's own operators.

#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/Device.h>
#include <c10/util/Exception.h>

#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace reverie {

/// The operator `name`, such as "reverie::warp", as a function. It must be there: see CardKernels::usable().
template <typename Signature>
auto card_operator(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").template typed<Signature>();
}

/// Operators that do one job together. They are used on a device only after they have agreed there with
/// LibTorch's operators on random input, once in a process.
class CardKernels {
 public:
  /// Compares on the device; may throw. It must not move any random generator of the run.
  using Agree = bool (*)(c10::Device);

  CardKernels(const char* job, std::vector<const char*> operators, Agree agree)
      : job_(job), operators_(std::move(operators)), agree_(agree) {}

  /// False where the operators are not loaded, or have not agreed; of the latter, one warning says so.
  bool usable(c10::Device device) {
    const std::lock_guard lock(mutex_);
    const auto known = usable_.find(device);
    if (known != usable_.end()) return known->second;
    if (!loaded(device)) return false;  // may yet be
    std::string failure;
    bool agreed = false;
    try {
      const at::AutoGradMode with_gradients(true);
      const AnyAlgorithm any;
      agreed = agree_(device);
    } catch (const std::exception& error) {
      const std::string text = error.what();  // LibTorch's goes on with a stack trace
      failure = " (" + text.substr(0, text.find('\n')) + ")";
    }
    if (!agreed)
      TORCH_WARN("the kernel for ", job_, " does not agree with LibTorch's operators on ", device.str(),
                 failure,
                 ". It is left out, which is slower and changes nothing else. Please report this with the "
                 "names of the card and of its driver.");
    return usable_[device] = agreed;
  }

 private:
  /// What the kernel is compared with need not be deterministic.
  class AnyAlgorithm {
   public:
    AnyAlgorithm() { torch_.setDeterministicAlgorithms(false, warns_); }
    ~AnyAlgorithm() { torch_.setDeterministicAlgorithms(was_on_, warns_); }
    AnyAlgorithm(const AnyAlgorithm&) = delete;
    AnyAlgorithm& operator=(const AnyAlgorithm&) = delete;

   private:
    at::Context& torch_ = at::globalContext();
    const bool was_on_ = torch_.deterministicAlgorithms(), warns_ = torch_.deterministicAlgorithmsWarnOnly();
  };

  bool loaded(c10::Device device) const {
    const c10::DispatchKey key = device.is_cpu() ? c10::DispatchKey::CPU : c10::DispatchKey::CUDA;
    for (const char* name : operators_) {
      const auto found = c10::Dispatcher::singleton().findSchema({name, ""});
      if (!found || !found->hasKernelForDispatchKey(key)) return false;
    }
    return true;
  }

  const char* job_;
  std::vector<const char*> operators_;
  Agree agree_;
  std::mutex mutex_;
  std::map<c10::Device, bool, bool (*)(c10::Device, c10::Device)> usable_{[](c10::Device a, c10::Device b) {
    return std::pair(a.type(), a.index()) < std::pair(b.type(), b.index());
  }};
};

}  // namespace reverie
