#pragma once
// What the conformance suite found about one plugin, and how it is shown.
//
// The suite runs in a child process (see run.h) and writes one line for each event: a word and its fields,
// separated by tabs.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reverie::conformance {

/// A line of the suite's report. Line breaks, tabs and backslashes in fields are escaped.
std::string line_of(const std::vector<std::string>& fields);
std::vector<std::string> fields_of(const std::string& line);

/// One test of the suite.
struct Test {
  enum class Result { kept, broken, skipped };

  std::string name;    ///< GoogleTest's, such as All/LossConformance.LeavesItsInputsAlone/my_loss
  std::string method;  ///< of the interface, as messages say it: "evaluate()"
  std::string promise;
  Result result = Result::kept;
  std::vector<std::string> failures;  ///< as GoogleTest writes them
  std::string reason;                 ///< why it was skipped
};

struct Report {
  std::string plugin;  ///< "losses/my_loss"; empty if it was never known
  std::string header;  ///< "loss.h"
  std::string version, summary;
  std::string rejected;  ///< why it cannot be loaded
  std::vector<Test> tests;
  std::optional<std::string> ended_early;  ///< why the rest was not tested

  /// Takes one line of the suite.
  void take(const std::string& line);
  /// The test that has begun and not ended; null if there is none.
  Test* at_work();
  /// Ends the test at work, or says why none could begin.
  void fail(const std::string& why);

  bool passed() const;

 private:
  bool at_work_ = false;
};

/// What a failure means, in one line: without file names, macros and stack traces.
std::string plain_words(const std::string& failure);

/// For the terminal: what is broken, each trouble once, with the promises that it breaks. `verbose` adds
/// every promise and GoogleTest's own words.
std::string report_text(const Report& report, const std::filesystem::path& file, bool verbose);

}  // namespace reverie::conformance
