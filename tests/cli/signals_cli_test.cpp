// Signals and closed pipes.

#include <sys/resource.h>

#include "cli/interrupted.h"

namespace reverie::test {
namespace {

const Words kEndless = {"steps_per_scene=1000000", "save_every=2"};

TEST(Signals, AClosedTerminalSavesTheRun) {
  const Scratch scratch;
  const Outcome outcome = interrupted_render(scratch.path(), tiny("red", kEndless), "default_2.png", SIGHUP);
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "interrupted after ")) << outcome.out;
  EXPECT_TRUE(holds(outcome.err, "--restore")) << outcome.err;
  for (const std::string& file : files_below(scratch.path())) {
    EXPECT_FALSE(holds(file, ".part")) << file;
    EXPECT_FALSE(holds(file, ".lock")) << file;
  }
}

TEST(Signals, AreAnsweredInWords) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    const Scratch scratch;
    const Outcome outcome =
        interrupted_render(scratch.path(), tiny("red", kEndless), "default_1.png", signal);
    EXPECT_EQ(outcome.status, 130) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "interrupted: ")) << outcome.err;
  }
}

/// A batch system's, shortly before the time is up: the run is saved, and the status asks for another start.
TEST(Signals, ThatAskForAnotherStartSaveTheRun) {
  const Scratch scratch;
  const Words words = tiny("red", {"steps_per_scene=200", "save_every=20"});
  const Outcome first = interrupted_render(scratch.path(), words, "default_2.png", SIGUSR1);
  EXPECT_EQ(first.status, 75) << first.err;
  Words again = words;
  again.push_back("--restore");
  EXPECT_EQ(render(scratch.path(), again).status, 0);
  const Scratch unharmed;
  EXPECT_EQ(render(unharmed.path(), words).status, 0);
  const char* const last = "images_out/default/default_10.png";
  EXPECT_EQ(read_png(scratch / last).pixels, read_png(unharmed / last).pixels);
}

TEST(Signals, ThatWereIgnoredBeforeAreIgnored) {
  const Scratch scratch;
  const Words words = command("render", tiny("red", {"steps_per_scene=40", "save_every=20"}));
  std::signal(SIGHUP, SIG_IGN);  // as nohup does; the child inherits it
  const pid_t child = ::fork();
  if (child == 0) {
    const int silent = ::open((scratch / "err").c_str(), O_RDWR | O_CREAT, 0600);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(silent, stream);
    become(words, scratch.path());
  }
  std::signal(SIGHUP, SIG_DFL);
  for (int i = 0; i < 50; ++i) ::kill(child, SIGHUP);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << read_bytes(scratch / "err");
}

TEST(Signals, NobodyWhoReadsIsNoReasonToEnd) {
  const Scratch scratch;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Words words = command("render", tiny("red"));
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(ends[1], stream);
    ::close(ends[1]);
    become(words, scratch.path());
  }
  ::close(ends[0]);  // as `head -1` does
  ::close(ends[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
  EXPECT_EQ(files_below(scratch.path()),
            (Words{"backup/default/default_1.bak", "images_out/default/default_1.png",
                   "images_out/default/default_settings.txt"}));
}

TEST(Signals, OutputThatDoesNotFitIsAnError) {
  const Scratch scratch;
  const Outcome outcome =
      run({"/bin/sh", "-c", "exec \"$0\" settings > /dev/full", REVERIE_PROGRAM}, scratch.path());
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(holds(outcome.err, "No space left")) << outcome.err;
}

TEST(Signals, AFileThatBecomesTooLargeIsAnError) {
  const Scratch scratch;
  // Large enough for the settings, too small for a picture of noise.
  const Words words = {"/bin/bash", "-c", "ulimit -f 16; exec \"$@\"", "bash", REVERIE_PROGRAM, "render"};
  for (const std::string outputs : {"outputs=png_sequence", "outputs=video_file"}) {
    Words all = words;
    const Words rest =
        tiny("red", {"width=200", "height=200", "pixel_size=1", "cutouts=1", outputs,
                     "image_model=unlimited_palette", "allow_overwrite=true", "video_format=lossless"});
    all.insert(all.end(), rest.begin(), rest.end());
    const Outcome outcome = run(all, scratch.path());
    EXPECT_EQ(outcome.signal, 0);
    EXPECT_EQ(outcome.status, 1) << outcome.err;
    EXPECT_TRUE(holds(outcome.err, "File too large")) << outcome.err;
    for (const std::string& file : files_below(scratch.path())) EXPECT_FALSE(holds(file, ".part")) << file;
  }
}

}  // namespace
}  // namespace reverie::test
