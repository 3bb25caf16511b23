#include "serve/channel.h"

#include <json/reader.h>
#include <json/writer.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "reverie/error.h"

namespace reverie::serve {
namespace {

/// The bytes before each message.
struct Sizes {
  std::uint64_t head, body;
};
constexpr std::uint64_t kLargestHead = 64 << 20;
constexpr std::uint64_t kLargestBody = 1 << 30;  // a picture of 16384 x 16384

bool send_all(int socket, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

Channel::~Channel() { ::close(socket_); }

Json::Value Channel::named(const char* what) {
  Json::Value head(Json::objectValue);
  head["what"] = what;
  return head;
}

bool Channel::send(const Json::Value& head, std::string_view body) {
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["emitUTF8"] = true;          // bytes as they are
  builder["useSpecialFloats"] = true;  // a loss may be no number
  const std::string text = Json::writeString(builder, head);
  const Sizes sizes{text.size(), body.size()};
  const std::lock_guard lock(sending_);
  return send_all(socket_, reinterpret_cast<const char*>(&sizes), sizeof sizes) &&
         send_all(socket_, text.data(), text.size()) && send_all(socket_, body.data(), body.size());
}

bool Channel::read(char* bytes, std::size_t size, int end) {
  bool ended = false;  // what was sent before the end still counts
  while (size > 0) {
    const ssize_t taken = ::recv(socket_, bytes, size, MSG_DONTWAIT);
    if (taken == 0) return false;
    if (taken < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN || ended) return false;
      pollfd waited[] = {{socket_, POLLIN, 0}, {end, POLLIN, 0}};  // poll() leaves out the descriptor -1
      if (::poll(waited, 2, -1) < 0 && errno != EINTR) return false;
      ended = waited[1].revents != 0;
      continue;
    }
    bytes += taken;
    size -= static_cast<std::size_t>(taken);
  }
  return true;
}

std::optional<Message> Channel::receive(int end) {
  Sizes sizes{};
  if (!read(reinterpret_cast<char*>(&sizes), sizeof sizes, end)) return std::nullopt;
  if (sizes.head > kLargestHead || sizes.body > kLargestBody)
    throw std::runtime_error("a message has an impossible size");
  Message message;
  std::string text(sizes.head, '\0');
  message.body.resize(sizes.body);
  if (!read(text.data(), text.size(), end) || !read(message.body.data(), message.body.size(), end))
    return std::nullopt;
  Json::CharReaderBuilder builder;
  builder["allowSpecialFloats"] = true;
  const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  std::string errors;
  if (!reader->parse(text.data(), text.data() + text.size(), &message.head, &errors) ||
      !message.head.isObject())
    throw std::runtime_error("a message is no JSON object: " + errors);
  return message;
}

std::pair<int, int> socket_pair(int type) {
  int sockets[2];
  if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, sockets) != 0)
    throw Error(ErrorKind::file, std::string("cannot make a socket: ") + std::strerror(errno),
                "the system allows too few open files; raise the limit, or end other programs");
  return {sockets[0], sockets[1]};
}

}  // namespace reverie::serve
