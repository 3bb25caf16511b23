#include "plugins/boundary.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

namespace reverie {
namespace {

std::string type_name(c10::ScalarType type) {
  if (type == c10::kFloat) return "float32";
  if (type == c10::kDouble) return "float64";
  if (type == c10::kHalf) return "float16";
  if (type == c10::kBFloat16) return "bfloat16";
  return c10::toString(type);
}

std::string shape_text(const std::vector<std::int64_t>& sizes, const char* letters) {
  std::string text;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    text += (i ? ", " : "") + (sizes[i] >= 0 ? std::to_string(sizes[i]) : std::string(1, letters[i]));
  return "[" + text + "]";
}

bool fits(const at::Tensor& tensor, const std::vector<std::int64_t>& sizes) {
  if (tensor.dim() != static_cast<std::int64_t>(sizes.size())) return false;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::int64_t size = tensor.size(static_cast<std::int64_t>(i));
    if (sizes[i] < 0 ? size < 1 : size != sizes[i]) return false;
  }
  return true;
}

std::string said(const char* what, const std::string& came) {
  return (*what ? std::string(what) + ": " : std::string()) + came;
}

}  // namespace

std::string description(const at::Tensor& tensor) {
  if (!tensor.defined()) return "an undefined tensor";
  std::string text = type_name(tensor.scalar_type()) + " " + shape_text(tensor.sizes().vec(), "") + " on " +
                     tensor.device().str();
  if (tensor.layout() != at::kStrided) text += ", sparse";
  return text;
}

bool all_finite(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach();
  // What is not finite makes the sum so, too. A sum of finite numbers may be too large.
  return std::isfinite(values.sum().item<double>()) || values.isfinite().all().item<bool>();
}

void Boundary::broken(const char* method, const std::string& came, const std::string& promised,
                      const std::string& advice) const {
  throw PluginFault(ErrorKind::plugin,
                    failure_of(plugin_, method, "it gave " + came + "; " + header_ + " promises " + promised),
                    advice);
}

void Boundary::check_form(const char* method, const at::Tensor& tensor, const Shape& shape, const char* what,
                          c10::Device device) const {
  if (tensor.defined() && tensor.scalar_type() == c10::kFloat && tensor.layout() == at::kStrided &&
      tensor.device() == device && fits(tensor, shape.sizes))
    return;
  broken(method, said(what, description(tensor)),
         "float32 " + shape_text(shape.sizes, shape.letters) + " on " + device.str());
}

void Boundary::check_finite(const char* method, const at::Tensor& tensor, const char* what) const {
  if (!all_finite(tensor))
    broken(method, said(what, description(tensor) + " with values that are not numbers (NaN) or infinite"),
           "finite numbers");
}

void Boundary::check(const char* method, const at::Tensor& tensor, const Shape& shape,
                     const char* what) const {
  check_form(method, tensor, shape, what, device_);
  check_finite(method, tensor, what);
}

void Boundary::check_on_cpu(const char* method, const at::Tensor& tensor, const Shape& shape) const {
  check_form(method, tensor, shape, "", c10::kCPU);
  check_finite(method, tensor, "");
}

void Boundary::check_gradient(const char* method, const at::Tensor& tensor, bool input_has_gradient) const {
  if (input_has_gradient && at::GradMode::is_enabled() && !tensor.requires_grad())
    broken(method, description(tensor) + " through which no gradient flows", "a differentiable result");
}

void Boundary::check_argument(const char* method, const at::Tensor& tensor, const Shape& shape) const {
  const PluginCall* caller = PluginCall::current();
  if (!caller || !*caller->method) return;
  const bool right = tensor.defined() && tensor.scalar_type() == c10::kFloat && fits(tensor, shape.sizes);
  if (right && all_finite(tensor)) return;
  throw PluginFault(ErrorKind::plugin,
                    failure_of(caller->plugin, caller->method,
                               "it handed " + description(tensor) +
                                   (right ? " with values that are not numbers (NaN) or infinite" : "") +
                                   " to " + method + " of " + plugin_ + "; " + header_ + " takes float32 " +
                                   shape_text(shape.sizes, shape.letters) + " with finite numbers"));
}

void Boundary::refuse(const char* method, const char* why) const {
  const std::string what = plugin_ + " " + why;
  const PluginCall* caller = PluginCall::current();
  if (!caller || !*caller->method) throw PluginFault(ErrorKind::plugin, failure_of(plugin_, method, what));
  throw PluginFault(ErrorKind::plugin, failure_of(caller->plugin, caller->method,
                                                  std::string("it called ") + method + ", but " + what));
}

void Boundary::check_number(const char* method, double value, const char* what) const {
  if (!std::isfinite(value)) broken(method, said(what, std::to_string(value)), "a finite number");
}

void Boundary::check_state(const char* method, const std::map<std::string, at::Tensor>& state) const {
  for (const auto& [name, tensor] : state)
    if (!tensor.defined() || tensor.layout() != at::kStrided)
      broken(method, "'" + name + "': " + description(tensor), "tensors");
}

}  // namespace reverie
