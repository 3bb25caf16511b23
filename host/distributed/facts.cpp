#include "distributed/facts.h"

#include <json/json.h>

#include <algorithm>
#include <set>

namespace reverie::distributed {
namespace {

std::string to_text(const Facts& facts) {
  Json::Value list(Json::arrayValue);
  for (const auto& [name, value] : facts) {
    list.append(name);
    list.append(value);
  }
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  return Json::writeString(builder, list);
}

Facts from_text(const std::string& text) {
  Json::Value list;
  std::string error;
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  Facts facts;
  if (!reader->parse(text.data(), text.data() + text.size(), &list, &error) || !list.isArray()) return facts;
  for (Json::ArrayIndex i = 0; i + 1 < list.size(); i += 2)
    if (list[i].isString() && list[i + 1].isString())
      facts.emplace_back(list[i].asString(), list[i + 1].asString());
  return facts;
}

std::string value_of(const Facts& facts, const std::string& name) {
  const auto found =
      std::find_if(facts.begin(), facts.end(), [&](const auto& fact) { return fact.first == name; });
  return found == facts.end() ? "(unknown)" : found->second;
}

}  // namespace

std::string differences(const std::vector<Facts>& of_ranks) {
  std::string table;
  std::set<std::string> done;
  for (const Facts& some : of_ranks)
    for (const auto& [name, value] : some) {
      if (!done.insert(name).second) continue;
      const bool same = std::all_of(
          of_ranks.begin(), of_ranks.end(),
          [&, &name = name, &value = value](const Facts& facts) { return value_of(facts, name) == value; });
      if (same) continue;
      for (std::size_t rank = 0; rank < of_ranks.size(); ++rank)
        table += "\n  " + name + " of rank " + std::to_string(rank) + ": " + value_of(of_ranks[rank], name);
    }
  return table;
}

void compare_facts(Ranks& ranks, const Facts& own) {
  std::vector<Facts> all;
  for (const std::string& text : ranks.gather(to_text(own))) {
    all.push_back(from_text(text));
    if (all.back().empty())
      throw RankLost(ErrorKind::device,
                     "rank " + std::to_string(all.size() - 1) + " sent nothing that can be understood",
                     "all ranks need the same version and settings");
  }
  const std::string table = differences(all);
  if (table.empty()) return;
  throw Error(ErrorKind::usage, "the ranks differ, so they would not make the same picture:" + table,
              "all ranks need the same version, settings, files and kind of processor; for processors, "
              "ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 on all makes unequal ones alike");
}

}  // namespace reverie::distributed
