// A run that is killed at any moment and restored leaves the same files, byte for byte, as one left alone.

#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#include <csignal>
#include <map>
#include <random>

#include "cli/real_program.h"
#include "support/png_pictures.h"

namespace reverie::test {
namespace {

/// How often a run of each kind is killed, and killed again while it is continued: once, at moments that
/// differ from kind to kind. REVERIE_KILLS=50 takes an hour.
int kills() {
  const char* wanted = std::getenv("REVERIE_KILLS");
  return wanted ? std::atoi(wanted) : 1;
}

/// Runs the program in `folder` and kills it at the `moment`-th change of any file in its output folders:
/// while it writes, renames or deletes, and between. Returns how many changes it has seen; `killed` says
/// whether the moment came.
int run_until(const Words& words, const fs::path& folder, int moment, bool& killed) {
  const fs::path images = folder / "images_out/default", backups = folder / "backup/default";
  fs::create_directories(images);
  fs::create_directories(backups);
  const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  for (const fs::path& path : {images, backups})
    ::inotify_add_watch(watch, path.c_str(), IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE);
  const Words full = command("render", words);
  const pid_t child = ::fork();
  if (child == 0) {
    const int silent = ::open("/dev/null", O_RDWR);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(silent, stream);
    become(full, folder);
  }
  const int end = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  int changes = 0;
  killed = false;
  for (bool ended = false; !ended && !killed;) {
    pollfd waiting[] = {{watch, POLLIN, 0}, {end, POLLIN, 0}};
    ::poll(waiting, 2, -1);
    ended = waiting[1].revents != 0;
    alignas(inotify_event) char buffer[4096];
    for (ssize_t n; !killed && (n = ::read(watch, buffer, sizeof buffer)) > 0;)
      for (ssize_t at = 0; at < n && !killed;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        at += static_cast<ssize_t>(sizeof *event + event->len);
        killed = ++changes == moment;
      }
  }
  if (killed) ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (killed)
    killed = WIFSIGNALED(status);
  else
    EXPECT_EQ(status, 0);
  ::close(watch);
  ::close(end);
  return changes;
}

/// What counts of a run: its pictures, video and settings, by name.
std::map<std::string, std::string> results(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder / "images_out/default"))
    if (entry.path().extension() != ".part") files[entry.path().filename()] = read_bytes(entry.path());
  return files;
}

/// What is run besides what all runs do.
struct Kind {
  const char *name, *image_model, *settings;
};
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

constexpr const char* kMoves =
    "animation_mode: 2D\ntranslate_x: 3*sin(t)\nrotate_2d: 5\nzoom_x_2d: 2\ndirect_stabilization_weight: 1\n"
    "semantic_stabilization_weight: 0.2\nedge_stabilization_weight: 1\n";

constexpr const char* kFollows =
    "animation_mode: Video Source\nvideo_path: clip.mkv\nreencode_each_frame: false\nflow_long_term_samples: "
    "2\n"
    "flow_stabilization_weight: 1_start.png\ndirect_stabilization_weight: 0.5\n";

constexpr const char* kFlies =
    "animation_mode: 3D\ntranslate_z_3d: 0.05*r\nrotate_3d: '[1, 0, 0, 0.01*t]'\ndepth_stabilization_weight: "
    "1\n"
    "flow_stabilization_weight: 0.1\n";

constexpr const char* kRetouches =
    "animation_mode: 2D\nzoom_x_2d: 2\nzoom_y_2d: 2\ncolor_coherence: first\nanti_blur: 0.5\nframe_noise: "
    "0.05\n"
    "frame_noise_type: perlin\ntile: x\nloop: true\nloop_frames: 1\nvideo_from: animation\n";

constexpr const char* kSkips =
    "animation_mode: 2D\nzoom_x_2d: 2\nrotate_2d: 3\ncadence: 2 + f%2\nframe_noise: "
    "0.02\nsemantic_stabilization_weight: 0.2\n";

constexpr const char* kFollowsSkipping =
    "animation_mode: Video Source\nvideo_path: clip.mkv\nreencode_each_frame: true\ncadence: 2\n"
    "flow_long_term_samples: 1\nflow_stabilization_weight: 0.5\n";

constexpr const char* kScheduled =
    "animation_mode: 2D\ntranslate_x: curve(rotate_2d, t - 0.1)\nrotate_2d: '0: 5, 3: -5 in_out_sine, 6: 5'\n"
    "cutouts: 2 + f\ncut_pow: 1 + t\ngamma: '0: 1, 4: 2'\nhdr_weight: 0.1 + 0.1*f\nsmoothing_weight: f/20\n"
    "palette_normalization_weight: 0.2 + t\nlearning_rate: '0: 0.02, 6: 0.05'\ncurves_file: curves.csv\n"
    "wildcards: true\nscene_prefix: '{old|new|small|large} '\n";

constexpr const char* kZooms =
    "animation_mode: 3D\ntranslate_z_3d: 0.05*r\nlock_camera: false\nfield_of_view: 40 + 5*f\n"
    "near_plane: '0: 1, 3: 50'\nfar_plane: 10000 - 100*f\ncutouts: '0: 2, 2: 4'\ncutout_erasing: abs(t)\n";

constexpr const char* kTransparent = "alpha: true\nupscale_from: 20\ntile: x\n";

class RestoreOf : public testing::TestWithParam<Kind> {};

/// 24 x 16 pixels, red from left to right, blue from top to bottom.
void write_ramps(const fs::path& path) {
  std::vector<unsigned char> pixels;
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 24; ++x)
      for (const int value : {x * 10, 128, y * 16}) pixels.push_back(static_cast<unsigned char>(value));
  write_png(path, 24, 16, pixels);
}

bool has_backup(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder / "backup/default"))
    if (entry.path().extension() == ".bak") return true;
  return false;
}

TEST_P(RestoreOf, KilledRunsEndTheSame) {
  // A video would lose it.
  const bool transparent = holds(GetParam().settings, "alpha: true");
  const auto prepare = [transparent](const Scratch& folder) {
    write_ramps(folder / "start.png");
    fs::copy_file(REVERIE_SAMPLES "/clip.mkv", folder / "clip.mkv");
    folder.write("curves.csv", "frame,zoom_x_2d,cutout_border\n0,0,0.1\n3,4,0.4\n6,1,0.2\n");
    const std::string settings = GetParam().settings;
    const bool cutouts = settings.find("cutouts:") == std::string::npos;
    folder.write(
        "run.yaml",
        "scenes: 'a red heart:1_l | [start.png]:0.3 || a hill:1-t/9 | sky:-0.2_u_0.4'\n"
        "image_model: " +
            std::string(GetParam().image_model) + "\n" + settings + (cutouts ? "cutouts: 2\n" : "") +
            "perceptors: " + shipped_model() +
            "\n"
            "width: 40\nheight: 32\nsteps_per_scene: 11\ninterpolation_steps: 4\n"
            "save_every: 3\nbackups: 2\npre_animation_steps: 2\nsteps_per_frame: 4\n"
            "init_image: start.png\ndirect_init_weight: 0.1:0.001\n"
            "outputs: [" +
            std::string(
                transparent
                    ? "png_sequence"
                    : "png_sequence, video_file, animated_png, contact_sheet, raw_frames, picture_sequence") +
            "]\n"
            "sheet_pictures: 3\n"
            "seed: ${now:%f}  # which a restored run must not take\n");
  };
  const Words first = {"run.yaml", "seed=77"}, again = {"run.yaml", "--restore"};
  const Scratch whole;
  prepare(whole);
  bool killed = false;
  const int changes = run_until(first, whole.path(), -1, killed);
  const auto expected = results(whole.path());
  // A loop leaves out those of its first two frames.
  const std::size_t pictures = holds(GetParam().settings, "loop: true") ? 6 : 8;
  ASSERT_EQ(expected.size(), transparent ? pictures + 1 : 2 * pictures + 5)
      << "pictures by two sinks, a file of them all by four, and the settings";

  const std::string kind = GetParam().name;
  std::seed_seq seed(kind.begin(), kind.end());
  std::mt19937 random(seed);
  for (int trial = 0; trial < kills(); ++trial) {
    const Scratch scratch;
    prepare(scratch);
    std::string moments;
    killed = true;
    // Most runs are killed once more while they are being continued.
    for (int round = 0; killed; ++round) {
      // Killed before its first backup, there is nothing to continue.
      const bool restoring = round > 0 && has_backup(scratch.path());
      if (!restoring) fs::remove_all(scratch / "images_out");
      const int moment = round < 2 ? std::uniform_int_distribution<int>(1, changes)(random) : -1;
      moments += " " + std::to_string(moment);
      run_until(restoring ? again : first, scratch.path(), moment, killed);
    }
    const auto files = results(scratch.path());
    ASSERT_EQ(files.size(), expected.size()) << "killed at change" << moments << " of " << changes;
    for (const auto& [name, bytes] : expected)
      EXPECT_TRUE(files.at(name) == bytes)
          << name << " differs; killed at change" << moments << " of " << changes;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, RestoreOf,
    testing::Values(Kind{"unlimited_palette", "unlimited_palette", ""},
                    Kind{"limited_palette", "limited_palette", ""}, Kind{"vqgan", "vqgan", ""},
                    Kind{"fourier", "fourier", ""}, Kind{"pyramid", "pyramid", ""},
                    Kind{"siren", "siren", ""}, Kind{"cells", "cells", ""}, Kind{"siren_2D", "siren", kMoves},
                    Kind{"unlimited_palette_2D", "unlimited_palette", kMoves},
                    Kind{"limited_palette_2D", "limited_palette", kMoves}, Kind{"vqgan_2D", "vqgan", kMoves},
                    Kind{"limited_palette_scheduled", "limited_palette", kScheduled},
                    Kind{"unlimited_palette_3D", "unlimited_palette", kFlies},
                    Kind{"fourier_3D", "fourier", kFlies}, Kind{"pyramid_3D_scheduled", "pyramid", kZooms},
                    Kind{"unlimited_palette_video", "unlimited_palette", kFollows},
                    Kind{"limited_palette_video", "limited_palette", kFollows},
                    Kind{"vqgan_video", "vqgan", kFollows},
                    Kind{"unlimited_palette_upscale", "unlimited_palette", "upscale_from: 20\n"},
                    Kind{"fourier_upscale", "fourier", "upscale_from: [13, 26]\ntile: xy\n"},
                    Kind{"unlimited_palette_alpha", "unlimited_palette", kTransparent},
                    Kind{"unlimited_palette_retouched", "unlimited_palette", kRetouches},
                    Kind{"unlimited_palette_cadence", "unlimited_palette", kSkips},
                    Kind{"unlimited_palette_cadence_of_a_film", "unlimited_palette", kFollowsSkipping},
                    Kind{"limited_palette_retouched", "limited_palette", kRetouches}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace reverie::test
