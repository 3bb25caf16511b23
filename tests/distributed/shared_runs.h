#pragma once
// Runs that several processes share, and what they leave.

#include <sys/wait.h>

#include <fstream>
#include <functional>
#include <map>

#include "cli/real_program.h"

namespace reverie::test {

inline std::map<std::string, std::string> pictures(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder / "images_out/default"))
    if (entry.path().extension() == ".png")
      files[entry.path().filename()] = std::to_string(std::hash<std::string>()(
          std::string(reinterpret_cast<const char*>(read_png(entry.path()).pixels.data()),
                      read_png(entry.path()).pixels.size())));
  return files;
}

inline std::map<std::string, std::string> rendered(const Words& words) {
  const Scratch folder;
  const Outcome outcome = render(folder.path(), words);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_FALSE(pictures(folder.path()).empty());
  return pictures(folder.path());
}

inline Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// A run of two perceptors, whose cutouts no number of ranks divides.
inline Words still(const Words& more = {}) {
  return with(tiny("a red heart | a blue sky:0.5",
                   {"perceptors=[tiny_vit, tiny_resnet]", "cutouts=19", "save_every=2"}),
              more);
}

/// The process that renders these in `folder`, where it prints into the files `out` and `err`.
inline pid_t started(const fs::path& folder, const Words& words) {
  fs::create_directories(folder / "backup/default");
  const pid_t process = ::fork();
  if (process != 0) return process;
  ::setpgid(0, 0);
  ::dup2(::open((folder / "err").c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
  ::dup2(::open((folder / "out").c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
  become(command("render", words), folder);
}

/// Whether that comes true before the process ends.
inline bool comes_true(pid_t process, const std::function<bool()>& condition) {
  int status = 0;
  while (!condition())
    if (::waitpid(process, &status, WNOHANG) == process) return false;
  return true;
}

/// The same of the run's first backup: the loop is under way then.
inline bool is_under_way(pid_t process, const fs::path& folder) {
  return comes_true(process, [&] { return fs::exists(folder / "backup/default/default_1.bak"); });
}

/// The ranks that a process has started, by /proc.
inline std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  std::ifstream list("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  for (pid_t child; list >> child;) children.push_back(child);
  return children;
}

}  // namespace reverie::test
