#pragma once
// What the reference's programs write into settings files and Reverie has no setting for, or another one.

#include <string>
#include <vector>

#include "settings/value.h"

namespace reverie {

/// The entries without those that carry nothing, which one notice names; with `perceptors` in place of
/// mmc_models where use_mmc is on, and `backups: all` in place of Infinity. What has no counterpart here is
/// added to `problems`.
std::vector<RawEntry> translate_reference_entries(std::vector<RawEntry> entries,
                                                  std::vector<Problem>& problems,
                                                  std::vector<std::string>& notices);

}  // namespace reverie
