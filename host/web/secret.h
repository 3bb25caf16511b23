#pragma once
// Tokens that nobody can guess.

#include <string>
#include <string_view>

namespace reverie {

/// 256 random bits from the kernel, as hexadecimal digits.
std::string make_secret();

/// Takes as long whatever the difference, so that the time tells nothing about the secret.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace reverie
