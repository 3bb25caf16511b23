// libFuzzer's target: compiles a text as an expression and computes it, and does the same with the text that
// its bytes make of operations on values (value_text.h). Nothing but ExpressionError may come out, located
// inside the text. The normal tests replay the corpus.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "expressions/expression.h"
#include "expressions/point_at.h"
#include "value_text.h"

namespace {

void compute(const std::string& text, const std::set<std::string>& measured) {
  const auto check = [&](const reverie::ExpressionError& error) {
    if (error.column() > text.size() || reverie::point_at(text, error.column()).empty()) std::abort();
  };
  try {
    const auto expression =
        reverie::Expression::compile(text, {"t", "R", "bass", "f", "max_f", "fps", "bpm"}, measured);
    for (const double t : {0.0, -3.75, 1e300}) {
      try {
        expression.numbers(
            {{"t", t}, {"R", 10000}, {"bass", 0.5}, {"f", 12 * t}, {"max_f", 100}, {"fps", 12}, {"bpm", 90}});
      } catch (const reverie::ExpressionError& error) {
        check(error);
      }
    }
  } catch (const reverie::ExpressionError& error) {
    check(error);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  compute(text, {});
  compute(text, {"bass"});
  compute(reverie::test::value_text({data, size}), {"bass"});
  return 0;
}
