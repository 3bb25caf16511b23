#include "viewers/tensorboard/events.h"

#include <gtest/gtest.h>

namespace reverie {
namespace {

TEST(EventsTest, ChecksumIsCastagnolis) {
  EXPECT_EQ(tensorboard::crc32c("123456789"), 0xE3069283u);  // the check value of CRC-32/ISCSI
  // RFC 3720, B.4: 32 bytes of zeros, and of ones.
  EXPECT_EQ(tensorboard::crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(tensorboard::crc32c(std::string(32, '\xff')), 0x62A8AB43u);
}

TEST(EventsTest, NumbersAreWrittenAsTheFormatSays) {
  // The first examples of the description of protocol buffers' encoding.
  EXPECT_EQ(tensorboard::Message().whole(1, 150).bytes(), "\x08\x96\x01");
  EXPECT_EQ(tensorboard::Message().text(2, "testing").bytes(), "\x12\x07testing");
  EXPECT_EQ(tensorboard::Message().part(3, tensorboard::Message().whole(1, 150)).bytes(),
            "\x1a\x03\x08\x96\x01");
}

}  // namespace
}  // namespace reverie
