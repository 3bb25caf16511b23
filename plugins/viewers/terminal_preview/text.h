#pragma once
// Text for a terminal, measured in its columns.

#include <cstdint>
#include <string>
#include <vector>

namespace reverie::terminal {

/// The text on one line of at most `columns`, without splitting a character. What a terminal would take for
/// an order, and bytes that are not UTF-8, become '?'.
std::string fit(const std::string& text, int columns);

/// The columns that a text from fit() takes.
int width_of(const std::string& text);

/// fit(), filled up with spaces.
std::string pad(const std::string& text, int columns);

/// The values as bars of one row, one for each column; where there are more, each bar is the mean of several.
std::string sparkline(const std::vector<double>& values, int columns);

/// How much is done, 0..1, as a bar.
std::string bar(double done, int columns);

/// Seconds as 1:02:03 or 2:03.
std::string duration(double seconds);

}  // namespace reverie::terminal
