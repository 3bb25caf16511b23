#include "engine/outputs.h"

#include <fstream>

#include "reverie/error.h"

namespace reverie {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

/// A base name is taken when its settings or any numbered frame of it exist.
bool taken(const std::filesystem::path& folder, const std::string& base) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string stem = entry->path().stem().string();
    if (stem.rfind(base + "_", 0) != 0) continue;
    const std::string rest = stem.substr(base.size() + 1);
    if (rest == "settings" || is_number(rest)) return true;
  }
  return false;
}

}  // namespace

OutputNames choose_output(const std::string& file_namespace, bool allow_overwrite) {
  OutputNames names{std::filesystem::path("images_out") / file_namespace, file_namespace};
  for (int k = 1; !allow_overwrite && taken(names.folder, names.base); ++k)
    names.base = file_namespace + "(" + std::to_string(k) + ")";
  return names;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::path temporary = path;
  temporary += ".part";
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(temporary, std::ios::binary);
  file << text;
  file.close();
  error.clear();
  if (file) std::filesystem::rename(temporary, path, error);
  if (!file || error) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw Error(ErrorKind::file, "cannot write '" + path.string() + "'", "check free space and permissions");
  }
}

}  // namespace reverie
