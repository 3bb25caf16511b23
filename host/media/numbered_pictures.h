#pragma once
// Pictures that together are a video: those of a folder, or those whose names differ in a number.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reverie/frame_source.h"

namespace reverie::media {

/// The pictures of a folder, by their endings (.png, .jpg and so on), in the order of their names, in which
/// numbers count as numbers: f2.png comes before f10.png. Throws Error(file) where there is none.
std::vector<std::filesystem::path> pictures_in(const std::filesystem::path& folder);

/// "f_%04d.png" or "f_%d.png" as the name of a file.
struct NumberedName {
  std::string before, behind;
  std::size_t digits = 0;  ///< at least so many, with zeros in front
};
/// Nothing when `name` has no such number, or more than one '%'.
std::optional<NumberedName> numbered_name(const std::string& name);

/// The files of a folder that have such a name, in the order of their numbers; there may be none.
std::vector<std::filesystem::path> pictures_called(const NumberedName& name,
                                                   const std::filesystem::path& folder);

/// Each picture is a frame, whatever the rate, and is opened when it is read. All are brought to the size of
/// the first one.
class NumberedPictures final : public FrameSource {
 public:
  using Open = std::function<std::shared_ptr<FrameSource>(const std::filesystem::path& path)>;

  /// `files` must not be empty. `frames_per_second` is what info() says; 0: 25, as FFmpeg takes them.
  NumberedPictures(std::vector<std::filesystem::path> files, double frames_per_second, Open open);

  Info info() const override;
  std::optional<at::Tensor> read(std::int64_t index) override;

 private:
  std::vector<std::filesystem::path> files_;
  double frames_per_second_;
  Open open_;
  ImageSize size_;
};

}  // namespace reverie::media
