#include "models/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "reverie/error.h"

namespace reverie::models {
namespace {

void check(int result) {
  if (result != 1) throw Error(ErrorKind::unsupported, "OpenSSL cannot compute SHA-256");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  check(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::add(std::string_view bytes) {
  check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::hex() const {
  const std::unique_ptr<evp_md_ctx_st, Free> copy(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  check(copy && EVP_MD_CTX_copy_ex(copy.get(), context_.get()));
  check(EVP_DigestFinal_ex(copy.get(), digest.data(), &size));
  std::string result;
  for (unsigned int i = 0; i < size; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    result += kDigits[digest[i] >> 4];
    result += kDigits[digest[i] & 15];
  }
  return result;
}

std::string sha256_of(const std::filesystem::path& path, const std::function<bool()>& go_on) {
  std::ifstream file(path, std::ios::binary);
  Sha256 hash;
  std::vector<char> buffer(1 << 20);
  while (file) {
    if (go_on && !go_on()) return {};
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hash.add({buffer.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (!file.eof() || std::filesystem::is_directory(path))
    throw Error(ErrorKind::file, "cannot read '" + path.string() + "': " + std::strerror(errno));
  return hash.hex();
}

}  // namespace reverie::models
