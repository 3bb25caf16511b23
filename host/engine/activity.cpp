#include "engine/activity.h"

#include <algorithm>
#include <cstring>

namespace reverie::engine {

ActivityPage* activity_page = nullptr;

namespace {

thread_local std::size_t own_thread = 0;

template <typename Name>
void put(Name& name, std::string_view text) {
  const std::size_t size = std::min(text.size(), name.size());
  std::copy_n(text.data(), size, name.data());
  std::fill(name.begin() + static_cast<std::ptrdiff_t>(size), name.end(), '\0');
}

template <typename Name>
std::string text_of(const Name& name) {
  return {name.data(), ::strnlen(name.data(), name.size())};
}

}  // namespace

std::string ActivityPage::at_work() const {
  std::string text = text_of(blamed_);
  if (!text.empty()) return text;
  for (const Thread& thread : threads_) {
    const std::size_t depth = std::min<std::size_t>(thread.depth, kDepth);
    if (depth > 0) text += (text.empty() ? "" : ", and beside it ") + text_of(thread.names[depth - 1]);
  }
  return text;
}

void ActivityPage::enter(std::string_view component) {
  Thread& thread = threads_[own_thread];
  const std::size_t depth = thread.depth++;
  if (depth < kDepth) put(thread.names[depth], component);
}

void ActivityPage::leave() { --threads_[own_thread].depth; }

void ActivityPage::blame(std::string_view component) { put(blamed_, component); }

void write_activity_apart() { own_thread = 1; }

void note_steps_done(std::int64_t steps) {
  if (activity_page) activity_page->steps_done(steps);
}

}  // namespace reverie::engine
