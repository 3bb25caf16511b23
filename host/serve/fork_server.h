#pragma once
// Child processes that begin as copies of the program before it had any threads.
//
// The process forks once, early. The copy, the fork server, does nothing but fork again when it is asked to:
// each child has the program and its plugins loaded, and starts within milliseconds. Whatever a child does to
// itself, the server goes on. When the server ends, however that is, the kernel ends the fork server and its
// children with it.

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/activity.h"
#include "serve/channel.h"

namespace reverie::serve {

/// One of them, as the server sees it.
class ChildProcess {
 public:
  /// Takes over both: a socket, and from where the end of the process can be read.
  ChildProcess(pid_t pid, int socket, int report) : pid_(pid), channel_(socket), report_(report) {}
  /// Ends it, if it still lives.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool send(const Json::Value& head, std::string_view body = {}) { return channel_.send(head, body); }
  /// The next message; nothing when the process has ended. Throws as Channel does.
  std::optional<Message> receive() { return channel_.receive(report_); }
  /// Whether it has ended already.
  bool ended() const;
  /// Ends it at once.
  void kill();

  struct End {
    std::string how;         ///< "it was ended by the signal SIGSEGV"
    std::string activity;    ///< which component was at work; empty where that is not known
    std::int64_t steps = 0;  ///< that it had done
  };
  /// Ends it and says how it ended; if it had ended by itself, how that was.
  End end();

 private:
  const pid_t pid_;
  Channel channel_;
  const int report_;
  std::mutex mutex_;
  bool over_ = false;  // its number may be another process' now
};

class ForkServer {
 public:
  /// What a child does; when it returns, the child ends.
  using Role = std::function<void(Channel&)>;

  /// No other thread may run. The children's processes hold a lock on `lock`; the first one is started when
  /// those of an earlier server are gone. Throws Error(file).
  ForkServer(std::vector<Role> roles, const std::filesystem::path& lock);
  ~ForkServer();
  ForkServer(const ForkServer&) = delete;
  ForkServer& operator=(const ForkServer&) = delete;

  /// Starts a child with the role of this number. From any thread. Throws Error(file).
  std::shared_ptr<ChildProcess> start(std::size_t role);
  /// Whether children can still be started: somebody may have ended the process that does it.
  bool lives();
  /// Ends all children; no other can be started.
  void end();

 private:
  std::mutex mutex_;
  int socket_ = -1;
  pid_t pid_ = -1;
};

}  // namespace reverie::serve
