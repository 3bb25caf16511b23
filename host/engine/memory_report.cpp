#include "engine/memory_report.h"

#include <algorithm>
#include <cstdio>

namespace reverie::engine {
namespace {

constexpr std::size_t kPartsInLine = 4;

std::string right(const std::string& text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

std::string row(const std::string& name, std::size_t width, const std::string& peak, const std::string& now) {
  std::string text = name;
  text.resize(std::max(width, name.size()), ' ');
  return "  " + text + right(peak, 12) + right(now, 12);
}

}  // namespace

std::string bytes_text(std::int64_t bytes) {
  const char* const units[] = {"kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes) / 1e3;
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < std::size(units); ++unit) value /= 1e3;
  char text[32];
  std::snprintf(text, sizeof text, value < 9.95 && unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return text;
}

std::string memory_line(const MemoryAccount::Report& report) {
  std::vector<MemoryAccount::Line> lines = report.lines;
  std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.now > b.now; });
  std::string text =
      "memory: " + bytes_text(report.now) + " now, at most " + bytes_text(report.at_peak) + ":";
  for (std::size_t i = 0; i < std::min(kPartsInLine, lines.size()); ++i)
    text += (i ? ", " : " ") + lines[i].component + " " + bytes_text(lines[i].now);
  return text + (lines.size() > kPartsInLine ? ", ..." : "");
}

std::vector<std::string> memory_table(const MemoryAccount::Report& report) {
  std::size_t width = 0;
  for (const MemoryAccount::Line& line : report.lines) width = std::max(width, line.component.size());
  std::vector<std::string> rows = {row("memory", width, "at the peak", "now")};
  for (const MemoryAccount::Line& line : report.lines)
    rows.push_back(row(line.component, width, bytes_text(line.at_peak), bytes_text(line.now)));
  rows.push_back(row("all of them", width, bytes_text(report.at_peak), bytes_text(report.now)));
  if (report.process_most > 0)
    rows.push_back(row("the process, says the system", width, bytes_text(report.process_most),
                       bytes_text(report.process_now)));
  return rows;
}

std::vector<RunUpdate::Memory> memory_news(const MemoryAccount::Report& report) {
  std::vector<RunUpdate::Memory> news;
  for (const MemoryAccount::Line& line : report.lines) news.push_back({line.component, line.now, line.most});
  return news;
}

}  // namespace reverie::engine
