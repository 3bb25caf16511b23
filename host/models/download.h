#pragma once
// Gets a catalogued file: resumed where possible, checked, and installed whole or not at all.

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include "models/catalogue.h"

namespace reverie::models {

struct DownloadOptions {
  std::string mirror;  ///< tried first, as MIRROR/<family>/<file>; empty: none
  long connect_seconds = 30;
  long stall_seconds = 30;                   ///< a transfer slower than the next for this long is restarted
  long stall_bytes_per_second = 1000;        ///< 0: no limit
  int attempts = 5;                          ///< in a row that bring a file no further, for each address
  std::chrono::milliseconds back_off{1000};  ///< before the second attempt; doubles with each
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(std::uint64_t bytes)> progress = [](std::uint64_t) {};  ///< how much is there
  std::function<void(const std::string&)> note = [](const std::string&) {};  ///< what people should know
};

enum class DownloadEnd {
  installed,
  already_installed,
  interrupted,  ///< by `cancelled`; what has arrived is kept and the next call goes on from there
};

/// Brings `entry` to model_path(entry, models_parent_dir), from the first of its addresses that has it. While
/// another process does the same, it waits.
/// Throws Error(file) when the disk does not take it, and Error(model) when no address gives the right bytes;
/// nothing is installed then.
DownloadEnd download(const CatalogueEntry& entry, const std::string& models_parent_dir,
                     const DownloadOptions& options);

/// Whether `path` is the file that `entry` describes. `go_on` as in sha256_of().
bool is_right(const CatalogueEntry& entry, const std::filesystem::path& path,
              const std::function<bool()>& go_on = {});

}  // namespace reverie::models
