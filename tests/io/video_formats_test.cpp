// What is in the files that video_file writes, as FFmpeg's own programs read them.

#include "reverie/takes_opacity.h"
#include "video_files.h"

namespace reverie::test {
namespace {

class VideoFormats : public WithVideo, public testing::WithParamInterface<VideoFormat> {};

TEST_P(VideoFormats, HoldEveryPictureAtItsTime) {
  const VideoFormat& format = GetParam();
  const fs::path file = video({{"video_format", format.name}}, 96, 64, 10);
  EXPECT_EQ(file, "out/hill" + format.extension);
  EXPECT_EQ(names_in("out"), std::set<std::string>{file.filename().string()});
  const auto properties = probe(file);
  EXPECT_EQ(properties.at("codec_name"), format.codec);
  EXPECT_EQ(properties.at("pix_fmt"), format.pixels);
  EXPECT_EQ(properties.at("width"), "96");
  EXPECT_EQ(properties.at("height"), "64");
  EXPECT_EQ(properties.at("nb_read_frames"), "10");
  // GIF counts in hundredths of a second, Matroska in thousandths.
  const std::vector<double> times = times_of(file);
  ASSERT_EQ(times.size(), 10u);
  for (std::size_t i = 0; i < times.size(); ++i) EXPECT_NEAR(times[i], static_cast<double>(i) / 12, 0.0051);
  const std::string duration = ffmpeg_says(
      {"ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file.string()});
  EXPECT_NEAR(std::stod(duration), 10 / 12.0, 0.011);

  const at::Tensor pictures = decoded(file);
  ASSERT_EQ(pictures.size(0), 10);
  for (std::int64_t i = 0; i < 10; ++i)
    EXPECT_LE(mean_difference(pictures[i], whole(smooth_picture(96, 64, i + 1))), format.tolerance) << i;
}

/// Opaque in the middle, transparent at the edges, and every value between.
at::Tensor soft_spot(std::int64_t width, std::int64_t height, std::int64_t number) {
  const at::Tensor x = at::linspace(-1.2, 1.2, width).view({1, 1, 1, width}),
                   y = at::linspace(-1.2, 1.2, height).view({1, 1, height, 1});
  return (1.2 - (x.square() + y.square()).sqrt() + 0.05 * static_cast<double>(number))
      .clamp(0, 1)
      .to(at::kFloat);
}

using VideosWithOpacity = WithVideo;

TEST_F(VideosWithOpacity, KeepItAsFfmpegSeesIt) {
  struct Case {
    std::string format, decoder;
    double tolerance;  // of the mean, in 8-bit steps
  };
  // FFmpeg's own decoder of VP9 knows no opacity.
  for (const Case& one :
       {Case{"webm", "libvpx-vp9", 1.5}, {"prores4444", "prores", 0.6}, {"lossless", "ffv1", 0}}) {
    const auto write = [&](const std::shared_ptr<OutputSink>& it, std::int64_t number) {
      auto* part = extension_of<TakesOpacity>(*it);
      if (!part) throw std::runtime_error(one.format + " takes no opacity");
      return part->write(smooth_picture(96, 64, number), soft_spot(96, 64, number), number);
    };
    const fs::path folder = "out_" + one.format, parts = folder.string() + "_parts";
    const auto whole_run = sink({{"video_format", one.format}, {"outputs", "video_file"}}, folder);
    fs::path file;
    for (std::int64_t number = 1; number <= 3; ++number) file = write(whole_run, number);
    whole_run->close();
    const fs::path raw = file.string() + ".alpha";
    ffmpeg_says({"ffmpeg", "-v", "error", "-y", "-c:v", one.decoder, "-i", file.string(), "-vsync", "0",
                 "-vf", "alphaextract,format=gray", "-f", "rawvideo", raw.string()});
    const std::string bytes = read_bytes(raw);
    ASSERT_EQ(bytes.size(), 3u * 96 * 64) << one.format;
    for (std::int64_t i = 0; i < 3; ++i) {
      const at::Tensor wanted = (soft_spot(96, 64, i + 1) * 255).round().to(at::kInt).view({64, 96});
      const at::Tensor found =
          at::from_blob(const_cast<char*>(bytes.data()) + i * 96 * 64, {64, 96}, at::kByte).to(at::kInt);
      EXPECT_LE(mean_difference(found, wanted), one.tolerance) << one.format << " " << i;
    }
    const at::Tensor pictures = decoded(file);
    const at::Tensor opaque = (soft_spot(96, 64, 1) == 1).view({64, 96, 1});
    EXPECT_LE(((pictures[0] - whole(smooth_picture(96, 64, 1))).abs() * opaque).max().item<int>(), 12)
        << one.format;
    // A run that goes on makes the same file, from what it has saved.
    {
      const auto first = sink({{"video_format", one.format}, {"outputs", "video_file"}}, parts);
      write(first, 1);
      write(first, 2);
    }
    const auto second =
        sink({{"video_format", one.format}, {"outputs", "video_file"}}, parts, 12, "video_file", 2);
    const fs::path again = write(second, 3);
    second->close();
    EXPECT_EQ(again.filename(), file.filename());
    EXPECT_EQ(read_bytes(again), read_bytes(file)) << one.format;
  }
  for (const std::string format : {"mp4", "prores", "gif"})
    EXPECT_EQ(extension_of<TakesOpacity>(*sink({{"video_format", format}})), nullptr) << format;
}

using VideosAllAround = WithVideo;

TEST_F(VideosAllAround, SaySoAsFfmpegSeesIt) {
  for (const std::string format : {"mp4", "webm", "lossless"}) {
    const auto marked =
        probe(video({{"video_format", format}, {"video_projection", "equirectangular"}}, 64, 32, 2));
    ASSERT_TRUE(marked.count("side_data_type")) << format;
    EXPECT_EQ(marked.at("side_data_type"), "Spherical Mapping") << format;
    EXPECT_EQ(marked.at("projection"), "equirectangular") << format;
    EXPECT_EQ(probe(video({{"video_format", format}}, 64, 32, 2)).count("projection"), 0u) << format;
  }
  for (const std::string format : {"prores", "prores4444", "gif"})
    EXPECT_THROW(sink({{"video_format", format}, {"video_projection", "equirectangular"}}), Error) << format;
}

TEST_P(VideoFormats, TellTheirColours) {
  const VideoFormat& format = GetParam();
  if (format.name == "gif") GTEST_SKIP() << "GIF has no such tags";
  const auto properties = probe(video({{"video_format", format.name}}, 32, 32, 2));
  const bool rgb = format.name == "lossless";
  EXPECT_EQ(properties.at("color_primaries"), "bt709");
  EXPECT_EQ(properties.at("color_transfer"), rgb ? "iec61966-2-1" : "bt709");
  EXPECT_EQ(properties.at("color_space"), rgb ? "gbr" : "bt709");
  EXPECT_EQ(properties.at("color_range"), rgb ? "pc" : "tv");
}

TEST_P(VideoFormats, TakeAnySize) {
  const VideoFormat& format = GetParam();
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 7}, {31, 17}, {400, 1}, {400, 20}}) {
    const at::Tensor image = smooth_picture(width, height, 1);
    const auto it = sink({{"video_format", format.name}});
    const fs::path file = it->write(image, 1);
    it->write(image, 2);
    it->close();
    const at::Tensor pictures = decoded(file);
    const auto side = [](std::int64_t pixels, bool even) { return even ? (pixels + 1) / 2 * 2 : pixels; };
    ASSERT_EQ(pictures.size(0), 2) << width << "x" << height;
    ASSERT_EQ(pictures.size(1), side(height, format.even_height)) << width << "x" << height;
    ASSERT_EQ(pictures.size(2), side(width, format.even_width)) << width << "x" << height;
    const at::Tensor shown = pictures[1].slice(0, 0, height).slice(1, 0, width);
    // In pictures of a few pixels, unlike ones share their chroma.
    if (format.even_width && std::min(width, height) < 17) continue;
    EXPECT_LE(mean_difference(shown, whole(image)), format.name == "lossless" ? 0.001 : 8)
        << width << "x" << height;
  }
}

INSTANTIATE_TEST_SUITE_P(All, VideoFormats, testing::ValuesIn(video_formats()),
                         [](const auto& info) { return info.param.name; });

class Video : public WithVideo {};

TEST_F(Video, ColoursAreThoseOfBt709) {
  // Y'CbCr of 8 bits for the corners of the cube, as test equipment's tables list them.
  struct Colour {
    double red, green, blue;
    int luma, cb, cr;
  };
  const Colour colours[] = {{1, 1, 1, 235, 128, 128}, {0, 0, 0, 16, 128, 128}, {1, 0, 0, 63, 102, 240},
                            {0, 1, 0, 173, 42, 26},   {0, 0, 1, 32, 240, 118}, {1, 1, 0, 219, 16, 138},
                            {0, 1, 1, 188, 154, 16},  {1, 0, 1, 78, 214, 230}};
  for (const auto& [name, step] : {std::pair{"mp4", 1}, {"prores", 4}}) {
    const auto it = sink({{"video_format", name}, {"video_quality", "1"}});
    fs::path file;
    std::int64_t number = 0;
    for (const Colour& c : colours)
      file = it->write(
          at::tensor({c.red, c.green, c.blue}, at::kFloat).view({1, 3, 1, 1}).expand({1, 3, 32, 32}),
          ++number);
    it->close();
    const std::string bytes = stored_pixels(file);
    const bool subsampled_rows = step == 1;
    const std::size_t sample = step == 1 ? 1 : 2, luma = 32 * 32, chroma = 16 * (subsampled_rows ? 16 : 32);
    ASSERT_EQ(bytes.size(), sample * (luma + 2 * chroma) * std::size(colours));
    const auto value = [&](std::size_t at) {
      const auto* byte = reinterpret_cast<const unsigned char*>(bytes.data()) + at * sample;
      return sample == 1 ? byte[0] : byte[0] + 256 * byte[1];
    };
    for (std::size_t i = 0; i < std::size(colours); ++i) {
      const std::size_t begin = i * (luma + 2 * chroma);
      EXPECT_NEAR(value(begin + luma / 2 + 8), colours[i].luma * step, 1.5 * step) << name << " " << i;
      EXPECT_NEAR(value(begin + luma + chroma / 2 + 8), colours[i].cb * step, 1.5 * step) << name << " " << i;
      EXPECT_NEAR(value(begin + luma + chroma + chroma / 2 + 8), colours[i].cr * step, 1.5 * step)
          << name << " " << i;
    }
  }
}

TEST_F(Video, LosslessKeepsEveryBit) {
  const at::Tensor noise = at::rand({1, 3, 24, 37}, at::make_generator<at::CPUGeneratorImpl>(5));
  for (const int bits : {8, 16}) {
    const auto it = sink({{"video_format", "lossless"}, {"png_bits", std::to_string(bits)}});
    const fs::path file = it->write(noise, 1);
    it->write(noise.flip(3), 2);
    it->close();
    const at::Tensor pictures = decoded(file, bits);
    const double half = bits == 8 ? 0.5001 : 0.505;  // single precision cannot tell 16 bits' ties apart
    for (const auto& [i, image] : {std::pair{0, noise}, {1, noise.flip(3)}}) {
      const at::Tensor exact = image[0].to(at::kDouble).permute({1, 2, 0}) * ((1 << bits) - 1);
      EXPECT_LE((pictures[i].to(at::kDouble) - exact).abs().max().item<double>(), half) << bits;
    }
  }
}

/// Places of the first byte of each of the words, in a file.
std::vector<std::size_t> places(const fs::path& file, const std::vector<std::string>& words) {
  const std::string bytes = read_bytes(file);
  std::vector<std::size_t> result;
  for (const std::string& word : words) result.push_back(bytes.find(word));
  return result;
}

TEST_F(Video, IndexesComeFirst) {
  for (const std::string format : {"mp4", "prores"}) {
    const auto at = places(video({{"video_format", format}}, 64, 48, 5), {"moov", "mdat", "moof"});
    EXPECT_LT(at[0], at[1]) << format;
    EXPECT_EQ(at[2], std::string::npos) << format << ": the finished file is no longer in fragments";
  }
  for (const std::string format : {"webm", "lossless"}) {
    const auto at =
        places(video({{"video_format", format}}, 64, 48, 5), {"\x1C\x53\xBB\x6B", "\x1F\x43\xB6\x75"});
    EXPECT_LT(at[0], at[1]) << format << ": cues before the first cluster";
  }
}

TEST_F(Video, FrameRatesThatAreNoWholeNumbers) {
  for (const double rate : {0.5, 23.976, 29.97, 60.0}) {
    const fs::path file = video({}, 32, 32, 6, rate);
    const std::vector<double> times = times_of(file);
    ASSERT_EQ(times.size(), 6u) << rate;
    for (std::size_t i = 0; i < times.size(); ++i)
      EXPECT_NEAR(times[i], static_cast<double>(i) / rate, 1e-4) << rate;
  }
}

TEST_F(Video, QualityTradesSize) {
  for (const std::string format : {"mp4", "webm"}) {
    const auto size = [&](const std::string& quality) {
      return fs::file_size(video({{"video_format", format}, {"video_quality", quality}}, 96, 96, 4));
    };
    const auto fine = size("5"), middle = size("30"), coarse = size("51");
    EXPECT_GT(fine, middle) << format;
    EXPECT_GT(middle, coarse) << format;
  }
  const Error error = error_of([&] { sink({{"video_format", "mp4"}, {"video_quality", "60"}}); });
  EXPECT_EQ(error.kind(), ErrorKind::settings);
  EXPECT_NE(std::string(error.what()).find("video_quality"), std::string::npos);
  EXPECT_NE(std::string(error.what()).find("51"), std::string::npos);
}

TEST_F(Video, GifIsNotQuickerThanPlayersShowIt) {
  const Error error = error_of([&] { sink({{"video_format", "gif"}}, "out", 60); });
  EXPECT_EQ(error.kind(), ErrorKind::settings);
  EXPECT_EQ(probe(video({{"video_format", "gif"}}, 16, 16, 5, 50)).at("nb_read_frames"), "5");
}

TEST_F(Video, PicturesOfOtherSizesAndShapesAreRefused) {
  const auto it = sink();
  it->write(smooth_picture(32, 16, 1), 1);
  const Error error = error_of([&] { it->write(smooth_picture(48, 16, 2), 2); });
  EXPECT_EQ(error.kind(), ErrorKind::file);
  for (const char* part : {"picture 2", "48x16", "32x16", "out/hill.mp4"})
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << part << ": " << error.what();
  for (const at::Tensor& image : {at::zeros({3, 4, 4}), at::zeros({1, 1, 4, 4}), at::zeros({1, 3, 0, 4})})
    EXPECT_THROW(sink({}, "other")->write(image, 1), Error) << image.sizes();
  EXPECT_TRUE(!fs::exists("other") || names_in("other").empty());
}

}  // namespace
}  // namespace reverie::test
