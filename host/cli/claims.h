#pragma once
// Runs that several machines take out of one list, by files in a folder that all of them see.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace reverie::cli {

/// A run that this process has claimed. While it lives, a thread renews the claim four times in a lease.
class Claim {
 public:
  Claim(std::filesystem::path file, std::string owner, std::chrono::milliseconds lease, bool taken_over);
  /// Gives the claim back, unless end() was called: somebody else can take the run.
  ~Claim();
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  /// Whose owner had not renewed it for a lease.
  bool taken_over() const { return taken_over_; }
  /// Somebody else has taken it, because this process did not renew it in time: it must not go on.
  bool lost() const { return lost_; }
  /// The run is over, with this end ("done", "failed"), for everybody and for ever; nothing if it is lost.
  /// Throws Error(file).
  void end(const std::string& how, const std::string& message);

 private:
  void renew();
  void stop_renewing();
  bool is_ours() const;
  std::filesystem::path file_;
  std::string owner_;
  std::chrono::milliseconds lease_;
  bool taken_over_, ended_ = false;
  std::atomic<bool> lost_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::thread thread_;
};

class Claims {
 public:
  /// Makes the folder. Throws Error(file).
  Claims(std::filesystem::path folder, std::chrono::milliseconds lease);
  ~Claims();

  /// What is known of a run.
  enum class State { free, others, done, failed };
  /// Takes a run if it is free, or if its owner has not renewed its claim for a lease; else says why not.
  /// `name` is a file name that means the same run on all machines. Throws Error(file).
  std::unique_ptr<Claim> take(const std::string& name, State& state);
  /// Waits a quarter of a lease, or until the process is interrupted.
  void wait() const;

 private:
  std::chrono::nanoseconds time_of(const std::filesystem::path& file) const;
  std::chrono::nanoseconds now() const;
  std::filesystem::path folder_;
  std::chrono::milliseconds lease_;
  std::string owner_;
  std::filesystem::path clock_;
};

}  // namespace reverie::cli
