#include "cli/claims.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <random>
#include <system_error>

#include "engine/host_services.h"
#include "reverie/error.h"

namespace reverie::cli {

using engine::interrupted;

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what, const fs::path& file) {
  throw Error(ErrorKind::file,
              "cannot " + what + " '" + file.string() + "': " + std::generic_category().message(errno),
              "--claim needs a folder that all machines can write to");
}

/// The file is made by this call and by no other. False where there is one.
bool create(const fs::path& file, const std::string& text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    if (errno == EEXIST) return false;
    fail("make the claim", file);
  }
  const bool written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool closed = ::close(descriptor) == 0;
  if (!written || !closed) fail("write the claim", file);
  return true;
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

fs::path with_end(const fs::path& file, const std::string& end) { return file.string() + "." + end; }

}  // namespace

Claim::Claim(fs::path file, std::string owner, std::chrono::milliseconds lease, bool taken_over)
    : file_(std::move(file)),
      owner_(std::move(owner)),
      lease_(lease),
      taken_over_(taken_over),
      thread_([this] { renew(); }) {}

void Claim::stop_renewing() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Claim::~Claim() {
  stop_renewing();
  if (!ended_ && !lost_ && is_ours()) ::unlink(with_end(file_, "claim").c_str());
}

bool Claim::is_ours() const { return text_of(with_end(file_, "claim")) == owner_; }

void Claim::renew() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, lease_ / 4, [&] { return ending_; })) {
    if (is_ours()) {
      ::utimensat(AT_FDCWD, with_end(file_, "claim").c_str(), nullptr,
                  0);  // by the clock of the folder's machine
      continue;
    }
    lost_ = true;
    interrupted = true;  // what it would write is somebody else's now
    return;
  }
}

void Claim::end(const std::string& how, const std::string& message) {
  stop_renewing();
  lost_ = lost_ || !is_ours();
  if (lost_) return;
  ended_ = true;
  const fs::path claim = with_end(file_, "claim"), result = with_end(file_, how);
  if (!message.empty()) std::ofstream(claim, std::ios::app) << message << "\n";
  if (::rename(claim.c_str(), result.c_str()) != 0) fail("rename the claim to", result);
}

Claims::Claims(fs::path folder, std::chrono::milliseconds lease) : folder_(std::move(folder)), lease_(lease) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    throw Error(ErrorKind::file,
                "cannot make the folder of claims '" + folder_.string() + "': " + error.message());
  std::random_device random;
  const std::string unique = host_name() + "-" + std::to_string(::getpid()) + "-" + std::to_string(random());
  owner_ = unique + "\n";
  clock_ = folder_ / ("." + unique + ".clock");
  if (!create(clock_, "")) fail("make", clock_);
}

Claims::~Claims() { ::unlink(clock_.c_str()); }

std::chrono::nanoseconds Claims::time_of(const fs::path& file) const {
  // Opened, because NFS asks its server then, and else may give the time that it knew a minute ago.
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about = {};
  const bool known = (descriptor >= 0 ? ::fstat(descriptor, &about) : ::stat(file.c_str(), &about)) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!known) return std::chrono::nanoseconds::max();
  return std::chrono::seconds(about.st_mtim.tv_sec) + std::chrono::nanoseconds(about.st_mtim.tv_nsec);
}

/// By the clock that dates the claims: those of machines may differ.
std::chrono::nanoseconds Claims::now() const {
  if (::utimensat(AT_FDCWD, clock_.c_str(), nullptr, 0) != 0) fail("touch", clock_);
  return time_of(clock_);
}

std::unique_ptr<Claim> Claims::take(const std::string& name, State& state) {
  const fs::path file = folder_ / name, claim = with_end(file, "claim");
  const auto is_over = [&] {
    if (fs::exists(with_end(file, "done")))
      state = State::done;
    else if (fs::exists(with_end(file, "failed")))
      state = State::failed;
    else
      return false;
    return true;
  };
  if (is_over()) return nullptr;
  state = State::others;
  bool taken_over = false;
  if (!create(claim, owner_)) {
    const auto made = time_of(claim);
    if (made == std::chrono::nanoseconds::max() || now() - made < lease_) return nullptr;
    // Of several that find it too old, one moves it away.
    const fs::path old = folder_ / (clock_.filename().string() + ".old");
    if (::rename(claim.c_str(), old.c_str()) != 0) return nullptr;
    if (time_of(old) != made) {  // another was quicker, and this is its claim
      static_cast<void>(::link(old.c_str(), claim.c_str()));
      ::unlink(old.c_str());
      return nullptr;
    }
    ::unlink(old.c_str());
    if (!create(claim, owner_)) return nullptr;
    taken_over = true;
  }
  if (is_over()) {  // meanwhile
    ::unlink(claim.c_str());
    return nullptr;
  }
  state = State::free;
  return std::make_unique<Claim>(file, owner_, lease_, taken_over);
}

void Claims::wait() const {
  const auto until = std::chrono::steady_clock::now() + lease_ / 4;
  while (!interrupted && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(
        std::min<std::chrono::milliseconds>(lease_ / 4, std::chrono::milliseconds(100)));
}

}  // namespace reverie::cli
