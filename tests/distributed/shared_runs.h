#pragma once
// Runs that several processes share, and what they leave.

#include <fstream>
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

/// The ranks that a process has started, by /proc.
inline std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  std::ifstream list("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  for (pid_t child; list >> child;) children.push_back(child);
  return children;
}

}  // namespace reverie::test
