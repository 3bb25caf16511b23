// Downloads from a real server on this machine that has every bad habit.

#include "models/download.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <random>

#include "models/certificate.h"
#include "models/server.h"
#include "reverie/error.h"
#include "support/scratch.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;

std::string random_bytes(std::size_t count) {
  std::mt19937 draw(7);
  std::string bytes(count, '\0');
  for (char& c : bytes) c = static_cast<char>(draw());
  return bytes;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class DownloadTest : public testing::Test {
 protected:
  DownloadTest() : content_(random_bytes(200'000)), server_(scratch_.write("served", content_)) {
    options_.back_off = std::chrono::milliseconds(1);
    options_.attempts = 3;
    options_.note = [this](const std::string& note) { notes_ += note + "\n"; };
  }

  models::CatalogueEntry entry(const std::vector<std::string>& behaviours) const {
    models::CatalogueEntry entry;
    entry.name = "Thing";
    entry.family = "things";
    entry.file = "thing.bin";
    entry.bytes = server_.bytes;
    entry.sha256 = server_.sha256;
    for (const std::string& behaviour : behaviours)
      entry.urls.push_back(server_.url(behaviour) + "/thing.bin");
    return entry;
  }
  models::DownloadEnd get(const models::CatalogueEntry& entry) {
    return models::download(entry, parent_.string(), options_);
  }
  models::DownloadEnd get(const std::string& behaviour) { return get(entry({behaviour})); }

  Error error_of(const models::CatalogueEntry& entry) {
    try {
      get(entry);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return Error(ErrorKind::usage, "");
  }
  Error error_of(const std::string& behaviour) { return error_of(entry({behaviour})); }

  void write_part(const std::string& bytes) {
    fs::create_directories(parent_ / "things");
    std::ofstream(part_, std::ios::binary) << bytes;
  }

  /// The file is there, right, and alone.
  void expect_installed() {
    EXPECT_TRUE(read_bytes(target_) == content_);
    EXPECT_EQ(std::distance(fs::directory_iterator(parent_ / "things"), fs::directory_iterator()), 1);
  }

  /// A transfer that pauses for a second has stalled.
  void be_impatient() {
    options_.stall_seconds = 1;
    options_.stall_bytes_per_second = 1'000'000;
  }

  Scratch scratch_;
  std::string content_;
  Server server_;
  fs::path parent_ = scratch_ / "models", target_ = parent_ / "things/thing.bin",
           part_ = parent_ / "things/thing.bin.part";
  models::DownloadOptions options_;
  std::string notes_;
};

using Lines = std::vector<std::string>;

TEST_F(DownloadTest, InstallsTheFile) {
  std::vector<std::uint64_t> progress;
  options_.progress = [&](std::uint64_t bytes) { progress.push_back(bytes); };
  EXPECT_EQ(get("good"), models::DownloadEnd::installed);
  expect_installed();
  EXPECT_EQ(server_.requests(), Lines{"good 200 range=- if-range=-"});
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_EQ(progress.back(), 200'000u);
}

TEST_F(DownloadTest, LeavesARightFileAlone) {
  get("good");
  EXPECT_EQ(get("404"), models::DownloadEnd::already_installed);
  EXPECT_EQ(server_.requests().size(), 1u);
  expect_installed();
}

TEST_F(DownloadTest, ReplacesADamagedFile) {
  get("good");
  std::fstream(target_, std::ios::in | std::ios::out | std::ios::binary).put(static_cast<char>(~content_[0]));
  EXPECT_EQ(get("good"), models::DownloadEnd::installed);
  expect_installed();
}

TEST_F(DownloadTest, GoesOnWhereItWasCutOff) {
  EXPECT_EQ(get("cut-off"), models::DownloadEnd::installed);
  expect_installed();
  EXPECT_EQ(
      server_.requests(),
      (Lines{"cut-off 200 range=- if-range=-", "cut-off 206 range=100000 if-range=\"one\"",
             "cut-off 206 range=150000 if-range=\"one\"", "cut-off 206 range=175000 if-range=\"one\""}));
}

TEST_F(DownloadTest, GoesOnWithoutAValidator) {
  EXPECT_EQ(get("no-etag"), models::DownloadEnd::installed);
  expect_installed();
  EXPECT_EQ(server_.requests().back(), "no-etag 206 range=100000 if-range=-");
}

TEST_F(DownloadTest, GoesOnAfterAnotherProcess) {
  write_part(content_.substr(0, 1000));
  EXPECT_EQ(get("good"), models::DownloadEnd::installed);
  expect_installed();
  EXPECT_EQ(server_.requests(), Lines{"good 206 range=1000 if-range=-"});
}

TEST_F(DownloadTest, APartThatIsCompleteNeedsNoServer) {
  write_part(content_);
  EXPECT_EQ(get("good"), models::DownloadEnd::installed);
  expect_installed();
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(DownloadTest, DamagedPartsAreStartedOver) {
  for (const std::string& bytes : {std::string(1000, 'x'), std::string(200'000, 'x'), content_ + "more"}) {
    fs::remove_all(parent_);
    write_part(bytes);
    EXPECT_EQ(get("good"), models::DownloadEnd::installed);
    expect_installed();
    EXPECT_EQ(server_.requests().back(), "good 200 range=- if-range=-");
  }
}

TEST_F(DownloadTest, CopesWithBadHabits) {
  for (const char* behaviour : {"refuse-ranges", "ignore-ranges", "other-range", "part-without-range",
                                "changed", "changed-unnoticed", "busy-twice", "redirect"}) {
    SCOPED_TRACE(behaviour);
    fs::remove_all(parent_);
    EXPECT_EQ(get(behaviour), models::DownloadEnd::installed);
    expect_installed();
  }
}

TEST_F(DownloadTest, AChangedFileIsNotContinued) {
  get("changed");
  EXPECT_EQ(server_.requests(),
            (Lines{"changed 200 range=- if-range=-", "changed 200 range=100000 if-range=\"zero\""}));
  expect_installed();
}

TEST_F(DownloadTest, AStalledTransferIsBegunAnew) {
  be_impatient();
  EXPECT_EQ(get("stall-once"), models::DownloadEnd::installed);
  expect_installed();
  EXPECT_EQ(server_.requests().back(), "stall-once 206 range=100000 if-range=\"one\"");
  EXPECT_TRUE(holds(notes_, "less than 1000000 bytes a second for 1 s")) << notes_;
}

struct Hopeless {
  const char* behaviour;
  const char* why;
  std::size_t requests;
};

class HopelessServer : public DownloadTest, public testing::WithParamInterface<Hopeless> {};

TEST_P(HopelessServer, IsGivenUp) {
  be_impatient();
  const Error error = error_of(GetParam().behaviour);
  EXPECT_EQ(error.kind(), ErrorKind::model);
  EXPECT_TRUE(holds(error.what(), "'Thing' (200.0 kB)")) << error.what();
  EXPECT_TRUE(holds(error.what(), server_.url(GetParam().behaviour))) << error.what();
  EXPECT_TRUE(holds(error.what(), GetParam().why)) << error.what();
  EXPECT_TRUE(holds(error.advice(), server_.url(GetParam().behaviour))) << error.advice();
  EXPECT_TRUE(holds(error.advice(), target_.string())) << error.advice();
  EXPECT_FALSE(fs::exists(target_));
  EXPECT_EQ(server_.requests().size(), GetParam().requests);
}

INSTANTIATE_TEST_SUITE_P(
    All, HopelessServer,
    testing::Values(Hopeless{"wrong", "differs from the published one", 1},
                    Hopeless{"too-long", "200004 bytes instead of 200000", 1},
                    Hopeless{"endless", "sends more than the 200000 bytes", 1},
                    Hopeless{"404", "answered 404", 1}, Hopeless{"500", "answered 500", 3},
                    Hopeless{"loop", "more than 10 redirects", 11},
                    Hopeless{"redirect-to-file", "something other than http or https", 1},
                    Hopeless{"redirect-nowhere", "answered 302", 1},
                    // The first brings the file on, and three more do not.
                    Hopeless{"always-cut-off", "ended early", 4},
                    Hopeless{"cut-off-without-length", "ended early", 4},
                    Hopeless{"trickle", "ended early", 3}, Hopeless{"stall", "bytes a second for 1 s", 4},
                    Hopeless{"silent", "bytes a second for 1 s", 0}),
    [](const auto& info) {
      std::string name = info.param.behaviour;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST_F(DownloadTest, WrongBytesLeaveNothing) {
  error_of("wrong");
  EXPECT_TRUE(fs::is_empty(parent_ / "things"));
}

TEST_F(DownloadTest, WhatWasCutOffIsKept) {
  const Error error = error_of("always-cut-off");
  EXPECT_TRUE(holds(error.what(), "100.0 kB are kept")) << error.what();
  EXPECT_TRUE(read_bytes(part_) == content_.substr(0, 100'000));
  EXPECT_EQ(get("good"), models::DownloadEnd::installed);
  EXPECT_EQ(server_.requests().back(), "good 206 range=100000 if-range=-");
  expect_installed();
}

TEST_F(DownloadTest, TriesTheNextAddress) {
  EXPECT_EQ(get(entry({"wrong", "404", "too-long", "good", "500"})), models::DownloadEnd::installed);
  expect_installed();
  EXPECT_TRUE(holds(notes_, "answered 404; trying the next address")) << notes_;
  EXPECT_EQ(server_.requests().size(), 4u);
}

TEST_F(DownloadTest, TheMirrorComesFirst) {
  for (const char* end : {"", "/"}) {
    fs::remove_all(parent_);
    options_.mirror = server_.url("good") + end;
    EXPECT_EQ(get("404"), models::DownloadEnd::installed);
    expect_installed();
  }
  EXPECT_EQ(server_.requests().size(), 2u);
  fs::remove_all(parent_);
  options_.mirror = server_.url("404");
  EXPECT_EQ(get("good"), models::DownloadEnd::installed);
}

/// A port of this machine where nobody listens, because it is taken by somebody who does not.
class DeadPort {
 public:
  DeadPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/x";
  }
  ~DeadPort() { ::close(socket_); }
  std::string url;

 private:
  int socket_;
};

TEST_F(DownloadTest, WithoutNetworkItSaysWhatToDoByHand) {
  const DeadPort port;
  models::CatalogueEntry offline = entry({});
  offline.urls = {port.url, port.url + "2"};
  options_.back_off = std::chrono::hours(1);  // a server that was never reached is not waited for
  const Error error = error_of(offline);
  EXPECT_TRUE(holds(error.what(), port.url + "2: ")) << error.what();
  EXPECT_TRUE(holds(error.advice(), "is this machine online?")) << error.advice();
  EXPECT_TRUE(holds(error.advice(), port.url + " and save it as '" + target_.string())) << error.advice();
}

TEST_F(DownloadTest, HttpsStaysHttps) {
  const fs::path certificate = scratch_.path() / "certificate.pem";
  write_certificate(certificate);
  const Server secure(scratch_ / "served", certificate);
  models::CatalogueEntry thing = entry({});
  thing.urls = {secure.url("good")};
  EXPECT_TRUE(holds(error_of(thing).what(), "certificate")) << "nobody vouches for the server yet";
  EXPECT_TRUE(secure.requests().empty());

  ::setenv("SSL_CERT_FILE", certificate.c_str(), 1);
  thing.urls = {secure.url("downgrade")};
  EXPECT_TRUE(holds(error_of(thing).what(), "something other than https"));
  thing.urls = {secure.url("redirect")};
  EXPECT_EQ(get(thing), models::DownloadEnd::installed);
  expect_installed();
  ::unsetenv("SSL_CERT_FILE");
}

TEST_F(DownloadTest, RoomIsCheckedBeforehand) {
  models::CatalogueEntry huge = entry({"good"});
  huge.bytes = std::uint64_t{1} << 60;
  const Error error = error_of(huge);
  EXPECT_EQ(error.kind(), ErrorKind::file);
  EXPECT_TRUE(holds(error.what(), "'Thing' needs 1.2 EB in '" + (parent_ / "things").string()))
      << error.what();
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(DownloadTest, FoldersThatCannotBeUsed) {
  scratch_.write("models", "a file stands in the place of the folder");
  EXPECT_EQ(error_of("good").kind(), ErrorKind::file);
  fs::remove(parent_);
  fs::create_directories(target_ / "inside");
  const Error error = error_of("good");
  EXPECT_EQ(error.kind(), ErrorKind::file);
  EXPECT_TRUE(holds(error.what(), target_.string())) << error.what();
}

TEST_F(DownloadTest, ReadOnlyFolders) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::create_directories(parent_ / "things");
  fs::permissions(parent_ / "things", fs::perms::owner_read | fs::perms::owner_exec);
  const Error error = error_of("good");
  fs::permissions(parent_ / "things", fs::perms::owner_all);
  EXPECT_EQ(error.kind(), ErrorKind::file);
  EXPECT_TRUE(holds(error.what(), part_.string())) << error.what();
}

TEST_F(DownloadTest, CancelledInTheMiddleKeepsThePart) {
  std::atomic<bool> cancelled = false;
  options_.cancelled = &cancelled;
  options_.progress = [&](std::uint64_t bytes) { cancelled = bytes >= 100'000; };
  EXPECT_EQ(get("gate"), models::DownloadEnd::interrupted);
  EXPECT_TRUE(read_bytes(part_) == content_.substr(0, 100'000));
  options_.progress = [](std::uint64_t) {};
  EXPECT_EQ(get("gate"), models::DownloadEnd::interrupted) << "still cancelled";
  cancelled = false;
  EXPECT_EQ(get("good"), models::DownloadEnd::installed);
  expect_installed();
}

}  // namespace
}  // namespace reverie::test
