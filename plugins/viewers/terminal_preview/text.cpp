#include "text.h"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace reverie::terminal {
namespace {

int columns_of(gunichar character) {
  return g_unichar_iszerowidth(character) ? 0 : g_unichar_iswide(character) ? 2 : 1;
}

}  // namespace

std::string fit(const std::string& text, int columns) {
  std::string line;
  const char *at = text.data(), *end = at + text.size();
  for (int used = 0; at < end;) {
    const gunichar character = g_utf8_get_char_validated(at, end - at);
    const bool whole = character != static_cast<gunichar>(-1) && character != static_cast<gunichar>(-2);
    const char* next = whole ? g_utf8_next_char(at) : at + 1;
    const bool shown = whole && (g_unichar_isprint(character) || g_unichar_iszerowidth(character));
    used += shown ? columns_of(character) : 1;
    if (used > columns) break;
    shown ? line.append(at, next) : line.append("?");
    at = next;
  }
  return line;
}

int width_of(const std::string& text) {
  int columns = 0;
  for (const char *at = text.data(), *end = at + text.size(); at < end; at = g_utf8_next_char(at))
    columns += columns_of(g_utf8_get_char(at));
  return columns;
}

std::string pad(const std::string& text, int columns) {
  std::string line = fit(text, columns);
  return line.append(static_cast<std::size_t>(columns - width_of(line)), ' ');
}

std::string sparkline(const std::vector<double>& values, int columns) {
  static constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t count = std::min(values.size(), static_cast<std::size_t>(std::max(0, columns)));
  std::vector<double> means;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t from = i * values.size() / count, to = (i + 1) * values.size() / count;
    double sum = 0;
    for (std::size_t k = from; k < to; ++k) sum += values[k];
    means.push_back(sum / static_cast<double>(to - from));
  }
  if (means.empty()) return "";
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  std::string line;
  for (const double mean : means) {
    const double part = *high > *low ? (mean - *low) / (*high - *low) : 0.5;
    line += kBars[std::clamp(static_cast<int>(std::lround(part * 7)), 0, 7)];
  }
  return line;
}

std::string bar(double done, int columns) {
  std::string line;
  for (int i = 0; i < columns; ++i) line += i < static_cast<int>(done * columns) ? "█" : "░";
  return line;
}

std::string duration(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  char text[32];
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", s / 60, s % 60);
  return text;
}

}  // namespace reverie::terminal
