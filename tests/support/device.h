#pragma once
// Where the conformance suite computes: on the CPU, or on the device that REVERIE_TEST_DEVICE names.

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/Device.h>

#include <cstdlib>
#include <string>

namespace reverie::test {

inline std::string name_of_tested_device() {
  const char* const name = std::getenv("REVERIE_TEST_DEVICE");
  return name ? name : "cpu";
}
inline c10::Device tested_device() { return c10::Device(name_of_tested_device()); }

inline bool there_is_a_card() { return at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0; }

}  // namespace reverie::test
