#pragma once
// What must be alike on all ranks of a run.

#include <string>
#include <utility>
#include <vector>

#include "distributed/ranks.h"

namespace reverie::distributed {

/// Names and values, in the order of the table.
using Facts = std::vector<std::pair<std::string, std::string>>;

/// [collective] Throws Error(usage) on every rank where they differ, with a table of who has what.
void compare_facts(Ranks& ranks, const Facts& own);

/// The table; "" if all have the same names and values.
std::string differences(const std::vector<Facts>& of_ranks);

}  // namespace reverie::distributed
