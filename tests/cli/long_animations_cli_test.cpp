// Loops, tiles, stills that begin small and pictures between pictures, by the real program.

#include <algorithm>
#include <array>
#include <cmath>

#include "cli/real_program.h"
#include "support/png_pictures.h"

namespace reverie::test {
namespace {

Words moving(const Words& more) {
  Words words = tiny("a red heart", {"animation_mode=2D", "zoom_x_2d=2", "zoom_y_2d=2",
                                     "pre_animation_steps=2", "steps_per_frame=2", "steps_per_scene=20",
                                     "save_every=2", "backups=0", "display_every=0"});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<unsigned char> pixels(const Scratch& folder, int number) {
  return read_png(folder / ("images_out/default/default_" + std::to_string(number) + ".png")).pixels;
}

// With the same seed, both runs do the same until the transition begins: nine moves, of which it takes the
// last two.
TEST(Loops, EndExactlyBeforeTheyBegin) {
  const Scratch open, closed;
  ASSERT_EQ(render(open.path(), moving({})).status, 0);
  ASSERT_EQ(render(closed.path(), moving({"loop=true", "loop_frames=2"})).status, 0);
  // Ten pictures, the last of frame 9; a loop leaves out frames 0 to 2.
  EXPECT_TRUE(fs::exists(open / "images_out/default/default_10.png"));
  EXPECT_FALSE(fs::exists(closed / "images_out/default/default_8.png"));
  EXPECT_EQ(pixels(closed, 1), pixels(open, 4)) << "frame 3";
  EXPECT_EQ(pixels(closed, 5), pixels(open, 8)) << "frame 7, the last before the transition";
  EXPECT_EQ(pixels(closed, 7), pixels(open, 3)) << "frame 9 is frame 2, which frame 3 follows";
  EXPECT_NE(pixels(closed, 6), pixels(open, 9));
}

TEST(Loops, NeedRoomForTheirTransition) {
  const Scratch folder;
  const Outcome outcome = render(folder.path(), moving({"loop=true", "loop_frames=5"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "'loop_frames' is 5, but the run moves only 9 times")) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "1 to 4")) << outcome.err;
}

TEST(Loops, OfStillsHaveNoEffectAndLeaveNothingOut) {
  const Scratch folder;
  const Outcome outcome = render(folder.path(), tiny("a hill", {"loop=true", "save_every=2"}));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.err, "loop has no effect")) << outcome.err;
  EXPECT_TRUE(fs::exists(folder / "images_out/default/default_2.png"));
}

TEST(Cadences, OfOneChangeNothing) {
  const Scratch plain, one;
  ASSERT_EQ(render(plain.path(), moving({})).status, 0);
  ASSERT_EQ(render(one.path(), moving({"cadence=1"})).status, 0);
  for (const int number : {1, 5, 10}) EXPECT_EQ(pixels(plain, number), pixels(one, number)) << number;
}

// Nine moves, of which 3, 6 and 9 are optimised. Without a change by the steps, all frames are what the moves
// make.
TEST(Cadences, MakeAllFramesInTheirOrder) {
  const Words still = {"learning_rate=1e-12", "translate_x=3", "zoom_x_2d=0", "zoom_y_2d=0"};
  Words skipping = still;
  skipping.push_back("cadence=3");
  const Scratch all, some;
  ASSERT_EQ(render(all.path(), moving(still)).status, 0);
  const Outcome outcome = render(some.path(), moving(skipping));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  for (int number = 1; number <= 10; ++number) {
    const auto wanted = pixels(all, number), made = pixels(some, number);
    ASSERT_EQ(wanted.size(), made.size());
    for (std::size_t i = 0; i < made.size(); ++i) ASSERT_NEAR(wanted[i], made[i], 1) << number;
  }
  EXPECT_FALSE(fs::exists(some / "images_out/default/default_11.png"));
}

// Of the frames 1, 2, 3 ... every second is optimised, and with save_every=4 only those before them are
// saved.
TEST(Cadences, HaveBackupsWhereOnlyFramesInBetweenAreSaved) {
  const Scratch folder;
  const Words words =
      tiny("a red heart", {"animation_mode=2D", "zoom_x_2d=2", "pre_animation_steps=2", "steps_per_frame=2",
                           "save_every=4", "cadence=2", "steps_per_scene=24", "display_every=0"});
  ASSERT_EQ(render(folder.path(), words).status, 0);
  std::vector<fs::path> backups;
  for (const auto& entry : fs::directory_iterator(folder / "backup/default"))
    if (entry.path().extension() == ".bak") backups.push_back(entry.path());
  ASSERT_GT(backups.size(), 1u) << "a run that is killed would begin at its beginning";
  // From an earlier one, it makes the same pictures.
  const auto before = pixels(folder, 6);
  ASSERT_FALSE(before.empty());
  fs::remove(*std::max_element(backups.begin(), backups.end()));
  fs::remove(folder / "images_out/default/default_6.png");
  Words again = words;
  again.push_back("--restore");
  const Outcome outcome = render(folder.path(), again);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(pixels(folder, 6), before);
}

/// A pattern of broad waves that goes to the right by a pixel in each frame, in a colour of its own.
std::vector<unsigned char> waves(int frame, const std::array<double, 3>& colour) {
  std::vector<unsigned char> pixels;
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 64; ++x) {
      const double u = x - frame;
      const double wave = 0.5 + 0.2 * std::sin(0.33 * u + 0.21 * y) + 0.2 * std::sin(0.17 * u - 0.29 * y + 1);
      for (const double part : colour)
        pixels.push_back(static_cast<unsigned char>(std::lround(255 * wave * part)));
    }
  return pixels;
}

// Each optimised frame starts from the film, those between go on from the one before along the film's motion.
// Without a change by the steps, what the next optimised frame gains is that it is the film's again, and that
// comes evenly: a third of it in the first frame, two thirds in the second.
TEST(Cadences, FollowAFilm) {
  const std::array<double, 3> grey = {1, 1, 1}, reddish = {1, 0.8, 0.75};
  const Scratch folder;
  fs::create_directory(folder / "film");
  for (int frame = 0; frame < 7; ++frame)
    write_png(folder / ("film/" + std::to_string(10 + frame) + ".png"), 64, 48, waves(frame, grey));
  write_png(folder / "start.png", 64, 48, waves(0, reddish));
  const Outcome outcome =
      render(folder.path(),
             tiny("a red heart",
                  {"animation_mode=Video Source", "video_path=film", "init_image=start.png", "width=64",
                   "height=48", "pre_animation_steps=2", "steps_per_frame=2", "steps_per_scene=14",
                   "save_every=2", "backups=0", "display_every=0", "learning_rate=1e-12", "cadence=3"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  for (int frame = 0; frame <= 6; ++frame) {
    const double share = frame >= 3 ? 1 : frame / 3.0;
    const auto made = pixels(folder, frame + 1), start = waves(frame, reddish), film = waves(frame, grey),
               before = waves(frame - 1, grey);
    ASSERT_EQ(made.size(), film.size());
    double difference = 0, gap = 0;
    int count = 0;
    for (int y = 6; y < 42; ++y)
      for (int x = 10; x < 54; ++x)  // the estimated motion is vague at the edges
        for (int c = 0; c < 3; ++c, ++count) {
          const auto i = static_cast<std::size_t>((y * 64 + x) * 3 + c);
          difference += std::abs(made[i] - (start[i] + share * (film[i] - start[i])));
          gap += std::abs(made[i] - before[i]);
        }
    EXPECT_LT(difference / count, 3) << "frame " << frame;
    EXPECT_GT(gap / count, 4) << "frame " << frame << ": the motion counts";
  }
}

TEST(Cadences, AreRefusedWhereFramesWouldStayUnpainted) {
  const Scratch folder;
  const Outcome loop = render(folder.path(), moving({"cadence=2", "loop=true", "loop_frames=2"}));
  EXPECT_EQ(loop.status, 2);
  EXPECT_TRUE(holds(loop.err, "'cadence' and 'loop'")) << loop.err;
  const Outcome nothing = render(folder.path(), moving({"cadence=1-f"}));
  EXPECT_EQ(nothing.status, 2);
  EXPECT_TRUE(holds(nothing.err, "'cadence' at t = ")) << nothing.err;
}

TEST(Retouching, SaysWhatHasNoEffect) {
  const Scratch folder;
  Outcome outcome = render(folder.path(), tiny("a hill", {"color_coherence=first", "steps_per_scene=1"}));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(holds(outcome.err, "color_coherence has no effect")) << outcome.err;
  // A file that nobody looks at need not be there.
  outcome = render(folder.path(), tiny("a hill", {"color_coherence=nowhere.png", "steps_per_scene=1"}));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  outcome = render(folder.path(), moving({"anti_blur_radius=3", "steps_per_scene=2"}));
  EXPECT_TRUE(holds(outcome.err, "anti_blur_radius has no effect: anti_blur is 0")) << outcome.err;
  outcome = render(folder.path(), moving({"color_coherence=nowhere.png"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "'color_coherence'") && holds(outcome.err, "nowhere.png")) << outcome.err;
  outcome = render(folder.path(), moving({"frame_noise=0.1-t"}));
  EXPECT_EQ(outcome.status, 2) << "it falls below 0";
  EXPECT_TRUE(holds(outcome.err, "'frame_noise' at t = ")) << outcome.err;
}

/// The mean difference of neighbours over the seam, as a share of that elsewhere.
double seam(const Picture& picture) {
  const auto at_place = [&](std::int64_t x, std::int64_t y, int channel) {
    return double(picture.pixels[static_cast<std::size_t>((y * picture.width + x) * 3 + channel)]);
  };
  double over = 0, inside = 0;
  for (std::int64_t y = 0; y < picture.height; ++y)
    for (int channel = 0; channel < 3; ++channel) {
      over += std::abs(at_place(0, y, channel) - at_place(picture.width - 1, y, channel));
      for (std::int64_t x = 1; x < picture.width; ++x)
        inside += std::abs(at_place(x, y, channel) - at_place(x - 1, y, channel));
    }
  return over * static_cast<double>(picture.width - 1) / inside;
}

TEST(Tiles, HaveNoSeam) {
  const auto seam_with = [](const std::string& tile) {
    const Scratch folder;
    const Outcome outcome = render(
        folder.path(), tiny("a red heart", {"tile=" + tile, "image_model=pyramid", "steps_per_scene=30",
                                            "save_every=30", "smoothing_weight=30", "backups=0"}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return seam(read_png(folder / "images_out/default/default_1.png"));
  };
  EXPECT_LT(seam_with("xy"), 1.3);
  EXPECT_GT(seam_with("y"), 1.5) << "along x it is an ordinary picture";
}

TEST(Tiles, HaveNoBorder) {
  const Scratch folder;
  const Outcome outcome = render(folder.path(), tiny("a hill", {"tile=x", "border_mode=black"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "'border_mode' is 'black', but with 'tile'")) << outcome.err;
}

TEST(Growing, SavesAllPicturesAtTheFullSize) {
  const Scratch folder;
  const Outcome outcome = render(
      folder.path(), tiny("a red heart", {"upscale_from=[16,32]", "upscale_at=[2,3]", "save_every=1",
                                          "outputs=[png_sequence,video_file]", "video_format=lossless"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  for (int number = 1; number <= 4; ++number)
    EXPECT_EQ(read_png(folder / ("images_out/default/default_" + std::to_string(number) + ".png")).width, 64);
  EXPECT_TRUE(fs::exists(folder / "images_out/default/default.mkv"));
}

TEST(Growing, IsForStills) {
  const Scratch folder;
  const Outcome outcome = render(folder.path(), moving({"upscale_from=32"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "'upscale_from' is for stills")) << outcome.err;
}

/// Red, green, blue and opacity, row by row; nothing where the file has no opacity.
std::vector<unsigned char> with_opacity(const fs::path& path) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&header, path.c_str())) return {};
  if (!(header.format & PNG_FORMAT_FLAG_ALPHA)) {
    png_image_free(&header);
    return {};
  }
  header.format = PNG_FORMAT_RGBA;
  std::vector<unsigned char> pixels(PNG_IMAGE_SIZE(header));
  EXPECT_TRUE(png_image_finish_read(&header, nullptr, pixels.data(), 0, nullptr)) << header.message;
  return pixels;
}
double mean_opacity(const std::vector<unsigned char>& pixels) {
  double sum = 0;
  for (std::size_t i = 3; i < pixels.size(); i += 4) sum += pixels[i];
  return sum * 4 / static_cast<double>(pixels.size()) / 255;
}

TEST(Alpha, KeepsWhatThePromptNeeds) {
  const auto opacity_with = [](const std::string& weight) {
    const Scratch folder;
    const Outcome outcome = render(
        folder.path(), tiny("a red heart", {"alpha=true", "alpha_weight=" + weight, "steps_per_scene=40",
                                            "save_every=40", "learning_rate=0.05"}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return mean_opacity(with_opacity(folder / "images_out/default/default_1.png"));
  };
  EXPECT_LT(opacity_with("100"), 0.05) << "nothing is worth that much";
  EXPECT_GT(opacity_with("0"), 0.2);
}

TEST(Alpha, IsRefusedWhereItWouldBeLost) {
  const Scratch folder;
  Outcome outcome = render(folder.path(), moving({"alpha=true"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "'alpha' is for stills")) << outcome.err;
  outcome = render(folder.path(), tiny("a hill", {"alpha=true", "outputs=[png_sequence,video_file]"}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "io/video_file keeps no transparency")) << outcome.err;
  // With the other mistakes of the file, so before anything is loaded.
  folder.write("still.yaml",
               "scenes: a hill\nalpha: true\noutputs: [video_file]\nvideo_format: mp4\nwidht: 64\n");
  for (const char* name : {"check", "render"}) {
    outcome = run(command(name, {"still.yaml"}), folder.path());
    EXPECT_EQ(outcome.status, 2);
    for (const char* part : {"still.yaml:2: 'alpha'", "still.yaml:5: "})
      EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
  }
}

TEST(Alpha, IsKeptInVideosThatCan) {
  const Scratch folder;
  const Outcome outcome =
      render(folder.path(), tiny("a hill", {"alpha=true", "outputs=[png_sequence,video_file]", "save_every=2",
                                            "video_format=prores4444"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Outcome probe = run({"/usr/bin/ffprobe", "-v", "error", "-show_entries", "stream=pix_fmt", "-of",
                             "csv=p=0", "images_out/default/default.mov"},
                            folder.path());
  EXPECT_TRUE(holds(probe.out, "yuva444p")) << probe.out << probe.err;
}

// Eyes at the same place see the same; with a distance they do not, and the picture stays what it is.
TEST(Stereo, ViewsAreSideBySide) {
  const Scratch folder;
  ASSERT_EQ(render(folder.path(), tiny("a red heart", {"save_every=4"})).status, 0);
  const auto halves = [&](const std::string& eyes) {
    const Outcome outcome = run(
        command("stereo", {"images_out/default", "--eyes", eyes, "video_format=lossless"}), folder.path());
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    const Outcome raw =
        run({"/usr/bin/ffmpeg", "-v", "error", "-y", "-i", "images_out/default/default_stereo.mkv",
             "-pix_fmt", "rgb24", "-f", "rawvideo", "stereo.raw"},
            folder.path());
    EXPECT_EQ(raw.status, 0) << raw.err;
    const std::string bytes = read_bytes(folder / "stereo.raw");
    EXPECT_EQ(bytes.size(), 2u * 64 * 64 * 3);
    std::pair<std::string, std::string> result;
    for (std::size_t at = 0; at + 2 * 64 * 3 <= bytes.size(); at += 2 * 64 * 3) {
      result.first += bytes.substr(at, 64 * 3);
      result.second += bytes.substr(at + 64 * 3, 64 * 3);
    }
    return result;
  };
  const auto [same, too] = halves("0");
  EXPECT_EQ(same, too);
  const auto [left, right] = halves("200 + 0*t");
  EXPECT_NE(left, right);
  const auto [exchanged, other] = halves("-200");
  EXPECT_EQ(exchanged, right);
  EXPECT_EQ(other, left);
  Outcome outcome = run(command("stereo", {"images_out/default", "--eyes", "sinn(t)"}), folder.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "--eyes is 'sinn(t)'")) << outcome.err;
  outcome = run(command("interpolate", {"images_out/default", "--eyes", "2"}), folder.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "reverie stereo")) << outcome.err;
}

/// What is beside one eye is behind the other, so a picture of all around has no second view.
TEST(Stereo, RefusesARunThatShowsAllAround) {
  const Scratch folder;
  ASSERT_EQ(render(folder.path(), tiny("a red heart", {"animation_mode=3D", "projection=equirectangular",
                                                       "tile=x", "width=64", "height=32",
                                                       "pre_animation_steps=2", "steps_per_frame=2"}))
                .status,
            0);
  const Outcome outcome = run(command("stereo", {"images_out/default"}), folder.path());
  EXPECT_EQ(outcome.status, 2) << outcome.out;
  for (const char* part : {"projection: equirectangular", "two eyes", "reverie encode"})
    EXPECT_TRUE(holds(outcome.err, part)) << part << " in\n" << outcome.err;
  for (const auto& entry : fs::directory_iterator(folder / "images_out/default"))
    EXPECT_FALSE(holds(entry.path().string(), "_stereo")) << entry.path();
}

TEST(Interpolating, MakesASmootherVideo) {
  const Scratch folder;
  ASSERT_EQ(render(folder.path(), moving({"steps_per_scene=6"})).status, 0);  // three pictures
  Outcome outcome = run(
      command("interpolate", {"images_out/default", "--times", "4", "video_format=lossless"}), folder.path());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(holds(outcome.out, "9 pictures, 0.1875 seconds")) << outcome.out;
  EXPECT_TRUE(fs::exists(folder / "images_out/default/default_x4.mkv"));
  outcome = run(command("interpolate", {"images_out/default", "--times", "1"}), folder.path());
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(holds(outcome.err, "--times is 1; allowed: 2 to 64")) << outcome.err;
}

}  // namespace
}  // namespace reverie::test
