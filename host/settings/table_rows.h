#pragma once
// Tables as text.

#include <string>
#include <vector>

namespace reverie {

struct TableRow {
  int line;  ///< of the text, from 1
  std::vector<std::string> cells;
};

/// RFC 4180, with ',' or, where the first line has none, ';' or tabulators between cells. Empty lines are
/// left out.
std::vector<TableRow> table_rows(const std::string& text);

}  // namespace reverie
