#pragma once
// SHA-256, by which published files are recognised.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace reverie::models {

class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  /// Of all bytes so far, 64 hexadecimal digits in lower case; more may be added afterwards.
  std::string hex() const;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// Of a whole file. `go_on` is asked now and then; when it says false the result is empty.
/// Throws Error(file) when the file cannot be read.
std::string sha256_of(const std::filesystem::path& path, const std::function<bool()>& go_on = {});

}  // namespace reverie::models
