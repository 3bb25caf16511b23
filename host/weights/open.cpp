#include "weights/open.h"

#include <algorithm>
#include <cctype>

#include "weights/checkpoint.h"
#include "weights/mapping.h"
#include "weights/safetensors.h"

namespace reverie::weights {
namespace {

constexpr const char* kReadable = "weights are read from safetensors, and from PyTorch's .pt, .pth and .ckpt";

/// What people have instead of weights, by its first bytes.
struct Lookalike {
  std::size_t position;
  std::string_view bytes;
  const char* what;
  const char* advice;
};
using namespace std::string_view_literals;
constexpr const char* kDecompress = "decompress it first";
constexpr const char* kSaveAgain = "load it with the PyTorch of its time and save it again";
constexpr const char* kConvert = "convert it to safetensors";
constexpr Lookalike kLookalikes[] = {
    {0, "version https://git-lfs.github.com/", "is a git-lfs pointer: it only names the file that was meant",
     "run 'git lfs pull' where it came from, or download the file itself"},
    {257, "ustar", "is a tar archive: some packed folder, or a file of PyTorch before 0.1.10",
     "unpack it if it is a folder; else load it with the PyTorch of its time and save it again"},
    {0, "PYTORCH1", "is in an early format that PyTorch no longer reads", kSaveAgain},
    {0, "\x1F\x8B", "is compressed with gzip", kDecompress},
    {0, "BZh", "is compressed with bzip2", kDecompress},
    {0,
     "\xFD"
     "7zXZ",
     "is compressed with xz", kDecompress},
    {0, "\x28\xB5\x2F\xFD", "is compressed with zstd", kDecompress},
    {0, "7z\xBC\xAF", "is a 7-Zip archive", kDecompress},
    {0, "Rar!", "is a RAR archive", kDecompress},
    {0, "\x89HDF", "is an HDF5 file, as Keras writes them", kConvert},
    {0, "\x93NUMPY", "is an array of NumPy", kConvert},
    {0, "GGUF", "is a GGUF file", kConvert},
};

std::string lower_start(std::string_view bytes) {
  std::string start(bytes.substr(0, 512));
  start.erase(0, start.find_first_not_of(" \t\r\n\xEF\xBB\xBF"));
  std::transform(start.begin(), start.end(), start.begin(), [](unsigned char c) { return std::tolower(c); });
  return start;
}

std::string in_hexadecimal(std::string_view bytes) {
  const char* const digits = "0123456789abcdef";
  std::string result;
  for (const unsigned char byte : bytes) {
    if (!result.empty()) result += ' ';
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

[[noreturn]] void refuse(const std::string& origin, std::string_view bytes) {
  const auto fail = [&](const std::string& what, const std::string& advice) {
    throw Error(ErrorKind::model, "'" + origin + "' " + what, advice);
  };
  if (bytes.empty()) fail("is empty", "copy or download the file again");
  for (const Lookalike& known : kLookalikes)
    if (bytes.size() >= known.position &&
        bytes.substr(known.position).substr(0, known.bytes.size()) == known.bytes)
      fail(known.what, known.advice);
  const std::string start = lower_start(bytes);
  for (const char* tag : {"<!doctype", "<html", "<?xml", "<head", "<script"})
    if (start.rfind(tag, 0) == 0)
      fail("is a web page", "the address shows a page about the file, or an error; download the file itself");
  if (start.rfind("{", 0) == 0 || start.rfind("[", 0) == 0)
    fail("is text (JSON): a list of the parts of weights, their settings, or a message of a server",
         std::string("give the file of weights itself; ") + kReadable);
  fail("is not of a known format; it begins with the bytes " + in_hexadecimal(bytes.substr(0, 8)), kReadable);
  __builtin_unreachable();
}

}  // namespace

std::shared_ptr<Weights> open_weights(const std::filesystem::path& path) {
  const auto mapping = std::make_shared<Mapping>(path);
  const std::string origin = path.string();
  const std::string_view bytes = mapping->bytes();
  // First, because the length that such a file begins with may look like anything. The others have no brace
  // there: a zip has its compression method, a pickle the magic number.
  if (bytes.size() > 8 && bytes[8] == '{') return read_safetensors(mapping, origin);
  if (bytes.substr(0, 2) == "PK") return read_zip_checkpoint(mapping, origin);
  if (bytes.substr(0, 1) == "\x80") return read_legacy_checkpoint(mapping, origin);
  refuse(origin, bytes);
}

}  // namespace reverie::weights
