#include "settings/yaml_reader.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "settings/limits.h"
#include "settings/yaml_errors.h"

namespace reverie {
namespace {

constexpr const char* kTooDeep = "lists are nested too deeply";
constexpr const char* kTooMany = "it stands for more than 200,000 values";

int line_of(const YAML::Mark& mark) { return std::max(mark.line, 0) + 1; }

/// Takes values as the parser finds them, so that a text is refused at the first one beyond a limit.
class ValueBuilder final : public YAML::EventHandler {
 public:
  explicit ValueBuilder(bool with_lines) : with_lines_(with_lines) {}

  RawValue root;
  YAML::Mark begin;                       ///< of the document
  std::map<std::size_t, YAML::Mark> odd;  ///< members of the root whose names are not plain text

  void OnDocumentStart(const YAML::Mark& mark) override { begin = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add({}, 1, mark, anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const bool quoted = tag == "!";
    add(quoted || !is_null_word(text) ? RawValue::scalar(text, quoted) : RawValue(), 1, mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchors_.find(anchor);
    // What is still open is not known yet: it would hold itself.
    if (named == anchors_.end()) throw YAML::Exception(mark, kTooDeep);
    if (open_.size() + named->second.depth > kDeepestNesting + 1) throw YAML::Exception(mark, kTooDeep);
    add(named->second.value, named->second.count, mark, YAML::NullAnchor, named->second.depth);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin_list(RawValue::Kind::list, mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin_list(RawValue::Kind::map, mark, anchor);
  }
  void OnSequenceEnd() override { end_list(); }
  void OnMapEnd() override { end_list(); }

 private:
  struct Open {
    RawValue value;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    std::size_t before;  ///< how many values there were
    std::size_t depth = 1;
    bool has_name = false;  ///< of a map: the next value belongs to `name`
    std::string name;
    int name_line = 0;
  };
  struct Named {
    RawValue value;
    std::size_t count, depth;
  };

  int line(const YAML::Mark& mark) const { return with_lines_ ? line_of(mark) : 0; }

  void begin_list(RawValue::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() > kDeepestNesting) throw YAML::Exception(mark, kTooDeep);
    open_.push_back({{}, mark, anchor, count_, 1, false, {}, 0});
    open_.back().value.kind = kind;
  }

  void end_list() {
    Open done = std::move(open_.back());
    open_.pop_back();
    const std::size_t inside = count_ - done.before;
    count_ = done.before;
    add(std::move(done.value), inside + 1, done.mark, done.anchor, done.depth);
  }

  void add(RawValue value, std::size_t count, const YAML::Mark& mark, YAML::anchor_t anchor,
           std::size_t depth = 0) {
    count_ += count;
    // Aliases can make a few lines stand for billions of values.
    if (count_ > kMostValues) throw YAML::Exception(mark, kTooMany);
    value.line = line(mark);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {value, count, depth};
    if (open_.empty()) {
      root = std::move(value);
      return;
    }
    Open& parent = open_.back();
    parent.depth = std::max(parent.depth, depth + 1);
    if (parent.value.kind == RawValue::Kind::list) {
      parent.value.items.push_back(std::move(value));
    } else if (parent.has_name) {
      value.line = parent.name_line;
      parent.value.members.emplace_back(std::move(parent.name), std::move(value));
      parent.has_name = false;
    } else {
      const bool plain = value.kind == RawValue::Kind::scalar;
      if (!plain && open_.size() == 1) odd[parent.value.members.size()] = mark;
      parent.name = plain ? value.text : "?";
      parent.name_line = line(mark);
      parent.has_name = true;
    }
  }

  bool with_lines_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Named> anchors_;
  std::size_t count_ = 0;
};

}  // namespace

bool is_null_word(const std::string& text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

std::vector<RawEntry> read_yaml(const std::string& text, const std::string& file,
                                std::vector<Problem>& problems) {
  const auto problem = [&](const YAML::Mark& mark, const std::string& message) {
    problems.push_back({{file, line_of(mark)}, message});
  };
  std::vector<RawEntry> entries;
  try {
    // yaml-cpp 0.7 takes a quote that never closes for closed when only white space stands at the file's end.
    std::istringstream stream(text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
    YAML::Parser parser(stream);
    ValueBuilder document(true), next(true);
    if (!parser.HandleNextDocument(document)) return entries;
    if (parser.HandleNextDocument(next))
      problem(next.begin, "the settings end here, but more text follows; a file holds one run's settings");
    if (document.root.kind == RawValue::Kind::null) return entries;
    if (document.root.kind != RawValue::Kind::map) {
      problems.push_back(
          {{file, document.root.line},
           "a settings file holds lines of 'name: value', with ':' and a blank; this is something else"});
      return entries;
    }
    for (const auto& [index, mark] : document.odd) problem(mark, "a setting's name must be plain text");
    for (std::size_t i = 0; i < document.root.members.size(); ++i) {
      if (document.odd.count(i)) continue;
      auto& [name, value] = document.root.members[i];
      const int line = value.line;
      entries.push_back({std::move(name), std::move(value), {file, line}});
    }
  } catch (const YAML::DeepRecursion& error) {
    problem(error.mark, std::string("not valid YAML: ") + kTooDeep);
  } catch (const YAML::Exception& error) {
    // A limit of ours, or the parser's words for it.
    const bool refused = error.msg == kTooDeep || error.msg == kTooMany;
    const YamlTrouble trouble =
        refused ? YamlTrouble{line_of(error.mark), error.msg} : explain_yaml(text, error);
    problems.push_back({{file, trouble.line}, "not valid YAML: " + trouble.why});
  }
  return entries;
}

RawValue read_yaml_value(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  ValueBuilder document(false);
  parser.HandleNextDocument(document);
  return std::move(document.root);
}

}  // namespace reverie
