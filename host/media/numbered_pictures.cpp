#include "media/numbered_pictures.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/nearest.h"
#include "reverie/resize.h"

namespace reverie::media {
namespace {

namespace fs = std::filesystem;

constexpr double kUsualRate = 25;
constexpr std::string_view kEndings[] = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp",  ".ppm",
                                         ".pgm", ".pnm", ".tga",  ".exr",  ".jp2", ".jxl",  ".avif", ".qoi"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The digits at the beginning of `text`, without zeros in front; both are taken off.
std::string_view take_number(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

/// Whether one name comes before the other where numbers count as numbers.
bool in_order(const fs::path& first, const fs::path& second) {
  const std::string one = first.filename().string(), other = second.filename().string();
  std::string_view a = one, b = other;
  while (!a.empty() && !b.empty()) {
    if (is_digit(a[0]) && is_digit(b[0])) {
      const std::string_view m = take_number(a), n = take_number(b);
      if (m != n) return m.size() != n.size() ? m.size() < n.size() : m < n;
    } else {
      if (a[0] != b[0]) return a[0] < b[0];
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.empty() != b.empty() ? a.empty() : one < other;
}

/// The ordinary files of a folder that are wanted, in order.
std::vector<fs::path> files_in(const fs::path& folder, const std::function<bool(const fs::path&)>& wanted) {
  std::vector<fs::path> files;
  std::error_code error, ignored;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (wanted(entry->path().filename()) && entry->is_regular_file(ignored)) files.push_back(entry->path());
  if (error)
    throw Error(ErrorKind::file, "the folder '" + folder.string() + "' cannot be read: " + error.message());
  std::sort(files.begin(), files.end(), in_order);
  return files;
}

}  // namespace

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> files = files_in(folder, [](const fs::path& name) {
    const std::string ending = lower(name.extension().string());
    return name.native()[0] != '.' &&
           std::find(std::begin(kEndings), std::end(kEndings), ending) != std::end(kEndings);
  });
  if (files.empty())
    throw Error(ErrorKind::file, "the folder '" + folder.string() + "' holds no pictures",
                "name a picture, a video, or a folder of pictures such as PNG or JPEG files");
  return files;
}

std::optional<NumberedName> numbered_name(const std::string& name) {
  const std::size_t at = name.find('%');
  if (at == std::string::npos || name.find('%', at + 1) != std::string::npos) return std::nullopt;
  const auto end = std::find_if_not(name.begin() + static_cast<std::ptrdiff_t>(at) + 1, name.end(), is_digit);
  if (end == name.end() || *end != 'd') return std::nullopt;
  const std::string_view digits(name.data() + at + 1, static_cast<std::size_t>(end - name.begin()) - at - 1);
  NumberedName result{name.substr(0, at), std::string(end + 1, name.end())};
  if (digits.size() > 3) return std::nullopt;
  std::from_chars(digits.data(), digits.data() + digits.size(), result.digits);
  return result;
}

std::vector<fs::path> pictures_called(const NumberedName& name, const fs::path& folder) {
  return files_in(folder, [&](const fs::path& file) {
    const std::string text = file.string();
    const std::size_t around = name.before.size() + name.behind.size();
    if (text.size() <= around || text.rfind(name.before, 0) != 0 ||
        text.compare(text.size() - name.behind.size(), std::string::npos, name.behind) != 0)
      return false;
    const std::string_view digits(text.data() + name.before.size(), text.size() - around);
    // As printf would write it.
    const bool padded = digits.size() <= std::max<std::size_t>(name.digits, 1) || digits[0] != '0';
    return digits.size() >= name.digits && padded && std::all_of(digits.begin(), digits.end(), is_digit);
  });
}

NumberedPictures::NumberedPictures(std::vector<fs::path> files, double frames_per_second, Open open)
    : files_(std::move(files)),
      frames_per_second_(frames_per_second > 0 ? frames_per_second : kUsualRate),
      open_(std::move(open)),
      size_(open_(files_[0])->info().size) {}

FrameSource::Info NumberedPictures::info() const {
  const std::int64_t count = std::ssize(files_);
  return {size_, count == 1 ? 0 : frames_per_second_, count};
}

std::optional<at::Tensor> NumberedPictures::read(std::int64_t index) {
  if (index < 0 || index >= std::ssize(files_)) return std::nullopt;
  const std::optional<at::Tensor> picture = open_(files_[static_cast<std::size_t>(index)])->read(0);
  if (!picture) return std::nullopt;
  return lanczos_resize(*picture, size_.height, size_.width);
}

}  // namespace reverie::media
