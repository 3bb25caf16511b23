#pragma once
// A memory account for the artist's eyes.

#include <string>
#include <vector>

#include "engine/memory_account.h"
#include "reverie/viewer.h"

namespace reverie::engine {

/// "about 410 MB": two or three digits, in steps of 1000.
std::string bytes_text(std::int64_t bytes);

/// One line: the sum, and the largest parts of it.
std::string memory_line(const MemoryAccount::Report& report);

/// A table of all components, each line without a line break.
std::vector<std::string> memory_table(const MemoryAccount::Report& report);

/// For viewers.
std::vector<RunUpdate::Memory> memory_news(const MemoryAccount::Report& report);

}  // namespace reverie::engine
