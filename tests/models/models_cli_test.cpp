// The real program's `reverie models`: signals, processes at once, and everything in between.

#include <pty.h>

#include "models/catalogue.h"
#include "models/server.h"
#include "support/process.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A program that goes on while the test looks at it.
class Running {
 public:
  Running(const Words& command, const fs::path& folder) {
    child_ = ::fork();
    if (child_ < 0) throw std::runtime_error("cannot fork");
    if (child_ == 0) {
      ::dup2(::open(out_.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
      ::dup2(::open(err_.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
      become(command, folder);
    }
  }
  ~Running() {
    if (child_ > 0) finish(SIGKILL);
  }
  std::string err() const { return read_bytes(err_); }
  Outcome finish(int signal = 0) {
    if (signal) ::kill(child_, signal);
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    Outcome outcome;
    record_end(status, outcome);
    outcome.out = read_bytes(out_);
    outcome.err = read_bytes(err_);
    return outcome;
  }

 private:
  Scratch scratch_;
  fs::path out_ = scratch_ / "out", err_ = scratch_ / "err";
  pid_t child_ = -1;
};

class ModelsCommand : public testing::Test {
 protected:
  ModelsCommand() : server_("vocabulary") {
    // Nothing of this may reach the world: all but this machine goes through a proxy that is not there.
    for (const char* variable : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
      ::setenv(variable, "http://127.0.0.1:1", 1);
    ::setenv("no_proxy", "127.0.0.1", 1);
    ::unsetenv("NO_PROXY");
    mirror("good");
  }
  void mirror(const std::string& behaviour) {
    ::setenv("REVERIE_MODELS_MIRROR", server_.url(behaviour).c_str(), 1);
  }

  Words command(Words words) const {
    words.insert(words.begin(), {REVERIE_PROGRAM, "models"});
    words.push_back("models_parent_dir=" + parent_.string());
    return words;
  }
  Outcome models(const Words& words) const { return run(command(words), scratch_.path()); }

  void expect_installed() {
    EXPECT_TRUE(read_bytes(target_) == read_bytes(server_.path));
    EXPECT_EQ(std::distance(fs::directory_iterator(parent_ / "clip"), fs::directory_iterator()), 1);
  }

  /// Starts a download and returns when half of the file is there and no more will come.
  std::unique_ptr<Running> half_done() {
    mirror("gate");
    auto running = std::make_unique<Running>(command({"fetch", "clip-vocabulary"}), scratch_.path());
    std::error_code error;
    EXPECT_TRUE(wait_until([&] { return fs::file_size(part_, error) == half_ && !error; })) << running->err();
    return running;
  }

  Scratch scratch_;
  Server server_;
  fs::path parent_ = scratch_ / "my models", target_ = parent_ / "clip/bpe_simple_vocab_16e6.txt.gz",
           part_ = parent_ / "clip/bpe_simple_vocab_16e6.txt.gz.part";
  std::uint64_t half_ = server_.bytes / 2;
};

TEST_F(ModelsCommand, FromAbsentToInstalledToDamagedAndBack) {
  Outcome outcome = models({"path", "clip-vocabulary"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(holds(outcome.err, "fetch clip-vocabulary 'models_parent_dir=") ||
              holds(outcome.err, "fetch clip-vocabulary models_parent_dir='" + parent_.string() + "'"))
      << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "1.4 MB")) << outcome.err;
  EXPECT_EQ(models({"verify", "clip-vocabulary"}).status, 1);
  outcome = models({"verify"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(holds(outcome.out, "no models are installed")) << outcome.out;

  outcome = models({"fetch", "CLIP_vocabulary"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "clip-vocabulary is installed: " + target_.string() + "\n");
  EXPECT_TRUE(holds(outcome.err, "clip-vocabulary  100 %  1.4 MB of 1.4 MB")) << outcome.err;
  EXPECT_LE(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 11) << outcome.err;
  expect_installed();

  outcome = models({"fetch", "clip-vocabulary"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "clip-vocabulary was already installed: " + target_.string() + "\n");
  EXPECT_EQ(server_.requests().size(), 1u);
  EXPECT_EQ(models({"path", "clip-vocabulary"}).out, target_.string() + "\n");
  outcome = models({"verify"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "clip-vocabulary is right: " + target_.string() + "\n");

  std::string bytes = read_bytes(target_);
  bytes[bytes.size() / 2] ^= 1;
  std::ofstream(target_, std::ios::binary) << bytes;
  for (const Words& words : {Words{"verify"}, Words{"verify", "clip-vocabulary"}}) {
    outcome = models(words);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_TRUE(holds(outcome.out, "clip-vocabulary is DAMAGED: " + target_.string())) << outcome.out;
  }
  EXPECT_EQ(models({"fetch", "clip-vocabulary"}).status, 0);
  expect_installed();
}

TEST_F(ModelsCommand, KilledAndResumed) {
  EXPECT_EQ(half_done()->finish(SIGKILL).signal, SIGKILL);
  EXPECT_FALSE(fs::exists(target_));
  const std::string list = models({"list"}).out;
  EXPECT_TRUE(holds(list, "49 % of it") || holds(list, "50 % of it")) << list;
  server_.open_gate();
  const Outcome outcome = models({"fetch", "clip-vocabulary"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(server_.requests().back(), "gate 206 range=" + std::to_string(half_) + " if-range=\"one\"");
  expect_installed();
}

TEST_F(ModelsCommand, InterruptedAndResumed) {
  for (const int signal : {SIGINT, SIGTERM}) {
    fs::remove_all(parent_);
    const Outcome outcome = half_done()->finish(signal);
    EXPECT_EQ(outcome.status, 130) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "the same command goes on from there")) << outcome.err;
    EXPECT_EQ(fs::file_size(part_), half_);
    mirror("good");
    EXPECT_EQ(models({"fetch", "clip-vocabulary"}).status, 0);
    EXPECT_EQ(server_.requests().back(), "good 206 range=" + std::to_string(half_) + " if-range=-");
    expect_installed();
  }
}

TEST_F(ModelsCommand, TwoProcessesDownloadOnce) {
  const auto first = half_done();
  Running second(command({"fetch", "clip-vocabulary"}), scratch_.path());
  ASSERT_TRUE(wait_until([&] { return holds(second.err(), "another process is downloading"); }))
      << second.err();
  server_.open_gate();
  const Outcome one = first->finish(), other = second.finish();
  EXPECT_EQ(one.status, 0) << one.err;
  EXPECT_EQ(other.status, 0) << other.err;
  EXPECT_TRUE(holds(other.out, "was already installed")) << other.out;
  EXPECT_EQ(server_.requests().size(), 1u);
  expect_installed();
}

TEST_F(ModelsCommand, ASecondProcessTakesOverFromADeadOne) {
  const auto first = half_done();
  Running second(command({"fetch", "clip-vocabulary"}), scratch_.path());
  ASSERT_TRUE(wait_until([&] { return holds(second.err(), "another process is downloading"); }))
      << second.err();
  server_.open_gate();
  first->finish(SIGKILL);
  const Outcome outcome = second.finish();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  expect_installed();
}

TEST_F(ModelsCommand, WrongBytesAreNotInstalled) {
  mirror("wrong");
  const Outcome outcome = models({"fetch", "clip-vocabulary"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(holds(outcome.err, "differs from the published one")) << outcome.err;
  // Then the publisher's own addresses, which this test's proxy hides.
  EXPECT_TRUE(holds(outcome.err, models::find_model("clip-vocabulary")->urls.front() + ": ")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "save it as '" + target_.string() + "'")) << outcome.err;
  EXPECT_TRUE(fs::is_empty(parent_ / "clip"));
}

TEST_F(ModelsCommand, OneFailureDoesNotStopTheOthers) {
  // The server has the vocabulary whatever it is asked for.
  const Outcome outcome = models({"fetch", "ViTB32", "clip-vocabulary"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(holds(outcome.err, "1356917 bytes instead of 353976522")) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "clip-vocabulary is installed")) << outcome.out;
  expect_installed();
}

TEST_F(ModelsCommand, MistakesAreFoundBeforeAnythingIsDownloaded) {
  Outcome outcome = models({"fetch", "clip-vocabulary", "ViTB23"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "there is no model 'ViTB23'")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "did you mean 'ViT")) << outcome.err;
  for (const Words& words :
       {Words{}, Words{"fetch"}, Words{"fetsh", "RN50"}, Words{"list", "RN50"}, Words{"path"},
        Words{"path", "RN50", "RN101"}, Words{"list", "width=3"}, Words{"list", "models_parent_dir="}}) {
    outcome = models(words);
    EXPECT_EQ(outcome.status, 2) << outcome.out;
    EXPECT_FALSE(outcome.err.empty());
  }
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(ModelsCommand, LicencesThatDoNotAllowEverythingAreAccepted) {
  // The server has the vocabulary whatever it is asked for: what is accepted is asked for, and is wrong.
  Outcome outcome = models({"fetch", "clip-vocabulary", "coco config"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "coco config: licence: unstated")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "--accept-licence")) << outcome.err;
  EXPECT_FALSE(holds(outcome.err, "clip-vocabulary: licence")) << outcome.err;
  EXPECT_TRUE(server_.requests().empty());
  outcome = models({"fetch", "coco config", "--accept-licence"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(holds(outcome.err, "coco config: licence: unstated")) << outcome.err;
  EXPECT_EQ(server_.requests().size(), 1u);
  // What is there already needs no question.
  fs::create_directories(parent_ / "vqgan");
  std::ofstream(parent_ / "vqgan/coco.yaml") << "something";
  outcome = models({"fetch", "coco config"});
  EXPECT_FALSE(holds(outcome.err, "licence")) << outcome.err;
}

/// What the program shows on a terminal on which somebody types, and how it ends.
std::pair<std::string, int> on_terminal(const Words& command, const fs::path& folder,
                                        const std::string& typed) {
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child == 0) become(command, folder);
  std::string shown;
  char buffer[4096];
  bool answered = false;
  for (ssize_t n; (n = ::read(terminal, buffer, sizeof buffer)) > 0;) {
    shown.append(buffer, static_cast<std::size_t>(n));
    if (answered || !holds(shown, "[y/N]")) continue;
    answered = true;
    EXPECT_EQ(::write(terminal, typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(terminal);
  Outcome outcome;
  record_end(status, outcome);
  return {shown, outcome.status};
}

TEST_F(ModelsCommand, ATerminalIsAskedForLicences) {
  const auto [refused, no] = on_terminal(command({"fetch", "coco config"}), scratch_.path(), "n\n");
  EXPECT_EQ(no, 1) << refused;
  EXPECT_TRUE(holds(refused, "coco config: licence: unstated")) << refused;
  EXPECT_TRUE(holds(refused, "nothing was downloaded")) << refused;
  EXPECT_TRUE(server_.requests().empty());
  const auto [accepted, yes] = on_terminal(command({"fetch", "coco config"}), scratch_.path(), "y\n");
  EXPECT_EQ(yes, 1) << accepted;
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(ModelsCommand, TheListKnowsEverything) {
  const std::string list = models({"list"}).out;
  for (const models::CatalogueEntry& entry : models::model_catalogue())
    EXPECT_TRUE(holds(list, "\n" + entry.name + " ")) << list;
  for (const auto& file :
       fs::directory_iterator(fs::path(REVERIE_PROGRAM).parent_path().parent_path() / "share/reverie/models"))
    if (file.path().extension() == ".safetensors") {
      const std::string name = file.path().stem().string();
      EXPECT_TRUE(holds(list, "\n" + name + " ")) << list;
      EXPECT_EQ(models({"path", name}).out, file.path().string() + "\n");
      EXPECT_TRUE(holds(models({"fetch", name}).out, "comes with the program"));
    }
}

TEST_F(ModelsCommand, WithoutASettingTheFolderIsTheUsersCache) {
  ::setenv("HOME", scratch_.path().c_str(), 1);
  const Outcome outcome = run({REVERIE_PROGRAM, "models", "fetch", "clip-vocabulary"}, scratch_.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(scratch_ / ".cache/clip/bpe_simple_vocab_16e6.txt.gz"));
}

TEST_F(ModelsCommand, ATerminalGetsABar) {
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  ASSERT_GE(child, 0);
  if (child == 0) become(command({"fetch", "clip-vocabulary"}), scratch_.path());
  std::string shown;
  char buffer[4096];
  for (ssize_t n; (n = ::read(terminal, buffer, sizeof buffer)) > 0;)
    shown.append(buffer, static_cast<std::size_t>(n));
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(terminal);
  Outcome outcome;
  record_end(status, outcome);
  EXPECT_EQ(outcome.status, 0) << shown;
  EXPECT_TRUE(holds(shown, "░ clip-vocabulary") || holds(shown, "█ clip-vocabulary")) << shown;
  EXPECT_TRUE(holds(shown, "\r\033[Kclip-vocabulary is installed"))
      << "the bar is gone in the end: " << shown;
}

}  // namespace
}  // namespace reverie::test
