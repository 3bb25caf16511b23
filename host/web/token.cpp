#include "web/token.h"

#include <openssl/crypto.h>
#include <unistd.h>

#include "reverie/error.h"

namespace reverie::web {

std::string make_secret() {
  unsigned char bytes[32];
  if (::getentropy(bytes, sizeof bytes) != 0)
    throw Error(ErrorKind::device, "the system provides no random numbers for a secret token");
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace reverie::web
