#pragma once
// What the losses of a run were, in memory that does not grow with the run.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "reverie/viewer.h"

namespace reverie {

/// Names for the losses of one step, all different: a prompt may be written twice.
inline std::vector<std::string> distinct_names(const std::vector<RunUpdate::Loss>& losses) {
  std::vector<std::string> names;
  for (const RunUpdate::Loss& loss : losses) {
    std::string name = loss.name;
    for (int copy = 2; std::find(names.begin(), names.end(), name) != names.end(); ++copy)
      name = loss.name + " (" + std::to_string(copy) + ")";
    names.push_back(std::move(name));
  }
  return names;
}

/// Columns of neighbouring steps. When there are too many, each two become one: a run of a million steps
/// takes no more room than one of a thousand, and as the lowest and highest values are kept, a graph of it
/// keeps its shape.
class LossHistory {
 public:
  static constexpr std::size_t kMostColumns = 1024;
  using Kind = RunUpdate::Loss::Kind;

  struct Series {
    std::string name;
    Kind kind;
  };
  struct Range {
    double sum = 0, low = 0, high = 0;
    std::int64_t count = 0;
    double mean() const { return sum / static_cast<double>(count); }
    void add(const Range& other) {
      low = count == 0 ? other.low : std::min(low, other.low);
      high = count == 0 ? other.high : std::max(high, other.high);
      sum += other.sum;
      count += other.count;
    }
  };
  struct Column {
    std::int64_t first, last;             ///< steps in it
    std::map<std::size_t, Range> ranges;  ///< by the number of the series
    std::uint64_t changed;                ///< the sequence of its last change
  };

  /// Steps come in order. Values that are not finite are left out. `sequence` marks what changes.
  void add(const RunUpdate::Step& step, std::uint64_t sequence = 0) {
    Column& column = column_of(step.number, sequence);
    const std::vector<std::string> names = distinct_names(step.losses);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const double value = step.losses[i].value;
      if (std::isfinite(value))
        column.ranges[number_of(names[i], step.losses[i].kind, sequence)].add({value, value, value, 1});
    }
  }

  const std::vector<Series>& series() const { return series_; }
  std::uint64_t series_changed() const { return series_changed_; }
  const std::vector<Column>& columns() const { return columns_; }
  /// Steps to a column, and which it is, from 0, of those as wide as it.
  std::int64_t width() const { return width_; }
  std::int64_t slot(const Column& column) const { return slot_of(column.first); }

  /// For those who read an earlier history, before any step is added: its width, then column by column of any
  /// series.
  void start_with_width(std::int64_t width) { width_ = width; }
  void add(const std::string& name, Kind kind, std::int64_t slot, const Range& range) {
    const std::int64_t first = slot * width_ + 1;
    const auto before = [](const Column& column, std::int64_t step) { return column.first < step; };
    auto place = std::lower_bound(columns_.begin(), columns_.end(), first, before);
    if (place == columns_.end() || place->first != first)
      place = columns_.insert(place, {first, first + width_ - 1, {}, 0});
    place->ranges[number_of(name, kind, 0)].add(range);
  }

 private:
  std::int64_t slot_of(std::int64_t step) const { return (step - 1) / width_; }

  Column& column_of(std::int64_t step, std::uint64_t sequence) {
    const auto is_there = [&] { return !columns_.empty() && slot(columns_.back()) == slot_of(step); };
    if (!is_there() && columns_.size() >= kMostColumns) halve(sequence);
    if (!is_there()) columns_.push_back({step, step, {}, sequence});
    columns_.back().last = step;
    columns_.back().changed = sequence;
    return columns_.back();
  }

  std::size_t number_of(const std::string& name, Kind kind, std::uint64_t sequence) {
    const auto [entry, is_new] = numbers_.try_emplace({name, kind}, series_.size());
    if (is_new) {
      series_.push_back({name, kind});
      series_changed_ = sequence;
    }
    return entry->second;
  }

  void halve(std::uint64_t sequence) {
    width_ *= 2;
    std::vector<Column> merged;
    for (Column& column : columns_) {
      if (merged.empty() || slot(merged.back()) != slot(column)) {
        merged.push_back(std::move(column));
      } else {
        merged.back().last = column.last;
        for (const auto& [series, range] : column.ranges) merged.back().ranges[series].add(range);
      }
      merged.back().changed = sequence;
    }
    columns_ = std::move(merged);
  }

  std::vector<Series> series_;
  std::map<std::pair<std::string, Kind>, std::size_t> numbers_;
  std::vector<Column> columns_;
  std::int64_t width_ = 1;
  std::uint64_t series_changed_ = 0;
};

}  // namespace reverie
