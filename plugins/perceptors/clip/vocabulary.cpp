#include "vocabulary.h"

#include <zlib.h>

#include <memory>

#include "reverie/ordinary_file.h"

namespace reverie::clip {
namespace {

constexpr int kMerges = 49152 - 256 - 2;  // what OpenAI's code reads of the 262,144

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& reason) {
  throw Error(ErrorKind::file, "CLIP's vocabulary '" + path.string() + "' " + reason,
              "delete it and get it again: reverie models fetch clip-vocabulary");
}

}  // namespace

std::string read_openai_merges(const std::filesystem::path& path) {
  if (const std::string why = why_not_ordinary_file(path, "CLIP's vocabulary"); !why.empty()) fail(path, why);
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) fail(path, "cannot be opened");
  std::string merges;
  char line[1024];  // the longest has 250 bytes
  for (int number = -1; number < kMerges; ++number) {
    if (!gzgets(file.get(), line, sizeof line)) {
      int error = Z_OK;
      const std::string reason = gzerror(file.get(), &error);
      if (error != Z_OK) fail(path, "is damaged: " + reason);
      fail(path, "is incomplete: " + std::to_string(number + 1) + " lines of " + std::to_string(kMerges + 1));
    }
    if (number < 0) continue;  // the header
    const std::string merge = line;
    if (merge.empty() || merge.back() != '\n' || merge.find(' ') == std::string::npos)
      fail(path, "is not a list of merges: line " + std::to_string(number + 2) + " is not two symbols");
    merges += merge;
  }
  return merges;
}

}  // namespace reverie::clip
