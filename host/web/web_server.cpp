#include "web/web_server.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include "reverie/error.h"
#include "web/byte_range.h"
#include "web/received_file.h"

namespace reverie::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::use_awaitable;
using asio::ip::tcp;

constexpr std::uint32_t kLargestHeader = 16 << 10;
constexpr std::size_t kPiece = 64 << 10;
/// How often a stream is asked for more; people see no more.
constexpr std::chrono::milliseconds kBetweenPieces(100);
/// Something is sent at least so often, since some connections are found broken only when they are used.
constexpr std::chrono::seconds kHeartbeat(10);

/// Everything comes from here, and nothing is shown inside another site's page.
constexpr std::pair<const char*, const char*> kHeaders[] = {
    {"Content-Security-Policy",
     "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"}};

/// The render's threads come first.
void yield_to_render() { ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 10); }

/// Whether a file of this size leaves the render some space for its pictures.
bool has_room(const std::filesystem::path& folder, std::uint64_t bytes) {
  constexpr std::uint64_t kReserve = 256 << 20;
  std::error_code unknown;
  const std::filesystem::space_info space = std::filesystem::space(folder, unknown);
  return unknown || space.available > bytes + kReserve;
}

/// Counts one more for as long as it lives.
class Counted {
 public:
  explicit Counted(std::atomic<int>& counter) : counter_(counter), number_(++counter) {}
  ~Counted() { --counter_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  int number() const { return number_; }

 private:
  std::atomic<int>& counter_;
  int number_;
};

template <typename Fields>
HttpRequest request_from(const Fields& message, bool& sound) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  if (request.method == "HEAD") request.method = "GET";
  request.target = std::string(message.target());
  for (const auto& field : message) {
    std::string name(field.name_string());
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    request.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  sound = split_target(request.target, request.path, request.query);
  return request;
}

}  // namespace

class WebServer::Work {
 public:
  Work(const Options& options, Handler handler)
      : options_(options), guard_(options.rules), handler_(std::move(handler)), acceptor_(context_) {
    try {
      const tcp::endpoint place(asio::ip::make_address(options.address),
                                static_cast<std::uint16_t>(options.port));
      acceptor_.open(place.protocol());
      acceptor_.set_option(tcp::acceptor::reuse_address(true));
      acceptor_.bind(place);
      acceptor_.listen();
    } catch (const boost::system::system_error& error) {
      throw Error(ErrorKind::settings,
                  "cannot listen on " + options.address + ":" + std::to_string(options.port) + ": " +
                      error.code().message(),
                  "choose another port, or 0 for any that is free");
    }
    asio::co_spawn(context_, accept(), asio::detached);
    for (int i = 0; i < options.threads; ++i)
      threads_.emplace_back([this] {
        yield_to_render();
        context_.run();
      });
  }

  ~Work() {
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

  int port() const { return acceptor_.local_endpoint().port(); }

  std::string url() const {
    const bool v6 = acceptor_.local_endpoint().address().is_v6();
    return "http://" + (v6 ? "[" + options_.address + "]" : options_.address) + ":" + std::to_string(port());
  }

  int open_streams() const { return streams_; }

 private:
  asio::awaitable<void> accept() {
    for (;;) {
      boost::system::error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::make_strand(context_),
                                                           asio::redirect_error(use_awaitable, error));
      if (error) {
        // Out of file descriptors, mostly; others will be closed.
        asio::steady_timer pause(context_, kBetweenPieces);
        co_await pause.async_wait(use_awaitable);
        continue;
      }
      const auto executor = socket.get_executor();
      const auto stream = std::make_shared<beast::tcp_stream>(std::move(socket));
      asio::co_spawn(executor, serve(stream), asio::detached);
    }
  }

  using Stream = std::shared_ptr<beast::tcp_stream>;

  /// Those that have not asked for anything that they may ask for, the oldest first.
  class Silent {
   public:
    void add(const Stream& stream) {
      const std::lock_guard lock(mutex_);
      streams_.push_back(stream);
    }
    void remove(const Stream& stream) {
      const std::lock_guard lock(mutex_);
      streams_.remove(stream);
    }
    /// False when there is none.
    bool drop_oldest() {
      const std::lock_guard lock(mutex_);
      if (streams_.empty()) return false;
      const Stream stream = streams_.front();
      streams_.pop_front();
      asio::post(stream->get_executor(), [stream] { stream->close(); });
      return true;
    }

   private:
    std::mutex mutex_;
    std::list<Stream> streams_;
  };

  /// One request to a connection: what follows a refused request's headers is never taken for another one.
  asio::awaitable<void> serve(Stream kept) {
    const Counted connection(connections_);
    // Nobody can keep the owner out by connections alone.
    if (connection.number() > options_.most_connections && !silent_.drop_oldest()) co_return;
    silent_.add(kept);
    const std::shared_ptr<void> known(nullptr, [&](void*) { silent_.remove(kept); });
    beast::tcp_stream& stream = *kept;
    try {
      boost::system::error_code ignored;
      stream.socket().set_option(tcp::no_delay(true), ignored);
      co_await converse(kept);
      stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
      // Closed with something unread, the connection would be reset, and the response perhaps lost.
      stream.expires_after(std::chrono::seconds(1));
      std::vector<char> rest(kPiece);
      for (std::size_t discarded = 0; discarded < 4 * kPiece;)
        discarded += co_await stream.async_read_some(asio::buffer(rest), use_awaitable);
    } catch (const std::exception&) {
      // The client is gone or too slow: there is nobody to answer.
    }
  }

  asio::awaitable<void> converse(const Stream& kept) {
    beast::tcp_stream& stream = *kept;
    beast::flat_buffer buffer;
    http::request_parser<http::string_body> parser;
    parser.header_limit(kLargestHeader);
    parser.body_limit(boost::none);  // the guard's matter
    be_patient(stream);
    boost::system::error_code error;
    co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(use_awaitable, error));
    if (error == http::error::header_limit) {
      co_await send(stream, HttpResponse::error(431, "the headers are too long"), {}, false);
      co_return;
    }
    if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      co_await send(stream, HttpResponse::error(400, "this is not an HTTP request"), {}, false);
      co_return;
    }
    if (error) co_return;
    bool sound = false;
    HttpRequest request = request_from(parser.get(), sound);
    const bool head = parser.get().method() == http::verb::head;
    std::optional<HttpResponse> response;
    std::optional<Counted>
        upload;  // until it has its answer: what has been received must not be refused then
    if (!sound) response = HttpResponse::error(400, "the address is malformed");
    if (!response) response = guard_.objection(request);
    if (!response) {
      silent_.remove(kept);
      be_patient(stream);
      if (is_upload(request, options_.rules)) {
        upload.emplace(uploads_);
        if (upload->number() > options_.most_uploads)
          response = HttpResponse::error(429, "other files are being uploaded; wait until they are done");
        else
          response = co_await receive(stream, buffer, parser, request);
      } else {
        co_await http::async_read(stream, buffer, parser, use_awaitable);
        request.body = std::move(parser.get().body());
      }
      if (!response) response = answer(request);
      request.received.reset();  // who has the answer finds nothing left over
      upload.reset();
    }
    co_await send(stream, *response, request.header("range"), head);
  }

  /// The body goes into a file as it comes. Nothing, or why it does not.
  asio::awaitable<std::optional<HttpResponse>> receive(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                                       http::request_parser<http::string_body>& header,
                                                       HttpRequest& request) {
    std::optional<HttpResponse> refusal;
    http::request_parser<http::buffer_body> parser(std::move(header));
    parser.body_limit(boost::none);
    std::vector<char> piece(kPiece);
    try {
      request.received = std::make_shared<ReceivedFile>(options_.upload_folder);
      if (!has_room(options_.upload_folder, parser.content_length().value_or(0)))
        co_return HttpResponse::error(507, "the disk would be full; free some space on the server's disk");
      while (!parser.is_done()) {
        parser.get().body().data = piece.data();
        parser.get().body().size = piece.size();
        boost::system::error_code error;
        be_patient(stream);
        co_await http::async_read_some(stream, buffer, parser, asio::redirect_error(use_awaitable, error));
        if (error && error != http::error::need_buffer) throw boost::system::system_error(error);
        request.received->append(piece.data(), piece.size() - parser.get().body().size);
      }
    } catch (const Error& error) {
      refusal = HttpResponse::error(507, std::string(error.what()) + "; " + error.advice());
    }
    co_return refusal;
  }

  HttpResponse answer(const HttpRequest& request) const {
    try {
      return handler_(request);
    } catch (const std::exception& error) {
      return HttpResponse::error(500, error.what());
    } catch (...) {
      return HttpResponse::error(500, "an exception of unknown type");
    }
  }

  asio::awaitable<void> send(beast::tcp_stream& stream, HttpResponse response, std::string range, bool head) {
    std::optional<Counted> open;
    if (response.stream && !head) {
      open.emplace(streams_);
      if (open->number() > options_.most_streams)
        response = HttpResponse::error(503, "too many pages are open");
    }
    Part part{0, 0};
    std::optional<std::uint64_t> whole;
    const std::shared_ptr<const PlainFile> file =
        response.stream || response.pieces ? nullptr : response.file;
    if (file) {
      whole = part.size = file->size();
      if (const auto asked = response.status == 200 ? asked_part(range, *whole) : std::nullopt) {
        part = *asked;
        response.status = 206;
      }
    }
    const std::string& body = response.shared_body ? *response.shared_body : response.body;

    http::response<http::empty_body> header;
    header.version(11);
    header.result(static_cast<unsigned>(response.status));
    header.keep_alive(false);
    for (const auto& [name, value] : kHeaders) header.set(name, value);
    header.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : response.headers) {
      if (beast::iequals(name, "Set-Cookie"))
        header.insert(name, value);
      else
        header.set(name, value);
    }
    if (whole) {
      header.set(http::field::accept_ranges, "bytes");
      if (response.status == 206)
        header.set(http::field::content_range, "bytes " + std::to_string(part.first) + "-" +
                                                   std::to_string(part.first + part.size - 1) + "/" +
                                                   std::to_string(*whole));
      header.content_length(part.size);
    } else if (response.stream) {
      header.chunked(true);
    } else if (response.pieces) {
      header.content_length(response.pieces_size);
    } else if (response.status != 204) {
      header.content_length(body.size());
    }
    http::response_serializer<http::empty_body> serializer(header);
    be_patient(stream);
    co_await http::async_write_header(stream, serializer, use_awaitable);
    if (head) co_return;

    if (response.stream) {
      co_await send_stream(stream, response.stream);
    } else if (response.pieces) {
      while (const auto piece = response.pieces()) co_await send_piece(stream, piece->data(), piece->size());
    } else if (whole) {
      std::vector<char> piece(kPiece);
      while (part.size > 0) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(part.size, kPiece));
        if (file->read(piece.data(), part.first, wanted) != wanted)
          co_return;  // it became shorter; the client sees that, too
        co_await send_piece(stream, piece.data(), wanted);
        part.first += wanted;
        part.size -= wanted;
      }
    } else {
      for (std::size_t sent = 0; sent < body.size(); sent += kPiece)
        co_await send_piece(stream, body.data() + sent, std::min(kPiece, body.size() - sent));
    }
  }

  asio::awaitable<void> send_piece(beast::tcp_stream& stream, const char* bytes, std::size_t size) {
    be_patient(stream);
    co_await asio::async_write(stream, asio::buffer(bytes, size), use_awaitable);
  }

  asio::awaitable<void> send_stream(beast::tcp_stream& stream,
                                    std::function<std::optional<std::string>()>& next) {
    using Clock = std::chrono::steady_clock;
    Clock::time_point sent = Clock::now();
    asio::steady_timer timer(stream.get_executor());
    for (;;) {
      std::optional<std::string> text = next();
      if (!text) break;
      if (text->empty() && Clock::now() - sent > kHeartbeat) *text = ":\n\n";
      if (!text->empty()) {
        be_patient(stream);
        co_await asio::async_write(stream, http::make_chunk(asio::buffer(*text)), use_awaitable);
        sent = Clock::now();
      }
      stream.expires_never();
      timer.expires_after(kBetweenPieces);
      co_await timer.async_wait(use_awaitable);
      if (is_gone(stream.socket())) co_return;
    }
    be_patient(stream);
    co_await asio::async_write(stream, http::make_chunk_last(), use_awaitable);
  }

  /// The client closed the connection; it has nothing more to say otherwise.
  static bool is_gone(tcp::socket& socket) {
    char byte;
    return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
  }

  void be_patient(beast::tcp_stream& stream) const {
    stream.expires_after(std::chrono::seconds(options_.patience));
  }

  const Options options_;
  const Guard guard_;
  const Handler handler_;
  std::atomic<int> connections_ = 0, streams_ = 0, uploads_ = 0;
  Silent silent_;
  asio::io_context context_;  // destroyed before the counters that its connections count down
  tcp::acceptor acceptor_;
  std::vector<std::thread> threads_;
};

WebServer::WebServer(const Options& options, Handler handler)
    : work_(std::make_unique<Work>(options, std::move(handler))) {}

WebServer::~WebServer() = default;

int WebServer::port() const { return work_->port(); }
std::string WebServer::url() const { return work_->url(); }
int WebServer::open_streams() const { return work_->open_streams(); }

}  // namespace reverie::web
