#pragma once
// Messages between the server and its child processes, over a socket.

#include <json/value.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace reverie::serve {

struct Message {
  Json::Value head;  ///< an object; "what" names the message
  std::string body;  ///< bytes that would be slow as JSON

  std::string what() const { return head["what"].asString(); }
};

class Channel {
 public:
  /// Takes over a connected stream socket.
  explicit Channel(int socket) : socket_(socket) {}
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// From any thread. False: the other side is gone.
  bool send(const Json::Value& head, std::string_view body = {});
  bool send(const char* what) { return send(named(what)); }

  /// The next one, for one thread at a time. Nothing: the other side is gone, or `end`, a file descriptor,
  /// can be read while no bytes come. Throws std::runtime_error on what is no message.
  std::optional<Message> receive(int end = -1);

  /// {"what": what}
  static Json::Value named(const char* what);

 private:
  bool read(char* bytes, std::size_t size, int end);

  int socket_;
  std::mutex sending_;
};

/// Two connected sockets, which no program that is started inherits. Throws Error(file).
std::pair<int, int> socket_pair(int type);

}  // namespace reverie::serve
