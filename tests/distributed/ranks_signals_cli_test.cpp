// Runs that several processes share, and signals that ask them to end.

#include <signal.h>

#include "distributed/shared_runs.h"

namespace reverie::test {
namespace {

/// A run over ranks in a process group of its own. `group_signal` goes to all its processes at once, as a
/// batch system and a terminal do it, when the first backup is there.
struct GroupOutcome {
  int status = 0;  // of waitpid()
  std::string out, err;
};

GroupOutcome signalled_together(const fs::path& folder, const Words& words, int group_signal) {
  GroupOutcome outcome;
  const pid_t launcher = started(folder, words);
  if (is_under_way(launcher, folder)) {
    ::kill(-launcher, group_signal);
    ::waitpid(launcher, &outcome.status, 0);
  } else {
    ADD_FAILURE() << "the run has ended before";
  }
  outcome.out = read_bytes(folder / "out");
  outcome.err = read_bytes(folder / "err");
  return outcome;
}

TEST(Ranks, that_are_signalled_together_with_their_starter_save_the_run) {
  const Words longer = {"perceptors=tiny_vit", "steps_per_scene=48", "save_every=4"};
  const auto whole = rendered(with(still({"cutout_groups=16"}), longer));
  for (const auto& [number, status] : std::map<int, int>{{SIGTERM, 130}, {SIGINT, 130}, {SIGUSR1, 75}}) {
    const Scratch folder;
    const GroupOutcome stopped =
        signalled_together(folder.path(), with(still({"--ranks", "3"}), longer), number);
    EXPECT_TRUE(WIFEXITED(stopped.status) && WEXITSTATUS(stopped.status) == status)
        << number << ": " << stopped.status << stopped.err;
    EXPECT_TRUE(holds(stopped.out, "interrupted after ")) << number << stopped.out << stopped.err;
    const Outcome rest = render(folder.path(), with(still({"--restore", "--ranks", "2"}), longer));
    EXPECT_EQ(rest.status, 0) << rest.err;
    EXPECT_TRUE(holds(rest.err, "continuing 'default' from its backup")) << rest.err;
    EXPECT_EQ(pictures(folder.path()), whole) << number;
  }
}

/// Before a rank can save anything, a signal waits.
TEST(Ranks, that_are_signalled_before_their_first_step_ask_for_another_start) {
  const Scratch folder;
  const pid_t launcher = started(folder.path(), still({"--ranks", "2"}));
  ASSERT_TRUE(comes_true(launcher, [&] { return children_of(launcher).size() == 2; }));
  int status = 0;
  ::kill(launcher, SIGUSR1);
  ::waitpid(launcher, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 75) << status << read_bytes(folder / "err");
  const Outcome again = render(folder.path(), still({"--restore", "--ranks", "2"}));
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(pictures(folder.path()), rendered(still({"cutout_groups=16"})));
}

TEST(Ranks, end_at_once_when_they_are_asked_twice) {
  const Scratch folder;
  const pid_t launcher = started(folder.path(), still({"--ranks", "2", "steps_per_scene=1000000"}));
  ASSERT_TRUE(is_under_way(launcher, folder.path()));
  int status = 0;
  const std::vector<pid_t> ranks = children_of(launcher);
  ASSERT_EQ(ranks.size(), 2u);
  ::kill(ranks[1], SIGSTOP);  // so that the run cannot end by the first request
  ::kill(launcher, SIGTERM);
  ::kill(launcher, SIGINT);  // two that are alike would become one while they wait
  ::waitpid(launcher, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) &&
              (WEXITSTATUS(status) == 128 + SIGTERM || WEXITSTATUS(status) == 128 + SIGINT))
      << status;
}

/// The process that started them says what rank 0 cannot say.
TEST(Ranks, whose_first_cannot_speak_are_ended_with_a_message) {
  struct Case {
    std::map<std::size_t, int> signals;  // by rank
    std::string said;
  };
  for (const auto& [signals, expected] :
       {Case{{{0, SIGKILL}}, "rank 0 of 2 has ended: it was ended by SIGKILL. Everything"},
        Case{{{0, SIGSTOP}, {1, SIGKILL}},
             "rank 1 of 2 has ended: it was ended by SIGKILL; another did not end within 20 s"}}) {
    const Scratch folder;
    const pid_t launcher = started(folder.path(), still({"--ranks", "2", "steps_per_scene=1000000"}));
    ASSERT_TRUE(is_under_way(launcher, folder.path()));
    int status = 0;
    const std::vector<pid_t> ranks = children_of(launcher);
    ASSERT_EQ(ranks.size(), 2u);
    for (const auto& [rank, number] : signals) ::kill(ranks[rank], number);
    ::waitpid(launcher, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGKILL) << status;
    const std::string said = read_bytes(folder / "err");
    EXPECT_TRUE(holds(said, "reverie: " + expected) && holds(said, "--restore")) << said;
  }
}

}  // namespace
}  // namespace reverie::test
