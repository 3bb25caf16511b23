#include "serve/run_files.h"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace reverie {
namespace {

namespace fs = std::filesystem;

/// "12" is 12; 0 for what is no number from 1.
std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0 ? number : 0;
}

/// Which file of the run it is: its name without "<base>_"; empty for another run's.
std::string rest_of(const std::string& name, const RunRecord& record) {
  const std::string start = record.output->base + "_";
  if (name.compare(0, start.size(), start) != 0 || fs::path(name).extension() == ".part") return {};
  const std::string rest = name.substr(start.size());
  const bool motion = rest.compare(0, 7, "motion.") == 0;  // of a run that may have the same name
  return motion == (record.kind == RunKind::motion) ? rest : "";
}

/// The folder, if it is where runs write.
std::optional<fs::path> folder_of(const RunRecord& record) {
  if (!record.output) return std::nullopt;
  std::error_code error;
  const fs::path folder = fs::canonical(record.output->folder, error);
  const fs::path parent = fs::canonical("images_out", error);
  return !error && folder.parent_path() == parent ? std::optional(folder) : std::nullopt;
}

}  // namespace

std::vector<RunFile> files_of(const RunRecord& record) {
  std::vector<RunFile> files;
  const auto folder = folder_of(record);
  if (!folder) return files;
  std::error_code error;
  for (fs::directory_iterator entry(*folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    const std::string name = entry->path().filename();
    const std::string rest = rest_of(name, record);
    if (rest.empty() || entry->symlink_status(gone).type() != fs::file_type::regular || gone) continue;
    const std::uintmax_t bytes = entry->file_size(gone);
    if (!gone) files.push_back({name, bytes, number_of(fs::path(rest).stem())});
  }
  std::sort(files.begin(), files.end(), [](const RunFile& a, const RunFile& b) {
    return std::tuple(a.frame == 0, a.frame, a.name) < std::tuple(b.frame == 0, b.frame, b.name);
  });
  return files;
}

std::optional<fs::path> file_of(const RunRecord& record, const std::string& name) {
  const auto folder = folder_of(record);
  if (!folder || name.find_first_of(std::string("/\0", 2)) != std::string::npos ||
      rest_of(name, record).empty())
    return std::nullopt;
  std::error_code error;
  const fs::path path = *folder / name;
  return fs::symlink_status(path, error).type() == fs::file_type::regular ? std::optional(path)
                                                                          : std::nullopt;
}

std::string content_type(const std::string& name) {
  constexpr const char* kTypes[][2] = {{".png", "image/png"},
                                       {".gif", "image/gif"},
                                       {".mp4", "video/mp4"},
                                       {".webm", "video/webm"},
                                       {".mov", "video/quicktime"},
                                       {".mkv", "video/x-matroska"},
                                       {".txt", "text/plain; charset=utf-8"}};
  for (const auto& [ending, type] : kTypes)
    if (fs::path(name).extension() == ending) return type;
  return "application/octet-stream";
}

std::string disposition(const std::string& name) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string coded;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '_' || c == '-';
    coded += plain ? std::string(1, c) : std::string{'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return "inline; filename*=UTF-8''" + coded;
}

}  // namespace reverie
