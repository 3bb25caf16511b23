#include "distributed/exchange_trial.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <vector>

#include "distributed/ranks.h"

namespace reverie::distributed {
namespace {

constexpr int kTimes = 21;
constexpr int kSeconds = 60;  // that it may take in all
constexpr char kFailed = '-';

/// The median of some exchanges, in seconds.
double exchange_time(Ranks& ranks, std::int64_t bytes) {
  const at::Tensor own = at::zeros({bytes}, at::kByte);
  std::vector<double> seconds;
  for (int i = 0; i < kTimes; ++i) {
    const auto start = std::chrono::steady_clock::now();
    ranks.gather(own);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + kTimes / 2, seconds.end());
  return seconds[kTimes / 2];
}

}  // namespace

ExchangeTrial::ExchangeTrial() {
  std::error_code none;
  std::string name = (std::filesystem::temp_directory_path(none) / "reverie-exchange-XXXXXX").string();
  if (none || !::mkdtemp(name.data())) return;
  folder_ = name;
  int go[2], answer[2];
  if (::pipe2(go, O_CLOEXEC) != 0) return;
  if (::pipe2(answer, O_CLOEXEC) != 0) {
    ::close(go[0]);
    ::close(go[1]);
    return;
  }
  for (std::int64_t rank = 0; rank < 2; ++rank) {
    processes_[rank] = ::fork();
    if (processes_[rank] == 0) {
      ::close(go[1]);
      ::close(answer[0]);
      be(rank, go[0], answer[1]);
    }
  }
  ::close(go[0]);
  ::close(answer[1]);
  go_ = go[1];
  answer_ = answer[0];
}

ExchangeTrial::~ExchangeTrial() {
  if (go_ >= 0) ::close(go_);
  if (answer_ >= 0) ::close(answer_);
  for (const pid_t process : processes_) {
    if (process <= 0) continue;
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void ExchangeTrial::be(std::int64_t rank, int go, int answer) const {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::int64_t bytes = 0;
  if (::read(go, &bytes, sizeof bytes) != sizeof bytes) ::_exit(0);
  std::string text;
  try {
    RankEnvironment environment;
    environment.rank = environment.local_rank = rank;
    environment.count = 2;
    environment.store_file = folder_ / "store";
    Ranks ranks(environment);
    exchange_time(ranks, 1);  // the first ones make the connection
    const double small = exchange_time(ranks, 1), large = exchange_time(ranks, bytes);
    char figures[80];
    std::snprintf(figures, sizeof figures, "%.9g %.9g\n", small, large);
    text = figures;
    ranks.any(false);  // neither leaves before the other
  } catch (const std::exception& error) {
    text = kFailed + std::string(error.what()).substr(0, 400) + "\n";
  }
  if (rank == 0 || text[0] == kFailed) static_cast<void>(!::write(answer, text.data(), text.size()));
  ::_exit(0);
}

ExchangeTrial::Result ExchangeTrial::measure(std::int64_t bytes) {
  Result result;
  const std::int64_t orders[2] = {bytes, bytes};  // one for each
  if (go_ < 0 || processes_[0] < 0 || processes_[1] < 0 ||
      ::write(go_, orders, sizeof orders) != sizeof orders) {
    result.obstacle = "no processes can be made for it";
    return result;
  }
  std::string text;
  char buffer[512];
  pollfd wait{answer_, POLLIN, 0};
  while (text.find('\n') == std::string::npos) {
    const int ready = ::poll(&wait, 1, kSeconds * 1000);
    if (ready < 0 && errno == EINTR) continue;
    const ssize_t size = ready > 0 ? ::read(answer_, buffer, sizeof buffer) : 0;
    if (size <= 0) break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  double small = 0, large = 0;
  if (std::sscanf(text.c_str(), "%lf %lf", &small, &large) != 2) {
    result.obstacle = text.empty() || text[0] != kFailed ? "two processes did not answer in time"
                                                         : text.substr(1, text.find('\n') - 1);
    return result;
  }
  // An exchange of much that is no slower than one of nothing says only that it is quick.
  constexpr double kLeast = 1e-6;
  result.connection = {small, static_cast<double>(bytes) / std::max(large - small, kLeast)};
  return result;
}

}  // namespace reverie::distributed
