#include "conformance/report.h"

#include <algorithm>
#include <utility>

#include "base/texts.h"
#include "log/printable.h"

namespace reverie::conformance {
namespace {

std::string after(const std::string& text, const std::string& words) {
  const auto place = text.find(words);
  return place == std::string::npos ? "" : text.substr(place + words.size());
}

/// "the plugin KIND/NAME failed in METHOD: WHAT", as the host's checks write it.
struct Fault {
  std::string method, what;
};
std::optional<Fault> fault_of(const std::string& words) {
  const std::string rest = after(words, " failed in ");
  const auto colon = rest.find(": ");
  if (words.rfind("the plugin ", 0) != 0 || colon == std::string::npos) return std::nullopt;
  return Fault{rest.substr(0, colon), rest.substr(colon + 2)};
}

/// What was thrown, of GoogleTest's sentence about an exception; empty for other failures.
std::string thrown(const std::string& failure) {
  std::string words = after(failure, "C++ exception with description \"");
  words.resize(std::min(words.rfind("\" thrown in"), words.size()));
  return words;
}

/// Of a failure's lines, those under "Google Test trace:", without their places.
std::string circumstances(const std::vector<std::string>& lines) {
  std::string result;
  bool among = false;
  for (const std::string& line : lines) {
    const std::string words = after(line, ": ");
    if (among && !words.empty()) result += (result.empty() ? "" : ", ") + words;
    if (line == "Google Test trace:") among = true;
  }
  return result;
}

/// Without what differs from test to test: numbers, and names of files.
std::string without_details(const std::string& text) {
  std::string result;
  bool quoted = false;
  for (const char c : text) {
    if (c == '\'') quoted = !quoted;
    if (!quoted && (c < '0' || c > '9')) result += c;
  }
  return result;
}

/// One trouble, and the tests that it broke.
struct Trouble {
  std::string method, what;
  bool found_by_checks = false;  ///< not by what a test compares
  std::vector<const Test*> tests;
};

bool same(const Trouble& a, const Trouble& b) {
  if (a.found_by_checks != b.found_by_checks || a.method != b.method) return false;
  return a.found_by_checks ? without_details(a.what) == without_details(b.what)
                           : a.tests[0]->promise == b.tests[0]->promise;
}

std::vector<Trouble> troubles_of(const Report& report) {
  std::vector<Trouble> troubles;
  for (const Test& test : report.tests)
    for (const std::string& failure : test.failures) {
      const std::string what = plain_words(failure);
      const std::optional<Fault> fault = fault_of(what);
      Trouble trouble{
          fault ? fault->method : test.method, fault ? fault->what : what, fault.has_value(), {&test}};
      const auto known = std::find_if(troubles.begin(), troubles.end(),
                                      [&](const Trouble& other) { return same(other, trouble); });
      if (known == troubles.end())
        troubles.push_back(std::move(trouble));
      else if (known->tests.back() != &test)
        known->tests.push_back(&test);
    }
  return troubles;
}

std::size_t count_of(const Report& report, Test::Result result) {
  return static_cast<std::size_t>(std::count_if(report.tests.begin(), report.tests.end(),
                                                [&](const Test& test) { return test.result == result; }));
}

std::string number_of(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void tell_details(const Report& report, std::string& out) {
  for (const Test& test : report.tests) {
    const char* result = test.result == Test::Result::kept     ? "kept     "
                         : test.result == Test::Result::broken ? "BROKEN   "
                                                               : "skipped  ";
    out += "  " + std::string(result) + log::printable_line(test.method + ": " + test.promise) + "\n";
    if (!test.reason.empty()) out += "           " + log::printable_line(test.reason) + "\n";
    for (const std::string& failure : test.failures)
      for (const std::string& line : filled_parts(failure, "\n"))
        out += "      " + log::printable(line) + "\n";
  }
}

}  // namespace

std::string line_of(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != &fields[0]) line += '\t';
    for (const char c : field) {
      if (c == '\n') line += "\\n";
      if (c == '\t') line += "\\t";
      if (c == '\\') line += "\\\\";
      if (c != '\n' && c != '\t' && c != '\\') line += c;
    }
  }
  return line + "\n";
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') {
      fields.emplace_back();
    } else if (line[i] == '\\' && i + 1 < line.size()) {
      const char c = line[++i];
      fields.back() += c == 'n' ? '\n' : c == 't' ? '\t' : c;
    } else if (line[i] != '\n') {
      fields.back() += line[i];
    }
  }
  return fields;
}

void Report::take(const std::string& line) {
  std::vector<std::string> fields = fields_of(line);
  const std::string event = fields[0];
  fields.resize(5);
  if (event == "plugin") {
    plugin = fields[1];
    header = fields[2];
    version = fields[3];
    summary = fields[4];
  } else if (event == "rejected") {
    rejected = fields[1];
  } else if (event == "untested") {
    ended_early = fields[1];
  } else if (event == "begin") {
    tests.emplace_back().name = fields[1];
    at_work_ = true;
  }
  Test* test = at_work();
  if (!test) return;
  if (event == "promise") {
    test->method = fields[1];
    test->promise = fields[2];
  } else if (event == "failure") {
    test->result = Test::Result::broken;
    test->failures.push_back(fields[1]);
  } else if (event == "skipped") {
    if (test->result == Test::Result::kept) test->result = Test::Result::skipped;
    test->reason = fields[1];
  } else if (event == "end") {
    at_work_ = false;
  }
}

Test* Report::at_work() { return at_work_ ? &tests.back() : nullptr; }

void Report::fail(const std::string& why) {
  Test* test = at_work();
  if (!test) {
    ended_early = why;
    return;
  }
  test->result = Test::Result::broken;
  test->failures.push_back(why);
  at_work_ = false;
}

bool Report::passed() const {
  return rejected.empty() && !ended_early && count_of(*this, Test::Result::broken) == 0 &&
         count_of(*this, Test::Result::kept) > 0;
}

namespace {

/// Of EXPECT_EQ: "it gave X, not Y"; empty for other failures.
std::string of_equality(const std::vector<std::string>& lines, std::string& comment) {
  if (lines.empty() || lines[0] != "Expected equality of these values:") return {};
  const std::string mark = "    Which is: ";
  std::vector<std::string> values;
  std::size_t i = 1;
  for (; i < lines.size() && values.size() < 2 && lines[i].rfind("  ", 0) == 0; ++i) {
    values.push_back(trimmed(lines[i]));
    if (i + 1 < lines.size() && lines[i + 1].rfind(mark, 0) == 0)
      values.back() = lines[++i].substr(mark.size());
  }
  for (; i < lines.size(); ++i) comment += (comment.empty() ? "" : " ") + lines[i];
  return values.size() < 2 ? "" : "it gave " + values[0] + ", not " + values[1];
}

/// Of EXPECT_TRUE and EXPECT_FALSE: the reason that came with the value; empty for other failures.
std::string of_truth(const std::vector<std::string>& lines, std::string& comment) {
  const std::string expression = lines.empty() ? "" : after(lines[0], "Value of: ");
  if (expression.empty()) return {};
  std::string reason;
  bool expected = false;
  for (const std::string& line : lines) {
    if (expected && !line.empty()) comment += (comment.empty() ? "" : " ") + line;
    if (const std::string actual = after(line, "  Actual: false ("); !actual.empty())
      reason = actual.substr(0, actual.rfind(')'));
    if (line.rfind("Expected: ", 0) == 0) expected = true;
  }
  if (!reason.empty()) return reason;
  return comment.empty() ? "this does not hold: " + expression : std::exchange(comment, "");
}

}  // namespace

std::string plain_words(const std::string& failure) {
  std::vector<std::string> lines = split(failure, "\n");
  const std::string where = circumstances(lines);
  lines.erase(std::find(lines.begin(), lines.end(), "Google Test trace:"), lines.end());
  if (!lines.empty() && lines[0] == "Failed") lines.erase(lines.begin());
  std::string comment;
  std::string said = thrown(failure);
  if (said.empty()) said = of_equality(lines, comment);
  if (said.empty()) said = of_truth(lines, comment);
  if (said.empty())
    for (const std::string& line : lines)
      if (!trimmed(line).empty()) said += (said.empty() ? "" : " ") + trimmed(line);
  for (const std::string& more : {trimmed(comment), where})
    if (!more.empty()) said += " (" + more + ")";
  return log::printable_line(trimmed(said));
}

std::string report_text(const Report& report, const std::filesystem::path& file, bool verbose) {
  std::string out = log::printable_line(report.plugin.empty() ? file.filename().string() : report.plugin);
  if (!report.version.empty())
    out += " " + log::printable_line(report.version) + ": " + log::printable_line(report.summary);
  out += "\n" + log::printable_line(file.string()) + "\n\n";
  if (!report.rejected.empty())
    return out + "It cannot be used: " + log::printable_line(report.rejected) + "\n";

  if (verbose) tell_details(report, out);
  if (verbose && !report.tests.empty()) out += "\n";
  const std::size_t broken = count_of(report, Test::Result::broken),
                    kept = count_of(report, Test::Result::kept),
                    skipped = count_of(report, Test::Result::skipped);
  for (const Trouble& trouble : troubles_of(report)) {
    out += log::printable_line(trouble.method) + ": " + trouble.what + "\n";
    if (!trouble.found_by_checks)
      out += "    " + report.header + " promises: " + log::printable_line(trouble.tests[0]->promise) + "\n";
    else if (trouble.tests.size() > 1)
      out += "    this breaks " + number_of(trouble.tests.size(), "test") + "\n";
  }
  if (broken > 0) out += "\n";
  if (report.ended_early)
    out += (kept + broken == 0 ? "Nothing was tested: " : "The rest was not tested: ") +
           log::printable_line(*report.ended_early) + "\n";
  out += report.passed() ? "PASSED: " : "FAILED: ";
  out += number_of(kept, "promise") + " kept";
  if (broken > 0) out += ", " + std::to_string(broken) + " broken";
  if (skipped > 0) out += ", " + std::to_string(skipped) + (skipped == 1 ? " does" : " do") + " not apply";
  return out + (verbose || report.passed() ? "\n" : "; --verbose shows more\n");
}

}  // namespace reverie::conformance
