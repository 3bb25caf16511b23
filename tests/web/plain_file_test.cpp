#include "web/plain_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/scratch.h"

namespace reverie {
namespace {

namespace fs = std::filesystem;

TEST(PlainFile, IsReadFromAnywhereInIt) {
  const test::Scratch folder;
  const auto file = web::PlainFile::open(folder.write("a b.png", "0123456789"));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), 10u);
  char bytes[4];
  EXPECT_EQ(file->read(bytes, 3, 4), 4u);
  EXPECT_EQ(std::string(bytes, 4), "3456");
  EXPECT_EQ(file->read(bytes, 8, 4), 2u);
  EXPECT_EQ(file->read(bytes, 99, 4), 0u);
  // It stays the same file.
  fs::remove(folder / "a b.png");
  folder.write("a b.png", "another");
  EXPECT_EQ(file->all(), "0123456789");
}

TEST(PlainFile, IsNoLinkAndLiesBehindNone) {
  const test::Scratch folder;
  fs::create_directories(folder / "in/deep");
  folder.write("in/deep/x", "x");
  fs::create_symlink("x", folder / "in/deep/link");
  fs::create_symlink("/etc/passwd", folder / "in/deep/away");
  fs::create_directory_symlink(folder / "in", folder / "other");
  fs::create_hard_link(folder / "in/deep/x", folder / "in/deep/hard");
  EXPECT_TRUE(web::PlainFile::open(folder / "in/deep/x"));
  EXPECT_TRUE(web::PlainFile::open(folder / "in/deep/hard"));
  for (const char* name : {"in/deep/link", "in/deep/away", "other/deep/x", "in/deep/../deep/x", "in/deep/x/",
                           "in/deep", "in/deep/none", "none/x", ""})
    EXPECT_FALSE(web::PlainFile::open(folder / name)) << name;
  EXPECT_FALSE(web::PlainFile::open("/proc/self/exe"));
  EXPECT_FALSE(web::PlainFile::open("/proc/self/root/etc/passwd"));
  EXPECT_FALSE(web::PlainFile::open(fs::path("web_test")));
  EXPECT_FALSE(web::PlainFile::open(folder.path().string() + std::string("/in/deep/x\0", 11)));
  EXPECT_FALSE(web::PlainFile::open("/"));
}

TEST(PlainFile, IsNoDeviceAndNoPipeWhichWouldBeWaitedFor) {
  const test::Scratch folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(web::PlainFile::open(folder / "pipe"));
  EXPECT_FALSE(web::PlainFile::open("/dev/null"));
}

}  // namespace
}  // namespace reverie
