#include "prompts/take_over.h"

#include <algorithm>

namespace reverie {
namespace {

bool same_loss(const LossTerm& a, const LossTerm& b) {
  return a.setting == b.setting && a.plugin == b.plugin && a.target == b.target && a.picture == b.picture &&
         a.mask == b.mask && a.inverted == b.inverted && a.when == b.when;
}

/// For each loss of `now`, its place in `changed`, or -1; each of these is taken once.
std::vector<std::ptrdiff_t> partners(const Script& now, const Script& changed) {
  std::vector<bool> taken(changed.losses.size());
  std::vector<std::ptrdiff_t> result;
  for (const LossTerm& term : now.losses) {
    std::ptrdiff_t found = -1;
    for (std::size_t i = 0; i < taken.size() && found < 0; ++i)
      if (!taken[i] && same_loss(term, changed.losses[i])) found = static_cast<std::ptrdiff_t>(i);
    if (found >= 0) taken[static_cast<std::size_t>(found)] = true;
    result.push_back(found);
  }
  return result;
}

}  // namespace

std::string cannot_take_over(const Script& now, const Script& changed) {
  if (now.scenes.size() != changed.scenes.size())
    return "'scenes' has " + std::to_string(changed.scenes.size()) + " scenes now, and the run began with " +
           std::to_string(now.scenes.size()) + ": their number stays as it is";
  const std::vector<std::ptrdiff_t> known = partners(now, changed);
  for (std::size_t i = 0; i < changed.losses.size(); ++i)
    if (std::find(known.begin(), known.end(), static_cast<std::ptrdiff_t>(i)) == known.end())
      return "'" + changed.losses[i].setting + "': the run began without '" + changed.losses[i].written +
             "'; what was there can get another weight or stop, also 0, and nothing can be added";
  return {};
}

void take_over(Script& now, Script& changed) {
  const std::vector<std::ptrdiff_t> known = partners(now, changed);
  for (std::size_t i = 0; i < known.size(); ++i) {
    LossTerm& term = now.losses[i];
    if (known[i] < 0) {
      term.weight = Expression::compile("0", {});
      continue;
    }
    LossTerm& by = changed.losses[static_cast<std::size_t>(known[i])];
    term.written = std::move(by.written);
    term.weight = std::move(by.weight);
    term.stop = std::move(by.stop);
    term.varying = std::move(by.varying);
  }
  for (MotionSetting& setting : now.retouching)
    for (MotionSetting& by : changed.retouching)
      if (by.name == setting.name) setting.expression = std::move(by.expression);
  now.scenes = std::move(changed.scenes);
  now.motion = std::move(changed.motion);
  now.cutting = std::move(changed.cutting);
  now.model = std::move(changed.model);
  now.learning_rate = std::move(changed.learning_rate);
  now.cutouts = std::move(changed.cutouts);
}

}  // namespace reverie
