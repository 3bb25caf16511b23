#pragma once
// Random secret tokens.

#include <string>
#include <string_view>

namespace reverie::web {

/// 256 random bits from the kernel, as hexadecimal digits.
std::string make_secret();

/// Takes constant time, so that timing reveals nothing about the secret.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace reverie::web
