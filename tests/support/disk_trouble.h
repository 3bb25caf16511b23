#pragma once
// Disks that refuse to be written, real ones where the system lets the test make them.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "reverie/error.h"
#include "support/child.h"
#include "support/scratch.h"

namespace reverie::test {

/// One way to refuse. Both steps run in a child process and return why they cannot be done here, or nothing.
struct DiskTrouble {
  std::string name;
  std::string reason;  ///< the system's word for it
  /// Before the old file is written into a folder of `disk`.
  std::function<std::string(const std::filesystem::path& disk)> prepare;
  /// Before the new file is to replace it.
  std::function<std::string(const std::filesystem::path& disk, const std::filesystem::path& file)> begin;
};

inline void PrintTo(const DiskTrouble& trouble, std::ostream* out) { *out << trouble.name; }

inline std::string failed(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

/// A file system in memory, seen by this process alone.
inline std::string mount_small_disk(const std::filesystem::path& disk) {
  if (::unshare(CLONE_NEWNS) != 0) return failed("unshare");
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("mount private");
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k") != 0) return failed("mount tmpfs");
  return "";
}

inline std::string fill(const std::filesystem::path& disk) {
  const int file = ::open((disk / "filler").c_str(), O_WRONLY | O_CREAT, 0600);
  const std::string block(4096, 'x');
  while (::write(file, block.data(), block.size()) > 0) {
  }
  const bool full = errno == ENOSPC;
  ::close(file);
  return full ? "" : failed("fill");
}

inline std::string take_permission_away(const std::filesystem::path& disk,
                                        const std::filesystem::path& file) {
  namespace fs = std::filesystem;
  fs::permissions(disk.parent_path(), fs::perms(0755));  // so that others reach it
  fs::permissions(file.parent_path(), fs::perms(0555));
  if (::geteuid() == 0 && ::seteuid(65534) != 0) return failed("seteuid");
  return "";
}

inline std::string limit_file_size() {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, 1000};
  return ::setrlimit(RLIMIT_FSIZE, &small) == 0 ? "" : failed("setrlimit");
}

inline std::vector<DiskTrouble> disk_troubles() {
  using Path = std::filesystem::path;
  const auto nothing = [](const Path&) { return std::string(); };
  return {
      {"full", "No space left on device", mount_small_disk,
       [](const Path& disk, const Path&) { return fill(disk); }},
      {"read_only", "Read-only file system", mount_small_disk,
       [](const Path& disk, const Path&) {
         const int result = ::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr);
         return result == 0 ? "" : failed("remount");
       }},
      {"no_permission", "Permission denied", nothing, take_permission_away},
      {"limit", "File too large", nothing, [](const Path&, const Path&) { return limit_file_size(); }},
      // What is left of an earlier attempt leads to a device that is always full: no privileges needed.
      {"full_device", "No space left on device", nothing,
       [](const Path&, const Path& file) {
         std::filesystem::create_symlink("/dev/full", file.string() + ".part");
         return std::string();
       }},
  };
}

/// Writes version 1 of a file into a folder, makes trouble, and tries version 2, of more than 1000 bytes.
/// Returns "cannot be tried: ..." or what was not as it should be: one Error(file) that names the file and
/// the reason and gives advice, the old file as it was, and nothing new.
inline std::string complaint_about_trouble(
    const DiskTrouble& trouble,
    const std::function<std::filesystem::path(const std::filesystem::path& folder, int version)>& write) {
  const Scratch scratch;
  const auto work = [&]() -> std::string {
    const std::filesystem::path disk = scratch / "disk", folder = disk / "folder";
    std::filesystem::create_directories(disk);
    if (const std::string why = trouble.prepare(disk); !why.empty()) return "cannot be tried: " + why;
    const std::filesystem::path file = write(folder, 1);
    const std::string old = read_bytes(file);
    if (const std::string why = trouble.begin(disk, file); !why.empty()) return "cannot be tried: " + why;

    std::string complaint = "no error";
    try {
      write(folder, 2);
    } catch (const Error& error) {
      const std::string said = error.what();
      complaint.clear();
      if (error.kind() != ErrorKind::file) complaint += "not an error of files; ";
      if (said.find(file.string()) == std::string::npos) complaint += "the file is not named; ";
      if (said.find(trouble.reason) == std::string::npos) complaint += "the reason is not named; ";
      if (error.advice().empty()) complaint += "no advice; ";
      if (!complaint.empty()) complaint += "'" + said + "'; ";
    }
    if (read_bytes(file) != old || old.empty()) complaint += "the old file is not as it was; ";
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path() != file) complaint += entry.path().string() + " is left behind; ";
    std::error_code ignored;  // where permission was taken, the folder must go away all the same
    std::filesystem::permissions(folder, std::filesystem::perms(0755), ignored);
    return complaint;
  };
  const ChildReport report = in_child(work);
  return report.ended ? report.text : "the child did not come to its end; " + report.text;
}

}  // namespace reverie::test
