#include "cli/test_plugin_command.h"

#include <iostream>

#include "app/plan.h"
#include "conformance/run.h"

namespace reverie::cli {

int test_plugin_command(const std::vector<std::string>& words, const TestPluginOptions& options) {
  namespace fs = std::filesystem;
  if (words.empty() || words[0].find('=') != std::string::npos)
    throw Error(ErrorKind::usage, "reverie plugins test takes the library of a plugin",
                "such as reverie plugins test build/lib/reverie/plugins/image_models/my_model.so");
  std::error_code error;
  for (const fs::path& file : {fs::path(words[0]), options.sample})
    if (!file.empty() && !fs::is_regular_file(file, error))
      throw Error(ErrorKind::usage, "there is no file '" + file.string() + "'",
                  file == options.sample ? "" : "the library is named with its path and .so");
  conformance::Request request;
  request.program = installation_prefix() / "libexec/reverie/reverie-conformance";
  request.plugin = fs::absolute(words[0]);
  request.parameters.assign(words.begin() + 1, words.end());
  if (!options.sample.empty()) request.sample = fs::absolute(options.sample);
  request.limit = options.limit;
  for (const std::string& word : request.parameters)
    if (word.find('=') == std::string::npos)
      throw Error(ErrorKind::usage, "'" + word + "' is no name=value of a parameter",
                  "one library is tested at a time");
  if (!fs::exists(request.program, error))
    throw Error(ErrorKind::plugin,
                "the conformance suite '" + request.program.string() + "' is not installed",
                "build the target 'conformance' of Reverie's source tree, then install again");
  const conformance::Report report = conformance::run(request);
  std::cout << conformance::report_text(report, request.plugin, options.verbose);
  return report.passed() ? 0 : 1;
}

}  // namespace reverie::cli
