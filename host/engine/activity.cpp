#include "engine/activity.h"

#include <algorithm>
#include <cstring>

namespace reverie {

ActivityPage* activity_page = nullptr;

std::string_view ActivityPage::at_work() const {
  const std::size_t depth = std::min<std::size_t>(depth_, kDepth);
  if (depth == 0) return {};
  const Name& name = names_[depth - 1];
  return {name.data(), ::strnlen(name.data(), name.size())};
}

void ActivityPage::enter(std::string_view component) {
  const std::size_t depth = depth_++;
  if (depth >= kDepth) return;
  Name& name = names_[depth];
  const std::size_t size = std::min(component.size(), name.size());
  std::copy_n(component.data(), size, name.data());
  std::fill(name.begin() + static_cast<std::ptrdiff_t>(size), name.end(), '\0');
}

void ActivityPage::blame(std::string_view component) {
  depth_ = 0;
  enter(component);
}

void note_steps_done(std::int64_t steps) {
  if (activity_page) activity_page->steps_done(steps);
}

}  // namespace reverie
