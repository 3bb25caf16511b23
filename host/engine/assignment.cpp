#include "engine/assignment.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace reverie::engine {
namespace {

/// Shortest augmenting paths with dual variables (Jonker & Volgenant 1987; Crouse 2016): rows are added one
/// after the other, each by the cheapest chain of exchanges that ends at a free column. The duals keep
/// cost - row_price - column_price >= 0 everywhere and = 0 on the pairs, which proves them optimal.
class ShortestPaths {
 public:
  /// rows <= columns
  ShortestPaths(const std::vector<double>& cost, std::size_t rows, std::size_t columns)
      : cost_(cost),
        rows_(rows),
        columns_(columns),
        row_price_(rows, 0),
        column_price_(columns, 0),
        row_of_(columns, kUnassigned),
        column_of_(rows, kUnassigned) {}

  std::vector<std::size_t> solve() {
    for (std::size_t row = 0; row < rows_; ++row) add(row);
    return column_of_;
  }

 private:
  void add(std::size_t new_row) {
    constexpr double kFar = std::numeric_limits<double>::infinity();
    std::vector<double> distance(columns_, kFar);        // of the shortest path found to a column
    std::vector<std::size_t> before(columns_, new_row);  // the row that this path comes from
    std::vector<std::size_t> open(columns_), done;       // columns not reached yet, and reached
    for (std::size_t i = 0; i < columns_; ++i) open[i] = i;

    std::size_t row = new_row;
    double reached = 0;
    for (;;) {
      std::size_t nearest = 0;  // in `open`
      for (std::size_t i = 0; i < open.size(); ++i) {
        const std::size_t column = open[i];
        const double through =
            reached + (cost_[row * columns_ + column] - row_price_[row] - column_price_[column]);
        if (through < distance[column]) {
          distance[column] = through;
          before[column] = row;
        }
        if (distance[column] < distance[open[nearest]]) nearest = i;
      }
      const std::size_t column = open[nearest];
      reached = distance[column];
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(nearest));
      if (row_of_[column] == kUnassigned) {
        adjust_prices(new_row, done, distance, reached);
        exchange(column, new_row, before);
        return;
      }
      done.push_back(column);
      row = row_of_[column];
    }
  }

  void adjust_prices(std::size_t new_row, const std::vector<std::size_t>& done,
                     const std::vector<double>& distance, double reached) {
    row_price_[new_row] += reached;
    for (const std::size_t column : done) {
      row_price_[row_of_[column]] += reached - distance[column];
      column_price_[column] -= reached - distance[column];
    }
  }

  /// Along the path back to the new row, every row takes the column that it leads to.
  void exchange(std::size_t column, std::size_t new_row, const std::vector<std::size_t>& before) {
    for (std::size_t row = kUnassigned; row != new_row;) {
      row = before[column];
      row_of_[column] = row;
      std::swap(column, column_of_[row]);
    }
  }

  const std::vector<double>& cost_;
  std::size_t rows_, columns_;
  std::vector<double> row_price_, column_price_;
  std::vector<std::size_t> row_of_, column_of_;  // the pairs, from both sides
};

}  // namespace

std::vector<std::size_t> optimal_assignment(const std::vector<double>& cost, std::size_t rows,
                                            std::size_t columns) {
  if (rows <= columns) return ShortestPaths(cost, rows, columns).solve();
  std::vector<double> transposed(cost.size());
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column)
      transposed[column * rows + row] = cost[row * columns + column];
  const std::vector<std::size_t> row_of = ShortestPaths(transposed, columns, rows).solve();
  std::vector<std::size_t> result(rows, kUnassigned);
  for (std::size_t column = 0; column < columns; ++column) result[row_of[column]] = column;
  return result;
}

std::vector<std::size_t> match_by_position(const std::vector<CutoutPlace>& from,
                                           const std::vector<CutoutPlace>& to) {
  std::vector<double> cost;
  cost.reserve(from.size() * to.size());
  for (const CutoutPlace& a : from)
    for (const CutoutPlace& b : to) cost.push_back(std::hypot(a.x - b.x, a.y - b.y));
  return optimal_assignment(cost, from.size(), to.size());
}

}  // namespace reverie::engine
