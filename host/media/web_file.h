#pragma once
// Files that settings name by an address of the web, kept so that they are downloaded once.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace reverie::media {

/// http:// or https://, in any case.
bool is_web_address(const std::string& text);

struct WebFileOptions {
  std::filesystem::path folder = {};  ///< empty: web_cache_folder()
  std::uint64_t most_bytes = 256'000'000;
  long connect_seconds = 30;
  long stall_seconds = 30;  ///< a transfer slower than the next for so long is ended
  long stall_bytes_per_second = 1000;
  long most_seconds = 900;  ///< for the whole transfer
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(const std::string&)> note = [](const std::string&) {};  ///< what people should know
};

/// $XDG_CACHE_HOME or ~/.cache, and /reverie/downloads in it.
std::filesystem::path web_cache_folder();

/// Where the file of an address is kept: <SHA-256 of the address><the address' extension>.
std::filesystem::path web_file_path(const std::string& url, const std::filesystem::path& folder);

/// The local copy of what an address leads to. Without a copy it is downloaded, and is there whole or not at
/// all; an existing copy is taken without asking the server.
/// Throws Error(file): what happened, and what to do.
std::filesystem::path fetch_web_file(const std::string& url, const WebFileOptions& options = {});

/// The path of a file:// address of this machine, its %xx decoded. Throws Error(file) for another machine's.
std::filesystem::path path_of_file_address(const std::string& url);

}  // namespace reverie::media
