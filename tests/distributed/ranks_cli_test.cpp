// Runs that several processes share.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <thread>

#include "distributed/shared_runs.h"

namespace reverie::test {
namespace {

TEST(Ranks, make_the_same_pictures_whatever_their_number) {
  const auto alone = rendered(still({"cutout_groups=16"}));
  EXPECT_EQ(alone.size(), 2u);
  for (const char* ranks : {"1", "2", "4", "5"})
    EXPECT_EQ(rendered(still({"--ranks", ranks})), alone) << ranks;
}

TEST(Ranks, make_the_same_animation) {
  const Words moves =
      tiny("a red heart", {"animation_mode=2D", "zoom_x_2d=4", "zoom_y_2d=4", "steps_per_frame=2",
                           "pre_animation_steps=2", "save_every=2", "steps_per_scene=8",
                           "image_model=Limited Palette", "direct_stabilization_weight=1"});
  EXPECT_EQ(rendered(with(moves, {"--ranks", "2"})), rendered(with(moves, {"cutout_groups=16"})));
}

TEST(Ranks, make_the_same_pictures_with_every_image_model) {
  std::size_t models = 0;
  for (const auto& entry : fs::directory_iterator(prefix() / "lib/reverie/plugins/image_models")) {
    if (entry.path().extension() != ".so") continue;
    const Words words = still({"image_model=" + entry.path().stem().string(), "save_every=4"});
    EXPECT_EQ(rendered(with(words, {"--ranks", "2"})), rendered(with(words, {"cutout_groups=16"}))) << entry;
    ++models;
  }
  EXPECT_GE(models, 8u);
}

/// Each rank reads the film and estimates its flow by itself.
TEST(Ranks, make_the_same_pictures_of_a_film) {
  const Words follows =
      tiny("a red heart", {"animation_mode=Video Source", "video_path=" REVERIE_SAMPLES "/clip.mkv",
                           "cutouts=19", "steps_per_frame=2", "pre_animation_steps=2", "save_every=2",
                           "steps_per_scene=8", "reencode_each_frame=false", "flow_long_term_samples=2",
                           "flow_stabilization_weight=1", "direct_stabilization_weight=0.5"});
  const auto alone = rendered(with(follows, {"cutout_groups=16"}));
  EXPECT_EQ(alone.size(), 4u);
  for (const char* ranks : {"2", "4"}) EXPECT_EQ(rendered(with(follows, {"--ranks", ranks})), alone) << ranks;
}

TEST(Ranks, make_the_same_animation_with_schedules) {
  const Words moves = tiny(
      "a red heart:[0: 1, 3: 0.2] | a lake:t",
      {"animation_mode=2D", "zoom_x_2d=0: 2, 4: 8 in_out_sine", "rotate_2d=slew(9*f, 24, 24)",
       "cutouts=16 + 2*f", "cut_pow=0: 1, 4: 2", "learning_rate=0: 0.02, 4: 0.05", "smoothing_weight=f/50",
       "steps_per_frame=1", "pre_animation_steps=2", "save_every=2", "steps_per_scene=8", "cadence=1 + f%2"});
  EXPECT_EQ(rendered(with(moves, {"--ranks", "2"})), rendered(with(moves, {"cutout_groups=16"})));
}

TEST(Ranks, go_on_with_another_number) {
  const auto whole = rendered(still({"cutout_groups=16", "steps_per_scene=8"}));
  const Scratch folder;
  EXPECT_EQ(render(folder.path(), still({"--ranks", "3"})).status, 0);
  const Outcome rest = render(folder.path(), still({"steps_per_scene=8", "--restore", "--ranks", "2"}));
  EXPECT_EQ(rest.status, 0) << rest.err;
  EXPECT_EQ(pictures(folder.path()), whole);
}

TEST(Ranks, too_many_are_refused) {
  const Scratch folder;
  const Outcome outcome = render(folder.path(), still({"--ranks", "4", "cutout_groups=2"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "4 ranks") && holds(outcome.err, "2 groups")) << outcome.err;
}

TEST(Ranks, are_as_many_as_cards) {
  const Scratch folder;
  const Words hidden = {"/usr/bin/env", "CUDA_VISIBLE_DEVICES="};  // where there are any
  const Outcome outcome = run(with(hidden, command("render", tiny("a", {"--ranks", "gpus"}))), folder.path());
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "--ranks gpus")) << outcome.err;
  EXPECT_EQ(render(folder.path(), tiny("a", {"--ranks", "cards"})).status, 2);
}

TEST(Ranks, fail_together_with_one_message) {
  const Scratch folder;
  const Outcome outcome = render(folder.path(), tiny("a heart", {"--ranks", "2", "init_image=nowhere.png"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "there is no file 'nowhere.png'")) << outcome.err;
  EXPECT_EQ(outcome.err.find("there is no file"), outcome.err.rfind("there is no file")) << outcome.err;
}

/// A port that was free a moment ago.
std::string free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return std::to_string(ntohs(address.sin_port));
}

/// As torchrun or a person starts them: with the environment of one rank.
Outcome run_rank(int rank, int count, const std::string& port, const Words& words, const fs::path& folder) {
  Words line = {"/usr/bin/env", "RANK=" + std::to_string(rank), "WORLD_SIZE=" + std::to_string(count),
                "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + port};
  return run(with(line, command("render", words)), folder);
}

TEST(Ranks, that_are_started_by_hand_make_the_same_pictures) {
  const auto alone = rendered(still({"cutout_groups=16"}));
  const Scratch folder;
  const std::string port = free_port();
  Outcome other;
  std::thread second([&] { other = run_rank(1, 2, port, still(), folder.path()); });
  const Outcome first = run_rank(0, 2, port, still(), folder.path());
  second.join();
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(other.status, 0) << other.err;
  EXPECT_EQ(other.out, "") << "only rank 0 says what was made";
  EXPECT_EQ(pictures(folder.path()), alone);
}

TEST(Ranks, with_other_settings_are_refused_before_the_first_step) {
  const Scratch folder, elsewhere;
  const std::string port = free_port();
  Outcome other;
  std::thread second([&] { other = run_rank(1, 2, port, still({"learning_rate=0.5"}), elsewhere.path()); });
  const Outcome first = run_rank(0, 2, port, still({"learning_rate=0.25"}), folder.path());
  second.join();
  for (const Outcome* outcome : {static_cast<const Outcome*>(&first), static_cast<const Outcome*>(&other)}) {
    EXPECT_EQ(outcome->status, 2) << outcome->err;
    EXPECT_TRUE(holds(outcome->err, "'learning_rate' of rank 0: 0.25") &&
                holds(outcome->err, "'learning_rate' of rank 1: 0.5"))
        << outcome->err;
    EXPECT_FALSE(holds(outcome->err, "'cutouts'")) << outcome->err;
  }
}

TEST(Ranks, of_which_one_has_another_seed_are_refused_like_others) {
  const Scratch folder, elsewhere;
  Words none = still();
  std::erase(none, "seed=1");
  const std::string port = free_port();
  Outcome other;
  std::thread second([&] { other = run_rank(1, 2, port, with(none, {"seed=null"}), elsewhere.path()); });
  const Outcome first = run_rank(0, 2, port, still(), folder.path());
  second.join();
  EXPECT_EQ(first.status, 2) << first.err;
  EXPECT_EQ(other.status, 2) << other.err;
  EXPECT_TRUE(holds(first.err, "'seed' of rank 0: 1\n")) << first.err;
}

std::string sha256(const fs::path& file) {
  const Outcome outcome = run({"/usr/bin/sha256sum", file}, file.parent_path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return outcome.out.substr(0, 64);
}

/// Each rank has a folder of its own, in which one file differs.
TEST(Ranks, with_other_files_are_refused_before_the_first_step) {
  const fs::path models = prefix() / "share/reverie/models";
  const struct {
    fs::path original;
    Words words;
  } files[] = {
      {models / "tiny_vit.safetensors", {"perceptors=own.safetensors"}},
      {models / "vqgan/tiny.safetensors", {"image_model=VQGAN", "vqgan_model=own.safetensors"}},
      {models / "depth/tiny_depth.safetensors",
       {"animation_mode=3D", "depth_model=tiny_depth", "depth_weights=own.safetensors"}},
      {REVERIE_SAMPLES "/clip.mkv", {"animation_mode=Video Source", "video_path=own.mkv"}},
  };
  for (const auto& [original, words] : files) {
    const Scratch folder, elsewhere;
    const std::string name = "own" + original.extension().string();
    fs::copy_file(original, folder.path() / name);
    std::string bytes = read_bytes(original);
    bytes[bytes.size() - 4] ^= 1;  // in the last of its numbers
    elsewhere.write(name, bytes);
    const std::string port = free_port();
    Outcome other;
    std::thread second(
        [&, &words = words] { other = run_rank(1, 2, port, tiny("a hill", words), elsewhere.path()); });
    const Outcome first = run_rank(0, 2, port, tiny("a hill", words), folder.path());
    second.join();
    for (const Outcome* outcome : {&first, static_cast<const Outcome*>(&other)}) {
      EXPECT_EQ(outcome->status, 2) << outcome->err;
      for (const auto& [rank, own] : {std::pair("0", folder.path()), {"1", elsewhere.path()}})
        EXPECT_TRUE(
            holds(outcome->err, "SHA-256 of " + name + " of rank " + rank + ": " + sha256(own / name)))
            << outcome->err;
      EXPECT_FALSE(holds(outcome->err, "perceptors")) << outcome->err;
    }
    EXPECT_FALSE(fs::exists(folder.path() / "images_out/default/default_1.png"));
  }
}

TEST(Ranks, end_with_the_name_of_the_one_that_died_and_go_on_later) {
  const Words longer = {"perceptors=tiny_vit", "steps_per_scene=80", "save_every=4"};
  const auto whole = rendered(with(still({"cutout_groups=16"}), longer));
  const Scratch folder;
  const pid_t launcher = started(folder.path(), with(still({"--ranks", "3"}), longer));
  ASSERT_TRUE(is_under_way(launcher, folder.path())) << "the run has ended before";
  const std::vector<pid_t> ranks = children_of(launcher);
  ASSERT_EQ(ranks.size(), 3u);
  int status = 0;
  ::kill(ranks[2], SIGKILL);
  ::waitpid(launcher, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
  const std::string said = read_bytes(folder / "err");
  EXPECT_TRUE(holds(said, "rank 2 of 3") && holds(said, "SIGKILL") && holds(said, "--restore")) << said;
  const Outcome rest = render(folder.path(), with(still({"--restore"}), longer));
  EXPECT_EQ(rest.status, 0) << rest.err;
  EXPECT_EQ(pictures(folder.path()), whole);
}

}  // namespace
}  // namespace reverie::test
