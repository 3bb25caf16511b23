// The hash, against the examples that its standard (FIPS 180-4) gives.

#include "models/sha256.h"

#include <gtest/gtest.h>

#include "reverie/error.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kMillion = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, ExamplesOfTheStandard) {
  models::Sha256 hash;
  EXPECT_EQ(hash.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  hash.add("a");
  EXPECT_NE(hash.hex(), kAbc);
  hash.add("bc");
  EXPECT_EQ(hash.hex(), kAbc) << "asking in between changes nothing";
  models::Sha256 long_one;
  for (int i = 0; i < 1000; ++i) long_one.add(std::string(1000, 'a'));
  EXPECT_EQ(long_one.hex(), kMillion);
}

TEST(Sha256, OfFiles) {
  const Scratch scratch;
  EXPECT_EQ(models::sha256_of(scratch.write("abc", "abc")), kAbc);
  // Longer than what is read at once.
  const auto big = scratch.write("big", std::string(3 << 20, 'a'));
  models::Sha256 hash;
  hash.add(std::string(3 << 20, 'a'));
  EXPECT_EQ(models::sha256_of(big), hash.hex());
  int asked = 0;
  EXPECT_EQ(models::sha256_of(big, [&] { return ++asked < 2; }), "");
  EXPECT_THROW(models::sha256_of(scratch / "none"), Error);
  EXPECT_THROW(models::sha256_of(scratch.path()), Error);
}

}  // namespace
}  // namespace reverie::test
