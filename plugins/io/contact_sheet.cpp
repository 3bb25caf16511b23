/// Contact sheet: pictures of the whole run on one page, <base>_sheet.jpg, to see a run at a glance.
///
/// It begins with every frame. When the page is full, every second one leaves it, so that it always shows
/// frames at equal distances, and its size and memory have a limit. It is written again with each frame that
/// joins it. A restored run takes those of before from their PNG files: with png_sequence among the outputs,
/// it ends with the same page as an uninterrupted one.

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "png_file.h"
#include "reverie/atomic_file.h"
#include "reverie/output_sink.h"
#include "reverie/plugin.h"
#include "video_file/still.h"

namespace reverie::io {
namespace {

constexpr ParamSpec kParams[] = {
    integer("sheet_pictures", 48)
        .range(2, 1000)
        .fixed("a sheet is laid out once, at the end")
        .help(
            "most pictures on a contact sheet; when there are more frames, it shows every second, fourth and "
            "so on"),
    integer("sheet_columns", 8)
        .range(1, 100)
        .fixed("a sheet is laid out once, at the end")
        .help("pictures in a row of a contact sheet"),
    integer("sheet_picture_width", 160)
        .range(1, 2048)
        .unit("pixels")
        .fixed("a sheet is laid out once, at the end")
        .help("largest width of a picture on a contact sheet"),
    kFrameDigits,
    kPngBits,
};

constexpr int kQuality = 90;
constexpr std::int64_t kGap = 4, kMostPixels = 65000;
constexpr double kBackground = 0.12;

class ContactSheet final : public OutputSink {
 public:
  ContactSheet(Host& host, const Params& params, const Setup& setup)
      : host_(host),
        folder_(setup.folder),
        base_(setup.base_name),
        most_(params.get<std::int64_t>("sheet_pictures")),
        columns_(params.get<std::int64_t>("sheet_columns")),
        width_(params.get<std::int64_t>("sheet_picture_width")),
        digits_(params.get<std::int64_t>("frame_digits")),
        bits_(png_bits(params)) {}

  std::filesystem::path write(const at::Tensor& image, std::int64_t number) override {
    // The page that an interrupted run has left may be one with other distances.
    bool changed = begins_ && number > 1;
    if (begins_) add_earlier(number, image);
    begins_ = false;
    for (; (number - 1) / distance_ >= most_; distance_ *= 2, changed = true)
      std::erase_if(pictures_,
                    [&](const auto& picture) { return (picture.first - 1) % (2 * distance_) != 0; });
    const bool joins = (number - 1) % distance_ == 0;
    if (joins) pictures_[number] = reduced(image);
    if (pictures_.empty() || (!joins && !changed)) return {};  // the frame is on no page
    const std::filesystem::path path = folder_ / (base_ + "_sheet.jpg");
    const std::string bytes = video_file::encode_jpeg(page(), kQuality);
    create_folder_of(path);
    write_atomically(path, {bytes});
    return joins ? path : std::filesystem::path();
  }

 private:
  /// As it is on the page, made from the values that a PNG file has, so that it comes from either alike.
  at::Tensor reduced(const at::Tensor& image) const {
    const int most = (1 << bits_) - 1;
    const at::Tensor stored = (image.to(at::kFloat).clamp(0, 1) * most).round() / most;
    const std::int64_t width = std::min(image.size(3), width_);
    const std::int64_t height =
        std::max<std::int64_t>(1, (image.size(2) * width + image.size(3) / 2) / image.size(3));
    return at::adaptive_avg_pool2d(stored, {height, width})[0];
  }

  /// What a run that is restored has saved before frame `number`.
  void add_earlier(std::int64_t number, const at::Tensor& image) {
    while ((number - 1) / distance_ >= most_) distance_ *= 2;
    std::int64_t missing = 0;
    for (std::int64_t earlier = 1; earlier < number; earlier += distance_) {
      const std::filesystem::path file = frame_path(folder_, base_, earlier, digits_);
      const at::Tensor picture =
          std::filesystem::exists(file) ? host_.load_image(file.string()).cpu() : at::Tensor();
      if (picture.defined() && picture.sizes() == image.sizes())
        pictures_[earlier] = reduced(picture);
      else
        ++missing;
    }
    if (missing > 0)
      host_.log(LogLevel::warning,
                std::to_string(missing) + (missing == 1 ? " picture is" : " pictures are") +
                    " missing on the contact sheet, because the earlier frames' PNG files are "
                    "not all in '" +
                    folder_.string() + "' and of this size");
  }

  /// [1, 3, H, W]. Every picture has the place of its number; a page of less than a row is as wide as what it
  /// has.
  at::Tensor page() const {
    const at::Tensor& first = pictures_.begin()->second;
    const std::int64_t cells = (pictures_.rbegin()->first - 1) / distance_ + 1;
    const std::int64_t columns = std::min(columns_, cells), rows = (cells + columns - 1) / columns;
    // A page has at most kMostPixels on a side, which a JPEG can have.
    const auto fitting = [](std::int64_t pixels, std::int64_t places) {
      return std::clamp<std::int64_t>((kMostPixels - kGap) / places - kGap, 1, pixels);
    };
    const std::int64_t width = fitting(first.size(2), columns), height = fitting(first.size(1), rows);
    const bool smaller = width < first.size(2) || height < first.size(1);
    at::Tensor result =
        at::full({1, 3, rows * (height + kGap) + kGap, columns * (width + kGap) + kGap}, kBackground);
    for (const auto& [number, picture] : pictures_) {
      const std::int64_t cell = (number - 1) / distance_;
      result[0]
          .narrow(1, kGap + cell / columns * (height + kGap), height)
          .narrow(2, kGap + cell % columns * (width + kGap), width)
          .copy_(smaller ? at::adaptive_avg_pool2d(picture.unsqueeze(0), {height, width})[0] : picture);
    }
    return result;
  }

  Host& host_;
  std::filesystem::path folder_;
  std::string base_;
  std::int64_t most_, columns_, width_, digits_;
  int bits_;
  std::int64_t distance_ = 1;                    ///< between frames on the page
  bool begins_ = true;                           ///< no frame has come yet
  std::map<std::int64_t, at::Tensor> pictures_;  ///< [3, h, w] of each frame on the page
};

}  // namespace

REVERIE_EXPORT_PLUGIN(ContactSheet, OutputSink, "contact_sheet", "1.0",
                      "pictures of the whole run on one page", kParams);

}  // namespace reverie::io
