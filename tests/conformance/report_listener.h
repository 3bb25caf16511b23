#pragma once
// Sends what happens in the suite to `reverie plugins test`, in the lines of conformance/report.h.

#include <string>
#include <vector>

namespace reverie::test {

/// From now on the report goes to this file. Without, promise() does nothing.
void report_to(int file);

/// One line of it.
void report(const std::vector<std::string>& fields);

/// Replaces GoogleTest's own output by the report.
void report_tests();

}  // namespace reverie::test
