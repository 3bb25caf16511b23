#include "serve/worker_address.h"

#include <fstream>
#include <map>
#include <sstream>

#include "reverie/error.h"

namespace reverie::serve {
namespace {

/// What may be printed of an address: neither what stands before an @ nor after the path.
std::string without_secrets(const std::string& url) {
  const std::size_t scheme = url.find("://"), start = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t at = url.rfind('@');
  const std::string rest = url.substr(at == std::string::npos || at < start ? start : at + 1);
  return url.substr(0, start) + rest.substr(0, rest.find_first_of("?#"));
}

std::string plain_url(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  const std::size_t scheme = url.find("://");
  const std::string kind = url.substr(0, scheme == std::string::npos ? 0 : scheme);
  if ((kind != "http" && kind != "https") || scheme + 3 >= url.size() ||
      url.find_first_of("/?#@ ", scheme + 3) != std::string::npos)
    throw Error(
        ErrorKind::usage,
        "--workers: '" + without_secrets(url) + "' is not an address such as http://10.0.0.2:7070",
        "without a path and without a token, which everybody on this machine could read: tokens are in "
        "the file that --worker-tokens names");
  return url;
}

}  // namespace

std::vector<WorkerAddress> worker_addresses(const std::vector<std::string>& urls,
                                            const std::filesystem::path& tokens) {
  std::vector<WorkerAddress> workers;
  for (const std::string& url : urls) workers.push_back({plain_url(url), ""});
  std::ifstream stream(tokens);
  if (!stream)
    throw Error(
        ErrorKind::usage,
        tokens.empty() ? "--workers needs --worker-tokens, a file with the workers' tokens"
                       : "the workers' tokens cannot be read from '" + tokens.string() + "'",
        "a line of it is the token of all workers, as they have it in their --token-file, or an address and "
        "the token of this worker");
  std::string all;
  std::map<std::string, std::string> each;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    std::istringstream words(line);
    std::string first, second;
    words >> first >> second;
    if (first.empty() || first[0] == '#') continue;
    if (second.empty() || second[0] == '#')
      all = first;
    else if (!first.starts_with("http://") &&
             !first.starts_with("https://"))  // it may be a token, so it is not shown
      throw Error(ErrorKind::usage,
                  "line " + std::to_string(number) + " of '" + tokens.string() +
                      "' is neither a token nor an address and its token",
                  "an address begins with http:// or https://");
    else
      each[plain_url(first)] = second;
  }
  for (WorkerAddress& worker : workers) {
    const auto own = each.find(worker.url);
    worker.token = own != each.end() ? own->second : all;
    if (worker.token.empty())
      throw Error(ErrorKind::usage,
                  "there is no token for the worker " + worker.url + " in '" + tokens.string() + "'",
                  "add a line: " + worker.url + " and its token");
  }
  return workers;
}

}  // namespace reverie::serve
