// Addresses in settings: downloaded once from a real server on this machine, and kept.

#include "media/web_file.h"

#include <thread>

#include "media/sources.h"
#include "models/server.h"

namespace reverie::test {
namespace {

using Lines = std::vector<std::string>;

class WebFile : public testing::Test {
 protected:
  WebFile() : content_(200'000, 'x'), server_(scratch_.write("served", content_)) {
    for (std::size_t i = 0; i < content_.size(); ++i) content_[i] = static_cast<char>(i * i >> 3);
    options_.folder = scratch_ / "cache";
  }
  std::string url(const std::string& behaviour) const { return server_.url(behaviour) + "/a.png"; }
  Error error(const std::string& url) {
    return error_of([&] { media::fetch_web_file(url, options_); });
  }
  std::ptrdiff_t kept() const {
    std::error_code none;
    return std::distance(fs::directory_iterator(options_.folder, none), fs::directory_iterator());
  }

  Scratch scratch_;
  std::string content_;
  Server server_;
  media::WebFileOptions options_;
};

TEST_F(WebFile, IsDownloadedOnceAndKept) {
  std::string notes;
  options_.note = [&](const std::string& note) { notes += note + "\n"; };
  const fs::path path = media::fetch_web_file(url("good"), options_);
  EXPECT_EQ(read_bytes(path), read_bytes(server_.path));
  EXPECT_EQ(path.extension(), ".png");
  EXPECT_EQ(path.parent_path(), options_.folder);
  EXPECT_EQ(notes, "downloading " + url("good") + "\n");
  EXPECT_EQ(media::fetch_web_file(url("good"), options_), path);
  EXPECT_EQ(server_.requests(), Lines{"good 200 range=- if-range=-"});
  EXPECT_EQ(kept(), 1) << "nothing temporary is left";
}

TEST_F(WebFile, EachAddressHasAFileOfItsOwn) {
  const fs::path folder = "/cache";
  // printf %s http://host/a.png | sha256sum
  EXPECT_EQ(media::web_file_path("http://host/a.png", folder),
            "/cache/54d6228f18575cd18824c7d2687202ee6bf6571f4ed159837deeac2bd075088c.png");
  EXPECT_NE(media::web_file_path("http://host/a.png?1", folder),
            media::web_file_path("http://host/a.png?2", folder));
  EXPECT_EQ(media::web_file_path("http://host/a.MP4?x=a.b/c#d", folder).extension(), ".MP4");
  EXPECT_EQ(media::web_file_path("http://host/a", folder).extension(), "");
  EXPECT_EQ(media::web_file_path("http://host/a.very long extension", folder).extension(), "");
  EXPECT_EQ(media::web_file_path("http://host/a.%2e", folder).extension(), "");
}

TEST_F(WebFile, TheCacheLiesWhereTheDesktopWantsIt) {
  const char* before = std::getenv("XDG_CACHE_HOME");
  const std::string saved = before ? before : "";
  ::setenv("XDG_CACHE_HOME", "/somewhere/cache", 1);
  EXPECT_EQ(media::web_cache_folder(), "/somewhere/cache/reverie/downloads");
  ::setenv("XDG_CACHE_HOME", "", 1);
  EXPECT_EQ(media::web_cache_folder(), fs::path(std::getenv("HOME")) / ".cache/reverie/downloads");
  before ? ::setenv("XDG_CACHE_HOME", saved.c_str(), 1) : ::unsetenv("XDG_CACHE_HOME");
}

TEST_F(WebFile, RedirectsAreFollowed) {
  EXPECT_EQ(read_bytes(media::fetch_web_file(url("redirect"), options_)), read_bytes(server_.path));
}

TEST_F(WebFile, BusyServersAreAskedAgain) {
  EXPECT_EQ(read_bytes(media::fetch_web_file(url("busy-twice"), options_)), read_bytes(server_.path));
  EXPECT_EQ(server_.requests().size(), 3u);
}

TEST_F(WebFile, FailuresSayWhatHappenedAndLeaveNothing) {
  for (const auto& [behaviour, says] :
       std::map<std::string, std::string>{{"404", "404"},
                                          {"500", "500"},
                                          {"always-cut-off", "ended early"},
                                          {"loop", "redirects"},
                                          {"redirect-to-file", "other than http"}}) {
    const Error e = error(url(behaviour));
    EXPECT_EQ(e.kind(), ErrorKind::file);
    EXPECT_TRUE(holds(e.what(), "'" + url(behaviour) + "' could not be downloaded: ")) << e.what();
    EXPECT_TRUE(holds(e.what(), says)) << e.what();
    EXPECT_TRUE(holds(e.advice(), "by hand")) << e.advice();
  }
  EXPECT_EQ(kept(), 0);
}

TEST_F(WebFile, UnreachableServers) {
  const Error e = error("http://127.0.0.1:1/a.png");
  EXPECT_TRUE(holds(e.what(), "could not be downloaded")) << e.what();
  EXPECT_TRUE(holds(e.advice(), "online?")) << e.advice();
}

TEST_F(WebFile, LargeFilesAreRefused) {
  options_.most_bytes = 100'000;
  const Error said = error(url("good"));
  EXPECT_TRUE(holds(said.what(), "larger than 100.0 kB")) << said.what();
  const Error unsaid = error(url("endless"));  // without a length in the head
  EXPECT_TRUE(holds(unsaid.what(), "larger than 100.0 kB")) << unsaid.what();
  EXPECT_EQ(server_.requests().size(), 2u) << "not worth a second try";
  EXPECT_EQ(kept(), 0);
}

TEST_F(WebFile, SlowServersAreGivenUp) {
  options_.most_seconds = 0;
  EXPECT_TRUE(holds(error(url("endless")).what(), "longer than 0 s"));
  options_.most_seconds = 900;
  options_.stall_seconds = 1;
  options_.stall_bytes_per_second = 1'000'000;
  EXPECT_TRUE(holds(error(url("stall")).what(), "bytes a second"));
  EXPECT_EQ(kept(), 0);
}

TEST_F(WebFile, TheArtistMayStopIt) {
  std::atomic<bool> cancelled = false;
  options_.cancelled = &cancelled;
  std::thread artist([&] {
    wait_until([&] { return !server_.requests().empty(); });
    cancelled = true;
  });
  const Error e = error(url("stall"));
  artist.join();
  EXPECT_TRUE(holds(e.what(), "stopped while downloading")) << e.what();
  EXPECT_EQ(kept(), 0);
}

TEST(WebAddress, IsRecognised) {
  for (const char* yes : {"http://a", "https://a/b.png", "HTTP://A", "Https://a"})
    EXPECT_TRUE(media::is_web_address(yes)) << yes;
  for (const char* no :
       {"", "http:/a", "a.png", "/http://a", "ftp://a", "C:\\a.png", "file:///a", "httpx://a"})
    EXPECT_FALSE(media::is_web_address(no)) << no;
}

TEST(FileAddress, IsAPath) {
  EXPECT_EQ(media::path_of_file_address("file:///a/b.png"), "/a/b.png");
  EXPECT_EQ(media::path_of_file_address("file://localhost/a/b.png"), "/a/b.png");
  EXPECT_EQ(media::path_of_file_address("file:///a%20b%C3%A9%2F100%.png"), "/a b\xC3\xA9/100%.png");
  EXPECT_EQ(media::path_of_file_address("file:///100%"), "/100%");
  for (const char* elsewhere : {"file://server/a.png", "file://", "file://a.png"})
    EXPECT_EQ(error_of([&] { media::path_of_file_address(elsewhere); }).kind(), ErrorKind::file) << elsewhere;
}

}  // namespace
}  // namespace reverie::test
