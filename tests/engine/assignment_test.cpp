// Optimal assignment against brute force, cases by hand and SciPy.

#include "engine/assignment.h"

#include <fstream>
#include <iomanip>
#include <numeric>
#include <random>
#include <set>
#include <sstream>

#include "support/numbers.h"
#include "support/process.h"

namespace reverie::test {
namespace {

using Pairs = std::vector<std::size_t>;

struct Matrix {
  std::size_t rows, columns;
  std::vector<double> cost;
};

/// `levels` different costs at most, for ties; 0 for any number.
Matrix random_matrix(std::size_t rows, std::size_t columns, int levels, std::mt19937& random) {
  Matrix matrix{rows, columns, {}};
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (std::size_t i = 0; i < rows * columns; ++i)
    matrix.cost.push_back(levels ? std::floor(uniform(random) * levels) : uniform(random));
  return matrix;
}

/// The sum of the pairs' costs, after checking that as many are paired as can be and none twice.
double total(const Matrix& matrix, const Pairs& pairs) {
  EXPECT_EQ(pairs.size(), matrix.rows);
  std::set<std::size_t> taken;
  double sum = 0;
  for (std::size_t row = 0; row < pairs.size(); ++row) {
    if (pairs[row] == engine::kUnassigned) continue;
    EXPECT_LT(pairs[row], matrix.columns);
    EXPECT_TRUE(taken.insert(pairs[row]).second) << "column " << pairs[row] << " twice";
    sum += matrix.cost[row * matrix.columns + pairs[row]];
  }
  EXPECT_EQ(taken.size(), std::min(matrix.rows, matrix.columns));
  return sum;
}
double solve(const Matrix& matrix) {
  return total(matrix, engine::optimal_assignment(matrix.cost, matrix.rows, matrix.columns));
}

/// Over all orders of the longer side.
double least_by_trying(const Matrix& matrix) {
  const std::size_t longer = std::max(matrix.rows, matrix.columns),
                    shorter = std::min(matrix.rows, matrix.columns);
  Pairs order(longer);
  std::iota(order.begin(), order.end(), std::size_t{0});
  double least = std::numeric_limits<double>::infinity();
  do {
    double sum = 0;
    for (std::size_t i = 0; i < shorter; ++i)
      sum += matrix.rows <= matrix.columns ? matrix.cost[i * matrix.columns + order[i]]
                                           : matrix.cost[order[i] * matrix.columns + i];
    least = std::min(least, sum);
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

TEST(Assignment, ByHand) {
  EXPECT_EQ(engine::optimal_assignment({}, 0, 0), Pairs());
  EXPECT_EQ(engine::optimal_assignment({}, 0, 3), Pairs());
  EXPECT_EQ(engine::optimal_assignment({}, 2, 0), Pairs({engine::kUnassigned, engine::kUnassigned}));
  EXPECT_EQ(engine::optimal_assignment({5}, 1, 1), Pairs({0}));
  // Each row's own best would be column 0: 1 + 9 is more than 2 + 3.
  EXPECT_EQ(engine::optimal_assignment({1, 2, 3, 9}, 2, 2), Pairs({1, 0}));
  EXPECT_EQ(engine::optimal_assignment({4, 2, 8}, 1, 3), Pairs({1}));
  EXPECT_EQ(engine::optimal_assignment({4, 2, 8}, 3, 1),
            Pairs({engine::kUnassigned, 0, engine::kUnassigned}));
}

TEST(Assignment, AsGoodAsEveryOther) {
  std::mt19937 random(1);
  for (const int levels : {0, 3, 1})
    for (std::size_t rows = 1; rows <= 6; ++rows)
      for (std::size_t columns = 1; columns <= 6; ++columns)
        for (int time = 0; time < 10; ++time) {
          const Matrix matrix = random_matrix(rows, columns, levels, random);
          EXPECT_NEAR(solve(matrix), least_by_trying(matrix), 1e-12) << rows << " x " << columns;
        }
}

TEST(Assignment, AsGoodAsSciPys) {
  std::mt19937 random(2);
  std::vector<Matrix> matrices;
  for (const int levels : {0, 5})
    for (const auto& [rows, columns] :
         {std::pair<std::size_t, std::size_t>{40, 40}, {40, 90}, {90, 40}, {300, 300}, {1, 200}})
      matrices.push_back(random_matrix(rows, columns, levels, random));
  // Costs that make every row want the same columns: the longest chains of exchanges.
  Matrix products{100, 100, {}};
  for (std::size_t row = 1; row <= 100; ++row)
    for (std::size_t column = 1; column <= 100; ++column)
      products.cost.push_back(static_cast<double>(row * column));
  matrices.push_back(products);

  const Scratch scratch;
  {
    std::ofstream file(scratch / "given");
    file << std::setprecision(17);
    for (const Matrix& matrix : matrices) {
      file << matrix.rows << ' ' << matrix.columns << '\n';
      for (const double cost : matrix.cost) file << cost << ' ';
      file << '\n';
    }
  }
  const Outcome outcome =
      run({"/bin/sh", "-c",
           "'" REVERIE_TEST_PYTHON "' '" REVERIE_TEST_FOLDER "/assignment_reference.py' < given"},
          scratch.path());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  std::istringstream lines(outcome.out);
  for (const Matrix& matrix : matrices) {
    double expected = 0;
    ASSERT_TRUE(lines >> expected);
    EXPECT_NEAR(solve(matrix), expected, 1e-9 * std::max(1.0, std::abs(expected)))
        << matrix.rows << " x " << matrix.columns;
  }
}

TEST(Assignment, TheSameForTheSameCosts) {
  std::mt19937 random(3);
  const Matrix matrix = random_matrix(60, 60, 2, random);
  const Pairs first = engine::optimal_assignment(matrix.cost, 60, 60);
  for (int time = 0; time < 5; ++time) EXPECT_EQ(engine::optimal_assignment(matrix.cost, 60, 60), first);
}

TEST(MatchByPosition, FindsShuffledAndJoggedPlacesAgain) {
  std::mt19937 random(4);
  std::uniform_real_distribution<double> uniform(-1, 1);
  // On a grid, moved by less than a quarter of its distance, in another order and of other sizes.
  std::vector<CutoutPlace> from, to(40);
  Pairs order(40);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), random);
  for (std::size_t i = 0; i < 40; ++i) {
    from.push_back({static_cast<double>(i % 8) / 8, static_cast<double>(i / 8) / 8, 0.5, 0.5});
    to[order[i]] = {from[i].x + uniform(random) / 50, from[i].y + uniform(random) / 50, 0.1, 0.2};
  }
  EXPECT_EQ(engine::match_by_position(from, to), order);
}

TEST(MatchByPosition, AllPairsTogetherAreNearest) {
  const auto at = [](double x, double y) { return CutoutPlace{x, y, 1, 1}; };
  // The first is nearest to 0 too, but the second has only that one near.
  EXPECT_EQ(engine::match_by_position({at(0.5, 0), at(0, 0)}, {at(0.2, 0), at(0.9, 0)}), Pairs({1, 0}));
}

}  // namespace
}  // namespace reverie::test
