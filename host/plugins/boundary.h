#pragma once
// What plugins return is checked here, against what the SDK's headers promise.

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <vector>

#include "plugins/plugin_call.h"
#include "reverie/frame.h"
#include "reverie/params.h"

namespace reverie {

/// Where a plugin's instance meets the host. All checks throw PluginFault, which names the plugin, its
/// method, the result, and the header's promise.
class Boundary {
 public:
  Boundary(std::string plugin, c10::Device device, std::span<const ParamSpec> params)
      : plugin_(std::move(plugin)), device_(device), params_(params) {}

  /// A shape of a tensor: sizes, -1 for any from 1 on, which messages call by their letter in `letters`.
  struct Shape {
    std::vector<std::int64_t> sizes;
    const char* letters;
  };
  static Shape image() { return {{1, 3, -1, -1}, "NCHW"}; }
  static Shape image(ImageSize size) { return {{1, 3, size.height, size.width}, "NCHW"}; }
  static Shape map(std::int64_t channels, ImageSize size) {
    return {{1, channels, size.height, size.width}, "NCHW"};
  }

  /// Calls a method; what it throws gets the plugin's name.
  template <typename Work>
  auto call(const char* method, Work&& work) const -> decltype(work()) {
    return call_method(plugin_, method, std::forward<Work>(work));
  }

  /// A float tensor of this shape, on the host's device, all of whose numbers are finite. `what` says what it
  /// is where a method returns several things.
  void check(const char* method, const at::Tensor& tensor, const Shape& shape, const char* what = "") const;
  /// The same on the CPU, for what comes from files.
  void check_on_cpu(const char* method, const at::Tensor& tensor, const Shape& shape) const;
  /// The same but for the numbers: they may be anything.
  void check_form(const char* method, const at::Tensor& tensor, const Shape& shape,
                  const char* what = "") const {
    check_form(method, tensor, shape, what, device_);
  }

  /// `tensor` was made of what `input` says: gradients must flow where they can.
  void check_gradient(const char* method, const at::Tensor& tensor, bool input_has_gradient) const;

  /// Checks the shape and numbers of an argument. A plugin that calls with a wrong one is blamed; the host is
  /// trusted.
  void check_argument(const char* method, const at::Tensor& tensor, const Shape& shape) const;

  /// For a method that must not be called, for the reason `why`. The calling plugin is
  /// blamed.
  [[noreturn]] void refuse(const char* method, const char* why) const;

  void check_number(const char* method, double value, const char* what) const;
  void check_state(const char* method, const std::map<std::string, at::Tensor>& state) const;

  [[noreturn]] void broken(const char* method, const std::string& came, const std::string& promised,
                           const std::string& advice = {}) const;

  /// Names the header that promises.
  Boundary with_header(const char* header) const {
    Boundary result = *this;
    result.header_ = header;
    return result;
  }
  Boundary with_name(std::string plugin) const {
    Boundary result = *this;
    result.plugin_ = std::move(plugin);
    return result;
  }

  const std::string& plugin() const { return plugin_; }
  c10::Device device() const { return device_; }
  std::span<const ParamSpec> params() const { return params_; }

 private:
  void check_form(const char* method, const at::Tensor& tensor, const Shape& shape, const char* what,
                  c10::Device device) const;
  void check_finite(const char* method, const at::Tensor& tensor, const char* what) const;

  std::string plugin_;
  const char* header_ = "the header";
  c10::Device device_;
  std::span<const ParamSpec> params_;
};

/// "float32 [1, 3, 48, 64] on cpu".
std::string description(const at::Tensor& tensor);

/// Whether all numbers are finite, by one reduction where they are.
bool all_finite(const at::Tensor& tensor);

}  // namespace reverie
