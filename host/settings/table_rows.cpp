#include "settings/table_rows.h"

#include "base/texts.h"

namespace reverie {

std::vector<TableRow> table_rows(const std::string& text) {
  const std::string head = text.substr(0, text.find('\n'));
  char separator = ',';
  for (const char other : {'\t', ';', ','})
    if (head.find(other) != std::string::npos) separator = other;
  std::vector<TableRow> rows;
  TableRow row{1, {""}};
  bool quoted = false;
  int line = 1;
  const auto end_row = [&] {
    if (row.cells.size() > 1 || !trimmed(row.cells[0]).empty()) rows.push_back(row);
    row = {line, {""}};
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    line += c == '\n';
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      row.cells.back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == separator) {
      row.cells.emplace_back();
    } else if (!quoted && c == '\n') {
      end_row();
    } else if (c != '\r') {
      row.cells.back() += c;
    }
  }
  end_row();
  return rows;
}

}  // namespace reverie
