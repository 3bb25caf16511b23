#include "web/web_server.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <future>
#include <thread>

#include "reverie/error.h"
#include "support/scratch.h"

namespace reverie {
namespace {

using boost::asio::ip::tcp;

/// What a server sends to these bytes, until it closes the connection.
class Client {
 public:
  explicit Client(int port) : stream_("127.0.0.1", std::to_string(port)) {}
  Client& send(const std::string& bytes) {
    stream_ << bytes << std::flush;
    return *this;
  }
  std::string line() {
    std::string text;
    std::getline(stream_, text);
    return text;
  }
  std::string rest() { return {std::istreambuf_iterator<char>(stream_), {}}; }

 private:
  tcp::iostream stream_;
};

class WebServerTest : public ::testing::Test {
 protected:
  web::WebServer::Options options;
  web::HttpRequest got;
  std::atomic<int> calls = 0;
  std::unique_ptr<web::WebServer> server;

  void start(std::function<web::HttpResponse(const web::HttpRequest&)> handler = nullptr) {
    options.rules.token = "secret";
    options.rules.largest_body = 1000;
    server = std::make_unique<web::WebServer>(options, [this, handler](const web::HttpRequest& request) {
      ++calls;
      got = request;
      return handler ? handler(request) : web::HttpResponse::text("hello");
    });
  }

  std::string ask(const std::string& line, const std::string& headers = "", const std::string& body = "") {
    return Client(server->port())
        .send(line + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server->port()) +
              "\r\nAuthorization: Bearer secret\r\n" + headers + "\r\n" + body)
        .rest();
  }
};

std::string body_of(const std::string& response) { return response.substr(response.find("\r\n\r\n") + 4); }
std::string status_of(const std::string& response) { return response.substr(0, 12); }
bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(WebServerTest, AnswersWithHeadersThatKeepOthersOut) {
  start();
  const std::string response = ask("GET /a%20b?x=1");
  EXPECT_EQ(status_of(response), "HTTP/1.1 200");
  EXPECT_EQ(body_of(response), "hello");
  for (const char* header : {"Content-Security-Policy: default-src 'self'", "frame-ancestors 'none'",
                             "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
                             "Cache-Control: no-store", "Connection: close", "Content-Length: 5"})
    EXPECT_TRUE(holds(response, header)) << header << " in " << response;
  EXPECT_EQ(got.method, "GET");
  EXPECT_EQ(got.path, "/a b");
  EXPECT_EQ(got.query.at("x"), "1");
}

TEST_F(WebServerTest, BodiesArriveWhole) {
  start();
  const std::string body(1000, 'x');
  EXPECT_EQ(status_of(ask("POST /", "Content-Length: 1000\r\n", body)), "HTTP/1.1 200");
  EXPECT_EQ(got.body, body);
}

TEST_F(WebServerTest, TheGuardComesBeforeTheHandlerAndBeforeTheBody) {
  start();
  EXPECT_EQ(status_of(ask("POST /", "Content-Length: 1001\r\n", std::string(1001, 'x'))), "HTTP/1.1 413");
  EXPECT_EQ(status_of(ask("POST /", "Content-Length: 1000000000\r\n")), "HTTP/1.1 413");
  EXPECT_EQ(status_of(ask("POST /", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")),
            "HTTP/1.1 415");
  EXPECT_EQ(status_of(ask("GET /", "Host: evil.example\r\n")), "HTTP/1.1 400");
  EXPECT_EQ(status_of(Client(server->port()).send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").rest()),
            "HTTP/1.1 401");
  EXPECT_EQ(calls, 0);
}

TEST_F(WebServerTest, OneConnectionIsOneRequest) {
  start();
  const std::string again = "GET /second HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n\r\n";
  ask("GET /first", "", again);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(got.path, "/first");
  // A refused body that looks like a request is none.
  ask("POST /third", "Content-Length: 5000\r\n", again);
  EXPECT_EQ(calls, 1);
}

TEST_F(WebServerTest, WhatIsNoRequestIsRefused) {
  start();
  for (const std::string& bytes : {std::string("hello\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"),
                                   std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n"),
                                   std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15),
                                   std::string("GET elsewhere HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                                   std::string("GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n")})
    EXPECT_EQ(status_of(Client(server->port()).send(bytes).rest()), "HTTP/1.1 400") << bytes;
  EXPECT_EQ(status_of(ask("GET /", "X-Long: " + std::string(20'000, 'x') + "\r\n")), "HTTP/1.1 431");
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(status_of(ask("GET /")), "HTTP/1.1 200") << "others are served all the same";
}

TEST_F(WebServerTest, HeadIsGetWithoutTheBody) {
  start();
  const std::string response = ask("HEAD /");
  EXPECT_TRUE(holds(response, "Content-Length: 5"));
  EXPECT_EQ(body_of(response), "");
  EXPECT_EQ(got.method, "GET");
}

TEST_F(WebServerTest, WhatTheHandlerThrowsIsTold) {
  start([](const web::HttpRequest&) -> web::HttpResponse { throw std::runtime_error("no luck"); });
  const std::string response = ask("GET /");
  EXPECT_EQ(status_of(response), "HTTP/1.1 500");
  EXPECT_EQ(body_of(response), "{\"error\":\"no luck\"}\n");
}

TEST_F(WebServerTest, FilesAreSentWholeOrInPart) {
  const test::Scratch folder;
  std::string bytes(200'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  const auto path = folder.write("video.mp4", bytes);
  start([path](const web::HttpRequest&) {
    web::HttpResponse response;
    response.file = web::PlainFile::open(path);
    return response;
  });
  EXPECT_EQ(body_of(ask("GET /")), bytes);
  const struct {
    const char* range;
    std::size_t first, size;
  } cases[] = {{"0-0", 0, 1},
               {"10-19", 10, 10},
               {"199999-", 199'999, 1},
               {"100000-", 100'000, 100'000},
               {"-5", 199'995, 5},
               {"-900000", 0, 200'000},
               {"150000-999999", 150'000, 50'000}};
  for (const auto& [range, first, size] : cases) {
    const std::string response = ask("GET /", std::string("Range: bytes=") + range + "\r\n");
    EXPECT_EQ(status_of(response), "HTTP/1.1 206") << range;
    EXPECT_TRUE(holds(response, "Content-Range: bytes " + std::to_string(first) + "-" +
                                    std::to_string(first + size - 1) + "/200000\r\n"))
        << response.substr(0, 600);
    EXPECT_EQ(body_of(response), bytes.substr(first, size)) << range;
  }
  for (const char* range : {"bytes=5-3", "bytes=200000-", "bytes=-0", "bytes=x-y", "bytes=1-2,5-6",
                            "lines=1-2", "bytes=-", "bytes=1-x"}) {
    const std::string response = ask("GET /", std::string("Range: ") + range + "\r\n");
    EXPECT_EQ(status_of(response), "HTTP/1.1 200") << range;
    EXPECT_EQ(body_of(response), bytes) << range;
  }
}

/// Streams the given texts.
struct Source {
  std::mutex mutex;
  std::vector<std::string> texts;
  bool end = false;
  void say(const std::string& text) {
    const std::lock_guard lock(mutex);
    texts.push_back(text);
  }
  web::HttpResponse response() {
    web::HttpResponse response;
    response.headers.emplace_back("Content-Type", "text/event-stream");
    response.stream = [this]() -> std::optional<std::string> {
      const std::lock_guard lock(mutex);
      if (texts.empty()) return end ? std::nullopt : std::optional<std::string>("");
      const std::string text = texts.front();
      texts.erase(texts.begin());
      return text;
    };
    return response;
  }
};

const std::string kAsk = "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n\r\n";

/// Waits without end for what must come; CTest's limit is the end of patience.
template <typename Condition>
void until(Condition&& condition) {
  while (!condition()) std::this_thread::yield();
}

TEST_F(WebServerTest, StreamsComeAsTheyAreSaidAndEnd) {
  Source source;
  start([&](const web::HttpRequest&) { return source.response(); });
  Client client(server->port());
  client.send(kAsk);
  while (client.line() != "\r") {
  }
  source.say("data: 1\n\n");
  EXPECT_EQ(client.line(), "9\r");
  EXPECT_EQ(client.line(), "data: 1");
  EXPECT_EQ(server->open_streams(), 1);
  source.say("data: 22\n\n");
  EXPECT_EQ(client.line(), "");
  EXPECT_EQ(client.line(), "\r");
  EXPECT_EQ(client.line(), "a\r");
  {
    const std::lock_guard lock(source.mutex);
    source.end = true;
  }
  EXPECT_EQ(client.rest(), "data: 22\n\n\r\n0\r\n\r\n");
  until([&] { return server->open_streams() == 0; });
}

TEST_F(WebServerTest, AClientThatGoesAwayIsNoticed) {
  Source source;
  start([&](const web::HttpRequest&) { return source.response(); });
  {
    Client client(server->port());
    client.send(kAsk);
    client.line();
    EXPECT_EQ(server->open_streams(), 1);
  }
  until([&] { return server->open_streams() == 0; });
}

TEST_F(WebServerTest, ThereAreOnlySoManyStreams) {
  Source source;
  options.most_streams = 2;
  start([&](const web::HttpRequest&) { return source.response(); });
  Client first(server->port()), second(server->port());
  EXPECT_EQ(status_of(first.send(kAsk).line()), "HTTP/1.1 200");
  EXPECT_EQ(status_of(second.send(kAsk).line()), "HTTP/1.1 200");
  EXPECT_EQ(status_of(ask("GET /")), "HTTP/1.1 503");
}

TEST_F(WebServerTest, ClientsThatNeverReadOrNeverAskDelayNobody) {
  Source source;
  source.say(std::string(50'000'000, 'x'));  // more than sockets take in unread
  std::atomic<bool> endless = true;
  start([&](const web::HttpRequest&) {
    return endless ? source.response() : web::HttpResponse::text("hello");
  });
  Client deaf(server->port()), mute(server->port()), slow(server->port());
  deaf.send(kAsk);
  slow.send("GET / HT");
  until([&] { return calls == 1; });
  endless = false;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(body_of(ask("GET /")), "hello");
  server.reset();  // at once, too
}

TEST_F(WebServerTest, SilentConnectionsMakeRoomForWhoeverAsks) {
  options.most_connections = 3;
  options.patience = 600;  // they would not be let go for being slow
  Source source;
  start([&](const web::HttpRequest& request) {
    return request.path == "/stream" ? source.response() : web::HttpResponse::text("hello");
  });
  // Without a request, with half of one, with one that nobody may make.
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 30; ++i) {
    silent.push_back(std::make_unique<Client>(server->port()));
    if (i % 3) silent.back()->send(i % 3 == 1 ? "GET" : "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: x=");
    EXPECT_EQ(status_of(ask("GET /")), "HTTP/1.1 200") << "beside " << i + 1;
  }
  // Those that may ask are never sent away for others.
  Client owner(server->port());
  owner.send("GET /stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n\r\n");
  EXPECT_EQ(status_of(owner.line()), "HTTP/1.1 200");
  for (int i = 0; i < 10; ++i) silent.push_back(std::make_unique<Client>(server->port()));
  EXPECT_EQ(status_of(ask("GET /")), "HTTP/1.1 200");
  EXPECT_EQ(server->open_streams(), 1);
  // The oldest went first.
  EXPECT_EQ(silent.front()->rest(), "");
}

TEST_F(WebServerTest, ThereAreOnlySoManyConnections) {
  options.most_connections = 3;
  Source source;
  start([&](const web::HttpRequest&) { return source.response(); });
  std::vector<std::unique_ptr<Client>> open;
  for (int i = 0; i < 3; ++i) {
    open.push_back(std::make_unique<Client>(server->port()));
    EXPECT_EQ(status_of(open.back()->send(kAsk).line()), "HTTP/1.1 200");
  }
  // Closed without an answer.
  EXPECT_EQ(Client(server->port()).send(kAsk).rest(), "");
  open.clear();
  until([&] { return server->open_streams() == 0; });
}

TEST_F(WebServerTest, APortIsHadByOneServerAlone) {
  start();
  web::WebServer::Options same;
  same.port = server->port();
  try {
    const web::WebServer second(same, [](const web::HttpRequest&) { return web::HttpResponse(); });
    FAIL() << "two servers on one port";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::settings);
    EXPECT_TRUE(holds(error.what(), "127.0.0.1:" + std::to_string(same.port))) << error.what();
  }
  const int port = server->port();
  server.reset();
  options.port = port;
  start();  // free again at once
  EXPECT_EQ(server->port(), port);
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(port));
}

TEST_F(WebServerTest, AddressesThatAreNoneAreTold) {
  options.address = "localhost.invalid";
  EXPECT_THROW(start(), Error);
}

}  // namespace
}  // namespace reverie
