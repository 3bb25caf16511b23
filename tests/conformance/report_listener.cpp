#include "conformance/report_listener.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <mutex>

#include "conformance/promise.h"
#include "conformance/report.h"

namespace reverie::test {
namespace {

int report_file = -1;

class Listener final : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    report({"begin", std::string(test.test_suite_name()) + "." + test.name()});
  }
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (result.skipped()) report({"skipped", result.message()});
    if (result.failed()) report({"failure", result.message()});
  }
  void OnTestEnd(const testing::TestInfo&) override { report({"end"}); }
};

}  // namespace

void report_to(int file) { report_file = file; }

void report(const std::vector<std::string>& fields) {
  if (report_file < 0) return;
  static std::mutex mutex;  // plugins have threads
  const std::lock_guard lock(mutex);
  const std::string line = conformance::line_of(fields);
  if (::write(report_file, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    ::_exit(1);  // nobody listens any more
}

void report_tests() {
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new Listener);
}

void promise(const char* method, const char* words) { report({"promise", method, words}); }

}  // namespace reverie::test
