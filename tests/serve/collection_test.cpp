// Files by their first bytes, the trash and its week, and archives of odd files.

#include <gtest/gtest.h>

#include <fstream>

#include "reverie/error.h"
#include "serve/file_types.h"
#include "serve/gallery.h"
#include "serve/run_trash.h"
#include "serve/zip_stream.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

using serve::RunQueue;
using serve::RunRecord;
using serve::RunState;
using serve::RunTrash;
using serve::ZipStream;

std::string ending_of(std::string bytes) {
  bytes.resize(serve::kTypeBytes);
  const auto type = serve::upload_type(bytes);
  return type ? type->ending : "";
}

TEST(FileTypes, FirstBytesDecide) {
  // As the formats' specifications have them.
  EXPECT_EQ(ending_of("\x89PNG\r\n\x1a\n"), ".png");
  EXPECT_EQ(ending_of(std::string("RIFF\x24\0\0\0WAVEfmt ", 16)), ".wav");
  EXPECT_EQ(ending_of(std::string("RIFF\x24\0\0\0WEBPVP8 ", 16)), ".webp");
  EXPECT_EQ(ending_of(std::string("RIFF\x24\0\0\0ACON", 12)), "");
  EXPECT_EQ(ending_of(std::string("\0\0\0\x1c"
                                  "ftypisom",
                                  12)),
            ".mp4");
  EXPECT_EQ(ending_of(std::string("\0\0\0\x1c"
                                  "ftypqt  ",
                                  12)),
            ".mov");
  EXPECT_EQ(ending_of(std::string("\0\0\0\x1c"
                                  "ftypM4A ",
                                  12)),
            ".m4a");
  EXPECT_EQ(ending_of("\xff\xfb\x90\x64"), ".mp3");  // MPEG-1 layer III, 128 kbit/s, 44.1 kHz
  EXPECT_EQ(ending_of("\xff\xf1\x50\x80"), "");      // AAC in ADTS: layer 0
  EXPECT_EQ(ending_of("\xff\xfb\xf0\x64"), "");      // no such bit rate
  EXPECT_EQ(ending_of("#EXTM3U\n"), "");
  EXPECT_EQ(ending_of("<svg xmlns="), "");
  EXPECT_FALSE(serve::upload_type("").has_value());
  EXPECT_FALSE(serve::upload_type("\x89PNG").has_value());
}

RunRecord ended(const std::string& title, RunState state) {
  RunRecord record;
  record.title = title;
  record.settings = "{\"scenes\": \"" + title + "\"}";
  record.state = state;
  return record;
}

TEST(Trash, KeepsAWeek) {
  const Scratch scratch;
  std::vector<std::string> notices;
  serve::RunStore store(scratch.path());
  RunQueue queue(store, notices);
  for (const char* title : {"a", "b", "c"}) {
    queue.submit(ended(title, RunState::queued));
    queue.cancel(queue.list().front().id);
  }
  RunTrash trash(queue, [](const std::string&) {});
  const std::int64_t deleted = queue.set_deleted(2, true).deleted;
  constexpr std::int64_t kWeek = 7LL * 24 * 3600 * 1000;
  trash.empty_old(deleted + kWeek - 1);
  EXPECT_EQ(queue.deleted().size(), 1u);
  EXPECT_EQ(queue.list().size(), 2u);
  trash.empty_old(deleted + kWeek);
  EXPECT_TRUE(queue.deleted().empty());
  EXPECT_EQ(queue.list().size(), 2u);
  queue.forget(1);  // not in the trash
  EXPECT_EQ(queue.list().size(), 2u);
}

/// Runs write into folders of the working directory.
class TrashFiles : public testing::Test {
 protected:
  TrashFiles() : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(scratch_.path());
    for (const char* folder : {"images_out/a", "backup/a"}) std::filesystem::create_directories(folder);
  }
  ~TrashFiles() override { std::filesystem::current_path(before_); }

  /// A run that is over, with these names, in the trash.
  std::int64_t deleted_run(RunQueue& queue, serve::RunKind kind = serve::RunKind::render) {
    RunRecord record = ended("a", RunState::queued);
    record.kind = kind;
    const std::int64_t id = queue.submit(record).id;
    queue.take(kind, nullptr);
    queue.begins(id, {"images_out/a", "a"});
    queue.ended(id, RunState::cancelled);
    queue.set_deleted(id, true);
    return id;
  }
  static void write(const char* name) { std::ofstream(name) << "x"; }

  const Scratch scratch_;
  std::vector<std::string> notices_, said_;
  serve::RunStore store_{scratch_ / "state"};
  RunQueue queue_{store_, notices_};
  RunTrash trash_{queue_, [this](const std::string& text) { said_.push_back(text); }};

 private:
  const std::filesystem::path before_;
};

TEST_F(TrashFiles, AllOfARunGoes) {
  for (const char* name :
       {"images_out/a/a_1.png", "images_out/a/a_settings.txt", "backup/a/a_1.bak", "backup/a/a_changes.json"})
    write(name);
  deleted_run(queue_);
  trash_.empty();
  EXPECT_TRUE(std::filesystem::is_empty("images_out"));
  EXPECT_TRUE(std::filesystem::is_empty("backup"));
  EXPECT_TRUE(queue_.deleted().empty());
}

TEST_F(TrashFiles, AMotionPreviewLeavesTheBackupsOfARunOfItsName) {
  for (const char* name :
       {"images_out/a/a_motion.mp4", "images_out/a/a_1.png", "backup/a/a_1.bak", "backup/a/a_changes.json"})
    write(name);
  deleted_run(queue_, serve::RunKind::motion);
  trash_.empty();
  EXPECT_FALSE(std::filesystem::exists("images_out/a/a_motion.mp4"));
  for (const char* name : {"images_out/a/a_1.png", "backup/a/a_1.bak", "backup/a/a_changes.json"})
    EXPECT_TRUE(std::filesystem::exists(name)) << name;
}

TEST_F(TrashFiles, WhatIsBeingDeletedCannotComeBack) {
  const std::int64_t id = deleted_run(queue_), now = queue_.deleted().front().deleted;
  EXPECT_TRUE(queue_.begin_purge(now - 1).empty()) << "it was not there yet";
  EXPECT_EQ(queue_.begin_purge(now).size(), 1u);
  EXPECT_TRUE(queue_.begin_purge(now).empty()) << "somebody deletes it already";
  try {
    queue_.set_deleted(id, false);
    ADD_FAILURE() << "it came back";
  } catch (const serve::RequestError& error) {
    EXPECT_EQ(error.status(), 409);
  }
  queue_.keep_in_trash(id);
  EXPECT_EQ(queue_.set_deleted(id, false).id, id);
}

TEST_F(TrashFiles, WhatCannotBeDeletedIsSaidOnceAndStays) {
  const std::int64_t id = deleted_run(queue_);
  // A folder that is not empty, in the place of a file.
  std::filesystem::create_directories("backup/a/a_changes.json/folder");
  for (int time = 0; time < 3; ++time) trash_.empty();
  ASSERT_EQ(said_.size(), 1u);
  EXPECT_NE(said_[0].find("a_changes.json"), std::string::npos) << said_[0];
  EXPECT_EQ(queue_.set_deleted(id, false).id, id);
}

TEST(Gallery, FindsWordsInAnyCase) {
  const RunRecord record = ended("Über den Wolken, МИР", RunState::finished);
  for (const char* words : {"über", "ÜBER", "wolken über", "мир", "", "  "})
    EXPECT_TRUE(serve::is_found(record, words)) << words;
  for (const char* words : {"unter", "wolken unter", "scenes"})
    EXPECT_FALSE(serve::is_found(record, words)) << words;
}

std::string all_of(ZipStream& zip) {
  std::string bytes;
  while (const auto piece = zip.next()) bytes += *piece;
  return bytes;
}

TEST(ZipStream, HasTheSizeThatItSaid) {
  const Scratch scratch;
  std::vector<ZipStream::Entry> entries;
  for (const std::size_t size : {std::size_t(0), std::size_t(1), std::size_t(700'000)}) {
    const auto path = scratch / std::to_string(size);
    std::ofstream(path, std::ios::binary) << std::string(size, 'x');
    entries.push_back({"n" + std::to_string(size), path, size, 0});
  }
  ZipStream zip(entries), none({});
  EXPECT_EQ(all_of(zip).size(), zip.size());
  EXPECT_EQ(all_of(none).size(), none.size());
}

TEST(ZipStream, FilesThatChangedEndIt) {
  const Scratch scratch;
  std::ofstream(scratch / "a", std::ios::binary) << "abc";
  ZipStream longer({{"a", scratch / "a", 4, 0}}), gone({{"b", scratch / "b", 4, 0}});
  EXPECT_THROW(all_of(longer), Error);
  EXPECT_THROW(all_of(gone), Error);
}

}  // namespace
}  // namespace reverie::test
