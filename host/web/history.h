#pragma once
// The losses of all steps so far, in bounded memory.

#include <json/value.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace reverie::web {

/// Columns of neighbouring steps. When there are too many, each two become one: a run of a million steps
/// takes no more room than one of a thousand, and as the lowest and highest values are kept, a graph of it
/// keeps its shape.
class History {
 public:
  static constexpr std::size_t kMostColumns = 1024;

  struct Value {
    std::string name, kind;
    double value;
  };
  struct Series {
    std::string name, kind;
  };
  struct Range {
    double sum = 0, low = 0, high = 0;
    std::int64_t count = 0;
    double mean() const { return sum / static_cast<double>(count); }
    void add(const Range& other);
  };
  struct Column {
    std::int64_t first, last;             ///< steps in it
    std::map<std::size_t, Range> ranges;  ///< by the number of the series
    std::uint64_t changed;                ///< the sequence of its last change
  };

  /// Steps come in order. Values of the same name and kind within one step are series of their own; those
  /// that are not finite are left out.
  void add(std::int64_t step, const std::vector<Value>& values, std::uint64_t sequence);

  const std::vector<Series>& series() const { return series_; }
  const std::vector<Column>& columns() const { return columns_; }
  /// Steps to a column.
  std::int64_t width() const { return width_; }

  /// What changed after `since`: {"from": column, "columns": [[first, last, series, mean, low, high, series,
  /// ...], ...], "series": [{name, kind}, ...]}. Columns from `from` on are replaced by those given;
  /// "series" is left out when it did not change.
  Json::Value json(std::uint64_t since) const;

 private:
  std::size_t number_of(const std::string& name, const std::string& kind, std::size_t occurrence,
                        std::uint64_t sequence);
  void halve(std::uint64_t sequence);

  std::vector<Series> series_;
  std::map<std::tuple<std::string, std::string, std::size_t>, std::size_t> numbers_;
  std::vector<Column> columns_;
  std::int64_t width_ = 1, origin_ = 0;
  std::uint64_t series_changed_ = 0;
};

}  // namespace reverie::web
