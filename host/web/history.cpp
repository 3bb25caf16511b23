#include "web/history.h"

#include <algorithm>
#include <cmath>

namespace reverie::web {

void History::Range::add(const Range& other) {
  low = count == 0 ? other.low : std::min(low, other.low);
  high = count == 0 ? other.high : std::max(high, other.high);
  sum += other.sum;
  count += other.count;
}

void History::add(std::int64_t step, const std::vector<Value>& values, std::uint64_t sequence) {
  if (columns_.empty()) origin_ = step;
  const auto place = [&](std::int64_t number) { return (number - origin_) / width_; };
  if (columns_.empty() || place(columns_.back().first) != place(step)) {
    if (columns_.size() >= kMostColumns) halve(sequence);
    if (columns_.empty() || place(columns_.back().first) != place(step))
      columns_.push_back({step, step, {}, sequence});
  }
  Column& column = columns_.back();
  column.last = step;
  column.changed = sequence;
  std::map<std::pair<std::string, std::string>, std::size_t> occurrences;
  for (const Value& value : values) {
    const std::size_t occurrence = occurrences[{value.name, value.kind}]++;
    if (!std::isfinite(value.value)) continue;
    column.ranges[number_of(value.name, value.kind, occurrence, sequence)].add(
        {value.value, value.value, value.value, 1});
  }
}

std::size_t History::number_of(const std::string& name, const std::string& kind, std::size_t occurrence,
                               std::uint64_t sequence) {
  const auto [entry, is_new] = numbers_.try_emplace({name, kind, occurrence}, series_.size());
  if (is_new) {
    series_.push_back({occurrence == 0 ? name : name + " (" + std::to_string(occurrence + 1) + ")", kind});
    series_changed_ = sequence;
  }
  return entry->second;
}

void History::halve(std::uint64_t sequence) {
  width_ *= 2;
  std::vector<Column> merged;
  for (Column& column : columns_) {
    if (merged.empty() || (merged.back().first - origin_) / width_ != (column.first - origin_) / width_) {
      merged.push_back(std::move(column));
    } else {
      merged.back().last = column.last;
      for (const auto& [series, range] : column.ranges) merged.back().ranges[series].add(range);
    }
    merged.back().changed = sequence;
  }
  columns_ = std::move(merged);
}

Json::Value History::json(std::uint64_t since) const {
  Json::Value json(Json::objectValue);
  const auto first = std::find_if(columns_.begin(), columns_.end(),
                                  [&](const Column& column) { return column.changed > since; });
  json["from"] = static_cast<Json::UInt64>(first - columns_.begin());
  Json::Value& columns = json["columns"] = Json::Value(Json::arrayValue);
  for (auto column = first; column != columns_.end(); ++column) {
    Json::Value& row = columns.append(Json::Value(Json::arrayValue));
    row.append(static_cast<Json::Int64>(column->first));
    row.append(static_cast<Json::Int64>(column->last));
    for (const auto& [series, range] : column->ranges) {
      row.append(static_cast<Json::UInt64>(series));
      row.append(range.mean());
      row.append(range.low);
      row.append(range.high);
    }
  }
  if (series_changed_ > since || since == 0) {
    Json::Value& series = json["series"] = Json::Value(Json::arrayValue);
    for (const Series& one : series_) {
      Json::Value& entry = series.append(Json::Value(Json::objectValue));
      entry["name"] = one.name;
      entry["kind"] = one.kind;
    }
  }
  return json;
}

}  // namespace reverie::web
